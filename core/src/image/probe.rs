//! What a file looks like, by the marks at its beginning and, of an ELF file, by its notes: so that it is
//! loaded as what it is, and an error can say what was given in place of a kernel. Nothing is checked beyond
//! the marks.

use super::bzimage::field;
use super::linux_notes::is_linux;
use super::multiboot;
use crate::arch::Arch;
use crate::bytes::{slice_at, u16_at, u32_at};
use crate::elf::{self, Ehdr, offset_of};
use crate::error::Format;

/// Bytes near the beginning of a file, and its format. They are held in place, because a pointer to
/// them and its relocation are larger.
struct Mark {
    offset: u16,
    format: Format,
    length: u8,
    bytes: [u8; 12],
}

const fn mark(offset: u16, mut bytes: &[u8], format: Format) -> Mark {
    let length = bytes.len() as u8;
    let mut held = [0; 12];
    let mut room: &mut [u8] = &mut held;
    while let ([first, others @ ..], [place, left @ ..]) = (bytes, room) {
        *place = *first;
        (bytes, room) = (others, left);
    }
    assert!(bytes.is_empty());
    Mark {
        offset,
        format,
        length,
        bytes: held,
    }
}

impl Mark {
    fn is_in(&self, file: &[u8]) -> bool {
        let mark = self.bytes.get(..self.length.into());
        slice_at(file, self.offset.into(), self.length.into()) == mark
    }
}

#[rustfmt::skip]
const MARKS: &[Mark] = &[
    mark(0, b"\x7fELF", Format::Elf),
    // Documentation/arch/arm64/booting.rst; arch/riscv/include/asm/image.h, where "RISCV" stood
    // alone before Linux 5.4.
    mark(56, b"ARM\x64", Format::Arm64Image),
    mark(56, b"RSC\x05", Format::Riscv64Image),
    mark(48, b"RISCV\0\0\0", Format::Riscv64Image),
    // RFC 1952; bzip2's manual, "Low-level interface"; xz-file-format.txt, 2.1.1.1; RFC 8878, 3.1.1.
    mark(0, b"\x1f\x8b", Format::Gzip),
    mark(0, b"BZh", Format::Bzip2),
    mark(0, b"\xfd7zXZ\0", Format::Xz),
    mark(0, b"\x28\xb5\x2f\xfd", Format::Zstd),
    // lz4_Frame_format.md; the second is its "Legacy frame", which kernel builds use.
    mark(0, b"\x04\x22\x4d\x18", Format::Lz4),
    mark(0, b"\x02\x21\x4c\x18", Format::Lz4),
    mark(0, b"\x89LZO\0\r", Format::Lzop),
    // The properties nearly every encoder writes, and the low bytes of a dictionary of 64 KiB or
    // more.
    mark(0, b"\x5d\0\0", Format::Lzma),
    // cpio(5): newc without and with checksums, odc, and the old binary format.
    mark(0, b"070701", Format::Cpio),
    mark(0, b"070702", Format::Cpio),
    mark(0, b"070707", Format::Cpio),
    mark(0, b"\xc7\x71", Format::Cpio),
    // Devicetree specification, 5.2; U-Boot's include/image.h.
    mark(0, b"\xd0\x0d\xfe\xed", Format::DeviceTree),
    mark(0, b"\x27\x05\x19\x56", Format::UBootImage),
    // ar(5); POSIX, pax, "ustar Interchange Format"; the kernel's fs/squashfs/squashfs_fs.h.
    mark(0, b"!<arch>", Format::Ar),
    mark(257, b"ustar", Format::Tar),
    mark(0, b"hsqs", Format::Squashfs),
    // ECMA-119, 8.1: volume descriptors begin in sector 16. Before the partition tables, which the
    // image of a CD may have too.
    mark(0x8001, b"CD001", Format::Iso),
    // UEFI specification, 5.3.2: in the second block, of 512 or 4096 bytes; revision 1.0 is the only
    // one.
    mark(512, b"EFI PART\0\0\x01\0", Format::Disk),
    mark(4096, b"EFI PART\0\0\x01\0", Format::Disk),
];

/// How far from its beginning a file is looked at.
pub const PROBED: usize = 0x8006;

