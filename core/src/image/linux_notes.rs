//! Linux's notes in an ELF file (include/linux/elfnote-lto.h, include/linux/build-salt.h,
//! include/xen/interface/elfnote.h): by them a vmlinux is recognised. Other systems' kernels have Xen's
//! notes, too, but say in them who they are.
//!
//! Only headers and notes are looked at: at most [`NOTES`] notes, in as many bytes of each PT_NOTE as
//! [`BYTES`].

use super::elf::Headers;
use crate::bytes::{slice_at, u32_at};
use crate::elf::PT_NOTE;

/// Notes that are looked at; kernels have some 20.
const NOTES: usize = 64;
/// Bytes of a PT_NOTE that are looked at; kernels have some 500.
const BYTES: usize = 4096;

/// LINUX_ELFNOTE_BUILD_SALT and LINUX_ELFNOTE_LTO_INFO: since Linux 4.19 and 5.12 in every kernel.
const LINUX: [u32; 2] = [0x100, 0x101];
/// XEN_ELFNOTE_GUEST_OS, which says "linux": in kernels that run under Xen.
const GUEST_OS: u32 = 6;

/// Whether the file is a Linux kernel for x86-64 by its notes. Programs, modules and vDSOs may have such
/// notes, too: of these none is linked for one place and of 64 bits without an interpreter.
pub(super) fn is_linux(file: &[u8]) -> bool {
    let Ok(headers) = Headers::parse(file) else {
        return false;
    };
    if !headers.is_64() || !headers.is_exec() {
        return false;
    }
    let mut left = NOTES;
    headers
        .all()
        .filter(|header| header.kind == PT_NOTE)
        .any(|header| {
            let size = usize::try_from(header.in_file).unwrap_or(usize::MAX);
            let notes = usize::try_from(header.offset)
                .ok()
                .and_then(|offset| file.get(offset..));
            let notes = notes.unwrap_or_default();
            let notes = notes.get(..size.min(BYTES)).unwrap_or(notes);
            has(notes, if header.align == 8 { 8 } else { 4 }, &mut left)
        })
}

/// Whether one of these notes is Linux's; `left` more are looked at.
fn has(notes: &[u8], align: usize, left: &mut usize) -> bool {
    let mut at = 0;
    while let Some(next) = left.checked_sub(1) {
        *left = next;
        let Some((found, end)) = note(notes, at, align) else {
            return false;
        };
        if found {
            return true;
        }
        at = end;
    }
    false
}

/// Whether the note at this offset is Linux's, and where the next begins; `None` if it is not all there.
fn note(notes: &[u8], at: usize, align: usize) -> Option<(bool, usize)> {
    let header = slice_at(notes, at, 12)?;
    let size = |offset| usize::try_from(u32_at(header, offset)?).ok();
    let up =
        |offset: usize| Some(offset.checked_add(align)?.wrapping_sub(1) & !align.wrapping_sub(1));
    let start = at.checked_add(12)?;
    let name = slice_at(notes, start, size(0)?)?;
    let start = up(start.checked_add(name.len())?)?;
    let text = slice_at(notes, start, size(4)?)?;
    let kind = u32_at(header, 8)?;
    let found = match name {
        b"Linux\0" => LINUX.contains(&kind),
        b"Xen\0" => kind == GUEST_OS && text == b"linux\0",
        _ => false,
    };
    Some((found, up(start.checked_add(text.len())?)?))
}

#[cfg(test)]
#[path = "linux_notes_tests.rs"]
mod tests;
