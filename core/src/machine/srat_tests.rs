use super::*;
use std::boxed::Box;
use std::vec::Vec;

/// A table of structures, with the length in its header.
fn table(structures: &[&[u8]]) -> Vec<u8> {
    let mut table = b"SRAT\0\0\0\0\x03\xaaBOCHS BXPC    ".to_vec();
    table.resize(48, 0);
    structures.iter().for_each(|one| table.extend(*one));
    let length = u32::try_from(table.len()).unwrap();
    table[4..8].copy_from_slice(&length.to_le_bytes());
    table
}

/// Node 1: 0x1_4000_0000 bytes at 0x2_8000_0000, with these flags.
fn memory(flags: u8) -> [u8; 40] {
    [
        1, 40, 1, 0, 0, 0, 0, 0, // type, length, node, reserved
        0, 0, 0, 0x80, 2, 0, 0, 0, // base
        0, 0, 0, 0x40, 1, 0, 0, 0, // length
        0, 0, 0, 0, flags, 0, 0, 0, // reserved, flags
        0, 0, 0, 0, 0, 0, 0, 0, // reserved
    ]
}

fn at(start: u64, size: u64) -> [u8; 40] {
    let mut one = memory(3);
    one[8..16].copy_from_slice(&start.to_le_bytes());
    one[16..24].copy_from_slice(&size.to_le_bytes());
    one
}

/// A CPU by its local APIC, type 0, and by its x2APIC, type 2.
const CPU: &[u8] = &[0, 16, 0, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const X2APIC: &[u8] = &[
    2, 24, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

fn parse(table: &[u8], piece: usize) -> (Known, Vec<(u64, u64)>) {
    let mut found = Box::new(HotPlug::new());
    // What was known before is forgotten.
    let _room = found.add(Range::new(1, 2).unwrap());
    let mut parser = SratParser::new(&mut found);
    table.chunks(piece).any(|piece| parser.feed(piece));
    parser.finish();
    let ranges = found.memory().iter();
    (
        found.known,
        ranges.map(|range| (range.start(), range.last())).collect(),
    )
}

#[test]
fn hot_pluggable_memory_is_found() {
    let plain = memory(1);
    let table = table(&[CPU, &plain, &memory(3), X2APIC, CPU]);
    assert_eq!(table.len(), 48 + 16 + 40 + 40 + 24 + 16);
    let expected = (Known::Yes, [(0x2_8000_0000, 0x3_bfff_ffff)].to_vec());
    for piece in [1, 7, 48, 64, 4096] {
        assert_eq!(parse(&table, piece), expected, "{piece}");
    }
    // What follows the table is not read.
    let more = [&table[..], &memory(3)].concat();
    assert_eq!(parse(&more, 4096), expected);
}

#[test]
fn other_memory_is_not() {
    // Enabled; hot-pluggable, but not enabled; non-volatile.
    let (enabled, disabled, lasting) = (memory(1), memory(2), memory(5));
    let none = (Known::No, Vec::new());
    assert_eq!(
        parse(&table(&[&enabled, &disabled, &lasting, CPU]), 9),
        none
    );
    assert_eq!(parse(&table(&[]), 9), none);
    assert_eq!(parse(&table(&[&at(0x1000, 0)]), 9), none);
    // All flags.
    assert_eq!(parse(&table(&[&memory(7)]), 9).0, Known::Yes);
}

#[test]
fn adjacent_ranges_are_joined() {
    let table = table(&[&at(0x1000, 0x1000), &at(0x2000, 0x1000), &at(0x8000, 1)]);
    let ranges = [(0x1000, 0x2fff), (0x8000, 0x8000)].to_vec();
    assert_eq!(parse(&table, 40), (Known::Yes, ranges));
}

#[test]
fn too_many_ranges_are_not_known() {
    let ranges: Vec<[u8; 40]> = (0..129).map(|number| at(number << 20, 0x1000)).collect();
    let ranges: Vec<&[u8]> = ranges.iter().map(|one| &one[..]).collect();
    assert_eq!(parse(&table(&ranges[..128]), 100).1.len(), 128);
    assert_eq!(parse(&table(&ranges), 100), (Known::Unknown, Vec::new()));
}

#[test]
fn a_table_that_is_cut_is_not_known() {
    let table = table(&[CPU, &memory(3), X2APIC]);
    assert_eq!(parse(&table, 4096).0, Known::Yes);
    for length in 0..table.len() {
        let found = parse(&table[..length], 4096);
        assert_eq!(found, (Known::Unknown, Vec::new()), "{length}");
        // The same with a header that says so, unless it ends with a structure.
        if length >= 48 {
            let mut cut = table[..length].to_vec();
            cut[4..8].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
            let expected = match length {
                48 | 64 => Known::No,
                104 => Known::Yes,
                _ => Known::Unknown,
            };
            assert_eq!(parse(&cut, 4096).0, expected, "{length}");
        }
    }
}

#[test]
fn a_damaged_table_is_not_known() {
    let whole = table(&[CPU, &memory(3)]);
    for (at, value) in [
        (0, b'X'),
        // Shorter than its header, and longer than the file.
        (4, 47),
        (7, 1),
        // A structure without length, of one byte, that ends too early, and after the table.
        (49, 0),
        (49, 1),
        (49, 17),
        (65, 39),
        (65, 41),
        // Memory past the last address.
        (64 + 15, 0xff),
    ] {
        let mut damaged = whole.clone();
        damaged[at] = value;
        if at == 79 {
            // The base is near the end, and the length leads over it.
            damaged[64 + 8..64 + 16].fill(0xff);
        }
        assert_eq!(
            parse(&damaged, 4096),
            (Known::Unknown, Vec::new()),
            "{at} {value}"
        );
    }
}
