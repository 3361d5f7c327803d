//! Where things are and where things may go: address ranges, the memory map, hole search.
//!
//! Addresses are physical, in bytes. A [`Range`] has an inclusive end, as the kernel's tables
//! have, so that a range may end at the last address there is.

mod hole;
mod kind;
mod map;
mod page;
mod range;
mod set;

pub use hole::{Window, find_hole, largest_hole};
pub use kind::MemoryKind;
pub use map::{MapFull, MemoryEntry, MemoryMap};
pub use page::PageSize;
pub use range::Range;
pub use set::{RangeSet, SetFull};

/// The page size of every architecture here as far as kexec is concerned, in bytes.
pub const PAGE_SIZE: u64 = 4096;

/// `value` rounded up to a multiple of `align`, which must be a power of two; `None` when it
/// does not fit 64 bits.
#[must_use]
pub const fn align_up(value: u64, align: u64) -> Option<u64> {
    match value.checked_add(align.wrapping_sub(1)) {
        Some(sum) => Some(sum & !align.wrapping_sub(1)),
        None => None,
    }
}
