//! /sys/firmware/acpi/tables/SRAT, the System Resource Affinity Table: which memory can be removed while
//! the system runs (ACPI 6.5, 5.2.16).

use heapless::Vec;

use super::Known;
use crate::bytes::{u32_at, u64_at};
use crate::memory::Range;

/// Bytes of the table's header, with the 12 reserved ones after it.
const HEADER: usize = 48;
/// Type and length of an affinity structure.
const START: usize = 2;
/// The type of a memory affinity structure (5.2.16.2), and its bytes.
const MEMORY: u8 = 1;
const MEMORY_SIZE: usize = 40;
/// Its flags: without the first, the rest of the structure means nothing.
const ENABLED: u32 = 1;
const HOT_PLUGGABLE: u32 = 2;

/// The memory that the firmware declares as hot-pluggable.
#[derive(Clone, Debug, Default)]
pub struct HotPlug {
    memory: Vec<Range, { HotPlug::CAPACITY }>,
    /// Whether there is such memory. No, if the firmware has no SRAT; unknown, if the table could not be
    /// read, is damaged, or has more than [`HotPlug::CAPACITY`] ranges.
    pub known: Known,
}

impl HotPlug {
    /// The most ranges that fit, after adjacent ones are joined.
    pub const CAPACITY: usize = 128;

    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: Vec::new(),
            known: Known::Unknown,
        }
    }

    /// Forgets everything, in place.
    pub fn clear(&mut self) {
        // No `..`: a field that is not named here is a compile error.
        let Self { memory, known } = self;
        memory.clear();
        *known = Known::Unknown;
    }

    /// The ranges, in the table's order. None unless [`HotPlug::known`] is yes. Those of another node can
    /// overlap them only in a faulty table.
    #[must_use]
    pub fn memory(&self) -> &[Range] {
        &self.memory
    }

    /// Returns whether there was room.
    fn add(&mut self, range: Range) -> bool {
        if let Some(last) = self.memory.last_mut() {
            if last.last().checked_add(1) == Some(range.start()) {
                *last = Range::new(last.start(), range.last()).unwrap_or(*last);
                return true;
            }
        }
        self.memory.push(range).is_ok()
    }
}

/// Reads the table piece by piece. Its checksum is not compared: firmware with a wrong one exists, and the
/// kernel uses its tables.
#[derive(Debug)]
pub struct SratParser<'a> {
    into: &'a mut HotPlug,
    /// The first bytes of the header or structure that is being read.
    record: [u8; HEADER],
    /// How many bytes of it were read, and how many it has.
    length: usize,
    size: usize,
    /// Bytes of the table after it; `None` before the end of the header.
    left: Option<u32>,
    damaged: bool,
}

impl<'a> SratParser<'a> {
    /// At the start of the table. Clears `into`.
    pub fn new(into: &'a mut HotPlug) -> Self {
        into.clear();
        Self {
            into,
            record: [0; HEADER],
            length: 0,
            size: HEADER,
            left: None,
            damaged: false,
        }
    }

    /// Takes the next piece, of any size. Returns whether no more is needed: the table ends here, or it is
    /// damaged.
    pub fn feed(&mut self, piece: &[u8]) -> bool {
        for &byte in piece {
            if self.is_over() {
                break;
            }
            if let Some(slot) = self.record.get_mut(self.length) {
                *slot = byte;
            }
            self.length = self.length.saturating_add(1);
            let fine = match self.left {
                None => self.length < HEADER || self.header(),
                Some(left) => self.structure(left),
            };
            self.damaged = !fine;
        }
        self.is_over()
    }

    /// Says what is known. Nothing is, unless the whole table was read.
    pub fn finish(self) {
        let whole = self.is_over() && !self.damaged;
        if !whole {
            self.into.clear();
            return;
        }
        self.into.known = Known::of(!self.into.memory.is_empty());
    }

    fn is_over(&self) -> bool {
        self.damaged || (self.left == Some(0) && self.length == 0)
    }

    /// After the header: whether it is sound.
    fn header(&mut self) -> bool {
        let length = u32_at(&self.record, 4).filter(|_| self.record.starts_with(b"SRAT"));
        self.left = length.and_then(|length| length.checked_sub(HEADER as u32));
        (self.length, self.size) = (0, START);
        self.left.is_some()
    }

    /// After a byte of a structure: whether what was read of it is sound.
    fn structure(&mut self, left: u32) -> bool {
        self.left = Some(left.saturating_sub(1));
        let [kind, length, ..] = self.record;
        if self.length == START {
            self.size = length.into();
            let most = u64::from(left).saturating_add(1);
            if self.size < START || u64::from(length) > most {
                return false;
            }
        } else if left == 1 && self.length < self.size {
            // The table ends in the first bytes of a structure.
            return false;
        }
        if self.length < self.size {
            return true;
        }
        let fine = kind != MEMORY || self.memory();
        (self.length, self.size) = (0, START);
        fine
    }

    /// Whether the memory affinity structure that was read is sound and fits.
    fn memory(&mut self) -> bool {
        if self.size < MEMORY_SIZE {
            return false;
        }
        let number = |at| u64_at(&self.record, at).unwrap_or(0);
        let (start, size) = (number(8), number(16));
        let flags = u32_at(&self.record, 28).unwrap_or(0);
        let wanted = ENABLED | HOT_PLUGGABLE;
        if flags & wanted != wanted || size == 0 {
            return true;
        }
        Range::from_size(start, size).is_some_and(|range| self.into.add(range))
    }
}

#[cfg(test)]
#[path = "srat_tests.rs"]
mod tests;
