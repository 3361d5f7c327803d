//! The Linux/x86 bzImage (kernel: Documentation/arch/x86/boot.rst).
//!
//! A [`BzImage`] is a view over the file's bytes that [`BzImage::parse`] or [`BzImage::parse_any`] has
//! checked: its getters copy nothing and cannot fail.

use core::fmt;

use super::Entry;
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
    /// Address of the 32-bit entry of a kernel that is not moved.
    pub const CODE32_START: usize = 0x214;
    /// Physical address of the initrd, low 32 bits.
    pub const RAMDISK_IMAGE: usize = 0x218;
    /// Its size, low 32 bits.
    pub const RAMDISK_SIZE: usize = 0x21c;
    /// Physical address of the command line, low 32 bits.
    pub const CMD_LINE_PTR: usize = 0x228;
    /// The highest address an initrd may have, inclusive.
    pub const INITRD_ADDR_MAX: usize = 0x22c;
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
    /// Where the compressed payload begins, from the start of the protected-mode code.
    pub const PAYLOAD_OFFSET: usize = 0x248;
    /// Its bytes.
    pub const PAYLOAD_LENGTH: usize = 0x24c;
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
    /// Can be entered with 5-level page tables: speaks of the decompressor, which can leave them.
    pub const FIVE_LEVEL: u16 = 0x20;
    /// The kernel proper can run with 5-level page tables.
    pub const FIVE_LEVEL_ENABLED: u16 = 0x40;
}

const LOADED_HIGH: u8 = 0x01;
const HDRS: u32 = 0x5372_6448;
const SECTOR: u64 = 512;
/// 64-bit entry, xloadflags and the ext_* fields came with 2.12 (Linux 3.8).
const OLDEST: u16 = 0x020c;
/// "HdrS" and the entry of kernels that are loaded high came with 2.00 (Linux 1.3.73).
const OLDEST_ANY: u16 = 0x0200;
/// End of the header fields 2.12 has (handover_offset).
const HEADER_END_2_12: usize = 0x268;
/// End of the header fields that all since 2.02 have (cmd_line_ptr).
const HEADER_END_2_02: usize = 0x22c;
/// Where every kernel that is loaded high was loaded before there was pref_address.
const HIGH: u64 = 0x10_0000;
/// The highest address of an initrd for kernels that do not say (boot.rst, initrd_addr_max).
const INITRD_MAX_2_02: u32 = 0x37ff_ffff;
/// Longest command line of kernels that do not say (boot.rst, cmdline_size).
const CMDLINE_SIZE_2_05: u32 = 255;
/// "LToP", the mark of kernel_info (boot.rst, "The kernel_info").
const KERNEL_INFO_MAGIC: u32 = 0x506f_544c;

/// A bzImage.
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
    code32_offset: Option<u32>,
    initrd_max: u32,
    setup_type_max: Option<u32>,
}

/// Bytes of the boot sector and the setup sectors. A count of 0 means 4.
const fn setup_size(sectors: u8) -> u64 {
    let sectors = if sectors == 0 { 4 } else { sectors as u64 };
    sectors.saturating_add(1).saturating_mul(SECTOR)
}

/// Where the kernel proper ends in the file. syssize counts up to the end of the last paragraph of 16
/// bytes, so a file may end 15 bytes before it.
const fn kernel_end(setup_size: u64, syssize: u32) -> u64 {
    (syssize as u64)
        .saturating_mul(16)
        .saturating_sub(15)
        .saturating_add(setup_size)
}

impl<'a> BzImage<'a> {
    /// Where execution starts, from the load address.
    pub const ENTRY_64: u64 = 0x200;

    /// Checks that what is at its 64-bit entry comes from the file, and is not memory that is zero.
    #[inline]
    pub(crate) const fn entered(&self) -> Result<()> {
        if (self.kernel().len() as u64) > Self::ENTRY_64 {
            return Ok(());
        }
        Err(Error::BadField {
            what: "the entry point, which must lie in bytes that are loaded from the file,",
            offset: Self::ENTRY_64,
            value: self.pref_address().saturating_add(Self::ENTRY_64),
        })
    }

