//! The pieces to load, and the blocks in which they are placed.
//!
//! A block is a range that is placed as a whole; a piece becomes one segment, at an offset in its
//! block. An image of several parts is one block with a piece for each part, several initrds are
//! one block with a piece for each file.

use heapless::Vec;

use super::{Bounds, SEGMENT_MAX, SegmentKind};
use crate::error::{Error, Result};
use crate::memory::{Range, RangeSet, Window};

/// The source of a piece's bytes.
#[derive(Clone, Copy, Debug)]
pub enum Bytes<'a> {
    /// The caller's file, or memory of the workspace that is already written.
    Ready(&'a [u8]),
    /// This many bytes, which are written when all addresses are known
    /// ([`Handover::write`](crate::handover::Handover::write)).
    Made(usize),
    /// None: the kernel fills the memory with zeros.
    Zero,
}

/// A part that becomes one segment.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// What it holds.
    pub kind: SegmentKind,
    /// Its bytes.
    pub bytes: Bytes<'a>,
    /// Offset from the start of its block, a multiple of the page size.
    pub offset: u64,
    /// Bytes of memory; rounded up to whole pages on loading.
    pub size: u64,
    /// Whether the purgatory verifies it.
    pub verified: bool,
    pub(super) block: usize,
}

/// How close a block must lie to another one: both in one range of `within` bytes whose start is a
/// multiple of `unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// The kind of a piece of the other block, which is placed before.
    pub to: SegmentKind,
    /// Bytes, a power of two.
    pub unit: u64,
    /// Bytes, a multiple of `unit`.
    pub within: u64,
}

/// Where a block is to be placed inside its window.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// At one of all places that leave room for the blocks after it, each as likely as any other; the
    /// block is placed as high as possible if there is none.
    Drawn {
        /// A random number.
        random: u64,
        /// The highest address that is drawn from.
        last: u64,
    },
    /// At this address, or as high as possible if that is not free.
    Preferred(u64),
    /// At this address only.
    Exactly(u64),
    /// As low as possible.
    Lowest,
}

impl core::fmt::Debug for Wish {
    /// Without the number, which is secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Wish")
    }
}

/// How the window of a block is narrowed when it is placed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Narrowing {
    /// To the addresses near another block.
    Near(Near),
    /// To a place.
    Wish(Wish),
}

/// A function that narrows the window of the block with this number.
pub(super) type Narrow =
    fn(&Items<'_>, usize, Narrowing, &Bounds, &mut RangeSet, &mut Window) -> Result<()>;

/// A range that is placed as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Where it may be placed; `None` if it is already placed.
    pub window: Option<Window>,
    /// Narrows the window. It is a pointer, so that a program whose images have no such blocks does not
    /// link the function.
    pub narrowing: Option<(Narrowing, Narrow)>,
    /// Its start, once it is placed.
    pub start: u64,
}

/// Blocks in the order in which they are placed, the hardest first, and pieces in the order in which
/// they are loaded.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    blocks: Vec<Block, SEGMENT_MAX>,
    pieces: Vec<Piece<'a>, SEGMENT_MAX>,
    /// The number of pieces added, including those that had no room.
    count: usize,
}

