//! lzma: decoded by the image; the header is looked at here.

use crate::bytes::{u32_at, u64_at};
use crate::image::call::LZMA;
use crate::image::{STACKS, XZ_LZMA};
use crate::xz::STATE;
use crate::{Error, Result, Unpacked};

/// Whether this may be such data. The format has no mark: these are the properties that nearly every
/// encoder writes, a dictionary of a usual size, and a size of less than 256 GiB or an unknown one
/// (lzma-file-format.txt, 1.1).
pub fn begins(start: &[u8]) -> bool {
    let dictionary = u32_at(start, 1).unwrap_or(0);
    let usual = is_usual(dictionary);
    let sized = u64_at(start, 5).is_some_and(|size| size == u64::MAX || size < 1 << 38);
    start.first() == Some(&0x5d) && usual && sized
}

/// 2^n or 2^n + 2^(n-1), as encoders write it.
const fn is_usual(size: u32) -> bool {
    let between = size.leading_zeros().saturating_add(size.trailing_zeros());
    size.is_power_of_two() || size.count_ones() == 2 && between == 30
}

/// The size that the header states.
pub fn stated(input: &[u8]) -> Option<u64> {
    u64_at(input, 5).filter(|size| *size != u64::MAX)
}

/// A stream.
pub fn stream(
    input: &[u8],
    output: &mut [u8],
    start: usize,
    scratch: &mut [u8],
) -> Result<Unpacked> {
    let properties = *input.first().ok_or(Error::Truncated)?;
    if properties >= 225 {
        return Err(Error::NotThis);
    }
    if input.len() < 13 {
        return Err(Error::Truncated);
    }
    let room = output.len().saturating_sub(start);
    if let Some(stated) = stated(input).filter(|size| *size > room as u64) {
        return Err(Error::TooLarge { stated });
    }
    let done = XZ_LZMA.run(LZMA, input, output, start, scratch)?;
    let decoded = done.written.saturating_sub(start) as u64;
    match stated(input) {
        Some(size) if size != decoded => Err(Error::Truncated),
        _ => Ok(done),
    }
}

/// The dictionary grows with the output, twofold each time; the probabilities depend on the properties.
pub fn scratch(input: &[u8], output: usize) -> usize {
    let properties = input.first().copied().unwrap_or(0);
    let literal = u32::from(properties % 9).saturating_add(u32::from(properties / 9 % 5));
    let probabilities = 0x600_usize << literal;
    let dictionary = u32_at(input, 1).unwrap_or(0).max(4096) as usize;
    let dictionary = dictionary.min(output.saturating_mul(2).max(4096));
    let state = STATE.saturating_add(probabilities).saturating_add(STACKS);
    dictionary.saturating_add(state)
}
