//! The addresses that segments may use.

use crate::error::{Narrowed, Result};
use crate::memory::{PageSize, Range, RangeSet, Window, find_hole};
use crate::request::Options;

/// The addresses that any segment may use, and the page size.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The lowest address that the machine, or a crash reservation, has for segments.
    pub min: u64,
    /// The highest such address, inclusive.
    pub max: u64,
    /// The caller's lowest address.
    pub mem_min: u64,
    /// The caller's highest address, inclusive.
    pub mem_max: u64,
    /// The running kernel's page size.
    pub page: PageSize,
}

impl Bounds {
    /// From the machine's addresses and the caller's limits.
    #[must_use]
    pub const fn new(min: u64, max: u64, options: &Options, page: PageSize) -> Self {
        Self {
            min,
            max,
            mem_min: options.mem_min,
            mem_max: options.mem_max,
            page,
        }
    }

    /// The lowest address that the machine has and the caller allows, and the highest, inclusive.
    #[must_use]
    pub fn both(&self) -> (u64, u64) {
        (self.min.max(self.mem_min), self.max.min(self.mem_max))
    }

    /// The part of the window that is inside the bounds, in whole pages.
    #[inline]
    pub(super) fn clip(&self, window: &Window) -> Window {
        let (min, max) = (window.min.max(self.min), window.max.min(self.max));
        let inside = (min.max(self.mem_min), max.min(self.mem_max));
        // If the caller's limits leave nothing of the window, the error has the whole window.
        let (first, last) = if inside.0 <= inside.1 {
            inside
        } else {
            (min, max)
        };
        Window {
            what: window.what,
            size: self.page.up(window.size),
            align: window.align.max(self.page.bytes()),
            min: first,
            max: last,
            narrowed: Narrowed::by(self.mem_min > min, self.mem_max < max),
        }
    }

    /// Finds a range of whole pages in the part of the window that is inside the bounds, and removes
    /// it from `free`, which has nothing outside of the bounds.
    ///
    /// # Errors
    /// As [`find_hole`], with the caller's limits that narrow the window.
    pub fn take(&self, free: &mut RangeSet, window: &Window) -> Result<Range> {
        let hole = find_hole(free, &self.clip(window))?;
        free.remove(hole)?;
        Ok(hole)
    }
}
