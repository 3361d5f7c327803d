use std::vec::Vec;

use kexec_core::memory::{MemoryMap, RangeSet};

use super::*;

/// Numbers that look random, and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 33) % end
    }

    fn range(&mut self, end: u64) -> Range {
        let start = self.below(end);
        Range::from_size(start, 1 + self.below(1 + end / 20)).unwrap()
    }
}

const END: u64 = 2000;

/// What one byte is, by the rules that the rows are documented to have: the first that fits counts.
fn class_of(memory: &Memory<'_>, address: u64) -> Option<Class> {
    let segments = memory.segments.iter().filter_map(Segment::range);
    let has = |range: &Range| range.start() <= address && address <= range.last();
    let crash = [memory.crash.region, memory.crash.low];
    let entry = memory.map.iter().find(|entry| has(&entry.range));
    if segments.into_iter().any(|range| has(&range)) {
        Some(Class::Segment)
    } else if crash.iter().flatten().any(has) {
        Some(Class::Crash)
    } else if memory.free.iter().any(has) {
        Some(Class::Free)
    } else {
        entry.map(|entry| match entry.kind {
            MemoryKind::RAM => Class::Kept,
            _ => Class::Reserved,
        })
    }
}

/// On random machines: rows do not overlap, no byte is lost or counted twice by folding, and a row that
/// is one range is all of one class.
#[test]
fn every_byte_is_in_one_row() {
    let random = &mut Random(1);
    let mut folded = 0;
    for case in 0..100 {
        let mut map = MemoryMap::new();
        for _ in 0..random.below(if case % 2 == 0 { 8 } else { 120 }) {
            let kinds = [MemoryKind::RAM, MemoryKind::RESERVED, MemoryKind::ACPI];
            let kind = kinds[random.below(3) as usize];
            map.add(random.range(END), kind).unwrap();
        }
        let mut free = RangeSet::new();
        for _ in 0..random.below(12) {
            free.insert(random.range(END)).unwrap();
        }
        let mut segments = Vec::new();
        for number in 0..random.below(5) {
            let range = random.range(END / 5);
            segments.push(Segment {
                kind: SegmentKind::Initrd(number as u8),
                buf: &[],
                mem: range.start() + number * END / 5,
                memsz: range.size(),
            });
        }
        let crash = CrashReservation {
            region: (random.below(2) == 0).then(|| random.range(END)),
            low: (random.below(2) == 0).then(|| random.range(END)),
        };
        let memory = Memory {
            map: map.entries(),
            free: free.ranges(),
            segments: &segments,
            crash: &crash,
        };
        let most = 1 + random.below(25) as usize;
        let rows = memory.rows(most);
        assert!(rows.len() <= most);
        let mut counted = [0; CLASSES];
        let mut end = 0;
        for row in &rows {
            assert!(row.start >= end && row.last >= row.start, "{row:?}");
            end = row.last + 1;
            let mut bytes = [0; CLASSES];
            for address in row.start..=row.last {
                if let Some(class) = class_of(&memory, address) {
                    bytes[class as usize] += 1;
                }
            }
            assert_eq!(row.bytes, bytes, "{row:?}");
            assert_eq!(row.segments.is_some(), row.of(Class::Segment) != 0);
            let classes = bytes.iter().filter(|bytes| **bytes != 0).count();
            assert!(row.ranges > 1 || classes == 1, "{row:?}");
            folded += usize::from(row.ranges > 1);
            for (sum, bytes) in counted.iter_mut().zip(bytes) {
                *sum += bytes;
            }
        }
        let mut all = [0; CLASSES];
        for address in 0..2 * END {
            if let Some(class) = class_of(&memory, address) {
                all[class as usize] += 1;
            }
        }
        assert_eq!(counted, all);
    }
    assert!(folded > 250, "{folded}");
}

/// Segments stay by themselves as long as there are rows for them.
#[test]
fn segments_are_folded_last() {
    let mut map = MemoryMap::new();
    for number in 0..200_u64 {
        let range = Range::from_size(number << 20, 0x8_0000).unwrap();
        map.add(range, MemoryKind::RAM).unwrap();
    }
    let kinds = [
        SegmentKind::Kernel,
        SegmentKind::BootParams,
        SegmentKind::Purgatory,
    ];
    let segments: Vec<_> = (0..)
        .zip(kinds)
        .map(|(number, kind)| Segment {
            kind,
            buf: &[],
            mem: (number * 60) << 20,
            memsz: 0x1000,
        })
        .collect();
    let memory = Memory {
        map: map.entries(),
        free: &[],
        segments: &segments,
        crash: &CrashReservation::NONE,
    };
    let rows = memory.rows(7);
    assert_eq!(rows.len(), 7);
    for (segment, kind) in segments.iter().zip(kinds) {
        let row = rows.iter().find(|row| row.start == segment.mem).unwrap();
        assert_eq!(row.segments, Some((kind, kind)));
        assert_eq!((row.size(), row.ranges), (0x1000, 1));
    }
}
