//! The header of version 1 (Multiboot Specification 0.6.96, 3.1).

use super::{Addresses, Multiboot, Wants};
use crate::bytes::u32_at;
use crate::error::{Error, Format, Result};
use crate::image::elf::bad;

/// All of it lies in so many bytes at the file's beginning.
pub(super) const WITHIN: usize = 0x2000;
const MAGIC: u32 = 0x1bad_b002;

/// Modules at pages of their own, which all are; memory information, which all kernels get; the screen.
const PAGES: u32 = 1 << 0;
const MEMORY: u32 = 1 << 1;
const SCREEN: u32 = 1 << 2;
/// Unknown ones must be refused.
const REQUIRED: u32 = 0xffff;
const ADDRESSES: u32 = 1 << 16;

const FLAGS: usize = 4;
const HEADER_ADDR: usize = 12;
const LOAD_ADDR: usize = 16;
const LOAD_END_ADDR: usize = 20;
const BSS_END_ADDR: usize = 24;
const ENTRY_ADDR: usize = 28;

/// Its offset, and the bytes from there on that it may use.
pub(super) fn find(file: &[u8]) -> Option<(usize, &[u8])> {
    super::find(file, MAGIC, WITHIN, 4, 3)
}

pub(super) fn parse(file: &[u8]) -> Result<Multiboot<'_>> {
    let Some((at, header)) = find(file) else {
        return Err(Error::NotThisFormat {
            what: "a multiboot kernel (no header)",
            found: Format::Unknown,
        });
    };
    let at = at as u64;
    let field = |offset: usize| at.saturating_add(offset as u64);
    let word = |offset: usize| {
        u32_at(header, offset).ok_or(Error::Truncated {
            what: "the multiboot header",
            need: field(offset).saturating_add(4),
            have: field(header.len()),
        })
    };
    let flags = word(FLAGS)?;
    let unknown = flags & REQUIRED & !(PAGES | MEMORY | SCREEN);
    if unknown != 0 {
        let what = "the multiboot header's flags, which require what is not known,";
        return Err(bad(what, field(FLAGS), unknown.into()));
    }
    let (mut addresses, mut entry) = (None, None);
    if flags & ADDRESSES != 0 {
        let (header, load) = (word(HEADER_ADDR)?, word(LOAD_ADDR)?);
        let before = u64::from(header).checked_sub(load.into());
        let Some(offset) = before.and_then(|before| at.checked_sub(before)) else {
            let what =
                "load_addr, which is above header_addr, or further below than the file begins,";
            return Err(bad(what, field(LOAD_ADDR), load.into()));
        };
        addresses = Some(Addresses {
            field: field(LOAD_ADDR),
            offset,
            load,
            load_end: word(LOAD_END_ADDR)?,
            bss_end: word(BSS_END_ADDR)?,
        });
        entry = Some((word(ENTRY_ADDR)?, field(ENTRY_ADDR)));
    }
    let mut image = Multiboot::new(file, Format::Multiboot1, addresses, entry)?;
    image.wants = Wants {
        screen: flags & SCREEN != 0,
        needs_screen: flags & SCREEN != 0,
        efi_64: false,
    };
    Ok(image)
}
