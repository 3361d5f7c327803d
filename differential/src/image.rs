//! A well-formed bzImage (kernel: Documentation/arch/x86/boot.rst) that no kernel is in.

use crate::Outcome;

/// xloadflags of a synthetic image: 64-bit entry, above 4 GiB, EFI handover, 5-level paging.
const XLOADFLAGS: u16 = 0x6f;
/// xloadflags: the kernel can go on with the EFI runtime services of the one before.
pub const XLF_EFI_KEXEC: u16 = 0x10;

/// A kernel to load: a name for reports, and the file.
#[derive(Debug, Clone)]
pub struct Image {
    /// Name in reports.
    pub name: String,
    /// The whole file.
    pub file: Vec<u8>,
    /// To be tried on every machine; else one will do.
    pub everywhere: bool,
}

impl Image {
    /// A bzImage of protocol 2.15 with 1 MiB and a few bytes of "kernel". Every setup header
    /// field that a boot loader is to copy has a value of its own, so that it is missed if it is
    /// not copied.
    #[must_use]
    pub fn synthetic(efi_kexec: bool) -> Self {
        const SETUP_SECTS: u8 = 39;
        const KERNEL: usize = (1 << 20) + 24;
        let setup = (usize::from(SETUP_SECTS) + 1) * 512;
        let mut file = vec![0_u8; setup];
        file.extend((0..KERNEL).map(|n| (n as u8).wrapping_mul(31).wrapping_add((n >> 8) as u8)));
        let mut put = |offset: usize, bytes: &[u8]| {
            file[offset..offset + bytes.len()].copy_from_slice(bytes);
        };
        let xloadflags = XLOADFLAGS | if efi_kexec { XLF_EFI_KEXEC } else { 0 };
        put(0x000, b"MZ");
        put(0x1ef, &[0xff]);
        put(0x1f1, &[SETUP_SECTS]);
        put(0x1f2, &1_u16.to_le_bytes());
        put(0x1f4, &((KERNEL / 16) as u32).to_le_bytes());
        put(0x1fa, &0xffff_u16.to_le_bytes());
        put(0x1fc, &0x0801_u16.to_le_bytes());
        put(0x1fe, &0xaa55_u16.to_le_bytes());
        put(0x200, &[0xeb, 0x6a]);
        put(0x202, b"HdrS");
        put(0x206, &0x020f_u16.to_le_bytes());
        put(0x20c, &0x1000_u16.to_le_bytes());
        put(0x20e, &0x0200_u16.to_le_bytes());
        put(0x211, &[0x01]);
        put(0x214, &0x10_0000_u32.to_le_bytes());
        put(0x224, &0x5b30_u16.to_le_bytes());
        put(0x22c, &0x7fff_ffff_u32.to_le_bytes());
        put(0x230, &0x20_0000_u32.to_le_bytes());
        put(0x234, &[1, 21]);
        put(0x236, &xloadflags.to_le_bytes());
        put(0x238, &2047_u32.to_le_bytes());
        put(0x248, &0x2cc_u32.to_le_bytes());
        put(0x24c, &0x8_0000_u32.to_le_bytes());
        put(0x258, &0x100_0000_u64.to_le_bytes());
        put(0x260, &0x3c3_9000_u32.to_le_bytes());
        put(0x264, &0x190_u32.to_le_bytes());
        put(0x268, &0x100_u32.to_le_bytes());
        put(0x400, b"7.3.4-differential #1\0");
        put(setup + 0x100, b"LToP");
        put(setup + 0x104, &16_u32.to_le_bytes());
        put(setup + 0x108, &16_u32.to_le_bytes());
        put(setup + 0x10c, &0x8000_000a_u32.to_le_bytes());
        let name = if efi_kexec {
            "synthetic"
        } else {
            "synthetic without XLF_EFI_KEXEC"
        };
        Self {
            name: name.into(),
            file,
            everywhere: true,
        }
    }

    /// Protocol 2.12, whose setup header ends before kernel_info_offset, with bytes after
    /// it that are no header.
    #[must_use]
    pub fn short_header() -> Self {
        let mut image = Self::synthetic(true);
        image.name = "protocol 2.12".into();
        image.everywhere = false;
        image.file[0x201] = 0x66;
        image.file[0x206] = 0x0c;
        image.file[0x268..0x290].fill(0xcc);
        image
    }

    /// The longest header the jump can name, longer than boot_params has room for.
    #[must_use]
    pub fn long_header() -> Self {
        let mut image = Self::synthetic(true);
        image.name = "long header".into();
        image.everywhere = false;
        image.file[0x201] = 0x7f;
        image.file[0x26c..0x2a0].fill(0xcc);
        image
    }

    /// A kernel's file.
    ///
    /// # Errors
    /// It cannot be read, or is no bzImage.
    pub fn read(path: &std::path::Path) -> Outcome<Self> {
        let file = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if file.len() < 0x1000 || &file[0x202..0x206] != b"HdrS" {
            return Err(format!("{}: not a bzImage", path.display()));
        }
        Ok(Self {
            name: path.display().to_string(),
            file,
            everywhere: true,
        })
    }

    /// The part that runs: everything after the setup sectors.
    #[must_use]
    pub fn kernel(&self) -> &[u8] {
        &self.file[self.setup_size()..]
    }

    /// Bytes of boot sector and setup sectors.
    #[must_use]
    pub fn setup_size(&self) -> usize {
        let sectors = match self.file[0x1f1] {
            0 => 4,
            given => usize::from(given),
        };
        (sectors + 1) * 512
    }

    /// init_size: bytes of memory the kernel takes while it unpacks itself.
    #[must_use]
    pub fn init_size(&self) -> u64 {
        u64::from(u32::from_le_bytes(
            self.file[0x260..0x264].try_into().unwrap_or_default(),
        ))
    }
}
