//! Files of every format there is, and what begins like one.

use super::{PROBED, probe, probe_arch};
use crate::arch::Arch;
use crate::error::{Error, Format};
use crate::image::Kernel;
use std::vec;
use std::vec::Vec;

/// Magic number, flags 3 and 0, and what makes the sum 0.
const MULTIBOOT1: &[u8] = b"\x02\xb0\xad\x1b\x03\0\0\0\xfb\x4f\x52\xe4";
/// VMware's, with the same flags.
const MUTIBOOT: &[u8] = b"\x05\xb0\xad\x1b\x03\0\0\0\xf8\x4f\x52\xe4";
/// Magic number, architecture 0, a length of 24, and what makes the sum 0.
const MULTIBOOT2: &[u8] = b"\xd6\x50\x52\xe8\0\0\0\0\x18\0\0\0\x12\xaf\xad\x17";

fn with(marks: &[(usize, &[u8])]) -> Vec<u8> {
    with_size(0x400, marks)
}

fn with_size(size: usize, marks: &[(usize, &[u8])]) -> Vec<u8> {
    let mut file = vec![0; size];
    for (offset, mark) in marks {
        file[*offset..*offset + mark.len()].copy_from_slice(mark);
    }
    file
}

fn pe(section: &[u8]) -> Vec<u8> {
    let header = [&b"PE\0\0\x64\x86\x02\0"[..], &[0; 12], &[240, 0]].concat();
    with(&[
        (0, b"MZ"),
        (0x3c, &[0x80]),
        (0x80, &header),
        (0x80 + 24 + 240, b".text\0\0\0"),
        (0x80 + 24 + 240 + 40, section),
    ])
}

fn files() -> Vec<(Vec<u8>, Format)> {
    vec![
        (
            with(&[(0, b"MZ"), (0x1fe, b"\x55\xaa"), (0x202, b"HdrS")]),
            Format::BzImage,
        ),
        (with(&[(0, b"\x7fELF\x02\x01")]), Format::Elf),
        (
            with(&[(0, b"MZ\x40\xfa"), (56, b"ARM\x64")]),
            Format::Arm64Image,
        ),
        (with(&[(56, b"ARM\x64")]), Format::Arm64Image),
        (
            with(&[(0, b"MZ"), (48, b"RISCV\0\0\0"), (56, b"RSC\x05")]),
            Format::Riscv64Image,
        ),
        (with(&[(48, b"RISCV\0\0\0")]), Format::Riscv64Image),
        (with(&[(0, b"MZ\0\0zimg"), (24, b"gzip")]), Format::Zboot),
        (pe(b".linux\0\0"), Format::Uki),
        (pe(b".linuxx\0"), Format::Pe),
        (pe(b".cmdline"), Format::UkiAddon),
        (pe(b".dtb\0\0\0\0"), Format::UkiAddon),
        (pe(b".ucode\0\0"), Format::UkiAddon),
        (pe(b".initrd\0"), Format::UkiAddon),
        (pe(b".dtbauto"), Format::Pe),
        (pe(b".initrd1"), Format::Pe),
        (with(&[(0, b"\x1f\x8b\x08")]), Format::Gzip),
        (b"BZh9\x31".to_vec(), Format::Bzip2),
        (with(&[(0, b"\x5d\0\0\x80\0")]), Format::Lzma),
        (with(&[(0, b"\xfd7zXZ\0")]), Format::Xz),
        (with(&[(0, b"\x89LZO\0\r\n\x1a\n")]), Format::Lzop),
        (with(&[(0, b"\x04\x22\x4d\x18")]), Format::Lz4),
        (with(&[(0, b"\x02\x21\x4c\x18")]), Format::Lz4),
        (with(&[(0, b"\x28\xb5\x2f\xfd")]), Format::Zstd),
        (b"07070100000000".to_vec(), Format::Cpio),
        (b"070702000000".to_vec(), Format::Cpio),
        (b"070707000000".to_vec(), Format::Cpio),
        (with(&[(0, b"\xc7\x71")]), Format::Cpio),
        (with(&[(0, b"\xd0\x0d\xfe\xed")]), Format::DeviceTree),
        (with(&[(0, b"\x27\x05\x19\x56")]), Format::UBootImage),
        (b"<!DOCTYPE html>\n".to_vec(), Format::Text),
        (b"#!/bin/sh\n".to_vec(), Format::Text),
        ("K\u{e4}se\n".repeat(200).into_bytes(), Format::Text),
        (
            with(&[(0, b"\x7fELF\x01\x01"), (0x60, MULTIBOOT1)]),
            Format::Multiboot1,
        ),
        (with(&[(0x104, MULTIBOOT1)]), Format::Multiboot1),
        (
            with(&[
                (0, b"\x7fELF\x02\x01"),
                (0x60, MULTIBOOT1),
                (0x80, MULTIBOOT2),
            ]),
            Format::Multiboot2,
        ),
        (
            with(&[(0, b"\x7fELF\x02\x01"), (0x84, MULTIBOOT2)]),
            Format::Elf,
        ),
        // A wrong checksum.
        (
            with(&[(0, b"\x7fELF\x02\x01"), (0x60, &MULTIBOOT1[..8])]),
            Format::Elf,
        ),
        (with(&[(0x40, MUTIBOOT)]), Format::Mutiboot),
        (b"!<arch>\ndebian-binary   ".to_vec(), Format::Ar),
        (with(&[(0, b"vmlinuz"), (257, b"ustar\0")]), Format::Tar),
        (with(&[(257, b"ustar  \0")]), Format::Tar),
        (with(&[(0, b"hsqs")]), Format::Squashfs),
        (
            with_size(0x8800, &[(0x1fe, b"\x55\xaa"), (0x8000, b"\x01CD001\x01")]),
            Format::Iso,
        ),
        (
            with(&[(0x1fe, b"\x55\xaa"), (0x200, b"EFI PART\0\0\x01\0\x5c\0")]),
            Format::Disk,
        ),
        (
            with_size(0x2000, &[(0x1000, b"EFI PART\0\0\x01\0\x5c\0")]),
            Format::Disk,
        ),
        (
            with(&[(0, b"\xeb\x3c\x90"), (0x1fe, b"\x55\xaa")]),
            Format::Disk,
        ),
        (vec![0; 0x400], Format::Unknown),
        (with(&[(0x202, b"HdrS")]), Format::Unknown),
        (Vec::new(), Format::Unknown),
        (b"\n \n".to_vec(), Format::Unknown),
        (with(&[(0, b"MZ")]), Format::Unknown),
        (b"MZ".to_vec(), Format::Unknown),
    ]
}