    /// Bytes that a file must have which begins with `start`, by its setup header; `None` if that is
    /// not the header of a bzImage of boot protocol 2.04 or later. It needs the first 0x208 bytes only:
    /// for a file that the running kernel reads, which does not look at this.
    #[must_use]
    pub fn whole_size(start: &[u8]) -> Option<u64> {
        let magic = u32_at(start, field::HEADER)?;
        let version = u16_at(start, field::VERSION)?;
        if magic != HDRS || version < 0x0204 {
            return None;
        }
        let sectors = u8_at(start, field::SETUP_SECTS)?;
        let paragraphs = u32_at(start, field::SYSSIZE)?;
        Some(kernel_end(setup_size(sectors), paragraphs))
    }

    /// Checks a file that must have a 64-bit entry.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::NotThisFormat`], [`Error::Protocol`],
    /// [`Error::NotBootable`] (no 64-bit entry), [`Error::BadField`] for a header that lies.
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        Self::checked::<false>(file)
    }

    /// Checks a file of any boot protocol from 2.00 on. [`BzImage::entries`] has its entries.
    ///
    /// # Errors
    /// As [`BzImage::parse`]; a missing 64-bit entry is no error.
    pub fn parse_any(file: &'a [u8]) -> Result<Self> {
        Self::checked::<true>(file)
    }

    /// `ANY`: also without a 64-bit entry. A program that names only one of the two has nothing of
    /// the other.
    #[inline(always)]
    fn checked<const ANY: bool>(file: &'a [u8]) -> Result<Self> {
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
        // Whether the header has the fields of this version.
        let since = |this| !ANY || version >= this;
        let need = if ANY { OLDEST_ANY } else { OLDEST };
        if version < need {
            return Err(Error::Protocol {
                found: version,
                need,
            });
        }
        if u8f(field::LOADFLAGS) & LOADED_HIGH == 0 {
            return Err(Error::NotBootable {
                why: "a zImage (LOADED_HIGH is not set), not a bzImage",
            });
        }
        let xloadflags = if since(OLDEST) {
            u16f(field::XLOADFLAGS)
        } else {
            0
        };
        if !ANY && xloadflags & xlf::KERNEL_64 == 0 {
            return Err(Error::NotBootable {
                why: "the kernel has no 64-bit entry (XLF_KERNEL_64 is not set): a 32-bit kernel",
            });
        }

        let jump = u8f(field::JUMP_OFFSET);
        let mut header_end = field::HEADER
            .saturating_add(usize::from(jump))
            .min(field::HOLE_END);
        if !since(OLDEST) {
            header_end = header_end.max(HEADER_END_2_02);
        } else if header_end < HEADER_END_2_12 {
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

        let setup_size = setup_size(u8f(field::SETUP_SECTS));
        // Before 2.04 it had two bytes, too few for a kernel that is loaded high.
        let syssize = if since(0x0204) {
            u32f(field::SYSSIZE)
        } else {
            0
        };
        let first = if !ANY || xloadflags & xlf::KERNEL_64 != 0 {
            Self::ENTRY_64
        } else {
            0
        };
        let need =
            kernel_end(setup_size, syssize).max(setup_size.saturating_add(first).saturating_add(1));
        let kernel = usize::try_from(setup_size)
            .ok()
            .and_then(|start| file.get(start..))
            .filter(|_| file.len() as u64 >= need)
            .ok_or_else(|| short("the kernel proper", need))?;

        let relocatable = since(0x0205) && u8f(field::RELOCATABLE_KERNEL) != 0;
        let mut alignment = u32f(field::KERNEL_ALIGNMENT);
        let mut pref_address = u64_at(file, field::PREF_ADDRESS).unwrap_or(0);
        let mut init_size = u32f(field::INIT_SIZE);
        if ANY && !relocatable {
            // It is not moved. Images that are no Linux have 0.
            alignment = crate::memory::PAGE_SIZE as u32;
        }
        if !since(0x020a) {
            pref_address = HIGH;
            init_size = unpacked(kernel);
        }
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
        let code32_offset = code32_offset(file, kernel);
        let code32_start = u32f(field::CODE32_START);
        // Without the other entries it is what an image in real mode has, or damaged.
        let alone = ANY && xloadflags & xlf::KERNEL_64 == 0 && code32_offset.is_none();
        if alone && code32_start != 0 && u32f(field::SYSSIZE) != 0 {
            return Err(bad(
                "the 32-bit entry (code32_start), which must lie in the kernel,",
                field::CODE32_START,
                u64::from(code32_start),
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
            cmdline_size: if since(0x0206) {
                u32f(field::CMDLINE_SIZE)
            } else {
                CMDLINE_SIZE_2_05
            },
            pref_address,
            init_size,
            code32_offset,
            initrd_max: if since(0x0203) {
                u32f(field::INITRD_ADDR_MAX)
            } else {
                INITRD_MAX_2_02
            },
            setup_type_max: setup_type_max(file, version, kernel),
        })
    }

    /// Where it can be entered, the best first.
    #[must_use]
    pub const fn entries(&self) -> &'static [Entry] {
        match (
            self.xloadflags & xlf::KERNEL_64 != 0,
            self.code32_offset.is_some(),
        ) {
            (true, true) => &[Entry::X86Long, Entry::X86Protected, Entry::X86Real],
            (true, false) => &[Entry::X86Long, Entry::X86Real],
            (false, true) => &[Entry::X86Protected, Entry::X86Real],
            (false, false) => &[Entry::X86Real],
        }
    }

    /// Where its 32-bit entry is, from its load address; `None` if it has none.
    #[must_use]
    pub const fn code32_offset(&self) -> Option<u64> {
        match self.code32_offset {
            Some(offset) => Some(offset as u64),
            None => None,
        }
    }

    /// The highest address that an initrd may have, inclusive, where it is entered by its 32-bit or
    /// real-mode entry.
    #[must_use]
    pub const fn initrd_max(&self) -> u64 {
        self.initrd_max as u64
    }

    /// The setup header from offset 0x1f1 to its end, for boot_params.
    #[must_use]
    pub const fn setup_header(&self) -> &'a [u8] {
        self.setup_header
    }

    /// The boot sector and the setup code, which runs in real mode.
    #[must_use]
    pub fn setup(&self) -> &'a [u8] {
        let end = self.file.len().saturating_sub(self.kernel.len());
        self.file.get(..end).unwrap_or_default()
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

    /// Bytes of memory it needs from its load address on: before boot protocol 2.10 an estimate, eight
    /// times its size, because the file does not say.
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

/// Where the 32-bit entry is, from the load address; `None` if there is none, or if it is not in the
/// file. iPXE's .lkrn has no address of it, and memdisk and GRUB's lnxboot.img, which have no
/// protected-mode kernel, have no syssize.
fn code32_offset(file: &[u8], kernel: &[u8]) -> Option<u32> {
    let start = u32_at(file, field::CODE32_START)?;
    u32_at(file, field::SYSSIZE).filter(|size| *size != 0)?;
    // As kernels without pref_address count it, wherever the kernel is loaded.
    let offset = start.checked_sub(HIGH as u32)?;
    (u64::from(offset) < kernel.len() as u64).then_some(offset)
}

/// An estimate of the memory of a kernel that does not say how much it needs. Compressed it has a
/// third to a fifth of its size, and beyond that there are its bss, heap and page tables.
fn unpacked(kernel: &[u8]) -> u32 {
    u32::try_from(kernel.len()).map_or(u32::MAX, |size| size.saturating_mul(8))
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
