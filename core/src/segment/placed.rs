//! Placed blocks, and the windows in which room for them was searched.

use super::items::{Narrowing, narrow};
use super::{Bounds, Items, Near, SegmentKind};
use crate::memory::{Range, Window};

/// A placed block.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// The kind of its first piece.
    pub kind: SegmentKind,
    /// Its memory, in whole pages.
    pub place: Range,
    /// Where it could be placed: its window, inside the bounds and near the block it must be near.
    /// `None` if the purpose of the plan placed it before the others.
    pub window: Option<Window>,
    /// The block it must be near, which narrowed the window.
    pub near: Option<Near>,
}

impl Items<'_> {
    /// The blocks in the order in which they were placed, except that those without a window were
    /// placed before all others.
    pub fn placed(&self, bounds: &Bounds) -> impl Iterator<Item = Placed> {
        let blocks = self.blocks().iter().enumerate();
        blocks.filter_map(|(number, block)| {
            let mut window = block.window;
            let near = match block.narrowing {
                Some((Narrowing::Near(near), _)) => Some(near),
                _ => None,
            };
            if let (Some(window), Some(near)) = (&mut window, near) {
                // It did not fail when the block was placed.
                let _ = narrow(self, number, near, window);
            }
            let window = window.map(|window| bounds.clip(&window));
            let size =
                window.map_or_else(|| bounds.page.up(self.size(number)), |window| window.size);
            Some(Placed {
                kind: self.kind(number)?,
                place: Range::from_size(block.start, size)?,
                window,
                near,
            })
        })
    }
}