#[test]
fn each_is_what_it_looks_like() {
    for (file, format) in files() {
        assert_eq!(probe(&file), format, "{:02x?}", &file[..file.len().min(8)]);
    }
    let found: Vec<Format> = files().iter().map(|(_, format)| *format).collect();
    for (number, format) in Format::ALL.iter().enumerate() {
        assert_eq!(usize::from(format.number()), number);
        assert_eq!(Format::from_number(number as u64), Some(*format));
        // No mark distinguishes a vmlinux from other ELF files.
        assert!(
            *format == Format::Vmlinux || found.contains(format),
            "{format}"
        );
    }
    assert_eq!(Format::from_number(Format::ALL.len() as u64), None);
}

#[test]
fn what_is_no_kernel_is_named_however_short() {
    for (file, format) in files() {
        let refused = Kernel::parse(&file, true).map(|_| ()).unwrap_err();
        match format {
            Format::BzImage | Format::Elf => continue,
            // With the mark of ELF it is taken for a vmlinux where that is asked for.
            _ if file.starts_with(b"\x7fELF") => {
                let unasked = Kernel::parse(&file, false).map(|_| ()).unwrap_err();
                assert!(matches!(unasked, Error::NotThisFormat { found, .. } if found == format));
                continue;
            }
            Format::Unknown if file.starts_with(b"MZ") && file.len() < 4 => {
                assert!(matches!(refused, Error::Truncated { .. }), "{refused}");
            }
            Format::Unknown if file.is_empty() => assert_eq!(refused, Error::EmptyFile),
            _ => match refused {
                Error::NotThisFormat { found, .. } => assert_eq!(found, format),
                other => panic!("{format}: {other}"),
            },
        }
        if let Some(start) = file.get(..64) {
            let refused = Kernel::parse(start, true).map(|_| ()).unwrap_err();
            let Error::NotThisFormat { found, .. } = refused else {
                assert!(file.starts_with(b"MZ"), "{format}: {refused}");
                continue;
            };
            assert_eq!(found, probe(start));
        }
    }
}

