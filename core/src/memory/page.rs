//! The page size of the running kernel.

use super::align_up;

/// A page size. The default, all zeros in memory, is 4 KiB, the only one of x86.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageSize {
    /// log2 of the size, less that of 4 KiB.
    beyond: u8,
}

impl PageSize {
    /// 4 KiB.
    pub const K4: Self = Self { beyond: 0 };
    /// 16 KiB.
    pub const K16: Self = Self { beyond: 2 };
    /// 64 KiB.
    pub const K64: Self = Self { beyond: 4 };

    /// The page size of `bytes`; `None` if no kernel has such pages.
    #[must_use]
    pub const fn of(bytes: u64) -> Option<Self> {
        match bytes {
            0x1000 => Some(Self::K4),
            0x4000 => Some(Self::K16),
            0x1_0000 => Some(Self::K64),
            _ => None,
        }
    }

    /// Bytes of a page.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        0x1000_u64.wrapping_shl(self.beyond as u32)
    }

    /// `size` rounded up to whole pages; `u64::MAX`, for which there is never room, if that does
    /// not fit in 64 bits.
    #[must_use]
    pub const fn up(self, size: u64) -> u64 {
        match align_up(size, self.bytes()) {
            Some(size) => size,
            None => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PageSize;

    #[test]
    fn sizes_round_up_to_whole_pages() {
        for (size, bytes) in [
            (PageSize::K4, 0x1000),
            (PageSize::K16, 0x4000),
            (PageSize::K64, 0x1_0000),
        ] {
            assert_eq!(size.bytes(), bytes);
            assert_eq!(PageSize::of(bytes), Some(size));
            assert_eq!(size.up(0), 0);
            assert_eq!(size.up(1), bytes);
            assert_eq!(size.up(bytes), bytes);
            assert_eq!(size.up(u64::MAX), u64::MAX);
        }
        assert_eq!(PageSize::default(), PageSize::K4);
        assert_eq!(PageSize::of(0x2000), None);
    }
}
