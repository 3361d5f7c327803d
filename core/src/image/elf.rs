//! ELF executables for x86, of 32 or 64 bits: what they load, by physical addresses (p_paddr). Several
//! families are ELF files: Linux (vmlinux), multiboot kernels, and programs that are entered with
//! nothing.
//!
//! Virtual addresses are not looked at, but by [`Elf::physical`]: in kernels p_vaddr may be 0, and in any
//! order.

use heapless::Vec;

use crate::bytes::{slice_at, u16_at, u32_at, u64_at};
use crate::elf::{
    EHDR, EHDR_32, EI_CLASS, EM_386, EM_486, EM_X86_64, ET_DYN, ET_EXEC, Ehdr, Ehdr32, MAGIC,
    MAGIC_32_LE, MAGIC_64_LE, PHDR, PHDR_32, PT_INTERP, PT_LOAD, Phdr, Phdr32, offset_of,
};
use crate::error::{Error, Format, Result};
use crate::memory::{PAGE_SIZE, Range};

/// A part of an image.
#[derive(Clone, Copy)]
pub struct Load<'a> {
    /// The bytes in the file.
    pub bytes: &'a [u8],
    /// Bytes from the image's first page, a multiple of the page size.
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

/// A program header, of either class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Its offset in the file.
    at: u64,
    pub kind: u32,
    pub offset: u64,
    virt: u64,
    pub address: u64,
    pub in_file: u64,
    pub in_memory: u64,
    pub align: u64,
}

/// Where the fields of one class are in the file.
struct Class {
    is_64: bool,
    ehdr: usize,
    e_entry: usize,
    e_phoff: usize,
    e_phentsize: usize,
    e_phnum: usize,
    phdr: usize,
    p_offset: usize,
    p_vaddr: usize,
    p_paddr: usize,
    p_filesz: usize,
    p_memsz: usize,
    p_align: usize,
}

macro_rules! class {
    ($is_64:literal, $ehdr:ident $ehdr_size:ident, $phdr:ident $phdr_size:ident) => {
        Class {
            is_64: $is_64,
            ehdr: $ehdr_size,
            e_entry: offset_of!($ehdr, e_entry),
            e_phoff: offset_of!($ehdr, e_phoff),
            e_phentsize: offset_of!($ehdr, e_phentsize),
            e_phnum: offset_of!($ehdr, e_phnum),
            phdr: $phdr_size,
            p_offset: offset_of!($phdr, p_offset),
            p_vaddr: offset_of!($phdr, p_vaddr),
            p_paddr: offset_of!($phdr, p_paddr),
            p_filesz: offset_of!($phdr, p_filesz),
            p_memsz: offset_of!($phdr, p_memsz),
            p_align: offset_of!($phdr, p_align),
        }
    };
}

static CLASS_32: Class = class!(false, Ehdr32 EHDR_32, Phdr32 PHDR_32);
static CLASS_64: Class = class!(true, Ehdr EHDR, Phdr PHDR);

impl Class {
    /// A field that has the class's width.
    fn word(&self, bytes: &[u8], offset: usize) -> Option<u64> {
        if self.is_64 {
            u64_at(bytes, offset)
        } else {
            u32_at(bytes, offset).map(u64::from)
        }
    }
}

/// The program headers of a file.
#[derive(Clone, Copy)]
pub(super) struct Headers<'a> {
    file: &'a [u8],
    class: &'static Class,
    kind: u16,
    entry: u64,
    table: u64,
    count: u16,
}

impl core::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} headers at {:#x}", self.count, self.table)
    }
}

