//! The caller's memory for what a plan generates.

use core::fmt;

use super::crash::Buffers;
use crate::memory::RangeSet;
use crate::purgatory;

/// Room for the generated segments and the placement; some 1.9 MiB, of which only what is used
/// is touched. Best a static: it is large for a frame. One plan at a time lives in it.
pub struct Workspace {
    pub(super) free: RangeSet,
    pub(super) boot: [u8; Workspace::BOOT_CAPACITY],
    pub(super) purgatory: [u8; purgatory::SEGMENT_SIZE],
    pub(super) crash: Buffers,
}

impl Workspace {
    /// Bytes for boot_params, command line, EFI map and setup_data: a full memory map's
    /// SETUP_E820_EXT, a full EFI map and a device tree of 256 KiB fit together.
    pub const BOOT_CAPACITY: usize = 512 << 10;

    /// Bytes for the elfcorehdr: 64 and 56 for each CPU of
    /// [`CpuNotes::CAPACITY`](crate::machine::CpuNotes::CAPACITY), each range of a full
    /// [`RangeSet`], and two more.
    pub const CORE_HEADER_CAPACITY: usize = Buffers::HEADER;
    /// Bytes for a crash kernel's command line with what is added to it.
    pub const CRASH_LINE_CAPACITY: usize = Buffers::LINE;

    /// An empty workspace.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            free: RangeSet::new(),
            boot: [0; Self::BOOT_CAPACITY],
            purgatory: [0; purgatory::SEGMENT_SIZE],
            crash: Buffers::new(),
        }
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").finish_non_exhaustive()
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}
