//! zstd: the frame's header and the headers of its blocks are read here, so that the end is known before
//! a byte is decoded; the blocks are decoded by the image.

use crate::bytes::{array, u16_at, u32_at, u64_at};
use crate::image::call::ZSTD;
use crate::image::{GZIP_ZSTD, STACKS};
use crate::{Error, Result, Unpacked};

/// Two blocks of the largest size, and what allocating takes.
pub const SCRATCH: usize = STACKS + 2 * 128 * 1024 + 4096;

pub const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

const CHECKSUM: u8 = 4;
const SINGLE_SEGMENT: u8 = 0x20;

/// RFC 8878, 3.1.1.1.
struct Header {
    length: usize,
    size: Option<u64>,
    checksum: bool,
}

fn header(input: &[u8]) -> Result<Header> {
    if !input.starts_with(&MAGIC) {
        return Err(Error::NotThis);
    }
    let flags = *input.get(4).ok_or(Error::Truncated)?;
    if flags & 8 != 0 {
        let what = "its header has the reserved bit";
        return Err(Error::Unsupported { what });
    }
    let single = flags & SINGLE_SEGMENT != 0;
    let mut at = if single { 5 } else { 6 };
    let dictionary = match flags & 3 {
        0 => 0,
        1 => u32::from(*input.get(at).ok_or(Error::Truncated)?),
        2 => u32::from(u16_at(input, at).ok_or(Error::Truncated)?),
        _ => u32_at(input, at).ok_or(Error::Truncated)?,
    };
    if dictionary != 0 {
        let what = "it needs a dictionary";
        return Err(Error::Unsupported { what });
    }
    at = at.saturating_add(
        [0, 1, 2, 4]
            .get(usize::from(flags & 3))
            .copied()
            .unwrap_or(4),
    );
    let (size, length) = match flags >> 6 {
        0 if single => (input.get(at).map(|size| u64::from(*size)), 1),
        0 => (None, 0),
        1 => (
            u16_at(input, at).map(|size| u64::from(size).saturating_add(256)),
            2,
        ),
        2 => (u32_at(input, at).map(u64::from), 4),
        _ => (u64_at(input, at), 8),
    };
    if size.is_none() && length != 0 {
        return Err(Error::Truncated);
    }
    Ok(Header {
        length: at.saturating_add(length),
        size,
        checksum: flags & CHECKSUM != 0,
    })
}

pub fn stated(input: &[u8]) -> Option<u64> {
    header(input).ok()?.size
}

/// Where the frame ends (RFC 8878, 3.1.1.2).
fn end(input: &[u8], header: &Header) -> Result<usize> {
    let mut at = header.length;
    loop {
        let [low, middle, high] = array(input, at).ok_or(Error::Truncated)?;
        let block = u32::from_le_bytes([low, middle, high, 0]);
        let length = match block >> 1 & 3 {
            1 => 1,
            3 => return Err(Error::Damaged),
            _ => block >> 3,
        };
        at = at.saturating_add(3).saturating_add(length as usize);
        if block & 1 == 1 {
            break;
        }
    }
    if header.checksum {
        at = at.saturating_add(4);
    }
    if at > input.len() {
        Err(Error::Truncated)
    } else {
        Ok(at)
    }
}

/// A frame.
pub fn frame(
    input: &[u8],
    output: &mut [u8],
    start: usize,
    scratch: &mut [u8],
) -> Result<Unpacked> {
    let header = header(input)?;
    let room = output.len().saturating_sub(start);
    if let Some(stated) = header.size.filter(|size| *size > room as u64) {
        return Err(Error::TooLarge { stated });
    }
    let end = end(input, &header)?;
    let blocks = input.get(header.length..end).ok_or(Error::Truncated)?;
    let decoder = ZSTD | usize::from(header.checksum) << 8;
    let done = GZIP_ZSTD.run(decoder, blocks, output, start, scratch)?;
    let decoded = done.written.saturating_sub(start) as u64;
    if header.size.is_some_and(|size| size != decoded) {
        return Err(Error::Damaged);
    }
    Ok(Unpacked {
        consumed: end,
        written: done.written,
    })
}
