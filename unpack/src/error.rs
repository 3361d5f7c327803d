//! Why data cannot be decompressed.

use core::fmt;

/// The result of this crate's functions.
pub type Result<T> = core::result::Result<T, Error>;

/// Why data cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// It does not begin as data of this format does.
    NotThis,
    /// It ends before the compressed data does.
    Truncated,
    /// The size that it states exceeds the output.
    TooLarge {
        /// The stated size, in bytes.
        stated: u64,
    },
    /// More is decoded than the output has room for.
    OutputFull,
    /// It contradicts itself or its format.
    Damaged,
    /// A checksum differs.
    Checksum,
    /// Its format allows this, and it is unsupported.
    Unsupported {
        /// What.
        what: &'static str,
    },
    /// The decoder needs more memory.
    Scratch {
        /// Bytes that suffice, or 0 if that is not known.
        need: usize,
    },
    /// The decoder failed in a way that it should not: damaged data, or a defect of the decoder.
    Decoder,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotThis => "it does not begin as data of this format does",
            Self::Truncated => "it is cut off",
            Self::TooLarge { .. } => "the size that it states exceeds the limit",
            Self::OutputFull => "it unpacks to more than the limit",
            Self::Damaged => "it is damaged",
            Self::Checksum => "a checksum differs: it is damaged",
            Self::Unsupported { what } => what,
            Self::Scratch { .. } => "the decoder needs more memory (its dictionary is too large)",
            Self::Decoder => "the decoder failed: it is probably damaged",
        })
    }
}

impl core::error::Error for Error {}
