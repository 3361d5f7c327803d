//! A block with a wish: a place that is drawn at random, or a certain one, instead of the highest.

use heapless::Vec;

use super::items::Narrowing;
use super::{Bounds, Items, SEGMENT_MAX, SegmentKind, Wish};
use crate::error::Result;
use crate::memory::{Range, RangeSet, Window, align_up};

impl Items<'_> {
    /// Gives the block with the first piece of this kind a wish.
    pub fn wish(&mut self, kind: SegmentKind, wish: Wish) {
        let number = self.first(kind).map(|piece| piece.block);
        let block = number.and_then(|number| self.blocks_mut().get_mut(number));
        if let Some(block) = block {
            block.narrowing = Some((Narrowing::Wish(wish), narrow));
        }
    }

    /// Whether the block with the first piece of this kind got the place that it wished for, once it is
    /// placed.
    #[must_use]
    pub fn is_granted(&self, kind: SegmentKind) -> bool {
        let block = self
            .first(kind)
            .and_then(|piece| self.blocks().get(piece.block));
        let window = block.and_then(|block| block.window);
        window.is_some_and(|window| window.max.saturating_sub(window.min) <= window.size)
    }
}

/// Narrows the window of block `number` to the place that it gets by its wish; not at all if there is no
/// such place.
fn narrow(
    items: &Items<'_>,
    number: usize,
    narrowing: Narrowing,
    bounds: &Bounds,
    free: &mut RangeSet,
    window: &mut Window,
) -> Result<()> {
    let (start, must) = match narrowing {
        Narrowing::Near(_) => (None, false),
        Narrowing::Wish(Wish::Preferred(start)) => (Some(start), false),
        Narrowing::Wish(Wish::Exactly(start)) => (Some(start), true),
        Narrowing::Wish(Wish::Lowest) => (lowest(free, &bounds.clip(window)), false),
        Narrowing::Wish(Wish::Drawn { random, last }) => (
            drawn(items, number, random, last, bounds, free, window)?,
            false,
        ),
    };
    let Some(start) = start else { return Ok(()) };
    let clipped = bounds.clip(window);
    let end = start.saturating_add(clipped.size.saturating_sub(1));
    let narrowed = Window {
        min: start.max(window.min),
        max: end.min(window.max),
        ..*window
    };
    let clipped = bounds.clip(&narrowed);
    let mut ranges = free.ranges().iter();
    if must || ranges.any(|range| slots(*range, &clipped).is_some()) {
        *window = narrowed;
    }
    Ok(())
}

/// The lowest place in a window.
fn lowest(free: &RangeSet, window: &Window) -> Option<u64> {
    let mut places = free.ranges().iter().filter_map(|range| {
        let start = align_up(range.start().max(window.min), window.align)?;
        let place = Range::from_size(start, window.size)?;
        (range.contains(place) && place.last() <= window.max).then_some(start)
    });
    places.next()
}

/// A random place for block `number`, such that the blocks after it have room; `None` if there is none.
/// They are placed as they will be without it, and it is drawn from what they leave.
fn drawn(
    items: &Items<'_>,
    number: usize,
    random: u64,
    last: u64,
    bounds: &Bounds,
    free: &mut RangeSet,
    window: &Window,
) -> Result<Option<u64>> {
    let mut taken: Vec<Range, SEGMENT_MAX> = Vec::new();
    let mut fits = true;
    for block in items.blocks().iter().skip(number.saturating_add(1)) {
        let Some(other) = block.window.filter(|_| fits) else {
            continue;
        };
        match bounds.take(free, &other) {
            // As many as blocks.
            Ok(range) => drop(taken.push(range)),
            Err(_) => fits = false,
        }
    }
    let mut place = None;
    if fits {
        let mut window = bounds.clip(window);
        window.max = window.max.min(last);
        let slots = || {
            free.ranges()
                .iter()
                .filter_map(|range| slots(*range, &window))
        };
        let count = slots().fold(0, |sum: u64, (_, count)| sum.saturating_add(count));
        let mut left = random.checked_rem(count).unwrap_or(0);
        for (first, count) in slots() {
            if left < count {
                place = Some(first.saturating_add(left.saturating_mul(window.align)));
                break;
            }
            left = left.saturating_sub(count);
        }
    }
    for range in &taken {
        free.insert(*range)?;
    }
    Ok(place)
}

/// The lowest place for a window's block in a range, and how many there are.
fn slots(range: Range, window: &Window) -> Option<(u64, u64)> {
    let part = range.intersection(Range::new(window.min, window.max)?)?;
    let first = align_up(part.start(), window.align)?;
    let last = part.last().checked_sub(window.size.checked_sub(1)?)?;
    let between = last.checked_sub(first)?.checked_div(window.align)?;
    Some((first, between.saturating_add(1)))
}

#[cfg(test)]
#[path = "wish_tests.rs"]
mod tests;
