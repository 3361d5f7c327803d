//! Placement: the blocks are placed in the order of [`Items`], each as high as possible, because the new kernel needs low memory for DMA buffers and trampolines, and because
//! the kernel's own loader does the same.

use super::{Bounds, Items, SEGMENT_MAX};
use crate::error::{Narrowed, Result};
use crate::memory::{RangeSet, Window};

/// Places every block in `free`, and removes the placed ranges from it.
///
/// # Errors
/// [`Error::NoHole`](crate::Error::NoHole) for the first block without room.
pub fn place(items: &mut Items<'_>, bounds: &Bounds, free: &mut RangeSet) -> Result<()> {
    for number in 0..SEGMENT_MAX {
        let Some(block) = items.blocks_mut().get(number).copied() else {
            break;
        };
        let Some(mut window) = block.window else {
            continue;
        };
        if let Some((narrowing, narrow)) = block.narrowing {
            narrow(items, number, narrowing, bounds, free, &mut window)?;
            if let Some(block) = items.blocks_mut().get_mut(number) {
                block.window = Some(window);
            }
        }
        let place = bounds.take(free, &window)?;
        if let Some(block) = items.blocks_mut().get_mut(number) {
            block.start = place.start();
        }
    }
    Ok(())
}

/// Room for `size` bytes up to `max`.
#[must_use]
pub const fn anywhere(what: &'static str, size: u64, max: u64) -> Window {
    Window {
        what,
        size,
        align: 1,
        min: 0,
        max,
        narrowed: Narrowed::No,
    }
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
