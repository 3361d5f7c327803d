//! A PE file byte by byte, cut off at every byte, and with bounds that lie.

use super::{Pe, Section};
use crate::arch::Arch;
use crate::error::{Error, Format};
use std::vec;
use std::vec::Vec;

/// Two sections: "one" at 0x100, of 3 bytes, which are 8 in the file; "two", which is longer in memory than
/// in the file, where it has the 2 bytes at 0x108.
fn file() -> Vec<u8> {
    let mut file = vec![0; 0x110];
    for (at, bytes) in [
        (0, &b"MZ"[..]),
        (0x3c, b"\x40\0\0\0"),
        (0x40, b"PE\0\0\x64\x86\x03\0"),
        // The size of the optional header.
        (0x54, b"\x10\0"),
        (0x68, b"one\0\0\0\0\0\x03\0\0\0\0\0\0\0\x08\0\0\0\0\x01\0\0"),
        (
            0x90,
            b"two\0\0\0\0\0\0\0\x01\0\0\0\0\0\x02\0\0\0\x08\x01\0\0",
        ),
        // In memory only: where it is in the file does not count.
        (0xb8, b"noplace!\0\0\x01\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff"),
        (0x100, b"abcdefghij"),
    ] {
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
    file
}

#[test]
fn sections_are_as_long_as_the_smaller_size() {
    let file = file();
    let pe = Pe::parse(&file).unwrap();
    let all: Vec<Section<'_>> = pe.sections().collect();
    let section = |name: &[u8; 8], offset, bytes| Section {
        name: *name,
        offset,
        bytes,
    };
    assert_eq!(
        all,
        [
            section(b"one\0\0\0\0\0", 0x100, &b"abc"[..]),
            section(b"two\0\0\0\0\0", 0x108, b"ij"),
            section(b"noplace!", 0, b""),
        ]
    );
    assert_eq!((pe.machine(), pe.machine_offset()), (0x8664, 0x44));
}

#[test]
fn every_cut_is_refused() {
    let file = file();
    for length in 0..file.len() {
        let parsed = Pe::parse(&file[..length]).map(|_| ());
        let unknown = Error::NotThisFormat {
            what: "a PE file",
            found: Format::Unknown,
        };
        let (have, expected) = (length as u64, parsed);
        let cut = |what, need| Err(Error::Truncated { what, need, have });
        match length {
            0 => assert_eq!(expected, Err(Error::EmptyFile)),
            1..0x58 => assert_eq!(expected, Err(unknown), "{length}"),
            0x58..0xe0 => assert_eq!(
                expected,
                cut("the section table of the PE header", 0xe0),
                "{length}"
            ),
            0xe0..0x103 => {
                assert_eq!(expected, cut("a section of the PE file", 0x103), "{length}");
            }
            0x103..0x10a => {
                assert_eq!(expected, cut("a section of the PE file", 0x10a), "{length}");
            }
            _ => assert_eq!(expected, Ok(()), "{length}"),
        }
    }
}

#[test]
fn bounds_that_lie_are_refused() {
    let refused = |at: usize, value: u32| {
        let mut file = file();
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        Pe::parse(&file).map(|_| ()).unwrap_err()
    };
    let past = |need| Error::Truncated {
        what: "a section of the PE file",
        need,
        have: 0x110,
    };
    // Where "one" begins.
    for start in [0x10e, 0x110, 0x8000_0000, u32::MAX - 2, u32::MAX] {
        assert_eq!(refused(0x68 + 20, start), past(u64::from(start) + 3));
    }
    // How long "two" is in the file, and how long in memory: 64 KiB.
    for size in [9, 0x1_0000, u32::MAX] {
        let need = 0x108 + u64::from(size.min(0x1_0000));
        assert_eq!(refused(0x90 + 16, size), past(need));
    }
    // How many sections there are; where the header is; how large the optional header is.
    let table = |need| Error::Truncated {
        what: "the section table of the PE header",
        need,
        have: 0x110,
    };
    assert_eq!(refused(0x44, 0xffff_8664), table(0x68 + 0xffff * 40));
    assert_eq!(refused(0x54, 0x0000_ffff), table(0x58 + 0xffff + 120));
    for start in [0, 1, 0x41, 0x10f, 0x7fff_ffff, u32::MAX] {
        let refused = refused(0x3c, start);
        assert!(
            matches!(refused, Error::NotThisFormat { .. }),
            "{start:#x}: {refused}"
        );
    }
}

#[test]
fn machines() {
    for (machine, arch) in [
        (b"\x64\x86", Some(Arch::X86_64)),
        (b"\x4c\x01", Some(Arch::X86_64)),
        (b"\x64\xaa", Some(Arch::Arm64)),
        (b"\x64\x50", Some(Arch::Riscv64)),
        (b"\0\0", None),
        (b"\x32\x50", None),
    ] {
        let mut file = file();
        file[0x44..0x46].copy_from_slice(machine);
        assert_eq!(Pe::parse(&file).unwrap().arch(), arch);
    }
}
