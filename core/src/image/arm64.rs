//! A Linux/arm64 Image (Documentation/arch/arm64/booting.rst, "Call the kernel image"): the kernel
//! without a decompressor, as Debian's vmlinuz is.

use super::{Entry, Facts};
use crate::arch::Arch;
use crate::bytes::{slice_at, u64_at};
use crate::error::{Error, Format, Result};
use crate::memory::PageSize;

/// Offsets of the header's fields, and its size.
mod field {
    pub const TEXT_OFFSET: usize = 8;
    pub const IMAGE_SIZE: usize = 16;
    pub const FLAGS: usize = 24;
    pub const MAGIC: usize = 56;
    pub const END: usize = 64;
}

/// flags, bit 0: the kernel is big-endian.
const BIG_ENDIAN: u64 = 1;
/// flags, bits 1 and 2: its page size.
const PAGE_SIZE: u32 = 1;
/// flags, bit 3: its base may be anywhere in memory, and memory below it is used.
const ANYWHERE: u64 = 1 << 3;

/// Bytes of the largest page: segments begin at pages.
const LARGEST_PAGE: u64 = PageSize::K64.bytes();
/// What the base must be a multiple of.
const ALIGNMENT: u64 = 2 << 20;
/// COMMAND_LINE_SIZE without the NUL (include/asm-generic/setup.h, arch/arm64/include/uapi/asm/setup.h).
const COMMAND_LINE_MAX: u64 = 2047;

/// An Image whose header was checked.
#[derive(Clone, Copy)]
pub struct Arm64Image<'a> {
    file: &'a [u8],
    text_offset: u64,
    size: u64,
    flags: u64,
}

impl core::fmt::Debug for Arm64Image<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Arm64Image")
            .field("file", &self.file.len())
            .field("text_offset", &self.text_offset)
            .field("size", &self.size)
            .field("flags", &self.flags)
            .finish()
    }
}

impl<'a> Arm64Image<'a> {
    /// Checks a file's header.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`], [`Error::Truncated`] for a file that ends in the header;
    /// [`Error::NotBootable`] for a big-endian kernel, for one before Linux 3.17, which does not say how
    /// much memory it needs, and for one before 4.6, which needs the memory's beginning;
    /// [`Error::BadField`] for a size or an offset that cannot be.
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        if slice_at(file, field::MAGIC, 4) != Some(b"ARM\x64") {
            return Err(match file.len() {
                0 => Error::EmptyFile,
                _ => Error::NotThisFormat {
                    what: "an arm64 kernel (no \"ARM\\x64\" at offset 56)",
                    found: super::probe(file),
                },
            });
        }
        let truncated = Error::Truncated {
            what: "the header of the arm64 kernel",
            need: field::END as u64,
            have: file.len() as u64,
        };
        let _whole = slice_at(file, 0, field::END).ok_or(truncated)?;
        let word = |offset| u64_at(file, offset).ok_or(truncated);
        let image = Self {
            file,
            text_offset: word(field::TEXT_OFFSET)?,
            size: word(field::IMAGE_SIZE)?,
            flags: word(field::FLAGS)?,
        };
        image.check()?;
        Ok(image)
    }

    fn check(&self) -> Result<()> {
        if self.flags & BIG_ENDIAN != 0 {
            return Err(Error::NotBootable {
                why: "a big-endian arm64 kernel, whose device tree and programs cannot be prepared here",
            });
        }
        if self.size == 0 {
            return Err(Error::NotBootable {
                why: "an arm64 kernel before Linux 3.17, which does not say how much memory it needs",
            });
        }
        if self.flags & ANYWHERE == 0 {
            return Err(Error::NotBootable {
                why: "an arm64 kernel before Linux 4.6, which must lie at the beginning of memory",
            });
        }
        if self.size < self.file.len() as u64 {
            return Err(Error::BadField {
                what: "image_size, which must not be less than the size of the file,",
                offset: field::IMAGE_SIZE as u64,
                value: self.size,
            });
        }
        if self.text_offset >= ALIGNMENT || self.text_offset & LARGEST_PAGE.wrapping_sub(1) != 0 {
            return Err(Error::BadField {
                what: "text_offset, which must be a multiple of 64 KiB below 2 MiB,",
                offset: field::TEXT_OFFSET as u64,
                value: self.text_offset,
            });
        }
        Ok(())
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &'a [u8] {
        self.file
    }

    /// Bytes from a multiple of 2 MiB to its first byte, which is also its entry.
    #[must_use]
    pub const fn text_offset(&self) -> u64 {
        self.text_offset
    }

    /// Bytes of memory from its first byte on.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its page size, which the CPU must have; `None` if it does not say.
    #[must_use]
    pub const fn page_size(&self) -> Option<PageSize> {
        match self.flags.wrapping_shr(PAGE_SIZE) & 3 {
            1 => Some(PageSize::K4),
            2 => Some(PageSize::K16),
            3 => Some(PageSize::K64),
            _ => None,
        }
    }

    /// What images of all families have.
    #[must_use]
    pub const fn facts(&self) -> Facts<'a> {
        Facts {
            format: Format::Arm64Image,
            arch: Arch::Arm64,
            entries: &[Entry::Arm64],
            relocatable: true,
            alignment: ALIGNMENT,
            pref_address: 0,
            size: self.size,
            loaded: self.file.len() as u64,
            command_line_max: COMMAND_LINE_MAX,
            release: &[],
            version_string: &[],
        }
    }

    /// Longest command line, in bytes without the NUL.
    #[must_use]
    pub const fn command_line_max(&self) -> u64 {
        COMMAND_LINE_MAX
    }
}

#[cfg(test)]
#[path = "arm64_tests.rs"]
pub(crate) mod tests;
