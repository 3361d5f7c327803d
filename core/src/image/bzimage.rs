//! The Linux/x86 bzImage (kernel: Documentation/arch/x86/boot.rst), entered at its 64-bit entry.
//!
//! A [`BzImage`] is a view over the file's bytes that [`BzImage::parse`] has checked: its getters copy
//! nothing and cannot fail.

use core::fmt;

use crate::bytes::{slice_at, u8_at, u16_at, u32_at, u64_at};
use crate::error::{Error, Format, Result};

/// Offsets in the file and in boot_params alike (arch/x86/include/uapi/asm/bootparam.h,
/// struct setup_header; boot.rst, "Details of header fields").
pub mod field {
    /// Size of the setup code in sectors of 512 bytes; 0 means 4. The header starts here.
    pub const SETUP_SECTS: usize = 0x1f1;
    /// Size of the protected-mode code in paragraphs of 16 bytes.
    pub const SYSSIZE: usize = 0x1f4;
    /// 0xaa55.
    pub const BOOT_FLAG: usize = 0x1fe;
    /// The offset byte of a short jump; the header ends at 0x202 plus it.
    pub const JUMP_OFFSET: usize = 0x201;
    /// "HdrS".
    pub const HEADER: usize = 0x202;
    /// Protocol version, major << 8 | minor.
    pub const VERSION: usize = 0x206;
    /// Offset of the version string, less 0x200.
    pub const KERNEL_VERSION: usize = 0x20e;
    /// Boot loader identifier.
    pub const TYPE_OF_LOADER: usize = 0x210;
    /// LOADED_HIGH and others.
    pub const LOADFLAGS: usize = 0x211;
    /// Physical address of the initrd, low 32 bits.
    pub const RAMDISK_IMAGE: usize = 0x218;
    /// Its size, low 32 bits.
    pub const RAMDISK_SIZE: usize = 0x21c;
    /// Physical address of the command line, low 32 bits.
    pub const CMD_LINE_PTR: usize = 0x228;
    /// Alignment for a relocatable kernel.
    pub const KERNEL_ALIGNMENT: usize = 0x230;
    /// Whether the kernel may be moved.
    pub const RELOCATABLE_KERNEL: usize = 0x234;
    /// XLF_* flags.
    pub const XLOADFLAGS: usize = 0x236;
    /// Longest command line, without the NUL.
    pub const CMDLINE_SIZE: usize = 0x238;
    /// Paravirtual subarchitecture.
    pub const HARDWARE_SUBARCH: usize = 0x23c;
    /// Pointer to the first setup_data node.
    pub const SETUP_DATA: usize = 0x250;
    /// Preferred load address.
    pub const PREF_ADDRESS: usize = 0x258;
    /// Memory needed from the load address on.
    pub const INIT_SIZE: usize = 0x260;
    /// Offset of kernel_info from the start of the protected-mode code.
    pub const KERNEL_INFO_OFFSET: usize = 0x268;
    /// Where boot_params goes on with other things: no header reaches past it.
    pub const HOLE_END: usize = 0x290;
}

/// xloadflags bits.
pub mod xlf {
    /// Has the 64-bit entry at 0x200.
    pub const KERNEL_64: u16 = 0x01;
    /// Kernel, boot_params, command line and initrd may lie above 4 GiB.
    pub const CAN_BE_LOADED_ABOVE_4G: u16 = 0x02;
    /// Takes EFI runtime services over from a kexec.
    pub const EFI_KEXEC: u16 = 0x10;
    /// Can be entered with 5-level page tables.
    pub const FIVE_LEVEL: u16 = 0x20;
}

const LOADED_HIGH: u8 = 0x01;
const HDRS: u32 = 0x5372_6448;
const SECTOR: u64 = 512;
/// 64-bit entry, xloadflags and the ext_* fields came with 2.12 (Linux 3.8).
const OLDEST: u16 = 0x020c;
/// End of the header fields 2.12 has (handover_offset).
const HEADER_END_2_12: usize = 0x268;
/// "LToP", the mark of kernel_info (boot.rst, "The kernel_info").
const KERNEL_INFO_MAGIC: u32 = 0x506f_544c;

