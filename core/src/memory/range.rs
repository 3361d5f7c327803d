//! A non-empty range of physical addresses.

use core::fmt;

/// Addresses `start..=last`. Never empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    start: u64,
    last: u64,
}

impl Range {
    /// Address 0 only.
    pub(crate) const ZERO: Self = Self { start: 0, last: 0 };

    /// From the first to the last address, both inside; `None` if `last < start`.
    #[must_use]
    pub const fn new(start: u64, last: u64) -> Option<Self> {
        if last < start {
            None
        } else {
            Some(Self { start, last })
        }
    }

    /// From an address and a size in bytes; `None` if empty or past the last address.
    #[must_use]
    pub const fn from_size(start: u64, size: u64) -> Option<Self> {
        match size.checked_sub(1) {
            Some(less) => match start.checked_add(less) {
                Some(last) => Some(Self { start, last }),
                None => None,
            },
            None => None,
        }
    }

    /// The first address.
    #[must_use]
    pub const fn start(self) -> u64 {
        self.start
    }

    /// The last address, inside the range.
    #[must_use]
    pub const fn last(self) -> u64 {
        self.last
    }

    /// Bytes in the range; the whole address space counts as `u64::MAX`.
    #[must_use]
    pub const fn size(self) -> u64 {
        self.last.wrapping_sub(self.start).saturating_add(1)
    }

    /// The intersection of both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.last.min(other.last))
    }

    /// The part of this range below `other`.
    #[must_use]
    pub fn before(self, other: Self) -> Option<Self> {
        Self::new(self.start, self.last.min(other.start.checked_sub(1)?))
    }

    /// The part of this range above `other`.
    #[must_use]
    pub fn after(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.last.checked_add(1)?), self.last)
    }

    /// Whether they share an address.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start <= other.last && other.start <= self.last
    }

    /// Whether all of `other` lies inside.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.last <= self.last
    }
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}-{:#x}", self.start, self.last)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
