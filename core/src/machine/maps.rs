//! Where the memory maps come from, and whether all of them could be kept.

use super::IomemAccess;

/// Where [`Machine::memory`](super::Machine::memory) came from, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemorySource {
    /// Nothing could be read.
    #[default]
    None,
    /// /sys/firmware/memmap: the firmware's map, complete, readable by everyone, and untouched
    /// by `mem=` and `memmap=` of the running kernel.
    FirmwareMemmap,
    /// The e820 table the running kernel was given (/sys/kernel/boot_params/data and its
    /// SETUP_E820_EXT node): the same map without the corrections of the kernel's early quirks.
    BootParams,
    /// /proc/iomem: the running kernel's resources; needs CAP_SYS_ADMIN.
    Iomem,
}

/// The sources of [`Machine::memory`](super::Machine::memory) and
/// [`Machine::iomem`](super::Machine::iomem).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapFacts {
    /// Where [`Machine::memory`](super::Machine::memory) came from.
    pub source: MemorySource,
    /// Whether /proc/iomem could be read.
    pub iomem_access: IomemAccess,
    /// Whether a source of the map was skipped because it has more than
    /// [`MemoryMap::CAPACITY`](crate::memory::MemoryMap::CAPACITY) entries.
    pub full: bool,
}

impl MapFacts {
    /// Nothing known.
    pub const NONE: Self = Self {
        source: MemorySource::None,
        iomem_access: IomemAccess::Missing,
        full: false,
    };
}
