//! A Linux vmlinux: the kernel as an ELF file, without the decompressor around it, entered at its
//! 64-bit entry with boot_params in RSI (Documentation/arch/x86/boot.rst, "64-bit boot protocol";
//! arch/x86/kernel/head_64.S, startup_64).
//!
//! Its PT_LOADs go to their p_paddr, or all of them moved by the same multiple of 2 MiB:
//! startup_64 finds out where it is (arch/x86/boot/startup/map_kernel.c, __startup_64, before
//! that arch/x86/kernel/head64.c).

use heapless::Vec;

use crate::arch::Arch;
use crate::bytes::{slice_at, u16_at, u32_at, u64_at};
use crate::elf::{
    EHDR, ET_DYN, ET_EXEC, Ehdr, MAGIC, MAGIC_64_LE, PHDR, PT_INTERP, PT_LOAD, Phdr, offset_of,
};
use crate::error::{Error, Format, Result};
use crate::memory::{PAGE_SIZE, Range};

/// What startup_64 can be moved by.
const ALIGNMENT: u64 = 2 << 20;

/// A part of the kernel.
#[derive(Clone, Copy)]
pub struct Load<'a> {
    /// The bytes in the file.
    pub bytes: &'a [u8],
    /// Bytes from the kernel's first address.
    pub offset: u64,
    /// Bytes of memory, a multiple of the page size.
    pub size: u64,
}

impl core::fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let bytes = self.bytes.len();
        write!(
            f,
            "{bytes:#x} bytes of {:#x} at {:#x}",
            self.size, self.offset
        )
    }
}

/// A vmlinux for x86_64.
#[derive(Clone, Debug)]
pub struct Vmlinux<'a> {
    loads: Vec<Load<'a>, { Vmlinux::LOADS_MAX }>,
    range: Range,
    entry: u64,
}

impl<'a> Vmlinux<'a> {
    /// How many PT_LOADs there may be; kernels have four or five.
    pub const LOADS_MAX: usize = 8;
    /// Offset of e_entry in the file.
    pub(super) const E_ENTRY: u64 = offset_of!(Ehdr, e_entry) as u64;

    /// Whether a file begins like one: any ELF file does.
    #[must_use]
    pub fn is_elf(file: &[u8]) -> bool {
        file.starts_with(MAGIC)
    }

