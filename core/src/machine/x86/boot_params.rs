//! The running kernel's boot_params page (/sys/kernel/boot_params/data), by the offsets of
//! Documentation/arch/x86/zero-page.rst.

use super::e820::{E820_ENTRY_SIZE, e820_entries};
use crate::bytes::{u8_at, u32_at, u64_at};
use crate::memory::MemoryEntry;

/// struct screen_info.
const SCREEN_INFO: usize = 0x000;
const ACPI_RSDP_ADDR: usize = 0x070;
const EDID_INFO: usize = 0x140;
const EFI_INFO: usize = 0x1c0;
const E820_ENTRIES: usize = 0x1e8;
const EDDBUF_ENTRIES: usize = 0x1e9;
const EDD_MBR_SIG_BUF_ENTRIES: usize = 0x1ea;
const SECURE_BOOT: usize = 0x1ec;
const HARDWARE_SUBARCH: usize = 0x23c;
const HARDWARE_SUBARCH_DATA: usize = 0x240;
const SETUP_DATA: usize = 0x250;
const EDD_MBR_SIG_BUFFER: usize = 0x290;
const E820_TABLE: usize = 0x2d0;
const EDDBUF: usize = 0xd00;

/// The capacity of e820_table, in entries.
const E820_MAX_ENTRIES_ZEROPAGE: usize = 128;
/// The capacity of eddbuf, in entries (EDDMAXNR).
const EDDMAXNR: u8 = 6;
/// The capacity of edd_mbr_sig_buffer, in signatures (EDD_MBR_SIG_MAX).
const EDD_MBR_SIG_MAX: u8 = 16;

/// A copy of the 4096-byte page, or nothing: every getter then returns zero.
#[derive(Clone, Debug)]
pub struct RunningBootParams {
    page: [u8; 4096],
    present: bool,
}

impl Default for RunningBootParams {
    fn default() -> Self {
        Self::new()
    }
}

/// The EFI system table and memory map, as passed by the boot loader (struct efi_info).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EfiInfo {
    /// "EL64" or "EL32" as a little-endian number.
    pub loader_signature: u32,
    /// Physical address of the system table.
    pub systab: u64,
    /// Bytes of a memory descriptor.
    pub memdesc_size: u32,
    /// Version of the memory descriptor, 1.
    pub memdesc_version: u32,
    /// Physical address of the memory map.
    pub memmap: u64,
    /// Its size in bytes.
    pub memmap_size: u32,
}

impl EfiInfo {
    /// "EL64": the firmware is 64-bit.
    pub const EL64: u32 = u32::from_le_bytes(*b"EL64");
    /// "EL32": the firmware is 32-bit.
    pub const EL32: u32 = u32::from_le_bytes(*b"EL32");
}

