//! The elfcorehdr: an ELF header of type ET_CORE and its program headers, as the capture kernel's
//! fs/proc/vmcore.c reads them.
//!
//! ```text
//! 64 bytes  Elf64_Ehdr
//! 56 each   PT_NOTE   one per CPU, at the note page the kernel writes its registers to
//! 56        PT_NOTE   vmcoreinfo
//! 56        PT_LOAD   the kernel's text and data, at its link address
//! 56 each   PT_LOAD   RAM, at its address in the direct map
//! ```
//!
//! p_offset is the physical address, like p_paddr: "the file" is the old kernel's memory. For
//! low memory that was copied, it is the address of the copy. All PT_NOTE come first, because the
//! capture kernel joins them into one and moves the headers that follow.

use super::x86;
use crate::bytes::{put_slice, put_u8, put_u16, put_u32, put_u64};
use crate::elf::{
    EHDR, EI_VERSION, ET_CORE, EV_CURRENT, Ehdr, MAGIC_64_LE, PF_RWX, PHDR, PT_LOAD, PT_NOTE, Phdr,
    offset_of,
};
use crate::machine::KernelText;
use crate::memory::Range;

/// The contents of the header.
#[derive(Clone, Copy, Debug)]
pub struct CoreHeader<'a> {
    /// Physical addresses of the CPUs' crash_notes, in the order of their numbers.
    pub cpu_notes: &'a [u64],
    /// Bytes of each.
    pub cpu_notes_size: u64,
    /// The note with the kernel's vmcoreinfo.
    pub vmcoreinfo: Range,
    /// The kernel's text, if its virtual address is known.
    pub text: Option<KernelText>,
    /// The RAM to dump, sorted.
    pub ram: &'a [Range],
    /// The address to which the memory below [`CoreHeader::BACKED_UP`] is copied before the capture
    /// kernel starts, if it is copied.
    pub backup: Option<Range>,
    /// Virtual address at which physical address 0 is mapped (PAGE_OFFSET).
    pub direct_map: u64,
}

/// A program header.
struct Segment {
    kind: u32,
    flags: u32,
    /// The address of its contents.
    offset: u64,
    virt: u64,
    phys: u64,
    size: u64,
}

impl CoreHeader<'_> {
    /// Memory below this address can be copied: what a PC has before its ROMs and VGA memory.
    pub const BACKED_UP: u64 = x86::BACKED_UP;

    /// The most program headers that an ELF header can count: the capture kernel does not support
    /// PN_XNUM.
    pub const PROGRAM_HEADERS_MAX: usize = 0xfffe;

    /// How many program headers there are.
    #[must_use]
    pub const fn program_headers(&self) -> usize {
        self.cpu_notes
            .len()
            .saturating_add(1)
            .saturating_add(self.text.is_some() as usize)
            .saturating_add(self.ram.len())
    }

    /// Bytes of all headers together.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.program_headers()
            .saturating_mul(PHDR)
            .saturating_add(EHDR)
    }

    /// Writes it and returns the part of `out` that was written; `None` if `out` is smaller than
    /// [`CoreHeader::size`] or there are more than [`CoreHeader::PROGRAM_HEADERS_MAX`].
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        let out = out.get_mut(..self.size())?;
        if self.program_headers() > Self::PROGRAM_HEADERS_MAX {
            return None;
        }
        let (header, table) = out.split_at_mut_checked(EHDR)?;
        write_ehdr(header, self.program_headers() as u16)?;
        for (slot, segment) in table.chunks_exact_mut(PHDR).zip(self.segments()) {
            write_phdr(slot, &segment)?;
        }
        Some(out)
    }

    fn segments(&self) -> impl Iterator<Item = Segment> {
        let note = |phys, size| Segment {
            kind: PT_NOTE,
            flags: 0,
            offset: phys,
            virt: 0,
            phys,
            size,
        };
        let size = self.cpu_notes_size;
        let cpus = self.cpu_notes.iter().map(move |phys| note(*phys, size));
        let load = |virt, phys, size| Segment {
            kind: PT_LOAD,
            flags: PF_RWX,
            offset: phys,
            virt,
            phys,
            size,
        };
        let (direct_map, backup) = (self.direct_map, self.backup);
        let text = self.text.iter();
        let text = text.map(move |text| load(text.virt, text.phys, text.size));
        let ram = self.ram.iter().map(move |range| {
            let virt = range.start().wrapping_add(direct_map);
            let mut load = load(virt, range.start(), range.size());
            if let Some(backup) = backup.filter(|_| range.last() < Self::BACKED_UP) {
                load.offset = backup.start().saturating_add(range.start());
            }
            load
        });
        let vmcoreinfo = note(self.vmcoreinfo.start(), self.vmcoreinfo.size());
        cpus.chain([vmcoreinfo]).chain(text).chain(ram)
    }
}

/// Elf64_Ehdr: no sections, immediately followed by the program headers.
fn write_ehdr(out: &mut [u8], program_headers: u16) -> Option<()> {
    out.fill(0);
    put_slice(out, 0, MAGIC_64_LE)?;
    put_u8(out, EI_VERSION, EV_CURRENT)?;
    put_u16(out, offset_of!(Ehdr, e_type), ET_CORE)?;
    put_u16(out, offset_of!(Ehdr, e_machine), x86::ARCH.elf_machine())?;
    put_u32(out, offset_of!(Ehdr, e_version), u32::from(EV_CURRENT))?;
    put_u64(out, offset_of!(Ehdr, e_phoff), EHDR as u64)?;
    put_u16(out, offset_of!(Ehdr, e_ehsize), EHDR as u16)?;
    put_u16(out, offset_of!(Ehdr, e_phentsize), PHDR as u16)?;
    put_u16(out, offset_of!(Ehdr, e_phnum), program_headers)
}

/// Elf64_Phdr.
fn write_phdr(out: &mut [u8], segment: &Segment) -> Option<()> {
    put_u32(out, offset_of!(Phdr, p_type), segment.kind)?;
    put_u32(out, offset_of!(Phdr, p_flags), segment.flags)?;
    put_u64(out, offset_of!(Phdr, p_offset), segment.offset)?;
    put_u64(out, offset_of!(Phdr, p_vaddr), segment.virt)?;
    put_u64(out, offset_of!(Phdr, p_paddr), segment.phys)?;
    put_u64(out, offset_of!(Phdr, p_filesz), segment.size)?;
    put_u64(out, offset_of!(Phdr, p_memsz), segment.size)?;
    put_u64(out, offset_of!(Phdr, p_align), 0)
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
