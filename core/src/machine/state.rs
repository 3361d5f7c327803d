//! The kexec side of the running kernel: small files, each a number or a word.

use super::{KexecState, Known, Lockdown, XenGuest};
use crate::text::{self, Lines};

/// CAP_SYS_BOOT (include/uapi/linux/capability.h).
const CAP_SYS_BOOT: u32 = 22;

/// "0" or "1": kexec_loaded, kexec_crash_loaded, kernel.kexec_load_disabled; `None` for anything
/// else.
#[must_use]
pub fn flag(contents: &[u8]) -> Option<bool> {
    match text::decimal(contents)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// kernel.kexec_load_limit_{reboot,panic}: how many loads are still allowed, −1 without limit;
/// `None` for what is no number.
#[must_use]
pub fn load_limit(contents: &[u8]) -> Option<i64> {
    text::decimal(contents).filter(|&limit| limit >= -1)
}

/// /sys/kernel/security/lockdown: all levels, the one in force in brackets.
#[must_use]
pub fn lockdown(contents: &[u8]) -> Lockdown {
    let level = text::split_once(contents, b"[").and_then(|(_, rest)| text::split_once(rest, b"]"));
    match level {
        Some((b"none", _)) => Lockdown::None,
        Some((b"integrity", _)) => Lockdown::Integrity,
        Some((b"confidentiality", _)) => Lockdown::Confidentiality,
        _ => Lockdown::Unknown,
    }
}

/// /sys/hypervisor/guest_type.
#[must_use]
pub fn xen_guest(contents: &[u8]) -> XenGuest {
    match contents.trim_ascii() {
        b"PV" => XenGuest::Pv,
        b"HVM" => XenGuest::Hvm,
        b"PVH" => XenGuest::Pvh,
        _ => XenGuest::Unknown,
    }
}

/// /proc/xen/capabilities: whether this is the control domain (dom0), whose kexec_load is the
/// hypervisor's.
#[must_use]
pub fn xen_control(contents: &[u8]) -> bool {
    text::split_once(contents, b"control_d").is_some()
}

/// Whether /sys/hypervisor/type says Xen.
#[must_use]
pub fn hypervisor_is_xen(contents: &[u8]) -> bool {
    contents.trim_ascii() == b"xen"
}

/// CapEff in /proc/self/status, a file without bound (the "Groups" line).
#[derive(Clone, Debug)]
pub struct StatusParser {
    lines: Lines<64>,
    /// Whether CAP_SYS_BOOT is effective; `None` until its line came. In a user namespace it may
    /// be and kexec refuse all the same.
    pub cap_sys_boot: Option<bool>,
}

impl StatusParser {
    /// At the start of the file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Lines::new(),
            cap_sys_boot: None,
        }
    }

    /// The next piece of the file, of any size; answers whether all is known and nothing more
    /// needs to be read.
    pub fn feed(&mut self, mut piece: &[u8]) -> bool {
        let found = &mut self.cap_sys_boot;
        while let Some(line) = self.lines.next(&mut piece) {
            if let Some(set) = line.strip_prefix(b"CapEff:").and_then(text::hex) {
                *found = found.or(Some(set >> CAP_SYS_BOOT & 1 == 1));
            }
        }
        found.is_some()
    }
}

impl Default for StatusParser {
    fn default() -> Self {
        Self::new()
    }
}

/// /proc/meminfo: MemTotal, and how the kernel maps all of RAM (DirectMap…).
#[derive(Clone, Debug)]
pub struct MeminfoParser {
    lines: Lines<64>,
    /// Bytes of RAM the running kernel manages; `None` until its line came.
    pub total: Option<u64>,
    /// Whether it uses pages of 1 GiB: DirectMap1G is there only if it does, behind the smaller
    /// ones (arch/x86/mm/pat/set_memory.c); `None` until one of these lines came.
    pub gbpages: Option<bool>,
}

impl MeminfoParser {
    /// At the start of the file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Lines::new(),
            total: None,
            gbpages: None,
        }
    }

    /// The next piece of the file, of any size; answers whether all is known and nothing more
    /// needs to be read.
    pub fn feed(&mut self, mut piece: &[u8]) -> bool {
        let found = &mut self.total;
        while let Some(line) = self.lines.next(&mut piece) {
            if line.starts_with(b"DirectMap") {
                self.gbpages = Some(line.starts_with(b"DirectMap1G:"));
                continue;
            }
            let value = line.strip_prefix(b"MemTotal:");
            let kib = value.and_then(|value| text::decimal(value.strip_suffix(b" kB")?));
            let bytes = kib.and_then(|kib| u64::try_from(kib).ok()?.checked_mul(1024));
            *found = found.or(bytes);
        }
        found.is_some() && self.gbpages == Some(true)
    }
}

/// Bytes of a line of /proc/meminfo that begins with `name`; `None` if `text` has not all of
/// it.
pub(crate) fn kib_of(text: &[u8], name: &[u8]) -> Option<u64> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let value = lines.find_map(|line| line.strip_suffix(b"\n")?.strip_prefix(name))?;
    let kib = text::decimal(value.strip_suffix(b" kB")?)?;
    u64::try_from(kib).ok()?.checked_mul(1024)
}

impl Default for MeminfoParser {
    fn default() -> Self {
        Self::new()
    }
}

