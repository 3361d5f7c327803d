use super::*;
use std::vec::Vec;

/// p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz.
type Part = (u32, u64, u64, u64, u64, u64);

const SIZE: usize = 0x1_9000;

/// A file whose byte at each offset is made of the offset, with this class, e_type and e_machine.
fn file(is_64: bool, kind: u8, entry: u64, parts: &[Part]) -> Vec<u8> {
    let mut file: Vec<u8> = (0..SIZE).map(byte).collect();
    let words = |file: &mut Vec<u8>, at: usize, words: &[u64]| {
        let size = if is_64 { 8 } else { 4 };
        for (index, word) in words.iter().enumerate() {
            let at = at + size * index;
            file[at..at + size].copy_from_slice(&word.to_le_bytes()[..size]);
        }
    };
    let (class, machine, phoff, phentsize) = if is_64 {
        (2, 62, 64, 56)
    } else {
        (1, 3, 52, 32)
    };
    file[..64].fill(0);
    file[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1, 1]);
    file[16] = kind;
    file[18] = machine;
    words(&mut file, 24, &[entry, phoff]);
    let sizes = if is_64 { 54 } else { 42 };
    file[sizes] = phentsize;
    file[sizes + 2] = parts.len() as u8;
    for (index, (kind, offset, virt, address, in_file, in_memory)) in parts.iter().enumerate() {
        let at = phoff as usize + usize::from(phentsize) * index;
        file[at..at + 4].copy_from_slice(&kind.to_le_bytes());
        let fields = [*offset, *virt, *address, *in_file, *in_memory];
        if is_64 {
            words(&mut file, at + 8, &fields);
            words(&mut file, at + 48, &[0x1000]);
        } else {
            words(&mut file, at + 4, &fields);
            words(&mut file, at + 28, &[0x1000]);
        }
    }
    file
}

fn byte(offset: usize) -> u8 {
    (offset % 251) as u8 | 1
}

const fn load(offset: u64, address: u64, in_file: u64, in_memory: u64) -> Part {
    (1, offset, 0, address, in_file, in_memory)
}

/// Offset of its bytes in the file, their number, offset in memory, size there.
fn loads(file: &[u8]) -> Vec<(usize, usize, u64, u64)> {
    let start = file.as_ptr() as usize;
    let elf = Elf::parse(file).unwrap();
    let loads = elf.loads().iter().map(|load| {
        let offset = (load.bytes.as_ptr() as usize).wrapping_sub(start);
        let offset = if load.bytes.is_empty() { 0 } else { offset };
        (offset, load.bytes.len(), load.offset, load.size)
    });
    loads.collect()
}

fn refused(parts: &[Part]) -> Error {
    let of = |is_64| {
        Elf::parse(&file(is_64, 2, 0x10_0000, parts))
            .map(|_| ())
            .unwrap_err()
    };
    let error = of(true);
    assert_eq!(
        core::mem::discriminant(&error),
        core::mem::discriminant(&of(false))
    );
    error
}

#[test]
fn both_classes_load_by_p_paddr() {
    for is_64 in [true, false] {
        let parts = [
            // Not by ascending address, with a virtual address of 0 and descending ones.
            (1, 0x4000, 0, 0x20_0000, 0x234, 0x1234),
            (0x6474_e551, 0, 0, 0, 0, 0),
            (1, 0x2000, 0xc010_0000, 0x10_0000, 0x1800, 0x1800),
            (1, 0, 0, 0, 0, 0),
        ];
        let file = file(is_64, 2, 0x10_0010, &parts);
        let elf = Elf::parse(&file).unwrap();
        let want = [
            (0x2000, 0x1800, 0, 0x2000),
            (0x4000, 0x234, 0x10_0000, 0x2000),
        ];
        assert_eq!(loads(&file), want);
        assert_eq!(elf.range(), Range::new(0x10_0000, 0x20_1fff).unwrap());
        assert_eq!((elf.is_64(), elf.is_dyn()), (is_64, false));
        assert_eq!(elf.entry(), 0x10_0010);
        assert_eq!(elf.alignment(), 0x1000);
        for (address, loaded) in [
            (0xf_ffff, false),
            (0x10_0000, true),
            (0x10_17ff, true),
            (0x10_1800, false),
            (0x20_0233, true),
            (0x20_0234, false),
        ] {
            assert_eq!(elf.is_loaded(address), loaded, "{address:#x}");
        }
        assert_eq!(elf.physical(0xc010_17ff), Some(0x10_17ff));
        assert_eq!(elf.physical(0xc010_1800), None);
        assert_eq!(elf.physical(0x233), Some(0x20_0233));
    }
    let anywhere = file(true, 3, 0, &[load(0x1000, 0, 0x100, 0x100)]);
    assert!(Elf::parse(&anywhere).unwrap().is_dyn());
}