    /// Checks a file.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`], [`Error::Truncated`], [`Error::NotBootable`] for another
    /// machine's or a program that wants an interpreter, [`Error::BadField`] for addresses that
    /// cannot be, [`Error::Full`] past [`Vmlinux::LOADS_MAX`].
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        if !Self::is_elf(file) {
            return Err(Error::NotThisFormat {
                what: "an ELF file (no \"\\x7fELF\")",
                found: Format::Unknown,
            });
        }
        let half = |offset| u16_at(file, offset).ok_or(truncated(file, EHDR as u64));
        if !file.starts_with(MAGIC_64_LE)
            || half(offset_of!(Ehdr, e_machine))? != Arch::X86_64.elf_machine()
            || !matches!(half(offset_of!(Ehdr, e_type))?, ET_EXEC | ET_DYN)
        {
            return Err(Error::NotBootable {
                why: "an ELF file, but not an x86-64 executable",
            });
        }
        let word = |offset| u64_at(file, offset).ok_or(truncated(file, EHDR as u64));
        let entry = word(offset_of!(Ehdr, e_entry))?;
        let table = word(offset_of!(Ehdr, e_phoff))?;
        let count = half(offset_of!(Ehdr, e_phnum))?;
        let size = half(offset_of!(Ehdr, e_phentsize))?;
        if usize::from(size) != PHDR {
            let offset = offset_of!(Ehdr, e_phentsize) as u64;
            return Err(bad("e_phentsize", offset, u64::from(size)));
        }
        let mut kernel = Self {
            loads: Vec::new(),
            // Replaced below.
            range: Range::new(0, 0).ok_or(bad("e_phnum", offset_of!(Ehdr, e_phnum) as u64, 0))?,
            entry,
        };
        let mut first = None;
        let mut next = 0;
        for index in 0..u64::from(count) {
            let at = index
                .checked_mul(PHDR as u64)
                .and_then(|at| at.checked_add(table));
            let header = at
                .and_then(|at| slice_at(file, usize::try_from(at).ok()?, PHDR))
                .ok_or(truncated(file, table))?;
            let at = at.unwrap_or(0);
            match u32_at(header, offset_of!(Phdr, p_type)) {
                Some(PT_LOAD) => kernel.load(file, header, at, &mut first, &mut next)?,
                Some(PT_INTERP) => {
                    return Err(Error::NotBootable {
                        why: "an ELF program for a running system, not a kernel",
                    });
                }
                _ => {}
            }
        }
        let start = first.ok_or(Error::NotBootable {
            why: "an ELF file with nothing to load",
        })?;
        kernel.range = Range::from_size(start, next.wrapping_sub(start))
            .filter(|range| range.start() <= entry && entry <= range.last())
            .ok_or(bad(
                "e_entry, which must be a physical address,",
                Self::E_ENTRY,
                entry,
            ))?;
        Ok(kernel)
    }

    /// One PT_LOAD; `first` is the kernel's first address, `next` the first page after it.
    fn load(
        &mut self,
        file: &'a [u8],
        header: &[u8],
        at: u64,
        first: &mut Option<u64>,
        next: &mut u64,
    ) -> Result<()> {
        let field = |offset| u64_at(header, offset).unwrap_or(0);
        let offset = field(offset_of!(Phdr, p_offset));
        let address = field(offset_of!(Phdr, p_paddr));
        let in_file = field(offset_of!(Phdr, p_filesz));
        let in_memory = field(offset_of!(Phdr, p_memsz));
        let place = |offset: usize| at.saturating_add(offset as u64);
        if in_memory == 0 {
            return Ok(());
        }
        if in_file > in_memory {
            return Err(bad("p_filesz", place(offset_of!(Phdr, p_filesz)), in_file));
        }
        if address % PAGE_SIZE != 0 || address < *next {
            let what = "p_paddr, which must be page aligned and ascending,";
            return Err(bad(what, place(offset_of!(Phdr, p_paddr)), address));
        }
        let end = address
            .checked_add(in_memory)
            .and_then(|end| crate::memory::align_up(end, PAGE_SIZE))
            .ok_or(bad("p_memsz", place(offset_of!(Phdr, p_memsz)), in_memory))?;
        let bytes = usize::try_from(offset)
            .ok()
            .zip(usize::try_from(in_file).ok())
            .and_then(|(offset, size)| slice_at(file, offset, size))
            .ok_or(truncated(file, offset.saturating_add(in_file)))?;
        let start = *first.get_or_insert(address);
        let load = Load {
            bytes,
            offset: address.saturating_sub(start),
            size: end.saturating_sub(address),
        };
        *next = end;
        self.loads.push(load).map_err(|_| Error::Full {
            what: "Vmlinux::LOADS_MAX",
            capacity: Self::LOADS_MAX as u64,
        })
    }

    /// Its parts, by ascending address.
    #[must_use]
    pub fn loads(&self) -> &[Load<'a>] {
        &self.loads
    }

    /// The physical memory it was linked for, from the first part to the end of the last.
    #[must_use]
    pub const fn range(&self) -> Range {
        self.range
    }

    /// Where it is entered, from its first address.
    #[must_use]
    pub const fn entry_offset(&self) -> u64 {
        self.entry.saturating_sub(self.range.start())
    }

    /// Where it may be moved: as far from a multiple of this as it was linked to.
    #[must_use]
    pub const fn alignment(&self) -> u64 {
        ALIGNMENT
    }
}

const fn truncated(file: &[u8], need: u64) -> Error {
    Error::Truncated {
        what: "the ELF file",
        need,
        have: file.len() as u64,
    }
}

const fn bad(what: &'static str, offset: u64, value: u64) -> Error {
    Error::BadField {
        what,
        offset,
        value,
    }
}

#[cfg(test)]
#[path = "elf_tests.rs"]
mod tests;
