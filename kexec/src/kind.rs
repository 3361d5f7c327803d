//! Types of kernels, by their names in kexec(8) (`--type`).

use core::fmt;

use kexec_core::image::{Format, Multiboot};

/// A type: its name, and which of its files are loaded here.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The name.
    pub name: &'static str,
    /// Its description in the list that `--type=help` prints.
    pub about: &'static str,
    /// Whether a file that begins with these bytes is of the type; `None` if the type is not loaded.
    is: Option<fn(&[u8]) -> bool>,
}

const fn kind(name: &'static str, about: &'static str, is: Option<fn(&[u8]) -> bool>) -> Kind {
    Kind { name, about, is }
}

/// Every type of kexec-tools 2.0.32 on x86-64, those that are loaded here first.
pub const KINDS: &[Kind] = &[
    kind(
        "bzImage64",
        "Linux, with a 64-bit entry and loadable above 4 GiB",
        Some(is_bzimage64),
    ),
    kind(
        "bzImage",
        "Linux or made like it, by the best entry that it has",
        Some(is_bzimage),
    ),
    kind(
        "elf-x86_64",
        "ELF of 64 bits: vmlinux, or what --args-... says",
        Some(is_elf64),
    ),
    kind("multiboot-x86", "multiboot kernel", Some(Multiboot::is_one)),
    kind(
        "multiboot2-x86",
        "multiboot kernel of version 2, such as Xen",
        Some(Multiboot::is_two),
    ),
    // Recognised before, by the whole file.
    kind("uki", "a unified kernel image (UKI)", Some(|_| false)),
    kind(
        "elf-x86",
        "ELF of 32 bits: with --args-elf or --args-none",
        Some(is_elf32),
    ),
    kind("beoboot-x86", "not supported", None),
    kind("nbi-x86", "not supported", None),
];

/// The format of which a file of the type with this name must be, where the file's marks do not decide: one
/// file may have the headers of both versions of multiboot.
#[must_use]
pub fn format(name: &[u8]) -> Option<Format> {
    match name {
        b"multiboot-x86" => Some(Format::Multiboot1),
        b"multiboot2-x86" => Some(Format::Multiboot2),
        _ => None,
    }
}

/// Checks that a kernel that begins with `start`, or that is in a unified kernel image, is of the type with
/// this name, and that the type is one that is loaded. `start` should have
/// [`START`](crate::foreign::START) bytes, if the file has as many.
///
/// # Errors
/// The reason, if it is not.
pub fn check(name: &[u8], start: &[u8], unified: bool) -> Result<(), &'static str> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name.as_bytes() == name) else {
        return Err("--type: there is no such type; --type=help lists them");
    };
    match kind.is {
        _ if unified && kind.name == "uki" => Ok(()),
        _ if unified => Err("--type: the file is of another type: uki"),
        None => Err("--type: this type is not supported; --type=help lists those that are"),
        Some(is) if is(start) => Ok(()),
        Some(_) if is_bzimage64(start) => Err("--type: the file is of another type: bzImage64"),
        Some(_) if is_bzimage(start) => Err("--type: the file is of another type: bzImage"),
        Some(_) if Multiboot::is_two(start) => {
            Err("--type: the file is of another type: multiboot2-x86")
        }
        Some(_) if Multiboot::is_one(start) => {
            Err("--type: the file is of another type: multiboot-x86")
        }
        Some(_) if is_elf64(start) => Err("--type: the file is of another type: elf-x86_64"),
        Some(_) if is_elf32(start) => Err("--type: the file is of another type: elf-x86"),
        Some(_) => Err("--type: the file is of another type, which is not supported"),
    }
}

/// Writes the list of types.
///
/// # Errors
/// As `out` returns them.
pub fn write(out: &mut dyn fmt::Write) -> fmt::Result {
    KINDS
        .iter()
        .try_for_each(|kind| writeln!(out, "{:15} {}", kind.name, kind.about))
}

/// A setup header (Documentation/arch/x86/boot.rst) of a kernel that is loaded high.
fn is_bzimage(start: &[u8]) -> bool {
    const LOADED_HIGH: u8 = 1;
    let high = start
        .get(0x211)
        .is_some_and(|flags| flags & LOADED_HIGH != 0);
    start.get(0x1fe..0x200) == Some(&[0x55, 0xaa])
        && start.get(0x202..0x206) == Some(b"HdrS")
        && high
}

