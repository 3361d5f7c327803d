//! xz: decoded by the image; the memory that it needs is read here.

use crate::image::call::XZ;
use crate::image::{STACKS, XZ_LZMA};
use crate::{Error, Result, Unpacked};

pub const MAGIC: &[u8] = b"\xfd7zXZ\0";

/// What the decoder takes beside its dictionary.
pub const STATE: usize = 512 << 10;

/// The largest dictionary that a preset of xz(1) writes: for a file whose header is not understood.
const USUAL: usize = 64 << 20;

/// A stream.
pub fn stream(
    input: &[u8],
    output: &mut [u8],
    start: usize,
    scratch: &mut [u8],
) -> Result<Unpacked> {
    if !input.starts_with(MAGIC) {
        return Err(Error::NotThis);
    }
    XZ_LZMA.run(XZ, input, output, start, scratch)
}

/// The dictionary grows with the output, twofold each time, up to its size.
pub fn scratch(input: &[u8], output: usize) -> usize {
    let dictionary = dictionary(input).unwrap_or(USUAL);
    let grown = output.saturating_mul(2);
    dictionary.min(grown).saturating_add(STACKS + STATE)
}

/// The dictionary of the first block (xz-file-format.txt, 3.1 and 5.3.1).
fn dictionary(input: &[u8]) -> Option<usize> {
    const LZMA2: u64 = 0x21;
    let header = input.get(12..)?;
    let end = usize::from(*header.first()?).saturating_mul(4);
    let flags = *header.get(1)?;
    let mut rest = header.get(2..end)?;
    for size in [0x40, 0x80] {
        if flags & size != 0 {
            number(&mut rest)?;
        }
    }
    for _ in 0..=flags & 3 {
        let filter = number(&mut rest)?;
        let length = usize::try_from(number(&mut rest)?).ok()?;
        let (properties, others) = rest.split_at_checked(length)?;
        rest = others;
        if filter == LZMA2 {
            let bits = *properties.first()?;
            return match bits {
                0..40 => Some(usize::from(2 | bits & 1) << (bits / 2).saturating_add(11)),
                _ => Some(u32::MAX as usize),
            };
        }
    }
    None
}

/// A number of seven bits a byte.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, others) = rest.split_first()?;
        *rest = others;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
