//! lz4: frames, and the legacy format, around blocks (lz4_block.rs).

use crate::bytes::{u32_at, u64_at};
use crate::lz4_block;
use crate::xxh32::xxh32;
use crate::{Error, Result, Unpacked};

pub const FRAME: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
pub const LEGACY: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];

/// The longest legacy block, compressed: 8 MiB of incompressible bytes (LZ4_compressBound).
const LONGEST: usize = (8 << 20) + (8 << 20) / 255 + 16;

/// How far back a block refers.
const WINDOW: usize = 64 << 10;

const VERSION: u8 = 0x40;
const INDEPENDENT: u8 = 0x20;
const BLOCK_CHECKSUM: u8 = 0x10;
const CONTENT_SIZE: u8 = 8;
const CONTENT_CHECKSUM: u8 = 4;
const DICTIONARY: u8 = 1;

/// A frame of either kind.
pub fn frame(input: &[u8], output: &mut [u8], start: usize, _: &mut [u8]) -> Result<Unpacked> {
    if input.starts_with(&LEGACY) {
        return legacy(input, output, start);
    }
    let header = header(input)?;
    let room = output.len().saturating_sub(start);
    if let Some(stated) = header.size.filter(|size| *size > room as u64) {
        return Err(Error::TooLarge { stated });
    }
    let (mut at, mut written) = (header.length, start);
    loop {
        let word = u32_at(input, at).ok_or(Error::Truncated)?;
        at = at.saturating_add(4);
        if word == 0 {
            break;
        }
        let (length, raw) = ((word & 0x7fff_ffff) as usize, word >> 31 == 1);
        if length > header.block {
            return Err(Error::Damaged);
        }
        let block = part(input, at, length)?;
        at = at.saturating_add(length);
        if header.flags & BLOCK_CHECKSUM != 0 {
            let sum = u32_at(input, at).ok_or(Error::Truncated)?;
            if xxh32(block) != sum {
                return Err(Error::Checksum);
            }
            at = at.saturating_add(4);
        }
        let oldest = match header.flags & INDEPENDENT {
            0 => written.saturating_sub(WINDOW).max(start),
            _ => written,
        };
        written = decode(block, raw, output, oldest, written, header.block)?;
    }
    let decoded = output.get(start..written).ok_or(Error::OutputFull)?;
    if header.flags & CONTENT_CHECKSUM != 0 {
        let sum = u32_at(input, at).ok_or(Error::Truncated)?;
        if xxh32(decoded) != sum {
            return Err(Error::Checksum);
        }
        at = at.saturating_add(4);
    }
    if header.size.is_some_and(|size| size != decoded.len() as u64) {
        return Err(Error::Damaged);
    }
    Ok(Unpacked {
        consumed: at,
        written,
    })
}

/// The size that a frame states.
pub fn stated(input: &[u8]) -> Option<u64> {
    header(input).ok()?.size
}

struct Header {
    flags: u8,
    /// The largest block, decompressed.
    block: usize,
    size: Option<u64>,
    length: usize,
}

/// lz4_Frame_format.md, "Frame Descriptor".
fn header(input: &[u8]) -> Result<Header> {
    if !input.starts_with(&FRAME) {
        return Err(Error::NotThis);
    }
    let flags = *input.get(4).ok_or(Error::Truncated)?;
    let block = *input.get(5).ok_or(Error::Truncated)?;
    if flags & 0xc0 != VERSION || flags & 2 != 0 || block & 0x8f != 0 {
        let what = "its header is of another version";
        return Err(Error::Unsupported { what });
    }
    if flags & DICTIONARY != 0 {
        let what = "it needs a dictionary";
        return Err(Error::Unsupported { what });
    }
    let block = match block >> 4 {
        code @ 4..=7 => 256_usize << (2 * u32::from(code)),
        _ => return Err(Error::Damaged),
    };
    let (size, end) = match flags & CONTENT_SIZE {
        0 => (None, 6_usize),
        _ => (Some(u64_at(input, 6).ok_or(Error::Truncated)?), 14),
    };
    let described = input.get(4..end).ok_or(Error::Truncated)?;
    let sum = *input.get(end).ok_or(Error::Truncated)?;
    if (xxh32(described) >> 8) as u8 != sum {
        return Err(Error::Checksum);
    }
    Ok(Header {
        flags,
        block,
        size,
        length: end.saturating_add(1),
    })
}

/// lz4_Frame_format.md, "Legacy frame": blocks until the input ends, or something follows that is none.
/// Its end is not marked: only a file that is cut off inside a block is known to be. A kernel's payload
/// has the size of the decompressed data behind it, which looks like the beginning of a block.
fn legacy(input: &[u8], output: &mut [u8], start: usize) -> Result<Unpacked> {
    let (mut at, mut written) = (LEGACY.len(), start);
    loop {
        let rest = input.get(at..).unwrap_or_default();
        let done = Unpacked {
            consumed: at,
            written,
        };
        let Some(length) = u32_at(rest, 0) else {
            return match rest {
                // Padding.
                [] | [0, ..] if rest.iter().all(|byte| *byte == 0) => Ok(done),
                _ => Err(Error::Truncated),
            };
        };
        let another = length.to_le_bytes() == LEGACY || length.to_le_bytes() == FRAME;
        let payload_ends = rest.len() == 4 && length == written.saturating_sub(start) as u32;
        if length == 0 || another || payload_ends {
            return Ok(done);
        }
        let length = length as usize;
        if length > LONGEST {
            return Ok(done);
        }
        let block = part(rest, 4, length)?;
        at = at.saturating_add(4).saturating_add(length);
        written = decode(block, false, output, written, written, 8 << 20)?;
    }
}

fn part(input: &[u8], at: usize, length: usize) -> Result<&[u8]> {
    let end = at.checked_add(length).ok_or(Error::Truncated)?;
    input.get(at..end).ok_or(Error::Truncated)
}

/// Decodes a block of at most `most` bytes that may refer back to `oldest`; returns the new end.
fn decode(
    block: &[u8],
    raw: bool,
    output: &mut [u8],
    oldest: usize,
    written: usize,
    most: usize,
) -> Result<usize> {
    let end = written.saturating_add(most);
    let full = if end > output.len() {
        Error::OutputFull
    } else {
        Error::Damaged
    };
    let output = output.get_mut(oldest..).ok_or(Error::OutputFull)?;
    let room = output.len().min(end.saturating_sub(oldest));
    let output = output.get_mut(..room).unwrap_or_default();
    let start = written.saturating_sub(oldest);
    let end = if raw {
        lz4_block::copy(block, output, start)
    } else {
        lz4_block::decode(block, output, start)?
    };
    Ok(oldest.saturating_add(end.ok_or(full)?))
}