impl<'a> Headers<'a> {
    /// Of an ELF executable for x86.
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        if !Elf::is_elf(file) {
            return Err(Error::NotThisFormat {
                what: "an ELF file (no \"\\x7fELF\")",
                found: Format::Unknown,
            });
        }
        let class = match file.get(EI_CLASS) {
            Some(1) => &CLASS_32,
            _ => &CLASS_64,
        };
        let short = truncated(file, class.ehdr as u64);
        // e_type and e_machine are at the same offsets in both.
        let half = |offset| u16_at(file, offset).ok_or(short);
        let machine = half(offset_of!(Ehdr, e_machine))?;
        let is_x86 = if class.is_64 {
            file.starts_with(MAGIC_64_LE) && machine == EM_X86_64
        } else {
            file.starts_with(MAGIC_32_LE) && matches!(machine, EM_386 | EM_486)
        };
        let kind = half(offset_of!(Ehdr, e_type))?;
        if !is_x86 || !matches!(kind, ET_EXEC | ET_DYN) {
            return Err(Error::NotBootable {
                why: "an ELF file, but not an executable for x86",
            });
        }
        let word = |offset| class.word(file, offset).ok_or(short);
        let headers = Self {
            file,
            class,
            kind,
            entry: word(class.e_entry)?,
            table: word(class.e_phoff)?,
            count: half(class.e_phnum)?,
        };
        let size = half(class.e_phentsize)?;
        if usize::from(size) != class.phdr {
            return Err(bad("e_phentsize", class.e_phentsize as u64, size.into()));
        }
        if usize::from(headers.count) > Elf::HEADERS_MAX {
            return Err(Error::Full {
                what: "Elf::HEADERS_MAX",
                capacity: Elf::HEADERS_MAX as u64,
            });
        }
        Ok(headers)
    }

    /// All of them, in their order; ends early if the file does.
    pub fn all(self) -> impl Iterator<Item = Header> {
        (0..self.count).map_while(move |index| self.get(index))
    }

    fn get(&self, index: u16) -> Option<Header> {
        let class = self.class;
        let at = (class.phdr as u64).checked_mul(index.into())?;
        let at = at.checked_add(self.table)?;
        let header = slice_at(self.file, usize::try_from(at).ok()?, class.phdr)?;
        let field = |offset| class.word(header, offset);
        Some(Header {
            at,
            // At the same offset in both.
            kind: u32_at(header, offset_of!(Phdr, p_type))?,
            offset: field(class.p_offset)?,
            virt: field(class.p_vaddr)?,
            address: field(class.p_paddr)?,
            in_file: field(class.p_filesz)?,
            in_memory: field(class.p_memsz)?,
            align: field(class.p_align)?,
        })
    }

    /// Whether it is linked for one place.
    pub const fn is_exec(&self) -> bool {
        self.kind == ET_EXEC
    }

    /// Whether it is of 64 bits.
    pub const fn is_64(&self) -> bool {
        self.class.is_64
    }

    /// Those of what is loaded.
    pub fn loads(self) -> impl Iterator<Item = Header> {
        self.all()
            .filter(|header| header.kind == PT_LOAD && header.in_memory != 0)
    }

    /// The error for a field of a header.
    pub fn bad(&self, header: &Header, what: &'static str, field: usize, value: u64) -> Error {
        bad(what, header.at.saturating_add(field as u64), value)
    }
}

/// An ELF executable for x86.
#[derive(Clone, Debug)]
pub struct Elf<'a> {
    headers: Headers<'a>,
    loads: Vec<Load<'a>, { Elf::LOADS_MAX }>,
    range: Range,
    align: u64,
}

impl<'a> Elf<'a> {
    /// The most program headers that are read.
    pub const HEADERS_MAX: usize = 64;
    /// The most parts: kexec_load takes 16 segments, and the purgatory and the image's data are one each.
    pub const LOADS_MAX: usize = 14;

    /// Whether a file begins as every ELF file does.
    #[must_use]
    pub fn is_elf(file: &[u8]) -> bool {
        file.starts_with(MAGIC)
    }