/// Multiboot headers are inside of the first 8 and 32 KiB.
#[test]
fn what_lies_beyond_is_not_looked_at() {
    for (last, mark, format) in [
        (0x2000 - 12, MULTIBOOT1, Format::Multiboot1),
        (0x8000 - 16, MULTIBOOT2, Format::Multiboot2),
    ] {
        for (at, is) in [(last, format), (last + 8, Format::Elf)] {
            let file = with_size(0x9000, &[(0, b"\x7fELF\x02\x01"), (at, mark)]);
            assert_eq!(probe(&file), is, "{at:#x}");
        }
    }
    for (file, format) in files() {
        assert_eq!(probe(&file[..file.len().min(PROBED)]), format);
    }
    let cd = with_size(0x9000, &[(0x8001, b"CD001")]);
    assert_eq!(probe(&cd[..PROBED]), Format::Iso);
    assert_eq!(probe(&cd[..PROBED - 1]), Format::Unknown);
}

#[test]
fn the_architecture_is_the_marks() {
    let elf = |ident: &[u8], machine: u8| {
        let file = with(&[(0, b"\x7fELF"), (4, ident), (18, &[machine])]);
        probe_arch(&file)
    };
    assert_eq!(elf(b"\x02\x01", 62), Some(Arch::X86_64));
    assert_eq!(elf(b"\x02\x01", 183), Some(Arch::Arm64));
    assert_eq!(elf(b"\x02\x01", 243), Some(Arch::Riscv64));
    // i386; 32-bit RISC-V; big-endian arm64, whose number begins with the other byte.
    assert_eq!(elf(b"\x01\x01", 3), None);
    assert_eq!(elf(b"\x01\x01", 243), None);
    assert_eq!(elf(b"\x02\x02", 183), None);
    for (machine, arch) in [
        (b"\x64\x86", Some(Arch::X86_64)),
        (b"\x64\xaa", Some(Arch::Arm64)),
        (b"\x64\x50", Some(Arch::Riscv64)),
        (b"\x4c\x01", None),
    ] {
        let mut file = pe(b".linux\0\0");
        file[0x84..0x86].copy_from_slice(machine);
        assert_eq!(probe_arch(&file), arch);
        file[4..8].copy_from_slice(b"zimg");
        assert_eq!((probe(&file), probe_arch(&file)), (Format::Zboot, arch));
    }
    for (file, format) in files() {
        let arch = match format {
            Format::BzImage | Format::Uki | Format::UkiAddon | Format::Pe => Some(Arch::X86_64),
            // Of any class: they are entered in 32-bit mode.
            Format::Multiboot1 | Format::Multiboot2 => Some(Arch::X86_64),
            Format::Arm64Image => Some(Arch::Arm64),
            Format::Riscv64Image => Some(Arch::Riscv64),
            _ => None,
        };
        assert_eq!(probe_arch(&file), arch, "{format}");
        for length in 0..file.len().min(0x200) {
            let _ = probe_arch(&file[..length]);
        }
    }
}

/// What a file is given for is said where there is something to do.
#[test]
fn formats_have_advice() {
    for format in Format::ALL {
        let silent =
            format.is_started() || matches!(format, Format::Unknown | Format::Elf | Format::Text);
        assert_eq!(format.advice().is_empty(), silent, "{format}");
    }
    let error = Kernel::parse(b"\x28\xb5\x2f\xfd\0\0\0\0", true).map(|_| ());
    assert_eq!(
        std::format!("{}", error.unwrap_err()),
        "not a bzImage; it looks like a zstd file: unpack it first (unzstd)"
    );
}

/// Nothing reads past the end, whatever is cut off or claims to lie elsewhere.
#[test]
fn every_cut_is_something() {
    for (mut file, _) in files() {
        // Of the large ones, around the marks at their end.
        let end = file.len().saturating_sub(0x810);
        for length in (0..file.len().min(0x400)).chain(end..file.len()) {
            let _ = probe(&file[..length]);
        }
        if file.len() > 0x40 {
            file[0x3c..0x40].fill(0xff);
            let _ = probe(&file);
        }
    }
}