/// Protocol 2.12 with XLF_KERNEL_64 and XLF_CAN_BE_LOADED_ABOVE_4G.
fn is_bzimage64(start: &[u8]) -> bool {
    let version = match start.get(0x206..0x208) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    };
    let flags = start.get(0x236).copied().unwrap_or_default();
    is_bzimage(start) && version >= 0x20c && flags & 3 == 3
}

/// ELF of EM_X86_64, with 64-bit fields in little-endian order.
fn is_elf64(start: &[u8]) -> bool {
    start.starts_with(b"\x7fELF\x02\x01") && start.get(18..20) == Some(&[62, 0])
}

/// ELF of EM_386 or EM_486, with 32-bit fields in little-endian order.
fn is_elf32(start: &[u8]) -> bool {
    start.starts_with(b"\x7fELF\x01\x01") && matches!(start.get(18..20), Some([3 | 6, 0]))
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;
    use crate::foreign::START;

    fn bzimage(version: [u8; 2], xloadflags: u8) -> [u8; START] {
        let mut start = [0; START];
        start[0x1fe..0x206].copy_from_slice(b"\x55\xaa\xeb\x6aHdrS");
        start[0x206..0x208].copy_from_slice(&version);
        start[0x211] = 1;
        start[0x236] = xloadflags;
        start
    }

    #[test]
    fn what_is_of_a_type_and_what_is_not() {
        let new = bzimage([0x0f, 2], 0x7f);
        let low = bzimage([0x0f, 2], 1);
        let old = bzimage([0x0b, 2], 0x7f);
        let mut elf = [0; START];
        elf[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        elf[18] = 62;
        let (mut one, mut two) = (elf, elf);
        one[0x40..0x4c].copy_from_slice(b"\x02\xb0\xad\x1b\0\0\0\0\xfe\x4f\x52\xe4");
        let header = b"\xd6\x50\x52\xe8\0\0\0\0\x10\0\0\0\x1a\xaf\xad\x17";
        two[0x40..0x50].copy_from_slice(header);
        let mut elf_32 = elf;
        elf_32[4] = 1;
        elf_32[18] = 3;
        for (name, start, wrong) in [
            ("bzImage64", &new[..], ""),
            ("bzImage", &new, ""),
            ("bzImage", &low, ""),
            ("bzImage", &old, ""),
            ("elf-x86_64", &elf, ""),
            ("elf-x86", &elf_32, ""),
            ("elf-x86", &elf, "another type: elf-x86_64"),
            ("elf-x86_64", &elf_32, "another type: elf-x86"),
            ("bzImage", &elf_32, "another type: elf-x86"),
            ("bzImage64", &low, "another type: bzImage"),
            ("bzImage64", &old, "another type: bzImage"),
            ("elf-x86_64", &new, "another type: bzImage64"),
            ("bzImage64", &elf, "another type: elf-x86_64"),
            ("bzImage", &new[..0x210], "another type, which"),
            ("bzImage", b"", "another type, which"),
            ("uki", &new, "another type: bzImage64"),
            ("elf-x86", &elf, "another type: elf-x86_64"),
            ("multiboot-x86", &elf, "another type: elf-x86_64"),
            ("multiboot-x86", &one, ""),
            ("multiboot2-x86", &two, ""),
            ("multiboot2-x86", &one, "another type: multiboot-x86"),
            ("elf-x86_64", &two, ""),
            ("bzImage", &two, "another type: multiboot2-x86"),
            ("bzimage64", &new, "no such type"),
            ("", &new, "no such type"),
        ] {
            let checked = check(name.as_bytes(), start, false);
            match checked {
                Ok(()) => assert_eq!(wrong, "", "{name}"),
                Err(why) => assert!(!wrong.is_empty() && why.contains(wrong), "{name}: {why}"),
            }
        }
    }

    #[test]
    fn a_unified_image_is_of_its_own_type() {
        let new = bzimage([0x0f, 2], 0x7f);
        assert_eq!(check(b"uki", &new, true), Ok(()));
        for name in ["bzImage64", "bzImage", "elf-x86_64", "elf-x86"] {
            let why = check(name.as_bytes(), &new, true).unwrap_err();
            assert_eq!(why, "--type: the file is of another type: uki");
        }
        assert!(check(b"Uki", &new, true).unwrap_err().contains("no such"));
    }

    #[test]
    fn the_list_has_a_line_for_each() {
        let mut text = String::new();
        write(&mut text).unwrap();
        assert_eq!(text.lines().count(), KINDS.len());
        assert!(text.starts_with("bzImage64       Linux"));
        assert!(text.lines().all(|line| line.len() < 80));
    }
}