/// A bzImage of protocol 2.12 or newer with a 64-bit entry.
#[derive(Clone, Copy)]
pub struct BzImage<'a> {
    file: &'a [u8],
    setup_header: &'a [u8],
    kernel: &'a [u8],
    version: u16,
    xloadflags: u16,
    alignment: u32,
    relocatable: bool,
    cmdline_size: u32,
    pref_address: u64,
    init_size: u32,
    setup_type_max: Option<u32>,
}

impl<'a> BzImage<'a> {
    /// Where execution starts, from the load address.
    pub const ENTRY_64: u64 = 0x200;

    /// Checks a file.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::NotThisFormat`], [`Error::Protocol`],
    /// [`Error::NotBootable`] (no 64-bit entry), [`Error::BadField`] for a header that lies.
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        let short = |what, need: u64| Error::Truncated {
            what,
            need,
            have: file.len() as u64,
        };
        let header_short = || short("the bzImage setup header", field::HOLE_END as u64);
        let magic = u32_at(file, field::HEADER).ok_or_else(header_short)?;
        let boot_flag = u16_at(file, field::BOOT_FLAG).ok_or_else(header_short)?;
        if magic != HDRS || boot_flag != 0xaa55 {
            return Err(Error::NotThisFormat {
                what: "a bzImage (no \"HdrS\" at offset 0x202)",
                found: Format::Unknown,
            });
        }
        if file.len() < field::HOLE_END {
            return Err(header_short());
        }
        let u8f = |offset| u8_at(file, offset).unwrap_or(0);
        let u16f = |offset| u16_at(file, offset).unwrap_or(0);
        let u32f = |offset| u32_at(file, offset).unwrap_or(0);

        let version = u16f(field::VERSION);
        if version < OLDEST {
            return Err(Error::Protocol {
                found: version,
                need: OLDEST,
            });
        }
        if u8f(field::LOADFLAGS) & LOADED_HIGH == 0 {
            return Err(Error::NotBootable {
                why: "a zImage (LOADED_HIGH is not set), not a bzImage",
            });
        }
        let xloadflags = u16f(field::XLOADFLAGS);
        if xloadflags & xlf::KERNEL_64 == 0 {
            return Err(Error::NotBootable {
                why: "the kernel has no 64-bit entry (XLF_KERNEL_64 is not set): a 32-bit kernel",
            });
        }

        let jump = u8f(field::JUMP_OFFSET);
        let header_end = field::HEADER
            .saturating_add(usize::from(jump))
            .min(field::HOLE_END);
        if header_end < HEADER_END_2_12 {
            return Err(Error::BadField {
                what: "the setup header's length (jump)",
                offset: field::JUMP_OFFSET as u64,
                value: u64::from(jump),
            });
        }
        let setup_header = slice_at(
            file,
            field::SETUP_SECTS,
            header_end.saturating_sub(field::SETUP_SECTS),
        )
        .ok_or_else(header_short)?;

        let sectors = match u8f(field::SETUP_SECTS) {
            0 => 4,
            count => u64::from(count),
        };
        let setup_size = sectors.saturating_add(1).saturating_mul(SECTOR);
        // syssize counts up to the end of the last paragraph, so a file may end 15 bytes
        // before it.
        let need = u64::from(u32f(field::SYSSIZE))
            .saturating_mul(16)
            .saturating_sub(15)
            .saturating_add(setup_size)
            .max(setup_size.saturating_add(Self::ENTRY_64).saturating_add(1));
        let kernel = usize::try_from(setup_size)
            .ok()
            .and_then(|start| file.get(start..))
            .filter(|_| file.len() as u64 >= need)
            .ok_or_else(|| short("the kernel proper", need))?;

