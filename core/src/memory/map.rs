//! The memory map: ranges of physical memory and their kinds.

use heapless::Vec;

use super::{MemoryKind, Range};
use crate::error::Error;

/// A [`MemoryMap`] is full: it has [`MemoryMap::CAPACITY`] entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapFull;

impl From<MapFull> for Error {
    fn from(_: MapFull) -> Self {
        Self::Full {
            what: "MemoryMap::CAPACITY",
            capacity: MemoryMap::CAPACITY as u64,
        }
    }
}

/// A range of memory and its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEntry {
    /// Its addresses.
    pub range: Range,
    /// Its kind.
    pub kind: MemoryKind,
}

/// A memory map: entries sorted by address, none overlapping.
///
/// Sources may list entries in any order and overlapping. Where they overlap the kind with the
/// higher number wins, as in the kernel (arch/x86/kernel/e820.c, e820__update_table): RAM is the
/// lowest, so memory that any source calls reserved never becomes RAM.
#[derive(Clone, Debug, Default)]
pub struct MemoryMap {
    entries: Vec<MemoryEntry, { MemoryMap::CAPACITY }>,
}

impl MemoryMap {
    /// The most entries that fit. The kernel's own table ends at 128 + 3 × 64 nodes
    /// (E820_MAX_ENTRIES), /proc/iomem can hold thousands on machines with memory hot-plug.
    pub const CAPACITY: usize = 8448;

    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// The entries, sorted, none overlapping.
    #[must_use]
    pub fn entries(&self) -> &[MemoryEntry] {
        &self.entries
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The ranges of one kind, in order.
    pub fn of_kind(&self, kind: MemoryKind) -> impl DoubleEndedIterator<Item = Range> {
        self.entries
            .iter()
            .filter(move |entry| entry.kind == kind)
            .map(|entry| entry.range)
    }

    /// Bytes of RAM in the map.
    #[must_use]
    pub fn ram(&self) -> u64 {
        self.of_kind(MemoryKind::RAM)
            .fold(0, |sum: u64, range| sum.saturating_add(range.size()))
    }

    /// Adds a range; where the map has an entry already, the kind with the higher number wins.
    ///
    /// # Errors
    /// [`MapFull`] past [`MemoryMap::CAPACITY`]; the map must not be used then.
    pub fn add(&mut self, range: Range, kind: MemoryKind) -> Result<(), MapFull> {
        let mut rest = Some(range);
        while let Some(todo) = rest {
            let index = self
                .entries
                .partition_point(|entry| entry.range.last() < todo.start());
            let Some(here) = self.entries.get(index).copied() else {
                return self.insert(index, todo, kind);
            };
            if here.range.start() > todo.last() {
                return self.insert(index, todo, kind);
            }
            if kind > here.kind {
                // The rest of the old entry is added again, and `todo` is tried once more.
                self.take_out(index);
                for part in [here.range.after(todo), here.range.before(todo)] {
                    part.map_or(Ok(()), |part| self.insert(index, part, here.kind))?;
                }
            } else {
                if let Some(before) = todo.before(here.range) {
                    self.insert(index, before, kind)?;
                }
                rest = todo.after(here.range);
            }
        }
        Ok(())
    }

    /// Joins adjacent ranges of one kind, as the kernel does in its own table.
    pub fn join_touching(&mut self) {
        let mut last: Option<MemoryEntry> = None;
        let mut kept: usize = 0;
        for index in 0..self.entries.len() {
            let Some(mut entry) = self.entries.get(index).copied() else {
                break;
            };
            let MemoryEntry { kind, range } = entry;
            let touches = |before: &MemoryEntry| {
                before.kind == kind && before.range.last().checked_add(1) == Some(range.start())
            };
            if let Some(before) = last.filter(touches) {
                let joined = Range::new(before.range.start(), entry.range.last());
                entry.range = joined.unwrap_or(entry.range);
                kept = kept.saturating_sub(1);
            }
            if let Some(slot) = self.entries.get_mut(kept) {
                *slot = entry;
            }
            kept = kept.saturating_add(1);
            last = Some(entry);
        }
        self.entries.truncate(kept);
    }

    fn take_out(&mut self, index: usize) {
        for at in index..self.entries.len() {
            if let Some([to, from, ..]) = self.entries.get_mut(at..) {
                *to = *from;
            }
        }
        self.entries.pop();
    }

    /// Inserts the entry at `index`. Sources are mostly sorted, so most entries go to the end.
    /// heapless' insert() can panic for an index past the end, hence push and rotate.
    fn insert(&mut self, index: usize, range: Range, kind: MemoryKind) -> Result<(), MapFull> {
        let entry = MemoryEntry { range, kind };
        self.entries.push(entry).map_err(|_| MapFull)?;
        super::set::rotate_last_to_front(self.entries.get_mut(index..).unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
