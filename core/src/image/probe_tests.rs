//! Files of every format there is, and what begins like one.

use super::probe;
use crate::error::{Error, Format};
use crate::image::Kernel;
use std::vec;
use std::vec::Vec;

fn with(marks: &[(usize, &[u8])]) -> Vec<u8> {
    let mut file = vec![0; 0x400];
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
        // Marks do not tell a vmlinux from other ELF files.
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

/// Nothing reads past the end, whatever is cut off or claims to lie elsewhere.
#[test]
fn every_cut_is_something() {
    for (mut file, _) in files() {
        for length in 0..file.len() {
            let _ = probe(&file[..length]);
        }
        if file.len() > 0x40 {
            file[0x3c..0x40].fill(0xff);
            let _ = probe(&file);
        }
    }
}