        let alignment = u32f(field::KERNEL_ALIGNMENT);
        let relocatable = u8f(field::RELOCATABLE_KERNEL) != 0;
        let pref_address = u64_at(file, field::PREF_ADDRESS).unwrap_or(0);
        let init_size = u32f(field::INIT_SIZE);
        let bad = |what, offset: usize, value: u64| Error::BadField {
            what,
            offset: offset as u64,
            value,
        };
        if !alignment.is_power_of_two() {
            return Err(bad(
                "kernel_alignment, which must be a power of two,",
                field::KERNEL_ALIGNMENT,
                u64::from(alignment),
            ));
        }
        if u64::from(init_size) < kernel.len() as u64 {
            return Err(bad(
                "init_size, which must cover the kernel,",
                field::INIT_SIZE,
                u64::from(init_size),
            ));
        }
        if !relocatable && pref_address % crate::memory::PAGE_SIZE != 0 {
            return Err(bad(
                "pref_address, which must be page aligned,",
                field::PREF_ADDRESS,
                pref_address,
            ));
        }
        Ok(Self {
            file,
            setup_header,
            kernel,
            version,
            xloadflags,
            alignment,
            relocatable,
            cmdline_size: u32f(field::CMDLINE_SIZE),
            pref_address,
            init_size,
            setup_type_max: setup_type_max(file, version, kernel),
        })
    }

    /// The setup header from offset 0x1f1 to its end, for boot_params.
    #[must_use]
    pub const fn setup_header(&self) -> &'a [u8] {
        self.setup_header
    }

    /// The kernel proper: everything after the setup code, to the end of the file.
    #[must_use]
    pub const fn kernel(&self) -> &'a [u8] {
        self.kernel
    }

    /// Protocol version, major << 8 | minor.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// The XLF_* flags ([`xlf`]).
    #[must_use]
    pub const fn xloadflags(&self) -> u16 {
        self.xloadflags
    }

    /// Alignment of the load address, a power of two.
    #[must_use]
    pub const fn alignment(&self) -> u64 {
        self.alignment as u64
    }

    /// Whether it may be loaded elsewhere than at [`BzImage::pref_address`].
    #[must_use]
    pub const fn relocatable(&self) -> bool {
        self.relocatable
    }

    /// Longest command line it takes, in bytes without the NUL.
    #[must_use]
    pub const fn cmdline_size(&self) -> u64 {
        self.cmdline_size as u64
    }

    /// Preferred load address; loaded below it the kernel would move up to it.
    #[must_use]
    pub const fn pref_address(&self) -> u64 {
        self.pref_address
    }

    /// Bytes of memory it needs from its load address on.
    #[must_use]
    pub const fn init_size(&self) -> u64 {
        self.init_size as u64
    }

    /// The highest setup_data type it knows (without SETUP_INDIRECT); `None` before 2.15.
    #[must_use]
    pub const fn setup_type_max(&self) -> Option<u32> {
        self.setup_type_max
    }

    /// What `uname -r` says of this kernel: the first word of [`BzImage::version_string`].
    #[must_use]
    pub fn release(&self) -> &'a [u8] {
        let mut words = self.version_string().split(|byte| *byte == b' ');
        words.next().unwrap_or_default()
    }

    /// The version string, its release, builder and `uname -v`: "6.1.0-18-amd64
    /// (debian-kernel@lists.debian.org) #1 SMP ..."; empty if the header has none.
    #[must_use]
    pub fn version_string(&self) -> &'a [u8] {
        let start = u16_at(self.file, field::KERNEL_VERSION)
            .filter(|offset| *offset != 0)
            .and_then(|offset| self.file.get(usize::from(offset).saturating_add(0x200)..))
            .unwrap_or_default();
        start
            .split(|byte| *byte == 0)
            .next()
            .filter(|text| text.len() < 256)
            .unwrap_or_default()
    }
}

impl fmt::Debug for BzImage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BzImage")
            .field("kernel", &self.kernel.len())
            .field("version", &self.version)
            .field("xloadflags", &self.xloadflags)
            .field("init_size", &self.init_size)
            .finish_non_exhaustive()
    }
}

fn setup_type_max(file: &[u8], version: u16, kernel: &[u8]) -> Option<u32> {
    const SETUP_INDIRECT: u32 = 0x8000_0000;
    if version < 0x020f {
        return None;
    }
    let offset = u32_at(file, field::KERNEL_INFO_OFFSET).filter(|offset| *offset != 0)?;
    let info = kernel.get(usize::try_from(offset).ok()?..)?;
    if u32_at(info, 0)? != KERNEL_INFO_MAGIC {
        return None;
    }
    Some(u32_at(info, 12)? & !SETUP_INDIRECT)
}

#[cfg(test)]
#[path = "bzimage_tests.rs"]
mod tests;
