//! Finding room: the highest or lowest stretch that fits.

use super::{Range, RangeSet};
use crate::error::{Error, Result};

/// From which end to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The highest address that fits.
    TopDown,
    /// The lowest address that fits.
    BottomUp,
}

/// What is wanted: size, alignment and the addresses allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// What it is for, in messages.
    pub what: &'static str,
    /// Bytes, at least 1.
    pub size: u64,
    /// A power of two.
    pub align: u64,
    /// The lowest address allowed.
    pub min: u64,
    /// The highest address allowed, inclusive.
    pub max: u64,
    /// From which end.
    pub direction: Direction,
}

/// The highest or lowest range of `window.size` bytes, aligned, inside the window and all in
/// `free`. One is found whenever there is one: a hole lies in a single range of the set, and in
/// each range the first aligned address from the wanted end is tried.
///
/// # Errors
/// [`Error::NoHole`] with the largest stretch there is; [`Error::BadArgument`] for a size of 0
/// or an alignment that is not a power of two.
pub fn find_hole(free: &RangeSet, window: &Window) -> Result<Range> {
    if window.size == 0 || !window.align.is_power_of_two() {
        return Err(Error::BadArgument {
            what: "a hole needs a size and a power of two as alignment",
        });
    }
    let found = match window.direction {
        Direction::TopDown => free
            .ranges()
            .iter()
            .rev()
            .find_map(|range| highest(*range, window)),
        Direction::BottomUp => free
            .ranges()
            .iter()
            .find_map(|range| lowest(*range, window)),
    };
    found.ok_or(Error::NoHole {
        what: window.what,
        size: window.size,
        align: window.align,
        min: window.min,
        max: window.max,
        largest: largest_hole(free, window.min, window.max),
    })
}

/// The size of the largest stretch between `min` and `max` (inclusive), in bytes.
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

fn clip(range: Range, window: &Window) -> Option<Range> {
    range.intersection(Range::new(window.min, window.max)?)
}

fn highest(range: Range, window: &Window) -> Option<Range> {
    let part = clip(range, window)?;
    let start = part.last().checked_sub(window.size.checked_sub(1)?)?;
    let start = start & !window.align.wrapping_sub(1);
    if start < part.start() {
        return None;
    }
    Range::from_size(start, window.size)
}

fn lowest(range: Range, window: &Window) -> Option<Range> {
    let part = clip(range, window)?;
    let start = super::align_up(part.start(), window.align)?;
    let hole = Range::from_size(start, window.size)?;
    part.contains(hole).then_some(hole)
}

#[cfg(test)]
#[path = "hole_tests.rs"]
mod tests;
