//! The caller's memory for what a plan generates.

use core::fmt;

use crate::memory::RangeSet;
use crate::purgatory;

/// Room for the generated segments and the placement; some 0.7 MiB, of which only what is used
/// is touched. May be a static; one plan at a time lives in it.
pub struct Workspace {
    pub(super) free: RangeSet,
    pub(super) boot: [u8; Workspace::BOOT_CAPACITY],
    pub(super) purgatory: [u8; purgatory::SEGMENT_SIZE],
}

impl Workspace {
    /// Bytes for boot_params, command line, EFI map and setup_data: a full memory map's
    /// SETUP_E820_EXT, a full EFI map and a device tree of 256 KiB fit together.
    pub const BOOT_CAPACITY: usize = 512 << 10;

    /// An empty workspace.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            free: RangeSet::new(),
            boot: [0; Self::BOOT_CAPACITY],
            purgatory: [0; purgatory::SEGMENT_SIZE],
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
