//! The relocation table behind the kernel in a bzImage's payload (arch/x86/tools/relocs.c, emit_relocs;
//! arch/x86/boot/compressed/misc.c, handle_relocations).
//!
//! It is a row of 32-bit words without a header: a 0 and the addresses of 64-bit values; in kernels up to
//! 6.12 and somewhat later a 0 and those of 32-bit values that become smaller ("inverse"), which are offsets
//! of per-CPU data; a 0 and those of 32-bit values. An address is the lower half of a virtual one, and
//! what lies there is found by its load address (p_paddr): also for per-CPU data, whose p_vaddr is 0.

use heapless::Vec;

use crate::bytes::{put_u32, put_u64, u16_at, u32_at, u64_at};
use crate::elf::{EHDR, Ehdr, offset_of};
use crate::error::{Error, Result};
use crate::image::elf::{Headers, bad, truncated};

/// __START_KERNEL_map (arch/x86/include/asm/page_64_types.h): its lower half. A physical address of the
/// kernel that has not been moved is a virtual one less this.
const START_KERNEL_MAP: u32 = 0x8000_0000;
const WORD: usize = 4;

/// How many values each list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// 64-bit values that are moved.
    pub wide: usize,
    /// 32-bit values that are moved the other way; `None` if the table has no such list.
    pub inverse: Option<usize>,
    /// 32-bit values that are moved.
    pub narrow: usize,
}

/// What one PT_LOAD has of the file.
#[derive(Clone, Copy)]
struct Part {
    address: u64,
    size: u64,
    offset: u64,
}

/// The most PT_LOADs, as kexec_load takes 16 segments.
const PARTS_MAX: usize = 16;

/// A checked table, and the parts of the kernel that it is about.
#[derive(Clone)]
pub struct Relocs<'t> {
    /// From the first zero on.
    words: &'t [u8],
    lists: Lists,
    parts: Vec<Part, PARTS_MAX>,
}

/// What is done with an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Wide,
    Inverse,
    Narrow,
}

impl List {
    const fn width(self) -> u64 {
        match self {
            Self::Wide => 8,
            Self::Inverse | Self::Narrow => 4,
        }
    }
}

/// Where the ELF file ends, and with it the kernel: with its section headers, which are kept, or with the
/// last bytes that are loaded.
fn elf_end(elf: &[u8]) -> Result<usize> {
    let headers = Headers::parse(elf)?;
    let size = |at| u16_at(elf, at).ok_or(truncated(elf, EHDR as u64));
    let count = u64::wrapping_mul(size(SHNUM)?.into(), size(SHENTSIZE)?.into());
    let start = u64_at(elf, SHOFF).unwrap_or(0);
    let sections = if headers.is_64() && count != 0 {
        start.saturating_add(count)
    } else {
        0
    };
    let loads = headers.loads();
    let end = loads.fold(sections, |end, load| {
        end.max(load.offset.saturating_add(load.in_file))
    });
    let end = usize::try_from(end).ok().filter(|end| *end <= elf.len());
    end.ok_or(bad(
        "e_shoff, with which the kernel must end inside the unpacked payload,",
        SHOFF as u64,
        start,
    ))
}

const SHOFF: usize = offset_of!(Ehdr, e_shoff);
const SHNUM: usize = offset_of!(Ehdr, e_shnum);
const SHENTSIZE: usize = offset_of!(Ehdr, e_shentsize);

/// Splits an unpacked payload into the kernel and the bytes behind it, of which there are none if the
/// kernel has no table.
pub(super) fn split(payload: &mut [u8]) -> Result<(&mut [u8], &mut [u8])> {
    let end = elf_end(payload)?;
    // Not more than its length.
    Ok(payload.split_at_mut_checked(end).unwrap_or_default())
}

