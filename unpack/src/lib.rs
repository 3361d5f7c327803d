//! Decompresses what kernels are compressed with: gzip, zstd, lz4 (frames and the legacy format), xz and
//! the older lzma. Without libc, allocation or reachable panics.
//!
//! The output is one flat memory of the caller's, which is also the window of every decoder; its length
//! is the limit. Bytes behind the compressed data are not looked at ([`Unpacked::consumed`]): a kernel's
//! payload has its length there. Checksums that the format has are compared.
//!
//! lz4 is decoded by this crate, without reachable panics. The decoders of the other formats
//! (miniz_oxide, zstd-zero, lzma-rust2) cannot be shown to be free of panics. Each runs in an image that
//! was linked before, with a panic handler that returns to the caller: [`Error::Decoder`]. It runs on a
//! stack and a heap in `scratch`, and has no writable data of its own: any thread may call at any time.
//! Without the feature `xz`, on by default, there is no decoder of xz and lzma.
//!
//! ```
//! use kexec_unpack::{Codec, Unpacked, scratch_size, unpack};
//!
//! let compressed = b"\x02\x21\x4c\x18\x06\0\0\0\x50hello";
//! let codec = Codec::of(compressed).unwrap();
//! let mut scratch = vec![0; scratch_size(codec, compressed, 16)];
//! let mut output = [0; 16];
//! let done = unpack(codec, compressed, &mut output, &mut scratch).unwrap();
//! assert_eq!(done, Unpacked { consumed: 14, written: 5 });
//! assert_eq!(output[..5], *b"hello");
//! ```
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

#[cfg(test)]
extern crate std;

mod bytes;
mod crc32;
mod error;
mod gzip;
mod image;
mod lz4;
mod lz4_block;
mod lzma;
mod xxh32;
mod xz;
mod zstd;

pub use error::{Error, Result};
pub use image::{GZIP_ZSTD_SIZE, XZ_LZMA_SIZE};

#[cfg(test)]
mod tests;

/// A format of compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Codec {
    /// RFC 1952.
    Gzip = 1,
    /// RFC 8878.
    Zstd,
    /// lz4_Frame_format.md; also its "Legacy frame", which kernel builds use.
    Lz4,
    /// xz-file-format.txt.
    Xz,
    /// lzma-file-format.txt: "LZMA_Alone".
    Lzma,
}

impl Codec {
    /// The format of data, from the first bytes.
    #[must_use]
    pub fn of(start: &[u8]) -> Option<Self> {
        let has = |mark: &[u8]| start.starts_with(mark);
        if has(b"\x1f\x8b") {
            Some(Self::Gzip)
        } else if has(&zstd::MAGIC) {
            Some(Self::Zstd)
        } else if has(&lz4::FRAME) || has(&lz4::LEGACY) {
            Some(Self::Lz4)
        } else if has(xz::MAGIC) {
            Some(Self::Xz)
        } else if lzma::begins(start) {
            Some(Self::Lzma)
        } else {
            None
        }
    }

    /// Its name, as the usual programs are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
        }
    }
}

/// What was decompressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Bytes of the input, from its beginning, that the compressed data has.
    pub consumed: usize,
    /// Bytes of the output.
    pub written: usize,
}

/// Decompresses the data at the beginning of `input`: a stream, and those of the same format that follow
/// it without a gap, as the usual programs do.
///
/// # Errors
/// Before a byte is decoded: [`Error::NotThis`], [`Error::TooLarge`] if the format states the size and it
/// exceeds `output`, [`Error::Unsupported`]. Then any other; the contents of `output` are undefined.
pub fn unpack(
    codec: Codec,
    input: &[u8],
    output: &mut [u8],
    scratch: &mut [u8],
) -> Result<Unpacked> {
    let one = match codec {
        Codec::Gzip => gzip::member,
        Codec::Zstd => zstd::frame,
        Codec::Lz4 => lz4::frame,
        Codec::Xz => xz::stream,
        Codec::Lzma => lzma::stream,
    };
    let mut done = Unpacked::default();
    loop {
        let rest = input.get(done.consumed..).unwrap_or_default();
        let more = done.consumed == 0 || (codec != Codec::Lzma && Codec::of(rest) == Some(codec));
        if !more {
            return Ok(done);
        }
        let now = one(rest, output, done.written, scratch)?;
        // A stream has a header: this ends.
        done.consumed = done.consumed.saturating_add(now.consumed.max(1));
        done.written = now.written;
    }
}

/// Bytes of `scratch` that [`unpack`] needs for this data, if the output has `output` bytes. For xz it is
/// read from the first block, whose dictionary is as long as any other's in what is in use.
#[must_use]
pub fn scratch_size(codec: Codec, input: &[u8], output: usize) -> usize {
    match codec {
        Codec::Gzip => gzip::SCRATCH,
        Codec::Zstd => zstd::SCRATCH,
        Codec::Lz4 => 0,
        Codec::Xz => xz::scratch(input, output),
        Codec::Lzma => lzma::scratch(input, output),
    }
}

/// The size of the decompressed data, if its beginning states it (zstd, lz4 frames and lzma may): of the
/// first stream. gzip states it at the end, modulo 2^32, and xz in an index there.
#[must_use]
pub fn stated_size(codec: Codec, input: &[u8]) -> Option<u64> {
    match codec {
        Codec::Gzip | Codec::Xz => None,
        Codec::Zstd => zstd::stated(input),
        Codec::Lz4 => lz4::stated(input),
        Codec::Lzma => lzma::stated(input),
    }
}
