//! A Linux vmlinux: the kernel as an ELF file, without the decompressor around it, entered at its
//! 64-bit entry with boot_params in RSI (Documentation/arch/x86/boot.rst, "64-bit boot protocol";
//! arch/x86/kernel/head_64.S, startup_64).
//!
//! Its PT_LOADs go to their p_paddr, or all of them moved by the same multiple of 2 MiB:
//! startup_64 finds out where it is (arch/x86/boot/startup/map_kernel.c, __startup_64, before
//! that arch/x86/kernel/head64.c).

use super::elf::{Elf, Load, bad};
use crate::error::{Error, Result};
use crate::memory::Range;

/// What startup_64 can be moved by.
const ALIGNMENT: u64 = 2 << 20;

/// A vmlinux for x86_64.
#[derive(Clone, Debug)]
pub struct Vmlinux<'a> {
    elf: Elf<'a>,
}

impl<'a> Vmlinux<'a> {
    /// Checks a file.
    ///
    /// # Errors
    /// As [`Elf::parse`]; [`Error::NotBootable`] for an ELF file of 32 bits, [`Error::BadField`] for an
    /// entry that lies in no bytes of the file that are loaded.
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        let elf = Elf::parse(file)?;
        if !elf.is_64() {
            return Err(Error::NotBootable {
                why: "an ELF file, but not an x86-64 executable",
            });
        }
        if !elf.is_loaded(elf.entry()) {
            return Err(bad(
                "e_entry, which must be a physical address in bytes that are loaded from the file,",
                elf.entry_field(),
                elf.entry(),
            ));
        }
        Ok(Self { elf })
    }

    /// Its parts, by ascending address.
    #[must_use]
    pub fn loads(&self) -> &[Load<'a>] {
        self.elf.loads()
    }

    /// The physical memory it was linked for, from the first part to the end of the last.
    #[must_use]
    pub const fn range(&self) -> Range {
        self.elf.range()
    }

    /// Where it is entered, from its first address.
    #[must_use]
    pub const fn entry_offset(&self) -> u64 {
        self.elf.entry().saturating_sub(self.range().start())
    }

    /// Where it may be moved: as far from a multiple of this as it was linked to.
    #[must_use]
    pub const fn alignment(&self) -> u64 {
        ALIGNMENT
    }
}

#[cfg(test)]
#[path = "vmlinux_tests.rs"]
mod tests;
