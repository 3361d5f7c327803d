//! Physical memory: address ranges, the memory map, the search for room.
//!
//! Addresses are physical, in bytes. A [`Range`] has an inclusive end, as in the
//! kernel's tables, so that a range may end at the last address.

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

/// Bytes of a 4 KiB page, the only page size of x86.
pub const PAGE_SIZE: u64 = 4096;

/// `value` rounded up to a multiple of `align`, which must be a power of two; `None` if it
/// does not fit in 64 bits.
#[must_use]
pub const fn align_up(value: u64, align: u64) -> Option<u64> {
    match value.checked_add(align.wrapping_sub(1)) {
        Some(sum) => Some(sum & !align.wrapping_sub(1)),
        None => None,
    }
}