/// What a file, or its beginning, looks like. For most formats the first 518 bytes suffice, for all but
/// one the first [`PROBED`]: a vmlinux is an ELF file with notes of Linux's, which may lie anywhere in it,
/// and without them looks like any other.
#[must_use]
pub fn probe(file: &[u8]) -> Format {
    // First, as its first 496 bytes may hold anything; and before PE, which an EFI stub makes of it.
    if u16_at(file, field::BOOT_FLAG) == Some(0xaa55)
        && slice_at(file, field::HEADER, 4) == Some(b"HdrS")
    {
        return Format::BzImage;
    }
    let mut marks = MARKS.iter();
    let marked = marks.find(|mark| mark.is_in(file));
    match marked.map(|mark| mark.format) {
        Some(Format::Elf) if is_linux(file) => Format::Vmlinux,
        Some(Format::Elf) => multiboot::probe(file).unwrap_or(Format::Elf),
        Some(format) => format,
        None if file.starts_with(b"MZ") => portable_executable(file),
        None => match multiboot::probe(file) {
            Some(format) => format,
            // Of a PC's boot sector nothing else is fixed.
            None if u16_at(file, field::BOOT_FLAG) == Some(0xaa55) => Format::Disk,
            None if is_text(file) => Format::Text,
            None => Format::Unknown,
        },
    }
}

/// The architecture that a kernel, or another program, is for, as far as the marks of its format say:
/// from the first [`PROBED`] bytes. `None` also for architectures without a name here.
#[must_use]
pub fn probe_arch(file: &[u8]) -> Option<Arch> {
    let known = [Arch::X86_64, Arch::Arm64, Arch::Riscv64];
    match probe(file) {
        Format::BzImage | Format::Multiboot1 | Format::Multiboot2 => Some(Arch::X86_64),
        Format::Arm64Image => Some(Arch::Arm64),
        Format::Riscv64Image => Some(Arch::Riscv64),
        Format::Elf | Format::Vmlinux if file.starts_with(elf::MAGIC_64_LE) => {
            let machine = u16_at(file, offset_of!(Ehdr, e_machine));
            known
                .into_iter()
                .find(|arch| machine == Some(arch.elf_machine()))
        }
        // PE format, "Machine Types".
        Format::Pe | Format::Uki | Format::UkiAddon | Format::Zboot => {
            match u16_at(pe_header(file)?, 4)? {
                0x8664 => Some(Arch::X86_64),
                0xaa64 => Some(Arch::Arm64),
                0x5064 => Some(Arch::Riscv64),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a file that ends before the setup header, and looks like `found`, can be a bzImage that
/// was cut off: it begins with an EFI stub, or with the jump of kernels without one.
pub(super) fn may_begin_bzimage(file: &[u8], found: Format) -> bool {
    match found {
        Format::BzImage => true,
        // Cut off after its boot sector it looks like any other.
        Format::Unknown | Format::Pe | Format::Uki | Format::Disk => {
            file.starts_with(b"MZ") || file.starts_with(b"\xea\x05\0\xc0\x07")
        }
        _ => false,
    }
}

/// Of a file that begins with "MZ" (PE format, "MS-DOS Stub", "COFF File Header", "Section Table").
fn portable_executable(file: &[u8]) -> Format {
    // drivers/firmware/efi/libstub/zboot-header.S
    if slice_at(file, 4, 4) == Some(b"zimg") {
        return Format::Zboot;
    }
    let Some(header) = pe_header(file) else {
        return Format::Unknown;
    };
    let sections = u16_at(header, 6).unwrap_or(0);
    let table = usize::from(u16_at(header, 20).unwrap_or(0)).saturating_add(24);
    let names = header.get(table..).unwrap_or_default().chunks(40);
    // UAPI group specification 5, "Unified Kernel Image", and its "Addons".
    let names = names.take(usize::from(sections));
    let has = |name: &[u8]| names.clone().any(|section| section.starts_with(name));
    let added: [&[u8]; 4] = [b".cmdline", b".dtb\0", b".ucode\0", b".initrd\0"];
    if has(b".linux\0") {
        Format::Uki
    } else if added.into_iter().any(has) {
        Format::UkiAddon
    } else {
        Format::Pe
    }
}

/// From the signature "PE" on.
fn pe_header(file: &[u8]) -> Option<&[u8]> {
    let offset = usize::try_from(u32_at(file, 0x3c)?).ok()?;
    let header = file.get(offset..)?;
    header.starts_with(b"PE\0\0").then_some(header)
}

/// Printable characters, of any language, and white space; not only white space.
fn is_text(file: &[u8]) -> bool {
    let start = file.get(..512).unwrap_or(file);
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x20..=0x7e | 0x80..);
    let valid = match core::str::from_utf8(start) {
        Ok(_) => true,
        // A character that the piece cuts off.
        Err(error) => error.error_len().is_none(),
    };
    valid && start.iter().all(printable) && start.iter().any(u8::is_ascii_graphic)
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
