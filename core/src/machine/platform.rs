//! What the running system is: its architecture, its RAM, and what started it.

use super::Firmware;
use crate::arch::Arch;
use crate::bytes::u64_at;
use crate::memory::PageSize;

/// What the running system is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// The running kernel's architecture; `None` if unknown.
    pub arch: Option<Arch>,
    /// The running kernel's page size; 4 KiB if it is not known.
    pub page_size: PageSize,
    /// Bytes of RAM the running kernel manages (MemTotal in /proc/meminfo, the kernel's
    /// totalram_pages): kexec_load takes at most half of it.
    pub total_ram: Option<u64>,
    /// Bytes of RAM that could be allocated without swapping (MemAvailable in /proc/meminfo): an
    /// estimate of the running kernel's.
    pub available_ram: Option<u64>,
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
        available_ram: None,
        firmware: Firmware::Unknown,
        acpi_rsdp: 0,
    };
}

/// The page size in an auxiliary vector (/proc/self/auxv): pairs of a type and a value of 8 bytes
/// each, in which AT_PAGESZ is 6 (include/uapi/linux/auxvec.h). `None` without one that is a page
/// size.
#[must_use]
pub fn page_size(auxv: &[u8]) -> Option<PageSize> {
    const AT_PAGESZ: u64 = 6;
    let mut pairs = auxv.chunks_exact(16);
    let pair = pairs.find(|pair| u64_at(pair, 0) == Some(AT_PAGESZ))?;
    PageSize::of(u64_at(pair, 8)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_size_is_in_the_auxiliary_vector() {
        // AT_HWCAP, AT_PAGESZ, AT_NULL.
        let auxv = |size: u64| {
            let words = [16, 6, 6, size, 0, 0];
            words.map(u64::to_le_bytes).concat()
        };
        for (size, found) in [
            (0x1000, Some(PageSize::K4)),
            (0x4000, Some(PageSize::K16)),
            (0x1_0000, Some(PageSize::K64)),
            (0x2000, None),
        ] {
            assert_eq!(page_size(&auxv(size)), found, "{size:#x}");
            assert_eq!(page_size(&auxv(size)[..31]), None);
        }
        assert_eq!(page_size(b""), None);
    }
}
