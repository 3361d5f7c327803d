//! The rows of a picture of memory: every address by what it is, and neighbours as one row until there
//! are few enough.

use heapless::Vec;
use kexec_core::machine::CrashReservation;
use kexec_core::memory::{MemoryEntry, MemoryKind, Range};
use kexec_core::plan::{Segment, SegmentKind};

/// What memory is, by which the bars are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// RAM that segments may use, and do not.
    Free,
    /// Other RAM.
    Kept,
    /// Anything else that a memory map has.
    Reserved,
    /// The rest of the crash reservation.
    Crash,
    /// A segment.
    Segment,
}

/// How many classes there are.
pub const CLASSES: usize = 5;

/// Rows that are kept while the picture is made. More than are shown, so that what is put together
/// does not depend much on the order of addresses.
const KEPT: usize = 64;

/// Neighbouring memory.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub start: u64,
    pub last: u64,
    /// Bytes of each class.
    pub bytes: [u64; CLASSES],
    /// How many ranges are in it, each of one class.
    pub ranges: u32,
    /// The kind of memory of the first range.
    pub kind: MemoryKind,
    /// The first segment in it, and the last.
    pub segments: Option<(SegmentKind, SegmentKind)>,
}

impl Row {
    pub fn size(&self) -> u64 {
        let sizes = self.bytes.iter();
        sizes.fold(0, |sum: u64, bytes| sum.saturating_add(*bytes))
    }

    pub fn of(&self, class: Class) -> u64 {
        self.bytes.get(class as usize).copied().unwrap_or_default()
    }

    /// Both in one; `self` lies below.
    fn with(mut self, above: &Self) -> Self {
        self.last = above.last;
        for (bytes, more) in self.bytes.iter_mut().zip(above.bytes) {
            *bytes = bytes.saturating_add(more);
        }
        self.ranges = self.ranges.saturating_add(above.ranges);
        self.segments = match (self.segments, above.segments) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (one, other) => one.or(other),
        };
        self
    }

    /// What is lost if both become one: most where segments are not seen any more, then the crash
    /// reservation, then by the size of the smaller one.
    fn loss(&self, above: &Self) -> u32 {
        let smaller = self.size().min(above.size()).max(1).ilog2();
        match (self.segments, above.segments) {
            (Some((_, one)), Some((other, _))) if same_file(one, other) => 80,
            (Some(_), Some(_)) => 1000,
            (None, None) if (self.of(Class::Crash) == 0) == (above.of(Class::Crash) == 0) => {
                smaller
            }
            (None, None) => smaller.saturating_add(100),
            _ => smaller.saturating_add(200),
        }
    }
}

/// Whether one name can stand for both.
fn same_file(one: SegmentKind, other: SegmentKind) -> bool {
    let initrds = matches!(
        (one, other),
        (SegmentKind::Initrd(_), SegmentKind::Initrd(_))
    );
    initrds || one == other
}

/// What is where.
#[derive(Clone, Copy)]
pub struct Memory<'m> {
    pub map: &'m [MemoryEntry],
    /// What segments may use, themselves included.
    pub free: &'m [Range],
    pub segments: &'m [Segment<'m>],
    pub crash: &'m CrashReservation,
}

/// What is at an address: the range it belongs to, from there on.
struct Here {
    class: Option<Class>,
    kind: MemoryKind,
    segment: Option<SegmentKind>,
    last: u64,
}

impl Here {
    /// Takes over that `range` is of a class, if the address is in it; ends where it begins or ends.
    fn see(&mut self, address: u64, range: Range, class: Class) -> bool {
        if range.last() < address {
            return false;
        }
        if range.start() > address {
            self.last = self.last.min(range.start().saturating_sub(1));
            return false;
        }
        self.last = self.last.min(range.last());
        if self.class.is_none() {
            self.class = Some(class);
        }
        true
    }
}

impl Memory<'_> {
    fn at(&self, address: u64) -> Here {
        let mut here = Here {
            class: None,
            kind: MemoryKind::RAM,
            segment: None,
            last: u64::MAX,
        };
        for segment in self.segments {
            if let Some(range) = segment.range() {
                if here.see(address, range, Class::Segment) {
                    here.segment = Some(segment.kind);
                }
            }
        }
        for range in self.crash.region.iter().chain(&self.crash.low) {
            here.see(address, *range, Class::Crash);
        }
        let first = self.free.partition_point(|range| range.last() < address);
        if let Some(range) = self.free.get(first) {
            here.see(address, *range, Class::Free);
        }
        let reaches = |entry: &MemoryEntry| entry.range.last() < address;
        if let Some(entry) = self.map.get(self.map.partition_point(reaches)) {
            let class = if entry.kind == MemoryKind::RAM {
                Class::Kept
            } else {
                Class::Reserved
            };
            if here.see(address, entry.range, class) {
                here.kind = entry.kind;
            }
        }
        here
    }

    /// At most `most` rows, in the order of addresses. What no map has is in none of them.
    pub fn rows(&self, most: usize) -> Vec<Row, KEPT> {
        let mut rows = Vec::new();
        let mut next = Some(0_u64);
        while let Some(address) = next {
            let here = self.at(address);
            next = here.last.checked_add(1);
            if let Some(class) = here.class {
                add(&mut rows, address, class, &here);
            }
        }
        while rows.len() > most && fold(&mut rows) {}
        rows
    }
}

/// Adds a range after all others, as a part of the last one if it goes on in the same way.
fn add(rows: &mut Vec<Row, KEPT>, start: u64, class: Class, here: &Here) {
    let mut bytes = [0; CLASSES];
    if let Some(bytes) = bytes.get_mut(class as usize) {
        *bytes = here.last.saturating_sub(start).saturating_add(1);
    }
    let row = Row {
        start,
        last: here.last,
        bytes,
        ranges: 1,
        kind: here.kind,
        segments: here.segment.map(|segment| (segment, segment)),
    };
    if let Some(before) = rows.last_mut() {
        let same = before.segments == row.segments
            && (class == Class::Segment || class == Class::Crash || before.kind == row.kind)
            && before.of(class) == before.size();
        if same && before.ranges == 1 && before.last.checked_add(1) == Some(start) {
            *before = before.with(&row);
            before.ranges = 1;
            return;
        }
    }
    if rows.is_full() {
        fold(rows);
    }
    // There is room for one.
    let _ = rows.push(row);
}

/// Makes the two neighbours one by which least is lost; `false` without neighbours.
fn fold(rows: &mut Vec<Row, KEPT>) -> bool {
    let mut least = (u32::MAX, 0);
    for (number, pair) in (0..).zip(rows.windows(2)) {
        if let [below, above] = pair {
            least = least.min((below.loss(above), number));
        }
    }
    let (_, mut number) = least;
    let (Some(below), Some(above)) = (rows.get(number), rows.get(next(number))) else {
        return false;
    };
    let mut row = below.with(above);
    while let Some(to) = rows.get_mut(number) {
        *to = row;
        number = next(number);
        match rows.get(next(number)) {
            Some(above) => row = *above,
            None => break,
        }
    }
    rows.pop();
    true
}

const fn next(number: usize) -> usize {
    number.saturating_add(1)
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
