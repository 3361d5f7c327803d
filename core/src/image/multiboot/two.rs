//! The header of version 2 (Multiboot2 Specification 2.0, 3.1): fields and tags.

use super::{Addresses, Multiboot, Relocation, Wants};
use crate::bytes::{u16_at, u32_at};
use crate::error::{Error, Format, Result};
use crate::image::elf::bad;

/// All of it lies in so many bytes at the file's beginning.
const WITHIN: usize = 0x8000;
const MAGIC: u32 = 0xe852_50d6;
/// The fields before the tags.
const FIXED: usize = 16;
/// architecture: i386, in protected mode.
const I386: u32 = 0;
/// The tag may be ignored.
const OPTIONAL: u16 = 1;

/// Tags, by their numbers in the specification.
mod tag {
    pub const END: u16 = 0;
    pub const REQUEST: u16 = 1;
    pub const ADDRESSES: u16 = 2;
    pub const ENTRY: u16 = 3;
    pub const CONSOLE: u16 = 4;
    pub const FRAME_BUFFER: u16 = 5;
    /// Modules at pages of their own, which all are.
    pub const MODULES_ALIGNED: u16 = 6;
    /// It could be started while EFI boot services run, and has entries for that. They have ended, and so
    /// it is entered as without.
    pub const BOOT_SERVICES: u16 = 7;
    pub const EFI_32_ENTRY: u16 = 8;
    pub const EFI_64_ENTRY: u16 = 9;
    pub const RELOCATABLE: u16 = 10;
}

/// Types of information that a kernel may require: those it gets, if this machine has them. Of the
/// others nothing is known, or, of EFI's boot services, nothing is left.
const TOLD: u32 =
    1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 21;
const EFI_64: u32 = 12;

/// console_flags: the kernel needs a console of the kinds that it supports.
const CONSOLE_REQUIRED: u32 = 1;

/// load_addr for a file that is loaded from its beginning.
const FROM_START: u32 = u32::MAX;

/// Its offset, and the bytes from there on that it may use.
pub(super) fn find(file: &[u8]) -> Option<(usize, &[u8])> {
    super::find(file, MAGIC, WITHIN, 8, 4)
}

/// What the tags say.
#[derive(Default)]
struct Said {
    addresses: Option<Addresses>,
    entry: Option<(u32, u64)>,
    wants: Wants,
    relocation: Option<Relocation>,
}

pub(super) fn parse(file: &[u8]) -> Result<Multiboot<'_>> {
    let Some((at, header)) = find(file) else {
        return Err(Error::NotThisFormat {
            what: "a multiboot2 kernel (no header)",
            found: Format::Unknown,
        });
    };
    if u32_at(header, 4) != Some(I386) {
        return Err(Error::NotBootable {
            why: "the multiboot2 kernel is for another CPU than x86",
        });
    }
    let length = u32_at(header, 8).unwrap_or(0);
    let tags = usize::try_from(length).ok();
    let Some(tags) = tags.and_then(|length| header.get(FIXED..length)) else {
        let what = "header_length of the multiboot2 header, which does not end in the file's first 32 KiB,";
        return Err(bad(what, at.saturating_add(8) as u64, length.into()));
    };
    let mut said = Said::default();
    let mut offset = 0;
    // Without an end tag they end where the header does.
    while let Some(start) = tags.get(offset..).filter(|rest| !rest.is_empty()) {
        let field = at.saturating_add(FIXED).saturating_add(offset);
        let size = u32_at(start, 4).unwrap_or(0);
        let whole = usize::try_from(size).ok().filter(|size| *size >= 8);
        let Some(one) = whole.and_then(|size| start.get(..size)) else {
            let what = "the size of a tag of the multiboot2 header";
            return Err(bad(what, field.saturating_add(4) as u64, size.into()));
        };
        if u16_at(one, 0) == Some(tag::END) {
            break;
        }
        read(one, field as u64, at as u64, &mut said)?;
        offset = offset.saturating_add(one.len().next_multiple_of(8));
    }
    let Said {
        addresses,
        entry,
        wants,
        relocation,
    } = said;
    let mut image = Multiboot::new(file, Format::Multiboot2, addresses, entry)?;
    image.wants = wants;
    image.relocation = relocation;
    Ok(image)
}

/// Reads a tag that is at the offset `field` in the file, of a header at `header`.
fn read(one: &[u8], field: u64, header: u64, said: &mut Said) -> Result<()> {
    let kind = u16_at(one, 0).unwrap_or(0);
    let required = u16_at(one, 2).unwrap_or(0) & OPTIONAL == 0;
    let word = |offset: usize| {
        u32_at(one, offset).ok_or(bad(
            "the size of a tag of the multiboot2 header",
            field.saturating_add(4),
            one.len() as u64,
        ))
    };
    let place = |offset: u64| field.saturating_add(offset);
    match kind {
        tag::REQUEST => {
            for request in one.get(8..).unwrap_or_default().chunks_exact(4) {
                let request = u32_at(request, 0).unwrap_or(0);
                if required && (request >= 32 || TOLD & 1_u32.wrapping_shl(request) == 0) {
                    let what = "the information request of the multiboot2 header, for a tag that cannot be \
                                told,";
                    return Err(bad(what, field, request.into()));
                }
                said.wants.efi_64 |= request == EFI_64;
            }
        }
        tag::ADDRESSES => {
            let (at, mut load) = (word(8)?, word(12)?);
            if load == FROM_START {
                load = u32::try_from(header)
                    .ok()
                    .and_then(|header| at.checked_sub(header))
                    .unwrap_or(load);
            }
            let before = u64::from(at).checked_sub(load.into());
            let Some(offset) = before.and_then(|before| header.checked_sub(before)) else {
                let what =
                    "load_addr, which is above header_addr, or further below than the file begins,";
                return Err(bad(what, place(12), load.into()));
            };
            said.addresses = Some(Addresses {
                field: place(12),
                offset,
                load,
                load_end: word(16)?,
                bss_end: word(20)?,
            });
        }
        tag::ENTRY => said.entry = Some((word(8)?, place(8))),
        tag::CONSOLE => {
            let needed = word(8)? & CONSOLE_REQUIRED != 0;
            said.wants.screen |= needed;
            said.wants.needs_screen |= needed && required;
        }
        tag::FRAME_BUFFER => {
            said.wants.screen = true;
            said.wants.needs_screen |= required;
        }
        tag::RELOCATABLE => {
            let (min, max, align) = (word(8)?, word(12)?, word(16)?);
            if !align.is_power_of_two() {
                let what = "the alignment of the multiboot2 header's relocatable tag";
                return Err(bad(what, place(16), align.into()));
            }
            said.relocation = Some(Relocation {
                min: min.into(),
                max: max.into(),
                align: align.into(),
                low: word(20)? == 1,
            });
        }
        tag::MODULES_ALIGNED | tag::BOOT_SERVICES | tag::EFI_32_ENTRY | tag::EFI_64_ENTRY => {}
        _ if required => {
            let what = "a required tag of the multiboot2 header, whose type is not known,";
            return Err(bad(what, field, kind.into()));
        }
        _ => {}
    }
    Ok(())
}
