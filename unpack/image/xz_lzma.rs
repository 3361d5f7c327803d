//! The image that decodes xz and lzma.
#![no_std]
#![no_main]

extern crate alloc;

mod call;
mod runtime;

use call::{Call, DAMAGED, DONE, MEMORY, OUTPUT_FULL, TRUNCATED, UNSUPPORTED, XZ};
use lzma_rust2::{Error, LzmaReader, Read, XzReader};

/// The rest of the input.
struct Rest<'a>(&'a [u8]);

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> lzma_rust2::Result<usize> {
        let length = buffer.len().min(self.0.len());
        let (now, later) = self.0.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.0 = later;
        Ok(length)
    }
}

fn run(call: &mut Call, input: &[u8], output: &mut [u8]) -> i32 {
    match call.decoder {
        XZ => xz(call, input, output),
        _ => lzma(call, input, output),
    }
}

fn xz(call: &mut Call, input: &[u8], output: &mut [u8]) -> i32 {
    let mut reader = XzReader::new(Rest(input), false);
    let result = fill(&mut reader, call, output);
    if result == DONE {
        call.consumed = input.len() - reader.inner().0.len();
    }
    result
}

/// The header's dictionary may be much longer than the output, which is as far back as anything
/// refers.
fn lzma(call: &mut Call, input: &[u8], output: &mut [u8]) -> i32 {
    let Some((&[properties, d0, d1, d2, d3, ref size @ ..], body)) = input.split_first_chunk::<13>()
    else {
        return TRUNCATED;
    };
    let size = u64::from_le_bytes(*size);
    let room = u32::try_from(output.len() - call.written).unwrap_or(u32::MAX);
    let dictionary = u32::from_le_bytes([d0, d1, d2, d3]).min(room.max(4096));
    let mut reader = match LzmaReader::new_with_props(Rest(body), size, properties, dictionary, None) {
        Ok(reader) => reader,
        Err(error) => return failure(&error),
    };
    let result = fill(&mut reader, call, output);
    if result == DONE {
        let (rest, unread) = reader.into_parts();
        call.consumed = input.len() - rest.0.len() - unread.len();
    }
    result
}

/// Everything until the end of the stream; one byte more is asked for, which there must not be.
fn fill(reader: &mut impl Read, call: &mut Call, output: &mut [u8]) -> i32 {
    loop {
        let mut over = [0];
        let rest = &mut output[call.written..];
        let full = rest.is_empty();
        match reader.read(if full { &mut over } else { rest }) {
            Ok(0) => return DONE,
            Ok(_) if full => return OUTPUT_FULL,
            Ok(length) => call.written += length,
            Err(error) => return failure(&error),
        }
    }
}

fn failure(error: &Error) -> i32 {
    match error {
        Error::Eof => TRUNCATED,
        Error::OutOfMemory(_) => MEMORY,
        Error::Unsupported(_) => UNSUPPORTED,
        _ => DAMAGED,
    }
}
