//! EFI: what /sys/firmware/efi says.

use heapless::Vec;

use crate::error::{Error, Result};

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

/// The addresses and the runtime map a kexec'ed kernel needs to go on using EFI runtime
/// services. All physical unless said.
#[derive(Clone, Debug, Default)]
pub struct Efi {
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
            fw_vendor: 0,
            runtime: 0,
            config_table: 0,
            smbios: 0,
            smbios3: 0,
            acpi20: 0,
            acpi: 0,
            map: Vec::new(),
        }
    }

    /// The runtime map, sorted by physical address.
    #[must_use]
    pub fn map(&self) -> &[EfiMemoryDescriptor] {
        &self.map
    }

    /// Whether a new kernel can go on with runtime services: all addresses and a map are known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.fw_vendor != 0 && self.runtime != 0 && self.config_table != 0 && !self.map.is_empty()
    }

    /// Adds a runtime-map entry at its place by physical address.
    ///
    /// # Errors
    /// [`Error::Full`] past [`Efi::CAPACITY`].
    pub fn add(&mut self, descriptor: EfiMemoryDescriptor) -> Result<()> {
        let index = self
            .map
            .partition_point(|other| other.physical <= descriptor.physical);
        self.map.push(descriptor).map_err(|_| Error::Full {
            what: "Efi::CAPACITY",
            capacity: Self::CAPACITY as u64,
        })?;
        if let Some(tail) = self.map.get_mut(index..) {
            crate::memory::rotate_last_to_front(tail);
        }
        Ok(())
    }
}
