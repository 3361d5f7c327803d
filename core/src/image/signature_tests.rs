use super::*;
use std::vec::Vec;

/// A PE32+ file with this certificate entry, and a certificate at 0x400.
fn pe(magic: u16, count: u32, start: u32, size: u32) -> Vec<u8> {
    let mut file = std::vec![0; 0x500];
    let mut put = |offset: usize, bytes: &[u8]| {
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0, b"MZ");
    put(0x3c, &0x80_u32.to_le_bytes());
    put(0x80, b"PE\0\0");
    // The optional header, at 0x98; offsets of PE/COFF, 3.4.3.
    put(0x98, &magic.to_le_bytes());
    let (counts, entry) = if magic == 0x20b {
        (108, 144)
    } else {
        (92, 128)
    };
    put(0x98 + counts, &count.to_le_bytes());
    put(0x98 + entry, &start.to_le_bytes());
    put(0x98 + entry + 4, &size.to_le_bytes());
    put(0x400, &0x100_u32.to_le_bytes());
    put(0x404, &[0x00, 0x02, 0x02, 0x00]);
    file
}

#[test]
fn a_certificate_is_found() {
    for magic in [0x20b, 0x10b] {
        assert_eq!(
            Signature::of(&pe(magic, 16, 0x400, 0x100)),
            Signature::Present
        );
        assert_eq!(Signature::of(&pe(magic, 16, 0, 0)), Signature::None);
        assert_eq!(Signature::of(&pe(magic, 16, 0x400, 0)), Signature::None);
        assert_eq!(Signature::of(&pe(magic, 4, 0x400, 0x100)), Signature::None);
        assert_eq!(
            Signature::of(&pe(magic, 16, 0x400, 0x101)),
            Signature::Damaged
        );
        assert_eq!(Signature::of(&pe(magic, 16, 0x4ff, 4)), Signature::Damaged);
        assert_eq!(
            Signature::of(&pe(magic, 16, u32::MAX, 4)),
            Signature::Damaged
        );
    }
    // Not PKCS#7, another revision, no length.
    for (offset, byte) in [(0x406, 1), (0x405, 1), (0x401, 0)] {
        let mut file = pe(0x20b, 16, 0x400, 0x100);
        file[offset] = byte;
        assert_eq!(Signature::of(&file), Signature::Damaged, "{offset:#x}");
    }
}

#[test]
fn files_that_are_not_pe() {
    let file = pe(0x20b, 16, 0x400, 0x100);
    assert_eq!(Signature::of(b""), Signature::NotPe);
    assert_eq!(
        Signature::of(&pe(0x107, 16, 0x400, 0x100)),
        Signature::NotPe
    );
    for length in 0..0x98 + 152 {
        assert_eq!(Signature::of(&file[..length]), Signature::NotPe, "{length}");
    }
    // Cut before the certificate's end.
    for length in 0x98 + 152..0x500 {
        assert_eq!(
            Signature::of(&file[..length]),
            Signature::Damaged,
            "{length}"
        );
    }
    let mut far = file;
    far[0x3c..0x40].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(Signature::of(&far), Signature::NotPe);
}
