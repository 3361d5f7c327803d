//! Multiboot kernels, of both versions: their headers, and what is loaded where.
//!
//! A kernel is an ELF file, loaded by its physical addresses, or any file whose header has the addresses.
//! Each requirement of a header is honoured, or refused by its name or number.

mod one;
mod two;

use super::elf::{Elf, Load, bad};
use super::{Entry, Facts};
use crate::arch::Arch;
use crate::bytes::{slice_at, u32_at};
use crate::error::{Error, Format, Result};
use crate::memory::{PAGE_SIZE, Range, align_up};

/// Where a kernel of version 2 can be moved to (Multiboot2 Specification, 3.1.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// The lowest address.
    pub min: u64,
    /// The highest address, inclusive.
    pub max: u64,
    /// Alignment of its first address, a power of two.
    pub align: u64,
    /// Whether it should lie as low as possible; else it lies as high as possible.
    pub low: bool,
}

/// What the header asks for, in addition to what every kernel gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// The frame buffer, or the text screen.
    pub screen: bool,
    /// And it cannot do without.
    pub needs_screen: bool,
    /// The EFI system table.
    pub efi_64: bool,
}

/// A multiboot kernel.
#[derive(Clone, Debug)]
pub struct Multiboot<'a> {
    format: Format,
    body: Body<'a>,
    entry: u64,
    wants: Wants,
    relocation: Option<Relocation>,
}

/// What is loaded.
#[derive(Clone, Debug)]
// Without an allocator there is no box for a large one.
#[allow(clippy::large_enum_variant)]
enum Body<'a> {
    Elf(Elf<'a>),
    /// By the addresses of the header.
    Flat([Load<'a>; 1], Range),
}

/// The addresses of a header, by which a file is loaded that need not be ELF.
#[derive(Clone, Copy, Debug)]
struct Addresses {
    /// Offset of the field load_addr in the file.
    field: u64,
    /// Where in the file the byte at `load` is.
    offset: u64,
    load: u32,
    load_end: u32,
    bss_end: u32,
}

impl<'a> Multiboot<'a> {
    /// Whether a file has a header of version 1, in its first 8 KiB.
    #[must_use]
    pub fn is_one(file: &[u8]) -> bool {
        one::find(file).is_some()
    }

    /// Whether a file has a header of version 2, in its first 32 KiB.
    #[must_use]
    pub fn is_two(file: &[u8]) -> bool {
        two::find(file).is_some()
    }

    /// Checks a file that has a header of version 1.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`] without a header; as [`Elf::parse`]; [`Error::BadField`] for addresses that
    /// cannot be and for requirements that are not known; [`Error::Truncated`].
    pub fn parse_one(file: &'a [u8]) -> Result<Self> {
        one::parse(file)
    }

    /// Checks a file that has a header of version 2.
    ///
    /// # Errors
    /// As [`Multiboot::parse_one`], and [`Error::NotBootable`] for another CPU's.
    pub fn parse_two(file: &'a [u8]) -> Result<Self> {
        two::parse(file)
    }

    /// [`Format::Multiboot1`] or [`Format::Multiboot2`].
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Its parts, by ascending address.
    #[must_use]
    pub fn loads(&self) -> &[Load<'a>] {
        match &self.body {
            Body::Elf(elf) => elf.loads(),
            Body::Flat(load, _) => load,
        }
    }

    /// The memory that it is linked for, in whole pages.
    #[must_use]
    pub const fn range(&self) -> Range {
        match &self.body {
            Body::Elf(elf) => elf.range(),
            Body::Flat(_, range) => *range,
        }
    }

    /// The address that it is entered at, if it lies where it is linked for.
    #[must_use]
    pub const fn entry(&self) -> u64 {
        self.entry
    }

    /// Where it can be moved to; `None` if it must lie where it is linked for.
    #[must_use]
    pub const fn relocation(&self) -> Option<Relocation> {
        self.relocation
    }

    /// What it asks to be told.
    #[must_use]
    pub const fn wants(&self) -> Wants {
        self.wants
    }

    /// What images of all families have.
    #[must_use]
    pub fn facts(&self) -> Facts<'a> {
        let range = self.range();
        Facts {
            format: self.format,
            arch: Arch::X86_64,
            entries: &[Entry::X86Protected],
            relocatable: self.relocation.is_some(),
            alignment: self.relocation.map_or(PAGE_SIZE, |to| to.align),
            pref_address: range.start(),
            size: range.size(),
            loaded: self.loads().iter().fold(0, |sum: u64, load| {
                sum.saturating_add(load.bytes.len() as u64)
            }),
            command_line_max: u64::MAX,
            release: &[],
            version_string: &[],
        }
    }

    /// Of a file with this header: `addresses` and `entry` are what the header has of them, and where in the
    /// file the entry's field is.
    fn new(
        file: &'a [u8],
        format: Format,
        addresses: Option<Addresses>,
        entry: Option<(u32, u64)>,
    ) -> Result<Self> {
        let body = match addresses {
            Some(addresses) => flat(file, &addresses)?,
            None => Body::Elf(Elf::parse(file)?),
        };
        let (entry, field, is_loaded) = match (&body, entry) {
            (Body::Flat([load], range), Some((entry, field))) => {
                let offset = u64::from(entry).checked_sub(range.start());
                let inside = offset.is_some_and(|offset| offset < load.bytes.len() as u64);
                (entry.into(), field, inside)
            }
            (Body::Elf(elf), Some((entry, field))) => {
                (entry.into(), field, elf.is_loaded(entry.into()))
            }
            (Body::Elf(elf), None) => {
                // An address of the program, as its symbols are; where those are not physical addresses,
                // loaders translate it.
                let entry = elf.physical(elf.entry()).unwrap_or(elf.entry());
                (entry, elf.entry_field(), elf.is_loaded(entry))
            }
            (Body::Flat(..), None) => {
                return Err(Error::NotBootable {
                    why: "the multiboot header has the addresses to load but no entry address",
                });
            }
        };
        let what = "the entry of the multiboot kernel, which must be in bytes that are loaded from the \
                    file,";
        if !is_loaded {
            return Err(bad(what, field, entry));
        }
        let image = Self {
            format,
            body,
            entry,
            wants: Wants::default(),
            relocation: None,
        };
        if image.range().last() > u32::MAX.into() {
            return Err(Error::NotBootable {
                why: "the multiboot kernel is linked for addresses above 4 GiB, and entered in 32-bit mode",
            });
        }
        Ok(image)
    }
}

/// Loads a file by the addresses of its header.
fn flat<'a>(file: &'a [u8], addresses: &Addresses) -> Result<Body<'a>> {
    let Addresses {
        field,
        offset,
        load,
        load_end,
        bss_end,
    } = *addresses;
    let refuse = |what, value: u32| Err(bad(what, field, value.into()));
    let in_page = u64::from(load) % PAGE_SIZE;
    // What precedes it in its page: nothing is there in memory, so any bytes will do.
    let Some(from) = offset.checked_sub(in_page) else {
        return refuse(
            "load_addr, which is further from the start of its page than its bytes from that of the file,",
            load,
        );
    };
    let end = match load_end {
        0 => file.len() as u64,
        _ => match load_end.checked_sub(load) {
            Some(size) => offset.saturating_add(size.into()),
            None => return refuse("load_end_addr, which is below load_addr,", load_end),
        },
    };
    let truncated = Error::Truncated {
        what: "the multiboot kernel",
        need: end,
        have: file.len() as u64,
    };
    let bytes = (usize::try_from(from).ok())
        .zip(usize::try_from(end).ok())
        .and_then(|(from, end)| file.get(from..end))
        .ok_or(truncated)?;
    if end <= offset {
        return refuse("load_addr, from which on there is nothing to load,", load);
    }
    let start = u64::from(load).saturating_sub(in_page);
    let loaded = start.saturating_add(bytes.len() as u64);
    let memory = match bss_end {
        0 => loaded,
        end if u64::from(end) < loaded => {
            return refuse(
                "bss_end_addr, which is below the end of what is loaded,",
                end,
            );
        }
        end => end.into(),
    };
    let range = align_up(memory, PAGE_SIZE)
        .and_then(|end| end.checked_sub(start))
        .and_then(|size| Range::from_size(start, size));
    let Some(range) = range else {
        return refuse("load_addr, from which on there is nothing to load,", load);
    };
    let load = Load {
        bytes,
        offset: 0,
        size: range.size(),
    };
    Ok(Body::Flat([load], range))
}

