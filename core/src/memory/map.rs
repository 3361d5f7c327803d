//! The memory map: what every stretch of physical memory is.

use heapless::Vec;

use super::{MemoryKind, Range};
use crate::error::Error;

/// A [`MemoryMap`] has [`MemoryMap::CAPACITY`] entries already.
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

/// One stretch of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEntry {
    /// Where.
    pub range: Range,
    /// What.
    pub kind: MemoryKind,
}

/// A memory map: entries sorted by address, none overlapping.
///
/// Sources may list entries in any order and overlapping. Where they overlap the kind with the
/// higher number wins, as in the kernel (arch/x86/kernel/e820.c, e820__update_table): RAM is the
/// lowest, so what any source calls reserved is never taken for RAM.
#[derive(Clone, Debug, Default)]
pub struct MemoryMap {
    entries: Vec<MemoryEntry, { MemoryMap::CAPACITY }>,
}

impl MemoryMap {
    /// How many entries fit. The kernel's own table ends at 128 + 3 × 64 nodes
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

    /// Whether nothing is known.
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

    /// Adds a stretch; where the map has one already, the kind with the higher number stays.
    ///
    /// # Errors
    /// [`MapFull`] past [`MemoryMap::CAPACITY`]; the map is then not to be used.
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
                // What is left of the old one goes in again, and `todo` is tried once more.
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

    /// Makes touching stretches of one kind one, as the kernel does with its own table.
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

    /// Makes the stretch the one at `index`. Sources are mostly sorted, so the end is the usual
    /// place; heapless' insert() has a panic for an index past the end, hence push and rotate.
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
