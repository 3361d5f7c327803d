//! Why each part of a plan lies where it lies.

use core::fmt;

use heapless::Vec;

use super::{Options, Orders, SEGMENT_MAX, Seal, Sealed, Segment};
use crate::arch::Arch;
use crate::error::{Error, Result};
use crate::handover::Exit;
use crate::machine::Machine;
use crate::memory::{Range, RangeSet};
use crate::purgatory::SEGMENT_SIZE;
use crate::purpose::usable;
use crate::segment::{Bounds, Items, Placed};

/// What decided where the segments of a plan go: see [`plan_with_details`](super::plan_with_details).
#[derive(Clone, Debug, Default)]
pub struct Details {
    blocks: Vec<Placed, SEGMENT_MAX>,
    bounds: Option<Bounds>,
    crash: bool,
}

/// What lies between a block and the end of its window. A block is placed as high as it can be, so
/// this is why it is not higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Above {
    /// All of it, in bytes. The other three numbers are parts of it, but for the largest.
    pub size: u64,
    /// Bytes of blocks that were placed before.
    pub placed: u64,
    /// Bytes that are free, in ranges too small for the block.
    pub free: u64,
    /// Bytes of the largest of these ranges.
    pub largest: u64,
    /// The lowest block there that was placed before: its index in [`Details::blocks`].
    pub next: Option<usize>,
}

impl Above {
    /// Bytes that no segment may use: not RAM, or memory that the running kernel keeps.
    #[must_use]
    pub const fn unusable(&self) -> u64 {
        let usable = self.placed.saturating_add(self.free);
        self.size.saturating_sub(usable)
    }
}

impl Details {
    /// Of no plan yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            blocks: Vec::new(),
            bounds: None,
            crash: false,
        }
    }

    /// What was placed as a whole: one block for the image, one for all initrds and so on. In the order
    /// in which they were placed, but for those without a window, which were placed first.
    #[must_use]
    pub fn blocks(&self) -> &[Placed] {
        &self.blocks
    }

    /// Fills `free` with what segments could use before any was placed. `machine` is the plan's.
    ///
    /// # Errors
    /// [`Error::Full`] for a memory map of too many ranges; [`Error::BadArgument`] without a plan.
    pub fn usable(&self, machine: &Machine, free: &mut RangeSet) -> Result<()> {
        let bounds = self.bounds.ok_or(Error::BadArgument {
            what: "there is no plan whose details could be given",
        })?;
        let (min, max) = bounds.both();
        if !self.crash {
            return Ok(usable(machine, min, max, free)?);
        }
        free.clear();
        if let Some(range) = Range::new(min, max) {
            free.insert(range)?;
        }
        Ok(())
    }

    /// Calls `each` for every block with a window, in the order in which they were placed. `free` is
    /// overwritten; `machine` is the plan's.
    ///
    /// # Errors
    /// As [`Details::usable`].
    pub fn reasons(
        &self,
        machine: &Machine,
        free: &mut RangeSet,
        each: &mut dyn FnMut(usize, &Placed, &Above),
    ) -> Result<()> {
        self.usable(machine, free)?;
        for block in self.blocks.iter().filter(|block| block.window.is_none()) {
            free.remove(block.place)?;
        }
        for (number, block) in self.blocks.iter().enumerate() {
            if block.window.is_some() {
                each(number, block, &self.above(number, block, free));
                free.remove(block.place)?;
            }
        }
        Ok(())
    }

    /// `free` is what was free when the block was placed.
    fn above(&self, number: usize, block: &Placed, free: &RangeSet) -> Above {
        let mut above = Above {
            size: 0,
            placed: 0,
            free: 0,
            largest: 0,
            next: None,
        };
        let last = block.window.map_or(0, |window| window.max);
        let first = block.place.last().saturating_add(1);
        let Some(rest) = Range::new(first, last).filter(|rest| rest.start() > block.place.last())
        else {
            return above;
        };
        above.size = rest.size();
        for part in free
            .ranges()
            .iter()
            .filter_map(|range| range.intersection(rest))
        {
            above.free = above.free.saturating_add(part.size());
            above.largest = above.largest.max(part.size());
        }
        let mut lowest = None;
        for (index, other) in self.blocks.iter().enumerate() {
            let before = other.window.is_none() || index < number;
            let Some(part) = other.place.intersection(rest).filter(|_| before) else {
                continue;
            };
            above.placed = above.placed.saturating_add(part.size());
            if lowest.is_none_or(|start| part.start() < start) {
                lowest = Some(part.start());
                above.next = Some(index);
            }
        }
        above
    }

    fn record(&mut self, orders: &Orders<'_, '_>) {
        self.bounds = Some(*orders.bounds);
        self.crash = orders.options.crash.is_some();
        for block in orders.items.placed(orders.bounds) {
            // There are no more than these.
            let _ = self.blocks.push(block);
        }
    }
}

/// A seal that keeps the details of what it seals.
pub(super) struct Recording<'r, 'a> {
    pub seal: &'r mut dyn Seal<'a>,
    pub details: &'r mut Details,
}

impl fmt::Debug for Recording<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

impl<'a> Seal<'a> for Recording<'_, 'a> {
    fn check(&self, arch: Arch, options: &Options) -> Result<()> {
        self.seal.check(arch, options)
    }

    fn check_exit(&self, exit: &Exit) -> Result<()> {
        self.seal.check_exit(exit)
    }

    fn items(&self, items: &mut Items<'a>, below: u64) {
        self.seal.items(items, below);
    }

    fn seal(
        &mut self,
        orders: &Orders<'_, 'a>,
        segments: &[Segment<'a>],
        code: &'a mut [u8; SEGMENT_SIZE],
    ) -> Result<Sealed<'a>> {
        self.details.record(orders);
        self.seal.seal(orders, segments, code)
    }
}
