//! A set of addresses: sorted ranges that neither overlap nor touch.

use heapless::Vec;

use super::Range;
use crate::error::{Error, Result};

/// A set of physical addresses.
#[derive(Clone, Debug, Default)]
pub struct RangeSet {
    ranges: Vec<Range, { RangeSet::CAPACITY }>,
}

impl RangeSet {
    /// How many separate ranges fit: every entry of a full memory map, cut once more by every
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
    /// [`Error::Full`] past [`RangeSet::CAPACITY`]; the set is then not to be used.
    pub fn insert(&mut self, range: Range) -> Result<()> {
        // A range that ends just below `range` touches it and is merged too.
        let first = self.first_reaching(range.start().saturating_sub(1));
        let mut merged = range;
        let mut count: usize = 0;
        for here in self.ranges.get(first..).unwrap_or_default() {
            if here.start() > merged.last().saturating_add(1) {
                break;
            }
            let (start, last) = (
                merged.start().min(here.start()),
                merged.last().max(here.last()),
            );
            merged = Range::new(start, last).unwrap_or(merged);
            count = count.saturating_add(1);
        }
        self.replace(first, count, Some(merged), None)
    }

    /// Takes addresses out.
    ///
    /// # Errors
    /// [`Error::Full`] past [`RangeSet::CAPACITY`] (a range may be cut in two); the set is then not
    /// to be used.
    pub fn remove(&mut self, range: Range) -> Result<()> {
        let first = self.first_reaching(range.start());
        let (mut before, mut after) = (None, None);
        let mut count: usize = 0;
        for here in self.ranges.get(first..).unwrap_or_default() {
            if here.start() > range.last() {
                break;
            }
            let end_before = range.start().checked_sub(1);
            let start_after = range.last().checked_add(1);
            before = before.or(end_before.and_then(|last| Range::new(here.start(), last)));
            after = start_after.and_then(|start| Range::new(start, here.last()));
            count = count.saturating_add(1);
        }
        match (before, after) {
            (None, after) => self.replace(first, count, after, None),
            (before, after) => self.replace(first, count, before, after),
        }
    }

    /// Puts at most two ranges in the place of `count` ranges at `index`.
    fn replace(
        &mut self,
        mut index: usize,
        mut count: usize,
        one: Option<Range>,
        two: Option<Range>,
    ) -> Result<()> {
        for range in [one, two].into_iter().flatten() {
            if count > 0 {
                if let Some(slot) = self.ranges.get_mut(index) {
                    *slot = range;
                }
                count = count.saturating_sub(1);
            } else {
                self.ranges.push(range).map_err(|_| Error::Full {
                    what: "RangeSet::CAPACITY",
                    capacity: Self::CAPACITY as u64,
                })?;
                if let Some(tail) = self.ranges.get_mut(index..) {
                    rotate_last_to_front(tail);
                }
            }
            index = index.saturating_add(1);
        }
        // What is left of the old ranges goes out: the tail moves down over them.
        let length = self.ranges.len();
        let mut to = index;
        let mut from = index.saturating_add(count);
        while let Some(range) = self.ranges.get(from).copied() {
            if let Some(slot) = self.ranges.get_mut(to) {
                *slot = range;
            }
            to = to.saturating_add(1);
            from = from.saturating_add(1);
        }
        self.ranges.truncate(length.saturating_sub(count));
        Ok(())
    }
}

/// Moves the last element to the front, the others one up: `rotate_right(1)` without its panic.
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
