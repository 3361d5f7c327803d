use super::*;
use crate::error::Format;
use crate::image::probe;
use std::vec;
use std::vec::Vec;

fn note(owner: &[u8], kind: u32, text: &[u8]) -> Vec<u8> {
    let padded = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let mut note = Vec::new();
    note.extend((owner.len() as u32).to_le_bytes());
    note.extend((text.len() as u32).to_le_bytes());
    note.extend(kind.to_le_bytes());
    note.extend(padded(owner));
    note.extend(padded(text));
    note
}

const OFFSET: usize = 0x2_3000;

/// An ELF file with one PT_LOAD, and these notes at [`OFFSET`].
fn file(notes: &[u8], align: u8) -> Vec<u8> {
    let mut file = vec![0; OFFSET];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16] = 2;
    file[18] = 62;
    file[24..32].copy_from_slice(&0x100_0000_u64.to_le_bytes());
    file[32] = 64;
    file[54] = 56;
    file[56] = 2;
    let parts = [
        (1_u8, 0x1000_u64, 0x100_0000_u64, 0x1000_u64, 0),
        (4, OFFSET as u64, 0x102_2000, notes.len() as u64, align),
    ];
    for (index, (kind, offset, address, size, align)) in parts.into_iter().enumerate() {
        let at = 64 + 56 * index;
        file[at] = kind;
        for (field, value) in [(8, offset), (24, address), (32, size), (40, size)] {
            file[at + field..at + field + 8].copy_from_slice(&value.to_le_bytes());
        }
        file[at + 48] = align;
    }
    file.extend(notes);
    file
}

fn found(notes: &[Vec<u8>]) -> bool {
    let file = file(&notes.concat(), 4);
    let found = is_linux(&file);
    assert_eq!(probe(&file) == Format::Vmlinux, found);
    found
}

/// The first notes of Debian's kernels, as they are in the file.
const LINUX_6_1: &[u8] = b"\x04\0\0\0\x06\0\0\0\x06\0\0\0Xen\0linux\0\0\0";
const LINUX_6_12: &[u8] = b"\x06\0\0\0\x04\0\0\0\x01\x01\0\0Linux\0\0\0\0\0\0\0\
    \x06\0\0\0\x15\0\0\0\0\x01\0\0Linux\0\0\x006.12.118+deb13-amd64\0\0\0\0";
const LINUX_7: &[u8] = b"\x06\0\0\0\x04\0\0\0\x01\x01\0\0Linux\0\0\0\0\0\0\0\
    \x06\0\0\0\x12\0\0\0\0\x01\0\0Linux\0\0\x007.3.4+deb13-amd64\0\0\0";

#[test]
fn kernels_are_recognised() {
    for kernel in [LINUX_6_1, LINUX_6_12, LINUX_7] {
        assert!(found(&[kernel.to_vec()]), "{kernel:?}");
    }
    let build_id = note(b"GNU\0", 3, &[1; 20]);
    let salt = note(b"Linux\0", 0x100, b"6.1.0-56-amd64\0");
    let entry = note(b"Xen\0", 18, &[0; 8]);
    assert!(found(&[build_id.clone(), entry.clone(), salt.clone()]));
    assert!(found(&[note(b"Linux\0", 0x101, &[0; 4])]));
    // Whatever is damaged behind it.
    assert!(found(&[salt, vec![0xff; 64]]));
}

#[test]
fn other_kernels_and_programs_are_not() {
    let entry = note(b"Xen\0", 18, &[0; 8]);
    for other in [
        vec![],
        vec![entry.clone()],
        vec![note(b"GNU\0", 1, &[0; 16])],
        vec![
            note(b"FreeBSD\0", 1, &[0; 4]),
            note(b"Xen\0", 6, b"FreeBSD\0"),
            entry,
        ],
        // The vDSO's version.
        vec![note(b"Linux\0", 0, &[0, 1, 6, 0])],
        vec![note(b"Linux\0", 0x102, &[0; 4])],
        // Almost those names.
        vec![note(b"Linux", 0x100, b"x\0")],
        vec![note(b"LINUX\0", 0x100, b"x\0")],
        vec![note(b"Xen\0", 6, b"linux")],
        vec![note(b"Xen\0", 7, b"linux\0")],
        vec![note(b"Xen\0\0", 6, b"linux\0")],
    ] {
        assert!(!found(&other), "{other:?}");
    }
    // ELFCLASS32 and EM_386, ET_REL, ET_DYN, arm64.
    for changes in [&[(4, 1), (18, 3)][..], &[(16, 1)], &[(16, 3)], &[(18, 183)]] {
        let mut other = file(LINUX_7, 4);
        for (at, value) in changes {
            other[*at] = *value;
        }
        assert!(!is_linux(&other), "{changes:?}");
    }
}

/// Wherever the file, or what the headers say of it, ends; and with any value in each byte.
#[test]
fn damaged_notes() {
    let whole = file(LINUX_7, 4);
    for length in 0..whole.len() {
        // The first of the two notes is enough.
        assert_eq!(
            is_linux(&whole[..length]),
            length >= OFFSET + 24,
            "{length}"
        );
    }
    for size in 0..=LINUX_7.len() {
        let mut cut = whole.clone();
        cut[64 + 56 + 32] = size as u8;
        assert_eq!(is_linux(&cut), size >= 24, "{size}");
    }
    let mut damaged = whole;
    for at in (0..176).chain(OFFSET..OFFSET + LINUX_7.len()) {
        let kept = damaged[at];
        for value in [0, 1, 4, 0x7f, 0x80, 0xff] {
            damaged[at] = value;
            let _ = is_linux(&damaged);
        }
        damaged[at] = kept;
    }
    // Sizes that wrap.
    for (name, text) in [(u32::MAX, 0), (0, u32::MAX), (u32::MAX - 11, u32::MAX - 11)] {
        let mut notes = Vec::new();
        for word in [name, text, 0x100] {
            notes.extend(word.to_le_bytes());
        }
        notes.extend(LINUX_7);
        assert!(!found(&[notes]));
    }
}

#[test]
fn padding_is_to_4_bytes_or_to_8() {
    // Of NT_GNU_PROPERTY_TYPE_0, 4 bytes less than a multiple of 8; then Linux's at a multiple of 8.
    let mut notes = note(b"GNU\0", 5, &[0; 12]);
    let four = [notes.clone(), LINUX_6_1.to_vec()].concat();
    notes.extend([0; 4]);
    let eight = [notes, LINUX_6_1.to_vec()].concat();
    for (notes, align, found) in [
        (&four, 4, true),
        (&four, 0, true),
        (&four, 8, false),
        (&eight, 8, true),
        (&eight, 4, false),
    ] {
        assert_eq!(is_linux(&file(notes, align)), found, "{align}");
    }
}

#[test]
fn not_all_of_many_notes_is_looked_at() {
    let other = note(b"Xen\0", 9, b"yes\0");
    let mut notes: Vec<_> = (0..63).map(|_| other.clone()).collect();
    notes.push(LINUX_6_1.to_vec());
    assert!(found(&notes));
    notes.insert(0, other);
    assert!(!found(&notes));
    // The last that ends inside of the first 4096 bytes, and the first that does not.
    for (size, seen) in [(4096 - 16 - 24, true), (4096 - 16 - 20, false)] {
        assert_eq!(
            found(&[note(b"GNU\0", 1, &vec![0; size]), LINUX_6_1.to_vec()]),
            seen
        );
    }
}
