//! The search for room: the highest range that fits.

use super::{Range, RangeSet};
use crate::error::{Error, Narrowed, Result};

/// A request for memory: size, alignment and the addresses allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its purpose, for messages.
    pub what: &'static str,
    /// Bytes, at least 1.
    pub size: u64,
    /// A power of two.
    pub align: u64,
    /// The lowest address allowed.
    pub min: u64,
    /// The highest address allowed, inclusive.
    pub max: u64,
    /// Which of the caller's limits narrow the window, for the error.
    pub narrowed: Narrowed,
}

/// The highest range of `window.size` bytes, aligned, inside the window and all in `free`. A
/// hole is found if one exists: it lies in a single range of the set, and in each range the highest
/// aligned address is tried.
///
/// # Errors
/// [`Error::NoHole`] with the size of the largest free range; [`Error::BadArgument`] for a size of 0
/// or an alignment that is not a power of two.
pub fn find_hole(free: &RangeSet, window: &Window) -> Result<Range> {
    if window.size == 0 || !window.align.is_power_of_two() {
        return Err(Error::BadArgument {
            what: "a hole needs a size and a power of two as alignment",
        });
    }
    let mut ranges = free.ranges().iter().rev();
    let found = ranges.find_map(|range| highest(*range, window));
    found.ok_or_else(|| Error::NoHole {
        what: window.what,
        size: window.size,
        align: window.align,
        min: window.min,
        max: window.max,
        largest: largest_hole(free, window.min, window.max),
        narrowed: window.narrowed,
    })
}

/// The size of the largest free range between `min` and `max` (inclusive), in bytes.
#[must_use]
pub fn largest_hole(free: &RangeSet, min: u64, max: u64) -> u64 {
    let Some(window) = Range::new(min, max) else {
        return 0;
    };
    free.ranges()
        .iter()
        .filter_map(|range| range.intersection(window))
        .map(Range::size)
        .fold(0, u64::max)
}

fn highest(range: Range, window: &Window) -> Option<Range> {
    let part = range.intersection(Range::new(window.min, window.max)?)?;
    let start = part.last().checked_sub(window.size.checked_sub(1)?)?;
    let start = start & !window.align.wrapping_sub(1);
    if start < part.start() {
        return None;
    }
    Range::from_size(start, window.size)
}

#[cfg(test)]
#[path = "hole_tests.rs"]
mod tests;
