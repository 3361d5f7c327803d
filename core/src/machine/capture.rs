//! What a capture has besides copies of files: a capture is a directory with the files of
//! [`sources`](super::sources) of another machine, see [`capture`](crate::linux::capture).

use core::ffi::CStr;
use core::fmt;

use super::{Known, Machine};
use crate::arch::Arch;
use crate::cstr;
use crate::memory::PageSize;
use crate::text;

/// The file in a capture with its [`KernelFacts`].
pub const FACTS: &CStr = cstr!("kexec/facts");

/// The file in a capture with the [parameters](super::planning_words) of the running kernel that a plan
/// depends on. It exists only if the capture was made without the command line, and that was known.
pub const PARAMETERS: &CStr = cstr!("kexec/parameters");

/// The first line of [`FACTS`]: a reader rejects other versions.
const VERSION: &[u8] = b"kexec-capture 1\n";

/// The running kernel's architectures, for their names.
const ARCHS: [Arch; 3] = [Arch::X86_64, Arch::Arm64, Arch::Riscv64];

/// Facts about a machine that system calls give, in case its files do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelFacts {
    /// The running kernel's architecture; `None` if unknown.
    pub arch: Option<Arch>,
    /// Its page size; 4 KiB if it is not known.
    pub page_size: PageSize,
    /// Bytes of RAM the running kernel manages (sysinfo(2)); `None` if unknown.
    pub total_ram: Option<u64>,
    /// Whether it uses page tables of five levels.
    pub five_level_paging: Known,
}

impl KernelFacts {
    /// Reads the contents of [`FACTS`]: the version, then a line for each known fact, a name, a colon,
    /// a space and the value. Lines with other names are skipped. `None` for another version.
    #[must_use]
    pub fn parse(contents: &[u8]) -> Option<Self> {
        let lines = contents.strip_prefix(VERSION)?;
        let arch = value(lines, b"arch: ");
        let page = value(lines, b"page_size: ").and_then(text::decimal);
        let ram = value(lines, b"total_ram: ").and_then(text::decimal);
        Some(Self {
            arch: ARCHS
                .into_iter()
                .find(|known| Some(known.name().as_bytes()) == arch),
            page_size: page
                .and_then(|bytes| PageSize::of(bytes.try_into().ok()?))
                .unwrap_or_default(),
            total_ram: ram.and_then(|bytes| bytes.try_into().ok()),
            five_level_paging: match value(lines, b"five_level_paging: ") {
                Some(b"yes") => Known::Yes,
                Some(b"no") => Known::No,
                _ => Known::Unknown,
            },
        })
    }

    /// Writes the contents of [`FACTS`].
    ///
    /// # Errors
    /// What `out` returns.
    pub fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str("kexec-capture 1\n")?;
        if let Some(arch) = self.arch {
            writeln!(out, "arch: {}", arch.name())?;
        }
        writeln!(out, "page_size: {}", self.page_size.bytes())?;
        if let Some(bytes) = self.total_ram {
            writeln!(out, "total_ram: {bytes}")?;
        }
        match self.five_level_paging {
            Known::Yes => out.write_str("five_level_paging: yes\n"),
            Known::No => out.write_str("five_level_paging: no\n"),
            Known::Unknown => Ok(()),
        }
    }

    /// Fills in what the machine's files did not give, as for the running machine.
    pub(crate) fn complete(&self, machine: &mut Machine) {
        machine.platform.arch = self.arch;
        machine.platform.page_size = self.page_size;
        machine.platform.total_ram = machine.platform.total_ram.or(self.total_ram);
        if machine.x86.five_level_paging == Known::Unknown {
            machine.x86.five_level_paging = self.five_level_paging;
        }
    }
}

/// What follows `name` on its line.
#[inline(never)]
fn value<'a>(lines: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut lines = lines.split(|byte| *byte == b'\n');
    lines.find_map(|line| line.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    const ALL: &str = "kexec-capture 1\narch: x86_64\npage_size: 4096\ntotal_ram: 3221225472\n\
                       five_level_paging: no\n";

    #[test]
    fn what_is_written_is_read() {
        let all = KernelFacts {
            arch: Some(Arch::X86_64),
            page_size: PageSize::K4,
            total_ram: Some(3 << 30),
            five_level_paging: Known::No,
        };
        let five = KernelFacts {
            arch: Some(Arch::Arm64),
            page_size: PageSize::K64,
            five_level_paging: Known::Yes,
            ..KernelFacts::default()
        };
        for (facts, text) in [
            (all, ALL),
            (KernelFacts::default(), "kexec-capture 1\npage_size: 4096\n"),
            (
                five,
                "kexec-capture 1\narch: aarch64\npage_size: 65536\nfive_level_paging: yes\n",
            ),
        ] {
            let mut written = String::new();
            facts.write(&mut written).unwrap();
            assert_eq!(written, text);
            assert_eq!(KernelFacts::parse(text.as_bytes()), Some(facts));
        }
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        for (text, facts) in [
            ("", None),
            ("kexec-capture 2\narch: x86_64\n", None),
            ("kexec-capture 10\n", None),
            ("arch: x86_64\n", None),
            (
                "kexec-capture 1\narch: vax\npage_size: 4095\ntotal_ram: -1\nfive_level_paging: maybe\nnew: 1\n",
                Some(KernelFacts::default()),
            ),
        ] {
            assert_eq!(KernelFacts::parse(text.as_bytes()), facts, "{text}");
        }
        // Every truncation is read without a fact that is not there, but for a number's last digits.
        for end in 0..ALL.len() {
            let facts = KernelFacts::parse(&ALL.as_bytes()[..end]).unwrap_or_default();
            assert!(facts.total_ram.is_none_or(|bytes| bytes <= 3 << 30));
            assert!(matches!(facts.arch, None | Some(Arch::X86_64)));
            assert_ne!(facts.five_level_paging, Known::Yes);
        }
    }

    #[test]
    fn files_come_first() {
        let facts = KernelFacts::parse(ALL.as_bytes()).unwrap();
        let mut machine = std::boxed::Box::new(Machine::new());
        facts.complete(&mut machine);
        assert_eq!(machine.platform.arch, Some(Arch::X86_64));
        assert_eq!(machine.platform.page_size, PageSize::K4);
        assert_eq!(machine.platform.total_ram, Some(3 << 30));
        assert_eq!(machine.x86.five_level_paging, Known::No);
        machine.platform.total_ram = Some(1);
        machine.x86.five_level_paging = Known::Yes;
        facts.complete(&mut machine);
        assert_eq!(machine.platform.total_ram, Some(1));
        assert_eq!(machine.x86.five_level_paging, Known::Yes);
    }
}
