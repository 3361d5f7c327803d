//! What the running system is: its architecture, its RAM, and what started it.

use super::Firmware;
use crate::arch::Arch;
use crate::memory::PageSize;

/// What the running system is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// The running kernel's architecture; `None` if unknown.
    pub arch: Option<Arch>,
    /// The running kernel's page size.
    pub page_size: PageSize,
    /// Bytes of RAM the running kernel manages (MemTotal in /proc/meminfo, the kernel's
    /// totalram_pages): kexec_load takes at most half of it.
    pub total_ram: Option<u64>,
    /// What started it.
    pub firmware: Firmware,
    /// Physical address of the ACPI RSDP; 0 when unknown, or when there is none.
    pub acpi_rsdp: u64,
}

impl Platform {
    /// Nothing known.
    pub const NONE: Self = Self {
        arch: None,
        page_size: PageSize::K4,
        total_ram: None,
        firmware: Firmware::Unknown,
        acpi_rsdp: 0,
    };
}
