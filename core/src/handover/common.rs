//! Code for the handovers of several families.

use crate::error::{Error, Result};
use crate::memory::{PageSize, Window};
use crate::segment::{Bytes, Items, Near, SegmentKind, anywhere};

/// Refuses a command line with a NUL in it, for images that read it up to the first NUL.
///
/// # Errors
/// [`Error::CommandLineNul`].
pub fn check_nul(line: &[u8]) -> Result<()> {
    match line.iter().position(|byte| *byte == 0) {
        Some(offset) => Err(Error::CommandLineNul {
            offset: offset as u64,
        }),
        None => Ok(()),
    }
}

/// Bytes from the start of the first initrd to the end of the last one, if each begins at a page of
/// its own.
///
/// # Errors
/// [`Error::EmptyFile`].
pub fn initrds_size(files: &[&[u8]]) -> Result<u64> {
    initrds_size_in(files, PageSize::K4)
}

/// As [`initrds_size`], on a machine with pages of this size.
///
/// # Errors
/// [`Error::EmptyFile`].
#[inline]
pub fn initrds_size_in(files: &[&[u8]], page: PageSize) -> Result<u64> {
    let mut end = 0_u64;
    for file in files {
        if file.is_empty() {
            return Err(Error::EmptyFile);
        }
        end = page.up(end).saturating_add(file.len() as u64);
    }
    Ok(end)
}

/// Adds the initrds: one block that ends at `last` or below, in which each file is a piece and begins
/// at a page of its own. Without initrds there is no block.
///
/// # Errors
/// [`Error::EmptyFile`].
#[inline]
pub fn initrds<'a>(files: &[&'a [u8]], last: u64, items: &mut Items<'a>) -> Result<()> {
    initrds_above(files, 0, last, items)
}

/// As [`initrds`], from the address `first` on: for handovers whose segments may lie below 1 MiB.
///
/// # Errors
/// [`Error::EmptyFile`].
#[inline]
pub fn initrds_above<'a>(
    files: &[&'a [u8]],
    first: u64,
    last: u64,
    items: &mut Items<'a>,
) -> Result<()> {
    let size = initrds_size(files)?;
    if size != 0 {
        items.block(Window {
            min: first,
            ..anywhere("the initrd", size, last)
        });
    }
    pieces(files, PageSize::K4, items);
    Ok(())
}

/// As [`initrds`], near another block, on a machine with pages of this size.
///
/// # Errors
/// [`Error::EmptyFile`].
pub fn initrds_near<'a>(
    files: &[&'a [u8]],
    last: u64,
    page: PageSize,
    near: Near,
    items: &mut Items<'a>,
) -> Result<()> {
    let size = initrds_size_in(files, page)?;
    if size != 0 {
        items.block_near(anywhere("the initrd", size, last), near);
    }
    pieces(files, page, items);
    Ok(())
}

#[inline]
fn pieces<'a>(files: &[&'a [u8]], page: PageSize, items: &mut Items<'a>) {
    let mut offset = 0_u64;
    for (number, file) in files.iter().enumerate() {
        let (kind, size) = (SegmentKind::Initrd(number as u8), file.len() as u64);
        items.piece(kind, Bytes::Ready(file), offset, size);
        offset = offset.saturating_add(page.up(size));
    }
}