#[test]
fn a_part_begins_at_a_page() {
    for is_64 in [true, false] {
        // The bytes before it in the file go where nothing is.
        let parts = [
            load(0x2123, 0x10_0123, 0x100, 0x200),
            load(0x123, 0x10_2123, 8, 8),
        ];
        assert_eq!(
            loads(&file(is_64, 2, 0x10_0123, &parts)),
            [(0x2000, 0x223, 0, 0x1000), (0, 0x12b, 0x2000, 0x1000)]
        );
        // Memory without bytes needs none.
        let parts = [
            load(0x1000, 0x10_0000, 8, 8),
            load(u32::MAX.into(), 0x10_3800, 0, 0x1000),
        ];
        assert_eq!(
            loads(&file(is_64, 2, 0x10_0000, &parts)),
            [(0x1000, 8, 0, 0x1000), (0, 0, 0x3000, 0x2000)]
        );
    }
    let short = [load(0x122, 0x10_0123, 8, 8)];
    assert!(matches!(
        refused(&short),
        Error::BadField {
            value: 0x10_0123,
            ..
        }
    ));
}

#[test]
fn parts_of_one_page_become_one() {
    for is_64 in [true, false] {
        let one = |parts: &[Part]| loads(&file(is_64, 2, 0x10_0000, parts));
        // As far apart in the file.
        let parts = [
            load(0x1000, 0x10_0000, 0x1800, 0x1800),
            load(0x2900, 0x10_1900, 0x100, 0x900),
        ];
        assert_eq!(one(&parts), [(0x1000, 0x1a00, 0, 0x3000)]);
        // Only memory, wherever in the file it says to be.
        let parts = [
            load(0x1000, 0x10_0000, 0x1800, 0x1800),
            load(0x8000, 0x10_1900, 0, 0x2000),
        ];
        assert_eq!(one(&parts), [(0x1000, 0x1800, 0, 0x4000)]);
    }
    // Another distance.
    let apart = [
        load(0x1000, 0x10_0000, 0x800, 0x800),
        load(0x1901, 0x10_0900, 0x100, 0x100),
    ];
    assert!(matches!(
        refused(&apart),
        Error::BadField {
            value: 0x10_0900,
            ..
        }
    ));
    // Zeros of the first that the file has not.
    let zeros = [
        load(0x1000, 0x10_0000, 0x800, 0x810),
        load(0x1900, 0x10_0900, 0x100, 0x100),
    ];
    assert!(matches!(
        refused(&zeros),
        Error::BadField {
            value: 0x10_0900,
            ..
        }
    ));
    let mut file = file(true, 2, 0x10_0000, &zeros);
    file[0x1800..0x1810].fill(0);
    assert_eq!(loads(&file), [(0x1000, 0xa00, 0, 0x1000)]);
}