impl RunningBootParams {
    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            page: [0; 4096],
            present: false,
        }
    }

    /// Copies the page; any length other than 4096 bytes is not boot_params and leaves nothing known.
    pub fn set(&mut self, bytes: &[u8]) {
        self.fill(|page| match <&[u8; 4096]>::try_from(bytes) {
            Ok(whole) => {
                *page = *whole;
                4096
            }
            Err(_) => 0,
        });
    }

    /// Has `read` write the page in place and return how many bytes it wrote; any number other than
    /// 4096 leaves nothing known.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8; 4096]) -> usize) {
        self.present = read(&mut self.page) == self.page.len();
        if !self.present {
            self.page = [0; 4096];
        }
    }

    /// Forgets it, in place. A page without any facts is all zeros already.
    pub fn clear(&mut self) {
        if self.present {
            self.page = [0; 4096];
        }
        self.present = false;
    }

    /// The page, if it could be read.
    #[must_use]
    pub fn get(&self) -> Option<&[u8; 4096]> {
        self.present.then_some(&self.page)
    }

    /// The `N` bytes at a constant `offset`, zeros past the end, which no caller asks for.
    fn field<const N: usize>(&self, offset: usize) -> &[u8; N] {
        self.page
            .get(offset..)
            .and_then(<[u8]>::first_chunk)
            .unwrap_or(&[0; N])
    }

    /// screen_info: the text mode or frame buffer that the boot loader set.
    #[must_use]
    pub fn screen_info(&self) -> &[u8; 64] {
        self.field(SCREEN_INFO)
    }

    /// edid_info: the monitor's EDID, zeros if none.
    #[must_use]
    pub fn edid_info(&self) -> &[u8; 128] {
        self.field(EDID_INFO)
    }

    /// acpi_rsdp_addr, 0 if the boot loader gave none.
    #[must_use]
    pub fn acpi_rsdp_addr(&self) -> u64 {
        u64_at(&self.page, ACPI_RSDP_ADDR).unwrap_or(0)
    }

    /// secure_boot: 0 unset, 1 unknown, 2 disabled, 3 enabled (enum efi_secureboot_mode).
    #[must_use]
    pub fn secure_boot(&self) -> u8 {
        u8_at(&self.page, SECURE_BOOT).unwrap_or(0)
    }

    /// hardware_subarch: 0 PC, 1 lguest, 2 Xen, 3 Moorestown, 4 CE4100.
    #[must_use]
    pub fn hardware_subarch(&self) -> u32 {
        u32_at(&self.page, HARDWARE_SUBARCH).unwrap_or(0)
    }

    /// hardware_subarch_data.
    #[must_use]
    pub fn hardware_subarch_data(&self) -> u64 {
        u64_at(&self.page, HARDWARE_SUBARCH_DATA).unwrap_or(0)
    }

    /// setup_data: physical address of the first node, 0 if there is none.
    #[must_use]
    pub fn setup_data(&self) -> u64 {
        u64_at(&self.page, SETUP_DATA).unwrap_or(0)
    }

    /// The bytes of efi_info.
    #[must_use]
    pub fn efi_info_bytes(&self) -> &[u8; 32] {
        self.field(EFI_INFO)
    }

    /// efi_info; all zero when the running kernel was not started by EFI.
    #[must_use]
    pub fn efi_info(&self) -> EfiInfo {
        let raw = self.efi_info_bytes();
        let word = |offset| u32_at(raw, offset).unwrap_or(0);
        let address = |low, high| u64::from(word(low)) | u64::from(word(high)) << 32;
        EfiInfo {
            loader_signature: word(0x00),
            systab: address(0x04, 0x18),
            memdesc_size: word(0x08),
            memdesc_version: word(0x0c),
            memmap: address(0x10, 0x1c),
            memmap_size: word(0x14),
        }
    }

    /// The first part of the memory map, at most 128 entries; the rest is in SETUP_E820_EXT
    /// nodes.
    pub fn e820(&self) -> impl Iterator<Item = MemoryEntry> {
        e820_entries(self.e820_table())
    }

    /// The bytes of [`RunningBootParams::e820`].
    #[must_use]
    pub fn e820_table(&self) -> &[u8] {
        let count = usize::from(u8_at(&self.page, E820_ENTRIES).unwrap_or(0));
        let table: &[u8; E820_MAX_ENTRIES_ZEROPAGE * E820_ENTRY_SIZE] = self.field(E820_TABLE);
        table
            .get(..count.saturating_mul(E820_ENTRY_SIZE))
            .unwrap_or(table)
    }

    /// eddbuf_entries, at most the capacity.
    #[must_use]
    pub fn eddbuf_entries(&self) -> u8 {
        u8_at(&self.page, EDDBUF_ENTRIES).unwrap_or(0).min(EDDMAXNR)
    }

    /// eddbuf: six struct edd_info of 82 bytes.
    #[must_use]
    pub fn eddbuf(&self) -> &[u8; 492] {
        self.field(EDDBUF)
    }

    /// edd_mbr_sig_buf_entries, at most the capacity.
    #[must_use]
    pub fn edd_mbr_sig_buf_entries(&self) -> u8 {
        u8_at(&self.page, EDD_MBR_SIG_BUF_ENTRIES)
            .unwrap_or(0)
            .min(EDD_MBR_SIG_MAX)
    }

    /// edd_mbr_sig_buffer: sixteen u32.
    #[must_use]
    pub fn edd_mbr_sig_buffer(&self) -> &[u8; 64] {
        self.field(EDD_MBR_SIG_BUFFER)
    }
}

#[cfg(test)]
#[path = "boot_params_tests.rs"]
mod tests;
