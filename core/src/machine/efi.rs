//! EFI: the facts in /sys/firmware/efi (Documentation/ABI/testing/sysfs-firmware-efi and
//! sysfs-firmware-efi-runtime-map).

use core::ffi::CStr;

use heapless::Vec;

use super::Known;
use crate::error::{Error, Result};
use crate::text;

/// One entry of the EFI memory map (UEFI specification, EFI_MEMORY_DESCRIPTOR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EfiMemoryDescriptor {
    /// EFI_MEMORY_TYPE.
    pub kind: u32,
    /// Physical address.
    pub physical: u64,
    /// The virtual address at which the running kernel maps it.
    pub virtual_: u64,
    /// Pages of 4 KiB.
    pub pages: u64,
    /// EFI_MEMORY_* attributes.
    pub attribute: u64,
}

impl EfiMemoryDescriptor {
    /// The files of a runtime-map/N directory, each a hexadecimal number.
    pub const FILES: [&CStr; 5] = [
        c"type",
        c"phys_addr",
        c"virt_addr",
        c"num_pages",
        c"attribute",
    ];

    /// From the numbers in [`EfiMemoryDescriptor::FILES`]; `None` if the type has more than 32
    /// bits.
    #[must_use]
    pub fn new([kind, physical, virtual_, pages, attribute]: [u64; 5]) -> Option<Self> {
        Some(Self {
            kind: u32::try_from(kind).ok()?,
            physical,
            virtual_,
            pages,
            attribute,
        })
    }
}

/// The addresses and the runtime map a kexec'ed kernel needs to go on using EFI runtime
/// services. All addresses are physical unless stated otherwise.
#[derive(Clone, Debug, Default)]
pub struct Efi {
    /// Whether /sys/firmware/efi exists. Most files below it are readable by root only. If EFI is
    /// present but not complete, either these files could not be read or the running kernel does
    /// not use the runtime services (`efi=noruntime`).
    pub present: bool,
    /// Bits of the firmware, 32 or 64 (/sys/firmware/efi/fw_platform_size); 0 if unknown.
    pub platform_size: u8,
    /// Firmware vendor string (/sys/firmware/efi/fw_vendor).
    pub fw_vendor: u64,
    /// Runtime services table, virtual (/sys/firmware/efi/runtime).
    pub runtime: u64,
    /// Configuration tables (/sys/firmware/efi/config_table).
    pub config_table: u64,
    /// SMBIOS 2 entry point ("SMBIOS=" in systab); 0 if none.
    pub smbios: u64,
    /// SMBIOS 3 entry point ("SMBIOS3=" in systab); 0 if none.
    pub smbios3: u64,
    /// ACPI 2.0 RSDP ("ACPI20="); 0 if none.
    pub acpi20: u64,
    /// ACPI 1.0 RSDP ("ACPI="); 0 if none.
    pub acpi: u64,
    /// Whether systab was read. If so, 0 in the fields above means that there is none.
    pub systab: Known,
    /// Whether there is a runtime map: no, if the running kernel does not use runtime services
    /// (`efi=noruntime`); unknown, if it could not be read.
    pub has_map: Known,
    /// Whether the runtime map was dropped because it has more than [`Efi::CAPACITY`] entries.
    pub map_full: bool,
    /// The runtime map, sorted by physical address.
    map: Vec<EfiMemoryDescriptor, { Efi::CAPACITY }>,
}

impl Efi {
    /// The most runtime-map entries that fit.
    pub const CAPACITY: usize = 1024;

    /// No EFI.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            present: false,
            platform_size: 0,
            fw_vendor: 0,
            runtime: 0,
            config_table: 0,
            smbios: 0,
            smbios3: 0,
            acpi20: 0,
            acpi: 0,
            systab: Known::Unknown,
            has_map: Known::Unknown,
            map_full: false,
            map: Vec::new(),
        }
    }

    /// The runtime map, sorted by physical address.
    #[must_use]
    pub fn map(&self) -> &[EfiMemoryDescriptor] {
        &self.map
    }

    /// Whether a new kernel can continue to use runtime services: all addresses and a map are
    /// known, and the firmware is not 32-bit under a 64-bit kernel (mixed mode cannot be
    /// continued: efi_setup_data holds no addresses for it).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.platform_size != 32
            && self.fw_vendor != 0
            && self.runtime != 0
            && self.config_table != 0
            && !self.map.is_empty()
    }

    /// Inserts a runtime-map entry, sorted by physical address.
    ///
    /// # Errors
    /// [`Error::Full`] past [`Efi::CAPACITY`].
    pub fn add(&mut self, descriptor: EfiMemoryDescriptor) -> Result<()> {
        self.map.push(descriptor).map_err(|_| Error::Full {
            what: "Efi::CAPACITY",
            capacity: Self::CAPACITY as u64,
        })?;
        // The kernel's own map is mostly sorted, so most entries go to the end.
        let mut rest = self.map.as_mut_slice();
        while let [shorter @ .., last] = rest {
            match shorter.last_mut() {
                Some(before) if before.physical > last.physical => core::mem::swap(before, last),
                _ => break,
            }
            rest = shorter;
        }
        Ok(())
    }

    /// Reads the addresses from the contents of /sys/firmware/efi/systab, lines of
    /// `NAME=0x<address>`.
    pub fn read_systab(&mut self, systab: &[u8]) {
        for (field, name) in [
            (&mut self.acpi20, "ACPI20="),
            (&mut self.acpi, "ACPI="),
            (&mut self.smbios3, "SMBIOS3="),
            (&mut self.smbios, "SMBIOS="),
        ] {
            let mut lines = systab.split(|&byte| byte == b'\n');
            let value = lines.find_map(|line| line.strip_prefix(name.as_bytes()));
            *field = value.and_then(text::hex).unwrap_or(0);
        }
        self.systab = Known::Yes;
    }

    /// Forgets the runtime map: an incomplete map is worse than none.
    pub fn clear_map(&mut self) {
        self.map.clear();
    }

    /// Forgets everything, in place.
    pub fn clear(&mut self) {
        // No `..`: a field that is not named here is a compile error.
        let Self {
            present,
            platform_size,
            fw_vendor,
            runtime,
            config_table,
            smbios,
            smbios3,
            acpi20,
            acpi,
            systab,
            has_map,
            map_full,
            map,
        } = self;
        (*present, *map_full, *platform_size) = (false, false, 0);
        (*systab, *has_map) = (Known::Unknown, Known::Unknown);
        for address in [
            fw_vendor,
            runtime,
            config_table,
            smbios,
            smbios3,
            acpi20,
            acpi,
        ] {
            *address = 0;
        }
        map.clear();
    }
}

/// The number in /sys/firmware/efi/fw_platform_size: 32 or 64; 0 for anything else.
#[must_use]
pub fn efi_platform_size(contents: &[u8]) -> u8 {
    // Two decimal digits are also a valid hexadecimal number.
    match text::hex(contents) {
        Some(0x32) => 32,
        Some(0x64) => 64,
        _ => 0,
    }
}

#[cfg(test)]
#[path = "efi_tests.rs"]
mod tests;
