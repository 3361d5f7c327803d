//! A set of addresses: sorted ranges that neither overlap nor touch.

use heapless::Vec;

use super::Range;
use crate::error::Error;

/// A [`RangeSet`] is full: it has [`RangeSet::CAPACITY`] ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetFull;

impl From<SetFull> for Error {
    fn from(_: SetFull) -> Self {
        Self::Full {
            what: "RangeSet::CAPACITY",
            capacity: RangeSet::CAPACITY as u64,
        }
    }
}

/// A set of physical addresses.
#[derive(Clone, Debug, Default)]
pub struct RangeSet {
    ranges: Vec<Range, { RangeSet::CAPACITY }>,
}

impl RangeSet {
    /// The most separate ranges that fit: every entry of a full memory map, split once more by every
    /// segment and reservation.
    pub const CAPACITY: usize = 8704;

    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// The ranges, sorted, with a gap between any two.
    #[must_use]
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.ranges.clear();
    }

    /// Whether all of `range` is in the set.
    #[must_use]
    pub fn contains(&self, range: Range) -> bool {
        self.ranges
            .get(self.first_reaching(range.start()))
            .is_some_and(|here| here.contains(range))
    }

    /// Index of the first range whose last address is not below `address`.
    fn first_reaching(&self, address: u64) -> usize {
        self.ranges.partition_point(|range| range.last() < address)
    }

    /// Adds addresses; ranges that overlap or touch become one.
    ///
    /// # Errors
    /// [`SetFull`] past [`RangeSet::CAPACITY`]; the set must not be used then.
    pub fn insert(&mut self, range: Range) -> Result<(), SetFull> {
        // A range that ends just below `range` touches it and is merged too.
        let first = self.first_reaching(range.start().saturating_sub(1));
        let mut merged = range;
        self.rewrite(first, |here| {
            if here.start() > merged.last().saturating_add(1) {
                return Some(here);
            }
            let start = merged.start().min(here.start());
            merged = Range::new(start, merged.last().max(here.last())).unwrap_or(merged);
            None
        });
        self.put(first, merged)
    }

    /// Removes addresses.
    ///
    /// # Errors
    /// [`SetFull`] past [`RangeSet::CAPACITY`] (a range may be split in two); the set must not be
    /// used then.
    pub fn remove(&mut self, range: Range) -> Result<(), SetFull> {
        let first = self.first_reaching(range.start());
        let mut after = None;
        self.rewrite(first, |here| {
            if here.start() > range.last() {
                return Some(here);
            }
            // The last range that is cut may have a rest above the cut.
            after = here.after(range);
            here.before(range)
        });
        match after {
            Some(after) => self.put(self.first_reaching(after.start()), after),
            None => Ok(()),
        }
    }

    /// Replaces every range from `first` on by the result of `each`.
    fn rewrite(&mut self, first: usize, mut each: impl FnMut(Range) -> Option<Range>) {
        let mut kept = first;
        let mut from = first;
        while let Some(range) = self.ranges.get(from).copied() {
            let slot = self.ranges.get_mut(kept);
            if let Some((range, slot)) = each(range).zip(slot) {
                *slot = range;
                kept = kept.saturating_add(1);
            }
            from = from.saturating_add(1);
        }
        self.ranges.truncate(kept);
    }

    /// Inserts `range` at `index`, which is mostly the end. heapless' insert() can panic for an index
    /// past the end, hence push and rotate.
    fn put(&mut self, index: usize, range: Range) -> Result<(), SetFull> {
        self.ranges.push(range).map_err(|_| SetFull)?;
        rotate_last_to_front(self.ranges.get_mut(index..).unwrap_or_default());
        Ok(())
    }
}

/// Moves the last element to the front and the others up by one: `rotate_right(1)` without its panic.
pub(crate) fn rotate_last_to_front<T: Copy>(slice: &mut [T]) {
    let Some(mut carried) = slice.last().copied() else {
        return;
    };
    for element in slice {
        core::mem::swap(element, &mut carried);
    }
}

#[cfg(test)]
#[path = "set_tests.rs"]
mod tests;
