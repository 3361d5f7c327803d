//! The image that decodes deflate and zstd.
#![no_std]
#![no_main]

extern crate alloc;

mod call;
mod runtime;

use alloc::vec;

use call::{Call, CHECKSUM, DAMAGED, DEFLATE, DONE, OUTPUT_FULL, TRUNCATED};
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use miniz_oxide::inflate::TINFLStatus;
use zstd_zero::{
    DecodeError, DecodeStep, Decoder, DecoderBuffers, FSE_ENTRIES, FSE_SCRATCH_LEN, FseEntry,
    HUFFMAN_ENTRIES, HuffmanEntry, MAX_BLOCK_SIZE,
};

fn run(call: &mut Call, input: &[u8], output: &mut [u8]) -> i32 {
    match call.decoder {
        DEFLATE => deflate(call, input, output),
        _ => zstd(call, input, output),
    }
}

fn deflate(call: &mut Call, input: &[u8], output: &mut [u8]) -> i32 {
    let mut state = DecompressorOxide::new();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, read, wrote) = decompress(&mut state, input, output, call.written, flags);
    call.consumed = read;
    call.written += wrote;
    match status {
        TINFLStatus::Done => DONE,
        TINFLStatus::HasMoreOutput => OUTPUT_FULL,
        TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => TRUNCATED,
        _ => DAMAGED,
    }
}

/// One frame, whose header the library has replaced by that of a frame which is as long as the output:
/// the history is the output, whatever window the encoder wrote, and decoded bytes lie in place. So
/// the decoder's last word is the length that it found, in place of that in the header.
fn zstd(call: &mut Call, input: &[u8], output: &mut [u8]) -> i32 {
    let history = &mut output[call.written..];
    let room = history.len();
    let mut block = vec![0; MAX_BLOCK_SIZE];
    let mut literals = vec![0; MAX_BLOCK_SIZE];
    let mut fse_scratch = [0; FSE_SCRATCH_LEN];
    let mut fse = [FseEntry::new(); FSE_ENTRIES];
    let mut huffman = [HuffmanEntry::new(); HUFFMAN_ENTRIES];
    let Ok(mut decoder) = Decoder::new(DecoderBuffers {
        fse_scratch: &mut fse_scratch,
        fse: &mut fse,
        huffman: &mut huffman,
        history,
        block: &mut block,
        literals: &mut literals,
    }) else {
        return DAMAGED;
    };
    let mut header = *FRAME;
    header[4] |= (call.decoder >> 8) as u8 * CONTENT_CHECKSUM;
    header[5..].copy_from_slice(&(room as u64).to_le_bytes());
    if decoder.decode(&header).is_err() {
        return DAMAGED;
    }
    let mut wrote = 0;
    let mut rest = input;
    loop {
        let step = match decoder.decode(rest) {
            Ok(step) => step,
            // The header's size is the room. Of the last block there may have been no other word.
            Err(DecodeError::ContentSizeMismatch { actual, .. }) if actual < room as u64 => {
                wrote = actual as usize;
                break;
            }
            Err(DecodeError::ContentSizeMismatch { .. }) => return OUTPUT_FULL,
            Err(DecodeError::UnexpectedEof) => return TRUNCATED,
            Err(DecodeError::ChecksumMismatch { .. }) => return CHECKSUM,
            // A block may be as long as the output, or 128 KiB.
            Err(DecodeError::InvalidBlock) if room < MAX_BLOCK_SIZE => return OUTPUT_FULL,
            Err(_) => return DAMAGED,
        };
        rest = &rest[step.consumed()..];
        match step {
            // After the last byte of the history it begins to write at the first again.
            DecodeStep::Output { bytes, .. } => wrote += bytes.len(),
            DecodeStep::FrameFinished { .. } => break,
            DecodeStep::NeedInput { .. } if rest.is_empty() => return TRUNCATED,
            DecodeStep::NeedInput { .. } | DecodeStep::FrameStarted { .. } => {}
        }
        if wrote > room {
            return OUTPUT_FULL;
        }
    }
    call.written += wrote;
    DONE
}

/// RFC 8878, 3.1.1.1: a single segment, and 8 bytes of content size.
const FRAME: &[u8; 13] = b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\0\0\0";
const CONTENT_CHECKSUM: u8 = 4;