impl KexecState {
    /// Nothing known.
    pub const UNKNOWN: Self = Self {
        loaded: Known::Unknown,
        crash_loaded: Known::Unknown,
        load_disabled: Known::Unknown,
        load_limit_reboot: None,
        load_limit_panic: None,
        lockdown: Lockdown::Unknown,
        cap_sys_boot: Known::Unknown,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{CpuFlags, Machine};
    use std::boxed::Box;
    use std::format;

    #[test]
    fn flags_and_limits() {
        assert_eq!(flag(b"0\n"), Some(false));
        assert_eq!(flag(b"1\n"), Some(true));
        for bad in [&b""[..], b"2\n", b"-1", b"x", b"0x1"] {
            assert_eq!(flag(bad), None, "{bad:?}");
        }
        assert_eq!(load_limit(b"-1\n"), Some(-1));
        assert_eq!(load_limit(b"17\n"), Some(17));
        assert_eq!(load_limit(b"-2\n"), None);
        assert_eq!(load_limit(b"\n"), None);
    }

    #[test]
    fn lockdown_is_the_word_in_brackets() {
        assert_eq!(
            lockdown(b"[none] integrity confidentiality\n"),
            Lockdown::None
        );
        assert_eq!(
            lockdown(b"none [integrity] confidentiality\n"),
            Lockdown::Integrity
        );
        let most = b"none integrity [confidentiality]\n";
        assert_eq!(lockdown(most), Lockdown::Confidentiality);
        for bad in [&b""[..], b"none", b"[none", b"[other] none"] {
            assert_eq!(lockdown(bad), Lockdown::Unknown, "{bad:?}");
        }
    }

    #[test]
    fn capability_in_pieces_of_any_size() {
        for (mask, can) in [
            ("000001ffffffffff", true),
            ("0000000000400000", true),
            ("000001ffffbfffff", false),
        ] {
            let text = format!(
                "Name:\tCapEff:\nGroups:\t{}\nCapPrm:\t0000000000000000\nCapEff:\t{mask}\nCapBnd:\t0\n",
                "4294967294 ".repeat(500)
            );
            for size in 1..100 {
                let mut status = StatusParser::new();
                let done = text.as_bytes().chunks(size).any(|piece| status.feed(piece));
                assert!(done);
                assert_eq!(status.cap_sys_boot, Some(can), "{mask} in pieces of {size}");
            }
        }
        let mut status = StatusParser::new();
        assert!(!status.feed(b"Name:\tx\nCapEff:\tnothing\n"));
    }

    #[test]
    fn total_memory_is_in_kib() {
        for (text, total) in [
            (
                "MemTotal:       49343160 kB\nMemFree: 1 kB\n",
                Some(49_343_160 << 10),
            ),
            (
                "MemFree: 1 kB\nMemTotal: 4 kB\nMemTotal: 8 kB\n",
                Some(4096),
            ),
            (
                "MemTotal: 4\nMemTotal: -4 kB\nMemTotal: 9223372036854775807 kB\n",
                None,
            ),
        ] {
            for size in 1..60 {
                let mut meminfo = MeminfoParser::new();
                text.as_bytes()
                    .chunks(size)
                    .any(|piece| meminfo.feed(piece));
                assert_eq!(meminfo.total, total);
            }
        }
    }

    /// As kernels with a CPU that has such pages say it, and without or under `nogbpages`.
    #[test]
    fn pages_of_a_gib_are_in_use_if_there_is_a_line_of_them() {
        let with = "MemTotal: 4 kB\nDirectMap4k:      201960 kB\nDirectMap2M:     5040128 kB\n\
                    DirectMap1G:           0 kB\n";
        let without = with.split("DirectMap1G").next().unwrap();
        for (text, gbpages) in [
            (with, Some(true)),
            (without, Some(false)),
            (
                "MemTotal: 4 kB\nHugepagesize: 2048 kB\nDirectMap1G: 0 kB",
                None,
            ),
        ] {
            for size in 1..60 {
                let mut meminfo = MeminfoParser::new();
                let mut pieces = text.as_bytes().chunks(size);
                let done = pieces.any(|piece| meminfo.feed(piece));
                assert_eq!((meminfo.total, meminfo.gbpages), (Some(4096), gbpages));
                assert_eq!(done, gbpages == Some(true));
            }
        }
    }

    #[test]
    fn what_the_kernel_uses_counts_more_than_what_the_cpu_has() {
        let mut flags = CpuFlags::new();
        flags.feed(b"flags : pdpe1gb\n");
        let mut none = CpuFlags::new();
        none.feed(b"flags : lm\n");
        let line = "MemTotal: 4 kB\nDirectMap1G: 4 kB\n";
        for (flags, text, gbpages) in [
            // That the CPU has them says nothing of the kernel.
            (&flags, "MemTotal: 4 kB\n", Known::Unknown),
            (&none, "MemTotal: 4 kB\n", Known::No),
            (&flags, "MemTotal: 4 kB\nDirectMap4k: 4 kB\n", Known::No),
            (&flags, line, Known::Yes),
            (&none, line, Known::Yes),
        ] {
            let mut meminfo = MeminfoParser::new();
            meminfo.feed(text.as_bytes());
            for meminfo_first in [true, false] {
                let mut machine = Box::new(Machine::new());
                if meminfo_first {
                    machine.set_meminfo(&meminfo);
                    machine.set_cpu_flags(flags);
                } else {
                    machine.set_cpu_flags(flags);
                    machine.set_meminfo(&meminfo);
                }
                assert_eq!(machine.gbpages, gbpages, "{meminfo_first}");
                assert_eq!(machine.total_ram, Some(4096));
            }
        }
    }

    #[test]
    fn xen_files() {
        assert!(hypervisor_is_xen(b"xen\n"));
        assert!(!hypervisor_is_xen(b"z/VM Hypervisor\n"));
        assert!(xen_control(b"control_d\n"));
        assert!(!xen_control(b""));
        assert_eq!(xen_guest(b"PVH\n"), XenGuest::Pvh);
        assert_eq!(xen_guest(b"?"), XenGuest::Unknown);
    }
}
