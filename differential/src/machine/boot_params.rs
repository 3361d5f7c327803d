//! The page the running kernel was started with, and what hung on it.

/// Without the e820 table and the EDD data, which the machine knows.
#[derive(Debug, Clone)]
pub struct BootParams {
    /// 4096 bytes.
    pub page: Vec<u8>,
    /// setup_data nodes: type and data.
    pub setup_data: Vec<(u32, Vec<u8>)>,
}

/// Where the ACPI tables start on every machine here that says so.
pub const RSDP: u64 = 0x000f_52c0;

impl BootParams {
    /// From a BIOS boot loader: text mode, protocol 2.15, an ACPI RSDP address, no EFI.
    #[must_use]
    pub fn text_mode() -> Self {
        let mut params = Self {
            page: vec![0; 4096],
            setup_data: Vec::new(),
        };
        params
            .put(0x000, &[3, 21])
            .put(0x002, &0xfc00_u16.to_le_bytes())
            .put(0x006, &[3, 80])
            .put(0x00e, &[25, 1, 16])
            .put(
                0x060,
                &[
                    0x47, 0x53, 0x49, 0, 0x82, 0, 0xb2, 0, 0, 0, 0, 0, 1, 0, 0, 0,
                ],
            )
            .put(0x070, &RSDP.to_le_bytes())
            .put(0x1e0, &0x1f_fc00_u32.to_le_bytes())
            .put(0x1eb, &[0x20])
            .put(0x1f1, &[39])
            .put(0x1fe, &[0x55, 0xaa, 0xeb, 0x6a])
            .put(0x202, b"HdrS")
            .put(0x206, &0x020f_u16.to_le_bytes())
            .put(0x210, &[0x72, 0x81]);
        params
    }

    /// A linear frame buffer as the firmware left it; `kind` is 0x23 (VESA) or 0x70 (EFI), `base`
    /// may lie above 4 GiB.
    #[must_use]
    pub fn frame_buffer(mut self, kind: u8, base: u64) -> Self {
        let (width, height) = (1280_u16, 800_u16);
        let size = u32::from(width) * u32::from(height) * 4;
        self.put(0x000, &[0, 0])
            .put(0x006, &[0, 0])
            .put(0x00e, &[0, kind, 0])
            .put(0x012, &width.to_le_bytes())
            .put(0x014, &height.to_le_bytes())
            .put(0x016, &32_u16.to_le_bytes())
            .put(0x018, &(base as u32).to_le_bytes())
            .put(0x01c, &size.to_le_bytes())
            .put(0x024, &(width * 4).to_le_bytes())
            .put(0x026, &[8, 16, 8, 8, 8, 0, 8, 24])
            .put(
                0x036,
                &(if base >> 32 == 0 { 1_u32 } else { 3 }).to_le_bytes(),
            )
            .put(0x03a, &((base >> 32) as u32).to_le_bytes());
        self
    }

    /// A monitor's EDID: its fixed header, and bytes.
    #[must_use]
    pub fn edid(mut self) -> Self {
        let mut edid: Vec<u8> = (0..128_u8).map(|n| n.wrapping_mul(7)).collect();
        edid[..8].copy_from_slice(&[0, 255, 255, 255, 255, 255, 255, 0]);
        self.put(0x140, &edid);
        self
    }

    /// Started by 64-bit EFI firmware, with secure boot off.
    #[must_use]
    pub fn efi(mut self, systab: u64) -> Self {
        const MEMMAP: u64 = 0x3d10_8018;
        self.put(0x1c0, b"EL64")
            .put(0x1c4, &(systab as u32).to_le_bytes())
            .put(0x1c8, &48_u32.to_le_bytes())
            .put(0x1cc, &1_u32.to_le_bytes())
            .put(0x1d0, &(MEMMAP as u32).to_le_bytes())
            .put(0x1d4, &(48 * 40_u32).to_le_bytes())
            .put(0x1d8, &((systab >> 32) as u32).to_le_bytes())
            .put(0x1ec, &[2]);
        self
    }

    /// Something in every field whose inheritance is a decision: a byte of its own in all of
    /// them but those that the machine or the setup header speak for.
    #[must_use]
    pub fn everything(mut self) -> Self {
        for field in crate::fields::FIELDS {
            let spoken_for = [
                "acpi_rsdp_addr",
                "eddbuf",
                "eddbuf_entries",
                "edd_mbr_sig_buffer",
                "edd_mbr_sig_buf_entries",
                "sentinel",
            ];
            let followed = field.meaning == crate::fields::Meaning::Followed;
            if followed
                || spoken_for.contains(&field.name)
                || field.name.starts_with("efi_info.")
                || (field.name.starts_with("hdr.") && !field.name.contains("subarch"))
            {
                continue;
            }
            for offset in field.offset..field.offset + field.size {
                self.page[offset] = offset as u8 | 1;
            }
        }
        self
    }

    /// As a loader of the kexec kind left them: the old place of the command line, and random
    /// bytes that the kernel has wiped.
    #[must_use]
    pub fn kexec(mut self) -> Self {
        self.put(0x020, &[0x3f, 0xa3, 0x00, 0x20])
            .put(0x210, &[0xd0, 0]);
        self.put(0x250, &0x7fff_0000_u64.to_le_bytes());
        self.setup_data.push((9, Vec::new()));
        self.setup_data.push((8, vec![0; 16]));
        self
    }

    /// Any bytes at an offset.
    pub fn put(&mut self, offset: usize, bytes: &[u8]) -> &mut Self {
        self.page[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }
}
