use super::*;
use std::vec::Vec;

/// A kernel with two parts: 0x100 bytes at 0x1000000, of which the last 0x80 are not in the file, and
/// per-CPU data, linked at 0, at 0x1200000; and one section header.
fn kernel() -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    // Entry, program headers, section headers.
    for value in [0x100_0000_u64, 64, 0x300] {
        file.extend(value.to_le_bytes());
    }
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 1, 0, 0, 0]);
    for load in [
        [0x200_u64, 0xffff_ffff_8100_0000, 0x100_0000, 0x80, 0x100],
        [0x280, 0, 0x120_0000, 0x40, 0x40],
    ] {
        file.extend((1_u64 | 7 << 32).to_le_bytes());
        for value in load {
            file.extend(value.to_le_bytes());
        }
        file.extend(0x20_0000_u64.to_le_bytes());
    }
    file.resize(0x340, 0);
    for (at, byte) in file[0x200..0x2c0].iter_mut().enumerate() {
        *byte = at as u8;
    }
    file
}

fn table(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn parse(words: &[u32]) -> Result<Lists> {
    Relocs::parse(&table(words), &kernel()).map(|relocs| relocs.lists())
}

#[test]
fn three_lists_and_two() {
    let lists = |wide, inverse, narrow| Lists {
        wide,
        inverse,
        narrow,
    };
    assert_eq!(
        parse(&[0, 0x8100_0000, 0x8120_0000, 0, 0x8100_007c, 0, 0x8120_003c]),
        Ok(lists(2, Some(1), 1))
    );
    assert_eq!(
        parse(&[0, 0x8100_0000, 0, 0x8100_007c, 0x8120_0000]),
        Ok(lists(1, None, 2))
    );
    assert_eq!(parse(&[0, 0]), Ok(lists(0, None, 0)));
    assert_eq!(parse(&[0, 0, 0]), Ok(lists(0, Some(0), 0)));
}

#[test]
fn a_table_that_lies_is_refused() {
    let good = 0x8100_0000_u32;
    for words in [
        // It does not begin with 0, or has too few lists, or too many.
        &[][..],
        &[good, 0, good],
        &[0],
        &[0, good],
        &[0, 0, 0, 0],
        &[0, good, 0, good, 0, good, 0],
    ] {
        let error = parse(words).unwrap_err();
        let Error::BadField { offset, value, .. } = error else {
            panic!("{error}")
        };
        let zeros = words.iter().filter(|word| **word == 0).count() as u64;
        assert_eq!((offset, value), (0x340, zeros));
    }
    for entry in [
        1,
        0x7fff_ffff,
        0x8000_0000,
        0x80ff_ffff,
        // A part of it is not from the file.
        0x8100_0079,
        0x8100_0080,
        0x8100_0100,
        0x811f_ffff,
        0x8120_0039,
        0xffff_ffff,
    ] {
        let error = parse(&[0, good, entry, 0, good]).unwrap_err();
        let Error::BadField { offset, value, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((offset, value), (0x348, entry.into()));
    }
    // A 32-bit value needs 4 bytes only.
    assert!(parse(&[0, 0, 0x8100_0079]).is_ok());
    assert!(parse(&[0, 0, 0x8100_007d]).is_err());
    assert!(Relocs::parse(&table(&[0, good, 0, good])[..13], &kernel()).is_err());
}

#[test]
fn values_of_each_list_move_their_own_way_by_their_load_address() {
    let table = table(&[0, 0x8100_0000, 0x8120_0008, 0, 0x8120_0004, 0, 0x8100_0010]);
    let mut file = kernel();
    file[0x200..0x208].copy_from_slice(&0xffff_ffff_8123_4567_u64.to_le_bytes());
    file[0x288..0x290].copy_from_slice(&0xffff_ffff_ffff_ffff_u64.to_le_bytes());
    file[0x284..0x288].copy_from_slice(&0x0100_0000_u32.to_le_bytes());
    file[0x210..0x214].copy_from_slice(&0xffff_0000_u32.to_le_bytes());
    let mut expected = file.clone();
    expected[0x200..0x208].copy_from_slice(&0xffff_ffff_92c3_4567_u64.to_le_bytes());
    // It wraps, as in the kernel.
    expected[0x288..0x290].copy_from_slice(&0x0000_0000_119f_ffff_u64.to_le_bytes());
    expected[0x284..0x288].copy_from_slice(&0xef60_0000_u32.to_le_bytes());
    expected[0x210..0x214].copy_from_slice(&0x119f_0000_u32.to_le_bytes());
    let relocs = Relocs::parse(&table, &file.clone()).unwrap();
    let before = file.clone();
    relocs.apply(&mut file, 0);
    assert_eq!(file, before);
    relocs.apply(&mut file, 0x11a0_0000);
    assert_eq!(file, expected);
}

#[test]
fn the_kernel_ends_with_its_section_headers() {
    let mut payload = kernel();
    payload.extend(table(&[0, 0]));
    let (elf, rest) = split(&mut payload).unwrap();
    assert_eq!((elf.len(), rest.len()), (0x340, 8));
    // Without section headers with what is loaded.
    payload[60..62].fill(0);
    let (elf, rest) = split(&mut payload).unwrap();
    assert_eq!((elf.len(), rest.len()), (0x2c0, 0x88));
    let mut payload = kernel();
    assert_eq!(split(&mut payload).unwrap().1, []);
}

#[test]
fn every_truncation_is_refused_or_has_no_table() {
    let mut payload = kernel();
    payload.extend(table(&[0, 0x8100_0000, 0, 0x8100_0010]));
    for length in 0..payload.len() {
        let mut cut = payload[..length].to_vec();
        match split(&mut cut) {
            Err(_) => assert!(length < 0x340),
            Ok((elf, rest)) => {
                assert_eq!((elf.len(), rest.len()), (0x340, length - 0x340));
                let whole = matches!(length, 0x34c..) && length % 4 == 0;
                assert_eq!(Relocs::parse(rest, elf).is_ok(), whole, "{length:#x}");
            }
        }
    }
}

#[test]
fn more_parts_than_segments() {
    let mut file = kernel();
    file.resize(64 + 56 * 17, 0);
    let header: Vec<u8> = file[64..120].to_vec();
    for index in 0..17 {
        file[64 + 56 * index..][..56].copy_from_slice(&header);
    }
    file[56] = 17;
    assert!(matches!(
        Relocs::parse(&[0; 8], &file),
        Err(Error::Full { capacity: 16, .. })
    ));
    file[56] = 16;
    assert!(Relocs::parse(&[0; 8], &file).is_ok());
}