    /// Checks a file: its headers, and that all that it loads is in it. PT_LOADs may be in any order. Two
    /// that share a page of memory become one part, for which they must be as far apart in the file as in
    /// memory; where there are more than [`Elf::LOADS_MAX`] parts, so do those that are close to each other.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`], [`Error::Truncated`]; [`Error::NotBootable`] for another machine's file, a
    /// program that wants an interpreter, nothing to load and too many parts; [`Error::BadField`] for
    /// addresses that cannot be; [`Error::Full`] past [`Elf::HEADERS_MAX`].
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        let headers = Headers::parse(file)?;
        let (mut count, mut first, mut align) = (0_u16, u64::MAX, PAGE_SIZE);
        for header in headers.all() {
            count = count.wrapping_add(1);
            match header.kind {
                PT_INTERP => {
                    return Err(Error::NotBootable {
                        why: "an ELF program for a running system, not a kernel",
                    });
                }
                PT_LOAD if header.in_memory != 0 => {
                    first = first.min(page(header.address));
                    align = align.max(header.align);
                }
                _ => {}
            }
        }
        if count != headers.count {
            return Err(truncated(file, headers.table));
        }
        let (loads, end) = match parts(&headers, 0)? {
            Some(parts) => parts,
            None => parts(&headers, CLOSE)?.ok_or(Error::NotBootable {
                why: "an ELF file with more parts than kexec can load, and too far apart to be joined",
            })?,
        };
        let size = end.checked_sub(first);
        let range = size.and_then(|size| Range::from_size(first, size));
        Ok(Self {
            range: range.ok_or(Error::NotBootable {
                why: "an ELF file with nothing to load",
            })?,
            align,
            headers,
            loads,
        })
    }

    /// Its parts, by ascending address.
    #[must_use]
    pub fn loads(&self) -> &[Load<'a>] {
        &self.loads
    }

    /// The physical memory that it is linked for, from the first part to the end of the last, in whole
    /// pages.
    #[must_use]
    pub const fn range(&self) -> Range {
        self.range
    }

    /// e_entry as it is in the file.
    #[must_use]
    pub const fn entry(&self) -> u64 {
        self.headers.entry
    }

    /// Offset of e_entry in the file.
    #[must_use]
    pub const fn entry_field(&self) -> u64 {
        self.headers.class.e_entry as u64
    }

    /// Whether it is of 64 bits, for x86-64; else it is of 32 bits, for i386.
    #[must_use]
    pub const fn is_64(&self) -> bool {
        self.headers.is_64()
    }

    /// Whether it can be loaded anywhere (ET_DYN), at a distance from [`Elf::range`] that is a multiple of
    /// [`Elf::alignment`]. No relocations are applied.
    #[must_use]
    pub const fn is_dyn(&self) -> bool {
        !self.headers.is_exec()
    }

    /// The largest p_align, at least a page. It may be no power of two, if the file is damaged.
    #[must_use]
    pub const fn alignment(&self) -> u64 {
        self.align
    }

    /// Offset of that p_align in the file.
    #[must_use]
    pub fn align_field(&self) -> u64 {
        let mut loads = self.headers.loads();
        let largest = loads.find(|load| load.align == self.align);
        let field = self.headers.class.p_align as u64;
        largest.map_or(0, |load| load.at.saturating_add(field))
    }

    /// Whether what is at this physical address comes from the file: not a gap between the parts, nor
    /// memory that is zero.
    #[must_use]
    pub fn is_loaded(&self, address: u64) -> bool {
        let inside = |load: &Header| address.checked_sub(load.address);
        self.headers
            .loads()
            .any(|load| inside(&load).is_some_and(|inside| inside < load.in_file))
    }

    /// The physical address of what is at a virtual one, if it is in bytes of the file.
    #[must_use]
    pub fn physical(&self, address: u64) -> Option<u64> {
        self.headers.loads().find_map(|load| {
            let inside = address.checked_sub(load.virt)?;
            (inside < load.in_file).then(|| load.address.wrapping_add(inside))
        })
    }
}

/// The most that may lie between two parts that are joined only because there are too many.
const CLOSE: u64 = 64 << 10;

const fn page(address: u64) -> u64 {
    address & !PAGE_SIZE.wrapping_sub(1)
}

type Parts<'a> = (Vec<Load<'a>, { Elf::LOADS_MAX }>, u64);

/// The parts, and the end of the last page. Those are joined that share a page, or are less than `close`
/// apart. `None` if there are too many.
fn parts<'a>(headers: &Headers<'a>, close: u64) -> Result<Option<Parts<'a>>> {
    let mut loads = Vec::new();
    let mut last: Option<Last> = None;
    let mut first = 0;
    // By ascending address, without a table: there are few.
    let mut taken = 0_u64;
    loop {
        let left = headers.loads().enumerate();
        let left = left.filter(|(index, _)| taken & bit(*index) == 0);
        let Some((index, header)) = left.min_by_key(|(_, header)| header.address) else {
            break;
        };
        taken |= bit(index);
        let (new, bytes) = one(headers, &header)?;
        match last {
            None => first = new.start,
            Some(before) => {
                if header.address < before.end {
                    let what = "p_paddr, whose range overlaps another's,";
                    let field = headers.class.p_paddr;
                    return Err(headers.bad(&header, what, field, header.address));
                }
                let shared = new.start < before.pages;
                let near = header.address.wrapping_sub(before.end) < close;
                if shared || near {
                    if let Some((joined, bytes)) = join(headers.file, &before, &new) {
                        if let Some(load) = loads.last_mut() {
                            let load: &mut Load<'_> = load;
                            load.bytes = bytes;
                            load.size = joined.pages.wrapping_sub(joined.start);
                        }
                        last = Some(joined);
                        continue;
                    }
                }
                if shared {
                    let what = "p_paddr, which is in the last page of another but not as far from it \
                                as in the file,";
                    let field = headers.class.p_paddr;
                    return Err(headers.bad(&header, what, field, header.address));
                }
            }
        }
        let load = Load {
            bytes,
            offset: new.start.wrapping_sub(first),
            size: new.pages.wrapping_sub(new.start),
        };
        if loads.push(load).is_err() {
            return Ok(None);
        }
        last = Some(new);
    }
    Ok(Some((loads, last.map_or(0, |last| last.pages))))
}

