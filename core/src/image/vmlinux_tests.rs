use super::*;
use std::vec;
use std::vec::Vec;

/// p_type, p_offset, p_paddr, p_filesz, p_memsz.
type Part = (u32, u64, u64, u64, u64);

const KERNEL: [Part; 4] = [
    (1, 0x20_0000, 0x100_0000, 0x1000, 0x1000),
    (4, 0, 0, 0, 0),
    (1, 0x20_1000, 0x120_0000, 0x800, 0x1800),
    (1, 0x20_1800, 0x130_0000, 0, 0x2345),
];

fn file(entry: u64, parts: &[Part]) -> Vec<u8> {
    let mut file = vec![0; 0x20_1800];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16] = 2;
    file[18] = 62;
    file[24..32].copy_from_slice(&entry.to_le_bytes());
    file[32] = 64;
    file[54] = 56;
    file[56] = parts.len() as u8;
    for (index, (kind, offset, address, in_file, in_memory)) in parts.iter().enumerate() {
        let at = 64 + 56 * index;
        file[at..at + 4].copy_from_slice(&kind.to_le_bytes());
        for (field, value) in [(8, offset), (24, address), (32, in_file), (40, in_memory)] {
            file[at + field..at + field + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
    file
}

#[test]
fn parts_keep_their_distances() {
    let file = file(0x100_0100, &KERNEL);
    let kernel = Vmlinux::parse(&file).unwrap();
    let loads: Vec<_> = kernel
        .loads()
        .iter()
        .map(|load| (load.bytes.len(), load.offset, load.size))
        .collect();
    assert_eq!(
        loads,
        [
            (0x1000, 0, 0x1000),
            (0x800, 0x20_0000, 0x2000),
            (0, 0x30_0000, 0x3000)
        ]
    );
    assert_eq!(kernel.loads()[1].bytes.as_ptr(), file[0x20_1000..].as_ptr());
    assert_eq!(kernel.range(), Range::new(0x100_0000, 0x130_2fff).unwrap());
    assert_eq!(kernel.entry_offset(), 0x100);
}

#[test]
fn what_is_no_kernel_is_refused() {
    let parse = |file: &[u8]| Vmlinux::parse(file).map(|_| ()).unwrap_err();
    let good = file(0x100_0100, &KERNEL);
    assert!(matches!(parse(b"MZ"), Error::NotThisFormat { .. }));
    for (at, value) in [(4, 1), (5, 2), (16, 4), (18, 3)] {
        let mut other = good.clone();
        other[at] = value;
        assert!(matches!(parse(&other), Error::NotBootable { .. }), "{at}");
    }
    assert!(matches!(
        parse(&file(0x100_0100, &[])),
        Error::NotBootable { .. }
    ));
    let program = [(3, 0, 0, 0, 0), KERNEL[0]];
    assert!(matches!(
        parse(&file(0x100_0100, &program)),
        Error::NotBootable { .. }
    ));
    for entry in [0, 0xff_ffff, 0x130_3000, 0xffff_ffff_8100_0000] {
        assert!(matches!(
            parse(&file(entry, &KERNEL)),
            Error::BadField { .. }
        ));
    }
    for bad in [
        (1, 0x20_0000, 0x100_0800, 0x1000, 0x1000),
        (1, 0x20_0000, 0x100_0000, 0x1001, 0x1000),
        (1, 0x20_0000, u64::MAX - 0xfff, 0x1000, 0x1000),
    ] {
        assert!(matches!(
            parse(&file(0x100_0100, &[bad])),
            Error::BadField { .. }
        ));
    }
    let overlap = [KERNEL[0], KERNEL[0]];
    assert!(matches!(
        parse(&file(0x100_0100, &overlap)),
        Error::BadField { .. }
    ));
    let outside = [(1, 0x20_1800, 0x100_0000, 1, 0x1000)];
    assert!(matches!(
        parse(&file(0x100_0100, &outside)),
        Error::Truncated { .. }
    ));
    let many = [(); 9].map(|()| 0_u64);
    let many: Vec<Part> = (0..many.len() as u64)
        .map(|n| (1, 0, 0x100_0000 + (n << 12), 0, 0x1000))
        .collect();
    // It is entered in memory that is zero.
    assert!(matches!(
        parse(&file(0x100_0100, &many)),
        Error::BadField { .. }
    ));
}

/// Nothing panics, wherever the file ends and whatever a byte holds.
#[test]
fn damaged_files() {
    let good = file(0x100_0100, &KERNEL);
    for length in 0..64 + 56 * KERNEL.len() {
        assert!(Vmlinux::parse(&good[..length]).is_err());
    }
    let mut damaged = good;
    for at in 0..64 + 56 * KERNEL.len() {
        let kept = damaged[at];
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            damaged[at] = value;
            let _ = Vmlinux::parse(&damaged);
        }
        damaged[at] = kept;
    }
}

#[test]
fn the_entry_lies_in_bytes_of_the_file() {
    use crate::image::Kernel;
    for (entry, good) in [
        (0x100_0000, true),
        (0x100_0fff, true),
        // After the first part, between it and the second.
        (0x100_1000, false),
        (0x11f_ffff, false),
        (0x120_0000, true),
        (0x120_07ff, true),
        // What the kernel fills with zeros: the rest of the second part, and the third.
        (0x120_0800, false),
        (0x130_0000, false),
    ] {
        let file = file(entry, &KERNEL);
        let parsed = Kernel::parse(&file, true);
        if good {
            assert_eq!(parsed.unwrap().entry_offset(), entry - 0x100_0000);
        } else {
            assert!(
                matches!(parsed, Err(Error::BadField { value, .. }) if value == entry),
                "{entry:#x}: {parsed:?}"
            );
        }
    }
}