#[test]
fn more_parts_than_there_is_room_for_are_joined_if_they_are_close() {
    let parts = |count: u64, distance: u64| {
        let part = |number| load(0x2000 + number * 0x100, 0x10_0000 + number * distance, 8, 8);
        (0..count).map(part).collect::<Vec<_>>()
    };
    for is_64 in [true, false] {
        let of = |parts: &[Part]| {
            Elf::parse(&file(is_64, 2, 0x10_0000, parts)).map(|elf| elf.loads().len())
        };
        assert_eq!(of(&parts(14, 0x1_0000)), Ok(14));
        // Not as far apart in the file.
        assert!(matches!(
            of(&parts(15, 0x1_0000)),
            Err(Error::NotBootable { .. })
        ));
        let mut close: Vec<Part> = (2..22)
            .map(|page| load(page << 12, 0x10_0000 + (page << 12), 8, 0x700))
            .collect();
        // Memory that is zero, of which the file has other bytes.
        assert!(matches!(of(&close), Err(Error::NotBootable { .. })));
        for part in &mut close {
            part.5 = 8;
        }
        assert_eq!(of(&close), Ok(1));
        // One more, too far away to be joined.
        close.push(load(0x1_8000, 0x12_5008, 8, 8));
        assert_eq!(of(&close), Ok(2));
    }
    // The least distance that is too far, and the greatest that is not: from the end of one to the next.
    for (distance, count) in [(0x1_0008, 15), (0x1_0007, 1)] {
        let many: Vec<Part> = (0..15)
            .map(|n| load(0, 0x10_0000 + n * distance, 0, 8))
            .collect();
        let parsed = Elf::parse(&file(true, 2, 0x10_0000, &many)).map(|elf| elf.loads().len());
        if count == 1 {
            assert_eq!(parsed, Ok(1));
        } else {
            assert!(parsed.is_err());
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let good = load(0x1000, 0x10_0000, 0x100, 0x100);
    for (parts, address) in [
        ([good, good], 0x10_0000),
        ([good, load(0x2000, 0x10_00ff, 8, 8)], 0x10_00ff),
        ([load(0x2000, 0xf_f000, 8, 0x1001), good], 0x10_0000),
    ] {
        assert!(matches!(refused(&parts), Error::BadField { value, .. } if value == address));
    }
    assert!(matches!(
        refused(&[load(0x1000, 0x10_0000, 9, 8)]),
        Error::BadField { value: 9, .. }
    ));
    assert!(matches!(
        refused(&[load(SIZE as u64, 0x10_0000, 1, 8)]),
        Error::Truncated { need: 0x1_9001, .. }
    ));
    assert!(matches!(refused(&[]), Error::NotBootable { .. }));
    assert!(matches!(
        refused(&[good, (3, 0, 0, 0, 0, 0)]),
        Error::NotBootable { .. }
    ));
    assert!(matches!(
        refused(&[good; 65]),
        Error::Full { capacity: 64, .. }
    ));
    // The end of the address space of each class.
    for (is_64, last) in [(true, u64::MAX), (false, u64::from(u32::MAX))] {
        let at = |address, size| {
            Elf::parse(&file(is_64, 2, 0, &[load(0, address, 0, size)])).map(|_| ())
        };
        assert!(at(last - 0x2fff, 0x1001).is_ok(), "{is_64}");
        assert!(matches!(
            at(last - 0xfff, 0x1001),
            Err(Error::BadField { value: 0x1001, .. })
        ));
    }
    // Offset and size that wrap.
    let wraps = file(true, 2, 0, &[load(u64::MAX - 7, 0x10_0000, 0x100, 0x100)]);
    assert!(matches!(Elf::parse(&wraps), Err(Error::Truncated { .. })));
    let file = file(true, 2, 0x10_0000, &[good]);
    // e_ident's class and order, e_type, e_machine.
    for (at, value) in [(4, 1), (4, 0), (4, 3), (5, 2), (16, 1), (16, 4), (18, 3)] {
        let mut other = file.clone();
        other[at] = value;
        assert!(
            matches!(Elf::parse(&other), Err(Error::NotBootable { .. })),
            "{at} {value}"
        );
    }
    let mut other = file.clone();
    other[54] = 55;
    assert!(matches!(
        Elf::parse(&other),
        Err(Error::BadField { value: 55, .. })
    ));
    assert!(matches!(
        Elf::parse(b"MZ"),
        Err(Error::NotThisFormat { .. })
    ));
}

/// Wherever the file ends, and whatever a byte of its headers holds.
#[test]
fn damaged_files() {
    for is_64 in [true, false] {
        let parts = [
            load(0x1000, 0x10_0000, 0x800, 0x800),
            load(0x1900, 0x10_0900, 0x100, 0x200),
        ];
        let good = file(is_64, 2, 0x10_0000, &parts);
        assert!(Elf::parse(&good[..0x1a00]).is_ok());
        for length in 0..0x1a00 {
            let error = Elf::parse(&good[..length]).map(|_| ()).unwrap_err();
            match length {
                0..4 => assert!(matches!(error, Error::NotThisFormat { .. })),
                _ => assert!(
                    matches!(error, Error::Truncated { have, .. } if have == length as u64),
                    "{length}"
                ),
            }
        }
        let mut damaged = good;
        for at in 0..200 {
            let kept = damaged[at];
            for value in 0..=255 {
                damaged[at] = value;
                if let Ok(elf) = Elf::parse(&damaged) {
                    let end = elf.loads().iter().fold(0, |end, load| {
                        assert!(load.offset >= end && load.size >= load.bytes.len() as u64);
                        assert!(load.offset % 0x1000 == 0 && load.size % 0x1000 == 0);
                        load.offset + load.size
                    });
                    assert_eq!(end, elf.range().size());
                }
            }
            damaged[at] = kept;
        }
    }
}
