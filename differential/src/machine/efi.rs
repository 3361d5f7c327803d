//! /sys/firmware/efi (kernel: Documentation/ABI/testing/sysfs-firmware-efi and
//! sysfs-firmware-efi-runtime-map).

use super::{Order, Tree};
use crate::Outcome;

/// A region of the runtime map.
#[derive(Debug, Clone, Copy)]
pub struct Region {
    /// EFI_MEMORY_TYPE.
    pub kind: u32,
    /// Physical address.
    pub physical: u64,
    /// Virtual address.
    pub virtual_: u64,
    /// Pages of 4 KiB.
    pub pages: u64,
    /// EFI_MEMORY_*.
    pub attribute: u64,
}

/// What the firmware left.
#[derive(Debug, Clone)]
pub struct Efi {
    /// Lines of /sys/firmware/efi/systab.
    pub systab: &'static str,
    /// Whether fw_vendor, runtime and config_table are there.
    pub tables: bool,
    /// Sorted by physical address.
    pub regions: Vec<Region>,
    /// The order of their directories.
    pub order: Order,
}

impl Efi {
    /// Regions as OVMF has them: runtime code and data, boot services the kernel kept, and
    /// memory-mapped flash.
    #[must_use]
    pub fn ovmf(systab: &'static str, order: Order) -> Self {
        const RUNTIME: u64 = 1 << 63;
        let mut virtual_ = 0xffff_fffe_0000_0000_u64;
        let regions = [
            (4, 0x0090_0000, 0x400, 0xf),
            (3, 0x7b7d_d000, 0x0a0, 0xf),
            (6, 0x7e9e_d000, 0x100, RUNTIME | 0xf),
            (5, 0x7eae_d000, 0x080, RUNTIME | 0x2_000f),
            (6, 0x7eb6_d000, 0x020, RUNTIME | 0xf),
            (5, 0x7eb8_d000, 0x040, RUNTIME | 0xf),
            (6, 0x7ef4_c000, 0x084, RUNTIME | 0xf),
            (11, 0xffc0_0000, 0x400, RUNTIME | 0x1),
        ]
        .map(|(kind, physical, pages, attribute)| {
            virtual_ -= pages << 12;
            Region {
                kind,
                physical,
                virtual_,
                pages,
                attribute,
            }
        });
        Self {
            systab,
            tables: true,
            regions: regions.into(),
            order,
        }
    }

    pub(super) fn write(&self, tree: &Tree) -> Outcome {
        let path = |file: &str| format!("sys/firmware/efi/{file}");
        tree.file(&path("systab"), self.systab)?;
        tree.file(&path("fw_platform_size"), "64\n")?;
        if self.tables {
            tree.file(&path("fw_vendor"), "0x7ed8b118\n")?;
            tree.file(&path("runtime"), "0xfffffffeffb8bb98\n")?;
            tree.file(&path("config_table"), "0x7ed8b218\n")?;
        }
        for number in self.order.of(self.regions.len()) {
            let region = &self.regions[number];
            let path = |file: &str| path(&format!("runtime-map/{number}/{file}"));
            for (file, value) in [
                ("type", u64::from(region.kind)),
                ("phys_addr", region.physical),
                ("virt_addr", region.virtual_),
                ("num_pages", region.pages),
                ("attribute", region.attribute),
            ] {
                tree.file(&path(file), format!("{value:#x}\n"))?;
            }
        }
        Ok(())
    }
}
