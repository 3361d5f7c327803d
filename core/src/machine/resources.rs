//! Facts in /proc/iomem other than the memory map.

use crate::memory::Range;

/// The memory reserved for a crash kernel (`crashkernel=`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrashReservation {
    /// The region kexec_load's segments must lie in (the kernel's crashk_res): the highest
    /// "Crash kernel" line of /proc/iomem.
    pub region: Option<Range>,
    /// The second region, below 4 GiB, that `crashkernel=…,high` adds for DMA.
    pub low: Option<Range>,
}

impl CrashReservation {
    /// Nothing known, or nothing reserved.
    pub const NONE: Self = Self {
        region: None,
        low: None,
    };

    /// Adds a "Crash kernel" line, in any order. If there are more than two, the highest is the
    /// region and the lowest the low one.
    pub fn add(&mut self, range: Range) {
        let (high, other) = match self.region {
            None => return self.region = Some(range),
            Some(region) if region.start() < range.start() => (range, region),
            Some(region) => (region, range),
        };
        self.region = Some(high);
        self.low = match self.low {
            Some(low) if low.start() < other.start() => Some(low),
            _ => Some(other),
        };
    }
}

/// The physical ranges of the running kernel, from its lines in /proc/iomem; `None` without a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelRanges {
    /// "Kernel code": from _text to _etext.
    pub code: Option<Range>,
    /// "Kernel rodata".
    pub rodata: Option<Range>,
    /// "Kernel data".
    pub data: Option<Range>,
    /// "Kernel bss".
    pub bss: Option<Range>,
    /// "Kernel image", which on riscv contains the others.
    pub image: Option<Range>,
}

impl KernelRanges {
    /// Nothing known.
    pub const NONE: Self = Self {
        code: None,
        rodata: None,
        data: None,
        bss: None,
        image: None,
    };
}

/// How much of /proc/iomem could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IomemAccess {
    /// The file does not exist, or was not read.
    #[default]
    Missing,
    /// All addresses are 0: the reader lacks CAP_SYS_ADMIN.
    Unprivileged,
    /// The whole file was read.
    Read,
    /// It has more memory ranges than [`MemoryMap::CAPACITY`](crate::memory::MemoryMap::CAPACITY); the map is empty, the other
    /// facts are valid.
    TooLong,
    /// The file exists but could not be read, or not to its end.
    Unreadable,
    /// It has no line, or a line that is not a resource; nothing of it is used.
    Damaged,
}

/// Facts in /proc/iomem other than the memory map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Iomem {
    /// How much of the file could be read.
    pub access: IomemAccess,
    /// The crash reservation.
    pub crash: CrashReservation,
    /// Where the running kernel lies.
    pub kernel: KernelRanges,
}