/// Of [`Elf::HEADERS_MAX`].
const fn bit(index: usize) -> u64 {
    1_u64.wrapping_shl(index as u32)
}

/// Where the last part is.
#[derive(Clone, Copy)]
struct Last {
    /// Its first page.
    start: u64,
    /// Where it ends.
    end: u64,
    /// Where its last page ends.
    pages: u64,
    /// The bytes in the file.
    offset: u64,
    size: u64,
}

/// One PT_LOAD, from the start of its first page on.
fn one<'a>(headers: &Headers<'a>, header: &Header) -> Result<(Last, &'a [u8])> {
    let class = headers.class;
    let Header {
        offset,
        address,
        in_file,
        in_memory,
        ..
    } = *header;
    if in_file > in_memory {
        return Err(headers.bad(header, "p_filesz", class.p_filesz, in_file));
    }
    let most = if class.is_64 {
        u64::MAX
    } else {
        u32::MAX.into()
    };
    let end = address.checked_add(in_memory);
    let pages = end.and_then(|end| crate::memory::align_up(end, PAGE_SIZE));
    let (Some(end), Some(pages)) = (end, pages.filter(|end| end.wrapping_sub(1) <= most)) else {
        return Err(headers.bad(header, "p_memsz", class.p_memsz, in_memory));
    };
    let start = page(address);
    // What precedes it in its page: nothing is there in memory, so any bytes will do.
    let lead = if in_file == 0 {
        0
    } else {
        address.wrapping_sub(start)
    };
    let past = truncated(headers.file, offset.saturating_add(in_file));
    let Some(from) = offset.checked_sub(lead) else {
        let what =
            "p_paddr, which is further from the start of its page than p_offset from the file's,";
        return Err(headers.bad(header, what, class.p_paddr, address));
    };
    let last = Last {
        start,
        end,
        pages,
        offset: from,
        size: in_file.checked_add(lead).ok_or(past)?,
    };
    if in_file == 0 {
        return Ok((last, &[]));
    }
    let bytes = bytes(headers.file, from, last.size).ok_or(past)?;
    Ok((last, bytes))
}

fn bytes(file: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    slice_at(
        file,
        usize::try_from(offset).ok()?,
        usize::try_from(size).ok()?,
    )
}

/// One part that holds both, if the file has the bytes for it.
fn join<'a>(file: &'a [u8], before: &Last, new: &Last) -> Option<(Last, &'a [u8])> {
    let mut joined = Last {
        end: new.end,
        pages: new.pages,
        ..*before
    };
    if new.size != 0 {
        let distance = new.start.checked_sub(before.start)?;
        if new.offset.checked_sub(before.offset)? != distance {
            return None;
        }
        // What of the first is zero in memory must be so in the file.
        let memory = before.end.checked_sub(before.start)?;
        let zero = memory.checked_sub(before.size)?;
        let zeros = bytes(file, before.offset.checked_add(before.size)?, zero)?;
        if zeros.iter().any(|byte| *byte != 0) {
            return None;
        }
        joined.size = distance.checked_add(new.size)?;
    }
    Some((joined, bytes(file, joined.offset, joined.size)?))
}

pub(super) const fn truncated(file: &[u8], need: u64) -> Error {
    Error::Truncated {
        what: "the ELF file",
        need,
        have: file.len() as u64,
    }
}

pub(super) const fn bad(what: &'static str, offset: u64, value: u64) -> Error {
    Error::BadField {
        what,
        offset,
        value,
    }
}

#[cfg(test)]
#[path = "elf_tests.rs"]
mod tests;
