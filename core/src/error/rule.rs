//! The kernel's rules for a segment list.

use core::fmt;

/// A rule of kexec_load(2) (kernel/kexec_core.c, sanity_check_segment_list), in the kernel's
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// mem + memsz runs past the end of the address space (EADDRNOTAVAIL).
    Wraps,
    /// mem or memsz is not a multiple of the page size (EADDRNOTAVAIL).
    Unaligned,
    /// The end is past what the kernel can map, KEXEC_DESTINATION_MEMORY_LIMIT
    /// (EADDRNOTAVAIL).
    PastLimit,
    /// It overlaps another segment (EINVAL).
    Overlap {
        /// The other segment.
        other: u8,
    },
    /// bufsz is larger than memsz (EINVAL).
    BufferTooLarge,
    /// It, or all segments together, take more than half of the RAM (EINVAL).
    TooMuchMemory,
    /// It lies outside the crash reservation (EADDRNOTAVAIL).
    OutsideCrashReservation,
    /// It does not lie in RAM that is free for it; the kernel does not check this.
    NotRam,
    /// The entry lies in no segment's bytes. The kernel checks, for crash images only, that it
    /// lies in a segment's memory.
    EntryOutside,
    /// The new kernel's entry lies in none of its bytes; the kernel does not check this.
    KernelEntryOutside,
}

impl Rule {
    /// The errno kexec_load(2) gives for it; `None` where the kernel does not check.
    #[must_use]
    pub const fn errno(&self) -> Option<crate::errno::Errno> {
        use crate::errno::Errno;
        match self {
            Self::Wraps | Self::Unaligned | Self::PastLimit | Self::OutsideCrashReservation => {
                Some(Errno::EADDRNOTAVAIL)
            }
            Self::Overlap { .. } | Self::BufferTooLarge | Self::TooMuchMemory => {
                Some(Errno::EINVAL)
            }
            Self::NotRam | Self::EntryOutside | Self::KernelEntryOutside => None,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wraps => "runs past the end of the address space",
            Self::Unaligned => "is not aligned to whole pages of the running kernel",
            Self::PastLimit => "ends past the highest address the kernel can map",
            Self::Overlap { other } => return write!(f, "overlaps segment {}", u64::from(*other)),
            Self::BufferTooLarge => "has more bytes than memory (bufsz > memsz)",
            Self::TooMuchMemory => "takes, alone or with the others, more than half of the RAM",
            Self::OutsideCrashReservation => "lies outside the crash kernel's reservation",
            Self::NotRam => "does not lie in free RAM",
            Self::EntryOutside => "no segment has the entry point in its bytes",
            Self::KernelEntryOutside => "no segment has the kernel's entry point in its bytes",
        })
    }
}
