//! Kinds of memory, numbered as in the e820 table.

use core::fmt;

/// An e820 type (arch/x86/include/uapi/asm/setup_data.h; ACPI specification, table 15.4).
///
/// Any number is allowed: firmware has types of its own, which are passed to the next kernel
/// unchanged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemoryKind(pub u32);

impl MemoryKind {
    /// Memory the kernel may use.
    pub const RAM: Self = Self(1);
    /// Memory that must not be used.
    pub const RESERVED: Self = Self(2);
    /// ACPI tables; usable as RAM once the kernel has read them.
    pub const ACPI: Self = Self(3);
    /// ACPI non-volatile storage.
    pub const NVS: Self = Self(4);
    /// Memory with errors.
    pub const UNUSABLE: Self = Self(5);
    /// Persistent memory (NVDIMM).
    pub const PMEM: Self = Self(7);
    /// Persistent memory as reported before ACPI 6 ("legacy").
    pub const PRAM: Self = Self(12);
    /// RAM set aside for a special purpose (EFI_MEMORY_SP).
    pub const SOFT_RESERVED: Self = Self(0xefff_ffff);

    /// The kernel's name for it in /sys/firmware/memmap and /proc/iomem
    /// (arch/x86/kernel/e820.c, e820_type_to_string).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RAM => "System RAM",
            Self::RESERVED => "Reserved",
            Self::ACPI => "ACPI Tables",
            Self::NVS => "ACPI Non-volatile Storage",
            Self::UNUSABLE => "Unusable memory",
            Self::PMEM => "Persistent Memory",
            Self::PRAM => "Persistent Memory (legacy)",
            Self::SOFT_RESERVED => "Soft Reserved",
            _ => "Unknown E820 type",
        }
    }
}

impl MemoryKind {
    /// The kind of that name in /sys/firmware/memmap and /proc/iomem; `None` if it names no kind
    /// of memory.
    ///
    /// Kernels before 4.11 wrote "reserved", arm64 still does. "Unknown E820 type" has lost its
    /// number and becomes plain reserved.
    #[must_use]
    pub fn of_name(name: &[u8]) -> Option<Self> {
        let found = NAMES.iter().find(|(known, _)| name == known.as_bytes());
        found.map(|&(_, kind)| kind)
    }
}

const NAMES: [(&str, MemoryKind); 10] = [
    (MemoryKind::RAM.name(), MemoryKind::RAM),
    (MemoryKind::RESERVED.name(), MemoryKind::RESERVED),
    ("reserved", MemoryKind::RESERVED),
    (MemoryKind::ACPI.name(), MemoryKind::ACPI),
    (MemoryKind::NVS.name(), MemoryKind::NVS),
    (MemoryKind::UNUSABLE.name(), MemoryKind::UNUSABLE),
    (MemoryKind::PMEM.name(), MemoryKind::PMEM),
    (MemoryKind::PRAM.name(), MemoryKind::PRAM),
    (MemoryKind::SOFT_RESERVED.name(), MemoryKind::SOFT_RESERVED),
    ("Unknown E820 type", MemoryKind::RESERVED),
];

impl fmt::Debug for MemoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}