/// A header with this magic number in the file's first `within` bytes, at a multiple of `alignment`, whose
/// first `fields` words, which are in it, add up to 0; and its offset.
fn find(
    file: &[u8],
    magic: u32,
    within: usize,
    alignment: usize,
    fields: usize,
) -> Option<(usize, &[u8])> {
    let file = file.get(..within).unwrap_or(file);
    let size = fields.saturating_mul(4);
    let mut starts = (0..file.len()).step_by(alignment);
    starts.find_map(|start| {
        let header = slice_at(file, start, size)?;
        if u32_at(header, 0) != Some(magic) {
            return None;
        }
        let words = header.chunks_exact(4);
        let sum = words.fold(0, |sum: u32, word| {
            sum.wrapping_add(u32_at(word, 0).unwrap_or(0))
        });
        (sum == 0).then(|| (start, file.get(start..).unwrap_or_default()))
    })
}

/// The format of a file with a multiboot header: the newest that it has.
pub(super) fn probe(file: &[u8]) -> Option<Format> {
    if two::find(file).is_some() {
        Some(Format::Multiboot2)
    } else if one::find(file).is_some() {
        Some(Format::Multiboot1)
    } else {
        find(file, MUTIBOOT, one::WITHIN, 4, 3).map(|_| Format::Mutiboot)
    }
}

/// VMware's variant, which ESXi is loaded by since 5.0 ("mutiboot", include/mutiboot.h of its boot loader).
const MUTIBOOT: u32 = 0x1bad_b005;

#[cfg(test)]
pub(crate) mod tests;
