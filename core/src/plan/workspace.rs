//! The caller's memory for what a plan generates.

use core::fmt;

use crate::memory::{MemoryMap, RangeSet};
use crate::purgatory;
use crate::purpose::Room;
use crate::segment::Arena;

/// Room for the generated segments and the placement; some 2.6 MiB, of which only what is used
/// is touched. Best a static: it is large for a frame. One plan at a time lives in it.
pub struct Workspace {
    free: RangeSet,
    map: MemoryMap,
    code: [u8; purgatory::SEGMENT_SIZE],
    bytes: [u8; Workspace::CAPACITY],
}

impl Workspace {
    /// Bytes for what is generated, the purgatory apart. The largest needs fit: an elfcorehdr for
    /// [`CpuNotes::CAPACITY`](crate::machine::CpuNotes::CAPACITY) CPUs and a full [`RangeSet`] (0.9
    /// MiB) with a crash kernel's command line, and boot parameters of 1.3 MiB, with a full memory
    /// map's SETUP_E820_EXT, a full EFI map and a device tree of 1 MiB; or a device tree of 2 MiB,
    /// the most that arm64 takes.
    pub const CAPACITY: usize = 2304 << 10;

    /// An empty workspace.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            free: RangeSet::new(),
            map: MemoryMap::new(),
            code: [0; purgatory::SEGMENT_SIZE],
            bytes: [0; Self::CAPACITY],
        }
    }

    /// The set for placement, the room for what is generated, and the purgatory's.
    pub(super) const fn split(
        &mut self,
    ) -> (&mut RangeSet, Room<'_>, &mut [u8; purgatory::SEGMENT_SIZE]) {
        let Self {
            free,
            map,
            code,
            bytes,
        } = self;
        let room = Room {
            arena: Arena::new(bytes),
            map: Some(map),
        };
        (free, room, code)
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
