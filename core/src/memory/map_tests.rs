use super::*;
use crate::testing::Random;
use std::vec::Vec;

fn range(start: u64, last: u64) -> Range {
    Range::new(start, last).unwrap()
}

#[test]
fn reserved_inside_ram_cuts_it_in_three() {
    let mut map = MemoryMap::new();
    map.add(range(0x1000, 0x9fff), MemoryKind::RAM).unwrap();
    map.add(range(0x4000, 0x4fff), MemoryKind::RESERVED)
        .unwrap();
    let expected = [
        (range(0x1000, 0x3fff), MemoryKind::RAM),
        (range(0x4000, 0x4fff), MemoryKind::RESERVED),
        (range(0x5000, 0x9fff), MemoryKind::RAM),
    ];
    let got: Vec<_> = map.entries().iter().map(|e| (e.range, e.kind)).collect();
    assert_eq!(got, expected);
    assert_eq!(map.ram(), 0x8000);
}

#[test]
fn ram_never_takes_from_what_is_reserved() {
    let mut map = MemoryMap::new();
    map.add(range(0x4000, 0x4fff), MemoryKind::RESERVED)
        .unwrap();
    map.add(range(0, u64::MAX), MemoryKind::RAM).unwrap();
    assert_eq!(map.entries().len(), 3);
    assert_eq!(map.entries()[1].kind, MemoryKind::RESERVED);
    assert_eq!(map.entries()[2].range, range(0x5000, u64::MAX));
}

#[test]
fn entries_that_touch_stay_apart() {
    // The map is passed to the next kernel unchanged.
    let mut map = MemoryMap::new();
    map.add(range(0, 0xfff), MemoryKind::RAM).unwrap();
    map.add(range(0x1000, 0x1fff), MemoryKind::RAM).unwrap();
    assert_eq!(map.entries().len(), 2);
}

/// Against a table with one cell an address, the higher kind in each.
#[test]
fn matches_a_table_of_single_addresses() {
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let base = if seed % 2 == 0 { 0 } else { u64::MAX - 63 };
        let mut cells = [0_u32; 64];
        let mut map = MemoryMap::new();
        for _ in 0..random.below(20) {
            let (a, b) = (random.below(64), random.below(64));
            let kind = [1, 2, 3, 4, 7, 12, 0xefff_ffff][random.below(7) as usize];
            let (start, last) = (a.min(b), a.max(b));
            map.add(range(base + start, base + last), MemoryKind(kind))
                .unwrap();
            for cell in &mut cells[start as usize..=last as usize] {
                *cell = (*cell).max(kind);
            }
        }
        let mut found = [0_u32; 64];
        let mut before: Option<Range> = None;
        for entry in map.entries() {
            assert!(before.is_none_or(|b| b.last() < entry.range.start()));
            before = Some(entry.range);
            for address in entry.range.start()..=entry.range.last() {
                found[(address - base) as usize] = entry.kind.0;
                if address == u64::MAX {
                    break;
                }
            }
        }
        assert_eq!(found, cells, "seed {seed}");
    }
}

#[test]
fn a_full_map_names_its_capacity() {
    let mut map = MemoryMap::new();
    let mut order: Vec<u64> = (0..MemoryMap::CAPACITY as u64).collect();
    let mut random = Random::new(1);
    for index in (1..order.len()).rev() {
        order.swap(index, random.below(index as u64 + 1) as usize);
    }
    for n in order {
        map.add(range(n * 16, n * 16 + 7), MemoryKind::RAM).unwrap();
    }
    assert!(map.entries().is_sorted_by_key(|entry| entry.range.start()));
    assert_eq!(
        map.add(range(u64::MAX - 1, u64::MAX), MemoryKind::RAM),
        Err(MapFull)
    );
}

#[test]
fn touching_stretches_of_a_kind_become_one() {
    let mut map = MemoryMap::new();
    for (start, last, kind) in [
        (0, 9, MemoryKind::RAM),
        (10, 19, MemoryKind::RAM),
        (20, 29, MemoryKind::RESERVED),
        (30, 39, MemoryKind::RESERVED),
        (40, 49, MemoryKind::RESERVED),
        (51, 59, MemoryKind::RESERVED),
        (60, 69, MemoryKind::RAM),
    ] {
        map.add(range(start, last), kind).unwrap();
    }
    map.join_touching();
    let joined: Vec<_> = map
        .entries()
        .iter()
        .map(|entry| (entry.range.start(), entry.range.last()))
        .collect();
    assert_eq!(joined, [(0, 19), (20, 49), (51, 59), (60, 69)]);
    map.clear();
    map.join_touching();
    assert!(map.is_empty());
}
