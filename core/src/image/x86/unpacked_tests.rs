use super::*;
use crate::testing::{bzimage, unpacked as payload};
use std::vec::Vec;

fn values(kernel: &Unpacked<'_>) -> (u64, u32) {
    let bytes = kernel.loads()[0].bytes;
    (
        crate::bytes::u64_at(bytes, 0x20).unwrap(),
        crate::bytes::u32_at(bytes, 0x30).unwrap(),
    )
}

#[test]
fn virtual_addresses_move_by_a_drawn_number_of_slots() {
    let file = bzimage(0x1000);
    let image = BzImage::parse(&file).unwrap();
    // The kernel needs 2 MiB: it begins at 16 MiB, 18 MiB and so on to 1022 MiB, in 504 slots.
    for (virt, slot) in [
        (0, 0),
        (1, 1),
        (503, 503),
        (504, 0),
        (u64::MAX, u64::MAX % 504),
    ] {
        let mut payload = payload(true);
        let addresses = Addresses::Drawn { physical: 7, virt };
        let kernel = Unpacked::new(&image, &mut payload, addresses).unwrap();
        let offset = slot * 0x20_0000;
        assert_eq!(
            values(&kernel),
            (0xffff_ffff_8100_0010 + offset, 0x8100_0010 + offset as u32)
        );
        assert_eq!((kernel.size(), kernel.entry_offset()), (0x20_0000, 0x10));
        assert_eq!(kernel.addresses(), addresses);
        assert_eq!(kernel.lists().unwrap().wide, 1);
        let load = kernel.loads()[0];
        // The zeros from 0x34 on are not loaded; of a word with anything in it all bytes are.
        assert_eq!(
            (load.offset, load.size, load.bytes.len()),
            (0, 0x1000, 0x38)
        );
    }
}

#[test]
fn a_kernel_stays_as_linked_without_a_table_and_where_that_is_asked_for() {
    let file = bzimage(0x1000);
    let image = BzImage::parse(&file).unwrap();
    let drawn = Addresses::Drawn {
        physical: 1,
        virt: 5,
    };
    for (table, addresses) in [(false, drawn), (true, Addresses::AsLinked)] {
        let mut payload = payload(table);
        let kernel = Unpacked::new(&image, &mut payload, addresses).unwrap();
        assert_eq!(values(&kernel), (0xffff_ffff_8100_0010, 0x8100_0010));
        assert_eq!(kernel.addresses(), Addresses::AsLinked);
        assert_eq!(kernel.lists().is_some(), table);
    }
}

#[test]
fn exact_offsets_are_checked() {
    let file = bzimage(0x1000);
    let image = BzImage::parse(&file).unwrap();
    for (offset, fits) in [
        (0, true),
        (0x20_0000, true),
        (0x3ee0_0000, true),
        (0x3f00_0000, false),
        (0x10_0000, false),
        (u64::MAX, false),
    ] {
        let mut payload = payload(true);
        let addresses = Addresses::Exactly {
            physical: 0x100_0000,
            offset,
        };
        match Unpacked::new(&image, &mut payload, addresses) {
            Ok(kernel) => {
                assert!(fits, "{offset:#x}");
                assert_eq!(values(&kernel).1, 0x8100_0010 + offset as u32);
            }
            Err(error) => assert!(!fits && matches!(error, Error::BadArgument { .. })),
        }
    }
}

#[test]
fn a_payload_that_does_not_fit_its_header_is_refused() {
    let refused = |change: fn(&mut Vec<u8>, &mut Vec<u8>)| {
        let (mut file, mut payload) = (bzimage(0x1000), payload(true));
        change(&mut file, &mut payload);
        let image = BzImage::parse(&file).unwrap();
        Unpacked::new(&image, &mut payload, Addresses::AsLinked).unwrap_err()
    };
    let field = |error| match error {
        Error::BadField { offset, .. } => offset,
        other => panic!("{other}"),
    };
    // p_align.
    assert_eq!(
        field(refused(|_, elf| elf[64 + 48..][..4].fill(1))),
        64 + 48
    );
    // pref_address is 18 MiB.
    assert_eq!(field(refused(|file, _| file[0x25a] = 0x20)), 64);
    // init_size is less than p_memsz; the kernel has 0x1000 bytes as the file does.
    assert_eq!(field(refused(|_, elf| elf[64 + 40 + 3] = 4)), 64);
    // e_entry is not in the file's bytes.
    assert_eq!(field(refused(|_, elf| elf[25] = 0x01)), 24);
    // The table's first word, and an entry.
    assert_eq!(field(refused(|_, elf| elf[0x1100] = 1)), 0x1100);
    assert_eq!(field(refused(|_, elf| elf[0x1105] = 1)), 0x1104);
    // A program for i386.
    assert!(matches!(
        refused(|_, elf| elf[4] = 1),
        Error::NotBootable { .. } | Error::BadField { .. }
    ));
}

#[test]
fn every_truncation_is_an_error_or_another_table() {
    let file = bzimage(0x1000);
    let image = BzImage::parse(&file).unwrap();
    let whole = payload(true);
    for length in 0..whole.len() {
        let mut cut = whole[..length].to_vec();
        let found = Unpacked::new(&image, &mut cut, Addresses::AsLinked);
        match found {
            // Without a table, and with one whose last list is empty: the payload's size is checked by
            // who unpacks it.
            Ok(kernel) => match kernel.lists() {
                None => assert_eq!(length, 0x1100),
                Some(lists) => assert_eq!((length, lists.narrow), (0x110c, 0)),
            },
            Err(_) => assert!(!matches!(length, 0x1100 | 0x110c)),
        }
    }
}
