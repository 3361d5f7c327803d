//! BIOS disks: /sys/firmware/edd/int13_devNN (kernel: drivers/firmware/edd.c) and the same in
//! boot_params (struct edd_info, 82 bytes).

use super::Tree;
use crate::Outcome;

/// A disk the BIOS numbers.
#[derive(Debug, Clone)]
pub struct Disk {
    /// Number, from 0x80.
    pub device: u8,
    /// Signature in its MBR; `None` if the MBR could not be read.
    pub signature: Option<u32>,
}

const VERSION: u8 = 0x30;
const EXTENSIONS: &[(u16, &str)] = &[
    (1, "Fixed disk access"),
    (4, "Enhanced Disk Drive support"),
    (8, "64-bit extensions"),
];
const LEGACY: (u16, u8, u8) = (1022, 15, 63);
const PARAMETERS: usize = 74;

impl Disk {
    /// The result of INT 13h AH=48h (edd_device_params): 16383/16/63, PCI host bus, ATA interface.
    fn parameters(&self) -> [u8; PARAMETERS] {
        let mut raw = [0; PARAMETERS];
        let mut put = |offset: usize, bytes: &[u8]| {
            raw[offset..offset + bytes.len()].copy_from_slice(bytes);
        };
        put(0, &(PARAMETERS as u16).to_le_bytes());
        put(2, &2_u16.to_le_bytes());
        put(4, &16383_u32.to_le_bytes());
        put(8, &16_u32.to_le_bytes());
        put(12, &63_u32.to_le_bytes());
        put(
            16,
            &(0x0200_0000_u64 + u64::from(self.device)).to_le_bytes(),
        );
        put(24, &512_u16.to_le_bytes());
        put(30, &0xbedd_u16.to_le_bytes());
        put(32, &[36]);
        put(36, b"PCI ");
        put(40, b"ATA     ");
        put(48, &[0, 1, 1, 0xff]);
        put(56, &[self.device - 0x80]);
        raw
    }

    fn info(&self) -> Vec<u8> {
        let support = EXTENSIONS.iter().fold(0, |all, (bit, _)| all | bit);
        let mut raw = vec![self.device, VERSION];
        raw.extend(support.to_le_bytes());
        raw.extend(LEGACY.0.to_le_bytes());
        raw.extend([LEGACY.1, LEGACY.2]);
        raw.extend(self.parameters());
        raw
    }
}

pub(super) fn write_page(disks: &[Disk], page: &mut [u8]) {
    for (disk, slot) in disks.iter().zip(page[0xd00..0xeec].chunks_exact_mut(82)) {
        slot.copy_from_slice(&disk.info());
    }
    page[0x1e9] = disks.len().min(6) as u8;
    let signatures = disks.iter().filter_map(|disk| disk.signature);
    let mut count = 0;
    for (signature, slot) in signatures.zip(page[0x290..0x2d0].chunks_exact_mut(4)) {
        slot.copy_from_slice(&signature.to_le_bytes());
        count += 1;
    }
    page[0x1ea] = count;
}

pub(super) fn write_sysfs(disks: &[Disk], tree: &Tree) -> Outcome {
    // Backwards, so that a directory on tmpfs lists them in order.
    for disk in disks.iter().rev() {
        let path = |file: &str| format!("sys/firmware/edd/int13_dev{:02x}/{file}", disk.device);
        let extensions: String = EXTENSIONS
            .iter()
            .map(|(_, name)| format!("{name}\n"))
            .collect();
        tree.file(&path("raw_data"), disk.parameters())?;
        tree.file(&path("version"), format!("{VERSION:#04x}\n"))?;
        tree.file(&path("extensions"), extensions)?;
        tree.file(&path("legacy_max_cylinder"), format!("{}\n", LEGACY.0))?;
        tree.file(&path("legacy_max_head"), format!("{}\n", LEGACY.1))?;
        tree.file(&path("legacy_sectors_per_track"), format!("{}\n", LEGACY.2))?;
        tree.file(
            &path("sectors"),
            format!("{}\n", 0x0200_0000 + u32::from(disk.device)),
        )?;
        if let Some(signature) = disk.signature {
            tree.file(&path("mbr_signature"), format!("{signature:#010x}\n"))?;
        }
    }
    Ok(())
}
