//! gzip: the header, the checksum and the length are read here, deflate by the image.

use crate::bytes::{u16_at, u32_at};
use crate::crc32::crc32;
use crate::image::call::DEFLATE;
use crate::image::{GZIP_ZSTD, STACKS};
use crate::{Error, Result, Unpacked};

pub const SCRATCH: usize = STACKS;

const HEADER_CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

/// A member.
pub fn member(
    input: &[u8],
    output: &mut [u8],
    start: usize,
    scratch: &mut [u8],
) -> Result<Unpacked> {
    let header = header(input)?;
    let body = input.get(header..).ok_or(Error::Truncated)?;
    let done = GZIP_ZSTD.run(DEFLATE, body, output, start, scratch)?;
    let end = header.saturating_add(done.consumed);
    let sum = u32_at(input, end).ok_or(Error::Truncated)?;
    let length = u32_at(input, end.saturating_add(4)).ok_or(Error::Truncated)?;
    let decoded = output.get(start..done.written).ok_or(Error::Decoder)?;
    if crc32(decoded) != sum {
        return Err(Error::Checksum);
    }
    if decoded.len() as u32 != length {
        return Err(Error::Damaged);
    }
    Ok(Unpacked {
        consumed: end.saturating_add(8),
        written: done.written,
    })
}

/// Its length (RFC 1952, 2.3).
fn header(input: &[u8]) -> Result<usize> {
    if !input.starts_with(b"\x1f\x8b") {
        return Err(Error::NotThis);
    }
    let method = input.get(2).ok_or(Error::Truncated)?;
    let flags = *input.get(3).ok_or(Error::Truncated)?;
    if *method != 8 {
        let what = "its method is not deflate";
        return Err(Error::Unsupported { what });
    }
    if flags & RESERVED != 0 {
        let what = "its header has reserved flags";
        return Err(Error::Unsupported { what });
    }
    let mut end = 10_usize;
    if flags & EXTRA != 0 {
        let length = u16_at(input, end).ok_or(Error::Truncated)?;
        end = end.saturating_add(2).saturating_add(length.into());
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let rest = input.get(end..).ok_or(Error::Truncated)?;
            let length = rest.iter().position(|byte| *byte == 0);
            end = end
                .saturating_add(length.ok_or(Error::Truncated)?)
                .saturating_add(1);
        }
    }
    if flags & HEADER_CHECKSUM != 0 {
        let sum = u16_at(input, end).ok_or(Error::Truncated)?;
        if crc32(input.get(..end).ok_or(Error::Truncated)?) as u16 != sum {
            return Err(Error::Checksum);
        }
        end = end.saturating_add(2);
    }
    Ok(end)
}