impl<'a> Items<'a> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            blocks: Vec::new(),
            pieces: Vec::new(),
            count: 0,
        }
    }

    /// Begins a block: the pieces that follow lie in it.
    // One copy for its many callers: programs that must be tiny have it too.
    #[inline(never)]
    pub fn block(&mut self, window: Window) {
        self.begin(Block {
            window: Some(window),
            narrowing: None,
            start: 0,
        });
    }

    /// Begins a block that must lie near another one.
    pub fn block_near(&mut self, window: Window, near: Near) {
        self.begin(Block {
            window: Some(window),
            narrowing: Some((Narrowing::Near(near), narrow_near)),
            start: 0,
        });
    }

    /// Begins a block that is already placed.
    pub fn fixed(&mut self, start: u64) {
        self.begin(Block {
            window: None,
            narrowing: None,
            start,
        });
    }

    fn begin(&mut self, block: Block) {
        // A block without room in the table has pieces without room, which `check` reports.
        let _ = self.blocks.push(block);
    }

    /// Adds a piece to the last block.
    #[inline(never)]
    pub fn piece(&mut self, kind: SegmentKind, bytes: Bytes<'a>, offset: u64, size: u64) {
        self.count = self.count.saturating_add(1);
        // A piece without room in the table is counted, and `check` reports it.
        let _ = self.pieces.push(Piece {
            kind,
            bytes,
            offset,
            size,
            verified: true,
            block: self.blocks.len().saturating_sub(1),
        });
    }

    /// Excludes the last piece from the purgatory's verification.
    pub fn unverified(&mut self) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.verified = false;
        }
    }

    /// Checks that the kernel takes this many segments.
    ///
    /// # Errors
    /// [`Error::TooManySegments`] with the number there would be.
    pub fn check(&self) -> Result<()> {
        let (count, max) = (self.count as u64, SEGMENT_MAX as u64);
        if count > max {
            return Err(Error::TooManySegments { count, max });
        }
        Ok(())
    }

    /// The pieces, in the order in which they are loaded.
    #[must_use]
    pub fn pieces(&self) -> &[Piece<'a>] {
        &self.pieces
    }

    /// The start of a piece of [`Items::pieces`], once it is placed.
    #[must_use]
    pub fn address(&self, piece: &Piece<'_>) -> u64 {
        let block = self.blocks.get(piece.block);
        block.map_or(0, |block| block.start.wrapping_add(piece.offset))
    }

    /// The start of the first piece of a kind, once it is placed; 0 if there is none.
    #[must_use]
    #[inline(never)]
    pub fn start(&self, kind: SegmentKind) -> u64 {
        let piece = self.first(kind);
        piece.map_or(0, |piece| self.address(piece))
    }

    pub(super) fn first(&self, kind: SegmentKind) -> Option<&Piece<'a>> {
        self.pieces.iter().find(|piece| piece.kind == kind)
    }

    /// The memory of the block with the first piece of a kind, if that is placed before `number`.
    fn placed_before(&self, kind: SegmentKind, number: usize) -> Option<Range> {
        let block = self.first(kind)?.block;
        let start = self.blocks.get(block).filter(|_| block < number)?.start;
        Range::from_size(start, self.size(block))
    }

    /// Bytes from the start of a block to the end of its last piece.
    pub(super) fn size(&self, block: usize) -> u64 {
        let pieces = self.pieces.iter().filter(|piece| piece.block == block);
        pieces.fold(0, |end, piece| {
            piece.offset.saturating_add(piece.size).max(end)
        })
    }

    /// The kind of the first piece of a block.
    pub(super) fn kind(&self, block: usize) -> Option<SegmentKind> {
        let mut pieces = self.pieces.iter();
        let first = pieces.find(|piece| piece.block == block);
        first.map(|piece| piece.kind)
    }

    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub(super) fn blocks_mut(&mut self) -> &mut [Block] {
        &mut self.blocks
    }
}

impl Default for Items<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// [`narrow`], for a block that has [`Narrowing::Near`].
fn narrow_near(
    items: &Items<'_>,
    number: usize,
    narrowing: Narrowing,
    _: &Bounds,
    _: &mut RangeSet,
    window: &mut Window,
) -> Result<()> {
    match narrowing {
        Narrowing::Near(near) => narrow(items, number, near, window),
        Narrowing::Wish(_) => Ok(()),
    }
}

/// Narrows the window of block `number` so that the block and the one that `near` names lie in one
/// range of `near.within` bytes, aligned to `near.unit`.
pub(super) fn narrow(
    items: &Items<'_>,
    number: usize,
    near: Near,
    window: &mut Window,
) -> Result<()> {
    let other = items.placed_before(near.to, number);
    let other = other.ok_or(Error::BadArgument {
        what: "a block must lie near one that is not placed before it",
    })?;
    let down = |address: u64| address & !near.unit.saturating_sub(1);
    // The lowest of these ranges ends just after the other block, the highest begins just before it.
    let least = other.last().saturating_add(1).saturating_sub(near.within);
    let lowest = down(least.saturating_add(near.unit.saturating_sub(1)));
    let highest = down(other.start()).saturating_add(near.within.saturating_sub(1));
    window.min = window.min.max(lowest);
    window.max = window.max.min(highest);
    Ok(())
}
