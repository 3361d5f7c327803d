//! EFI: what /sys/firmware/efi says (Documentation/ABI/testing/sysfs-firmware-efi and
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
    /// The virtual address the running kernel gave it.
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
/// services. All physical unless said.
#[derive(Clone, Debug, Default)]
pub struct Efi {
    /// Whether /sys/firmware/efi is there. Most of what is below it only root may read: an EFI
    /// that is present and not complete is one whose files could not be read, or one whose
    /// runtime services the running kernel does not use (`efi=noruntime`).
    pub present: bool,
    /// Bits of the firmware, 32 or 64 (/sys/firmware/efi/fw_platform_size); 0 if not said.
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
    /// Whether systab was read: then 0 above means that there is none.
    pub systab: Known,
    /// Whether there is a runtime map: no, where the running kernel does not use runtime services
    /// (`efi=noruntime`); not known, where it could not be read.
    pub has_map: Known,
    /// Whether the runtime map was dropped because it has more than [`Efi::CAPACITY`] entries.
    pub map_full: bool,
    /// The runtime map, sorted by physical address.
    map: Vec<EfiMemoryDescriptor, { Efi::CAPACITY }>,
}

impl Efi {
    /// How many runtime-map entries fit.
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

    /// Whether a new kernel can go on with runtime services: all addresses and a map are known,
    /// and the firmware is not a 32-bit one below a 64-bit kernel (mixed mode has no way to go
    /// on: efi_setup_data holds no addresses for it).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.platform_size != 32
            && self.fw_vendor != 0
            && self.runtime != 0
            && self.config_table != 0
            && !self.map.is_empty()
    }

    /// Adds a runtime-map entry at its place by physical address.
    ///
    /// # Errors
    /// [`Error::Full`] past [`Efi::CAPACITY`].
    pub fn add(&mut self, descriptor: EfiMemoryDescriptor) -> Result<()> {
        self.map.push(descriptor).map_err(|_| Error::Full {
            what: "Efi::CAPACITY",
            capacity: Self::CAPACITY as u64,
        })?;
        // The kernel's own map is mostly sorted, so the end is the usual place.
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

    /// Takes the addresses out of the contents of /sys/firmware/efi/systab, lines of
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

    /// Forgets the runtime map: one that lacks an entry is worse than none.
    pub fn clear_map(&mut self) {
        self.map.clear();
    }

    /// Forgets everything, in place.
    pub fn clear(&mut self) {
        // No `..`: a field that is not named here does not compile.
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
    // Two decimal digits are a hexadecimal number as well.
    match text::hex(contents) {
        Some(0x32) => 32,
        Some(0x64) => 64,
        _ => 0,
    }
}

#[cfg(test)]
#[path = "efi_tests.rs"]
mod tests;
