//! The blocks of lz4 (lz4_Block_format.md). The published decoders have reachable panics; this one has
//! none, and its window is the output.

use crate::bytes::u16_at;
use crate::{Error, Result};

/// The shortest match.
const SHORTEST: usize = 4;

/// Decodes a block into `output`, from `at` on; matches may refer to all before. Returns the new end;
/// `None` if the output is full.
///
/// # Errors
/// [`Error::Damaged`].
pub fn decode(mut block: &[u8], output: &mut [u8], mut at: usize) -> Result<Option<usize>> {
    loop {
        let token = usize::from(byte(&mut block)?);
        let literals = length(token >> 4, &mut block)?;
        let (now, rest) = block.split_at_checked(literals).ok_or(Error::Damaged)?;
        block = rest;
        let Some(end) = copy(now, output, at) else {
            return Ok(None);
        };
        at = end;
        // The last sequence has literals only.
        let Some(offset) = u16_at(block, 0) else {
            return if block.is_empty() {
                Ok(Some(at))
            } else {
                Err(Error::Damaged)
            };
        };
        block = block.get(2..).unwrap_or_default();
        let length = length(token & 15, &mut block)?.saturating_add(SHORTEST);
        let from = at.checked_sub(offset.into()).ok_or(Error::Damaged)?;
        if offset == 0 {
            return Err(Error::Damaged);
        }
        let Some(end) = repeat(output, from, at, length) else {
            return Ok(None);
        };
        at = end;
    }
}

fn byte(block: &mut &[u8]) -> Result<u8> {
    let (first, rest) = block.split_first().ok_or(Error::Damaged)?;
    *block = rest;
    Ok(*first)
}

/// A length of which four bits are known; if all of them are set, bytes are added up to one that is not
/// 255.
fn length(start: usize, block: &mut &[u8]) -> Result<usize> {
    let mut sum = start;
    if start == 15 {
        loop {
            let more = byte(block)?;
            sum = sum.saturating_add(more.into());
            if more != 255 {
                break;
            }
        }
    }
    Ok(sum)
}

/// Copies bytes to `at`; returns their end, `None` if there is no room.
pub fn copy(bytes: &[u8], output: &mut [u8], at: usize) -> Option<usize> {
    let target = output.get_mut(at..)?.get_mut(..bytes.len())?;
    short_or_long(bytes, target);
    at.checked_add(bytes.len())
}

/// A match: the bytes from `from` on, which may overlap those that are written.
fn repeat(output: &mut [u8], from: usize, mut at: usize, length: usize) -> Option<usize> {
    let end = at.checked_add(length).filter(|end| *end <= output.len())?;
    while at < end {
        let (before, after) = output.split_at_mut_checked(at)?;
        // What is there is repeated, twice as much each time.
        let source = before.get(from..)?;
        let now = source.len().min(end.saturating_sub(at));
        short_or_long(source.get(..now)?, after.get_mut(..now)?);
        at = at.checked_add(now).filter(|_| now != 0)?;
    }
    Some(end)
}

/// Most copies are of a few bytes, for which a call takes longer than a loop. Both have the same length.
fn short_or_long(from: &[u8], to: &mut [u8]) {
    if from.len() < 32 || from.len() != to.len() {
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    } else {
        to.copy_from_slice(from);
    }
}