impl<'t> Relocs<'t> {
    /// Checks a table, which is all that lies behind the kernel `elf`: it begins with 0, has exactly two
    /// or three zeros, and each entry is the address of bytes that a PT_LOAD has in the file.
    ///
    /// # Errors
    /// [`Error::BadField`], with an offset in the unpacked payload, of which the table is the end;
    /// [`Error::Full`] for more than 16 PT_LOADs; all that is wrong with the ELF header.
    pub fn parse(table: &'t [u8], elf: &[u8]) -> Result<Self> {
        let mut parts = Vec::new();
        for load in Headers::parse(elf)?.loads() {
            let part = Part {
                address: load.address,
                size: load.in_file,
                offset: load.offset,
            };
            if load.in_file != 0 && parts.push(part).is_err() {
                return Err(Error::Full {
                    what: "the table of PT_LOADs with relocations",
                    capacity: PARTS_MAX as u64,
                });
            }
        }
        let base = elf.len() as u64;
        let zeros = table.chunks_exact(WORD).filter(|word| *word == [0; WORD]);
        let count = zeros.count();
        let whole = table.len() % WORD == 0 && u32_at(table, 0) == Some(0);
        if !whole || !matches!(count, 2 | 3) {
            return Err(bad(
                "the relocation table, which must begin where the kernel ends and have two or three \
                 lists, each after a 0,",
                base,
                count as u64,
            ));
        }
        let mut relocs = Self {
            words: table,
            lists: Lists {
                inverse: (count == 3).then_some(0),
                ..Lists::default()
            },
            parts,
        };
        let mut lists = relocs.lists;
        let (mut last, mut at) = (0, base);
        for (list, entry) in relocs.entries() {
            at = at.wrapping_add(WORD as u64);
            let Some(list) = list else { continue };
            let number = match list {
                List::Wide => &mut lists.wide,
                List::Inverse => lists.inverse.get_or_insert(0),
                List::Narrow => &mut lists.narrow,
            };
            *number = number.wrapping_add(1);
            relocs.find(entry, list, &mut last).ok_or(bad(
                "an entry of the relocation table, which must be the address of bytes of the kernel that \
                 are loaded from the file,",
                at.wrapping_sub(WORD as u64),
                entry.into(),
            ))?;
        }
        relocs.lists = lists;
        Ok(relocs)
    }

    /// How many values each list has.
    #[must_use]
    pub const fn lists(&self) -> Lists {
        self.lists
    }

    /// Each word, with the list that it is in; `None` for a zero.
    fn entries(&self) -> impl Iterator<Item = (Option<List>, u32)> {
        let mut left = if self.lists.inverse.is_some() { 3 } else { 2 };
        let two = left == 2;
        self.words.chunks_exact(WORD).map(move |word| {
            let entry = u32_at(word, 0).unwrap_or(0);
            if entry == 0 {
                left = i32::wrapping_sub(left, 1);
                return (None, 0);
            }
            let list = match left {
                2 => List::Wide,
                1 if two => List::Wide,
                1 => List::Inverse,
                _ => List::Narrow,
            };
            (Some(list), entry)
        })
    }

    /// Where the value is in the file; `last` is the part of the entry before.
    fn find(&self, entry: u32, list: List, last: &mut usize) -> Option<usize> {
        let address = u64::from(entry.checked_sub(START_KERNEL_MAP)?);
        let at = |part: &Part| {
            let inside = address.checked_sub(part.address)?;
            let end = inside.checked_add(list.width())?;
            let place = part.offset.checked_add(inside)?;
            usize::try_from(place).ok().filter(|_| end <= part.size)
        };
        // They come in the order of sections: mostly the part is the same.
        if let Some(place) = self.parts.get(*last).and_then(at) {
            return Some(place);
        }
        let mut parts = self.parts.iter().enumerate();
        let (index, place) = parts.find_map(|(index, part)| Some((index, at(part)?)))?;
        *last = index;
        Some(place)
    }

    /// Moves the kernel's values by `delta`, the bytes by which its virtual addresses move; where it lies
    /// in physical memory changes nothing. `elf` is the file that the table was checked with.
    pub fn apply(&self, elf: &mut [u8], delta: u32) {
        if delta == 0 {
            return;
        }
        let mut last = 0;
        for (list, entry) in self.entries() {
            let Some(list) = list else { continue };
            // Both were checked.
            let Some(at) = self.find(entry, list, &mut last) else {
                continue;
            };
            let narrow = || u32_at(elf, at).unwrap_or(0);
            let _ = match list {
                List::Wide => {
                    let value = u64_at(elf, at).unwrap_or(0).wrapping_add(delta.into());
                    put_u64(elf, at, value)
                }
                List::Inverse => put_u32(elf, at, narrow().wrapping_sub(delta)),
                List::Narrow => put_u32(elf, at, narrow().wrapping_add(delta)),
            };
        }
    }
}

impl core::fmt::Debug for Relocs<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.lists.fmt(f)
    }
}

#[cfg(test)]
#[path = "relocs_tests.rs"]
mod tests;
