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
//! p_offset is the physical address, like p_paddr: "the file" is the old kernel's memory. Only of
//! low memory that was copied it is the copy's. All
//! PT_NOTE come first, for the capture kernel joins them into one by moving what follows.

use crate::bytes::{put_slice, put_u8, put_u16, put_u32, put_u64};
use crate::machine::KernelText;
use crate::memory::Range;

/// Bytes of Elf64_Ehdr.
const EHDR: usize = 64;
/// Bytes of Elf64_Phdr.
const PHDR: usize = 56;

const ELFCLASS64: u8 = 2;
const ELFDATA2LSB: u8 = 1;
const EV_CURRENT: u8 = 1;
const ET_CORE: u16 = 4;
const EM_X86_64: u16 = 62;
const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;
/// PF_R | PF_W | PF_X.
const FLAGS_RWX: u32 = 7;

/// What the header says.
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
    /// The RAM to be dumped, sorted.
    pub ram: &'a [Range],
    /// Where the memory below [`CoreHeader::BACKED_UP`] is copied to before the capture kernel
    /// starts, if it is.
    pub backup: Option<Range>,
    /// Virtual address at which physical address 0 is mapped (PAGE_OFFSET).
    pub direct_map: u64,
}

/// A program header.
struct Segment {
    kind: u32,
    flags: u32,
    /// Where its contents lie.
    offset: u64,
    virt: u64,
    phys: u64,
    size: u64,
}

impl CoreHeader<'_> {
    /// Memory below this address can be copied: what a PC has before its ROMs and VGA memory.
    pub const BACKED_UP: u64 = 0xa_0000;

    /// The most program headers an ELF header counts: the capture kernel knows no PN_XNUM.
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

    /// Bytes of the whole.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.program_headers()
            .saturating_mul(PHDR)
            .saturating_add(EHDR)
    }

    /// Writes it; answers the part of `out` that was written. `None` if `out` is smaller than
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
            flags: FLAGS_RWX,
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

/// Elf64_Ehdr: no sections, program headers right behind it.
fn write_ehdr(out: &mut [u8], program_headers: u16) -> Option<()> {
    out.fill(0);
    put_slice(out, 0, b"\x7fELF")?;
    put_u8(out, 4, ELFCLASS64)?;
    put_u8(out, 5, ELFDATA2LSB)?;
    put_u8(out, 6, EV_CURRENT)?;
    put_u16(out, 16, ET_CORE)?;
    put_u16(out, 18, EM_X86_64)?;
    put_u32(out, 20, u32::from(EV_CURRENT))?;
    put_u64(out, 32, EHDR as u64)?; // e_phoff
    put_u16(out, 52, EHDR as u16)?; // e_ehsize
    put_u16(out, 54, PHDR as u16)?; // e_phentsize
    put_u16(out, 56, program_headers) // e_phnum
}

/// Elf64_Phdr.
fn write_phdr(out: &mut [u8], segment: &Segment) -> Option<()> {
    put_u32(out, 0, segment.kind)?;
    put_u32(out, 4, segment.flags)?;
    put_u64(out, 8, segment.offset)?; // p_offset
    put_u64(out, 16, segment.virt)?;
    put_u64(out, 24, segment.phys)?; // p_paddr
    put_u64(out, 32, segment.size)?; // p_filesz
    put_u64(out, 40, segment.size)?; // p_memsz
    put_u64(out, 48, 0) // p_align
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
