//! The digest over the loaded bytes: the loader and the purgatory share this source.
//!
//! XXH3-128 with a secret of its own for each load, over the message that `docs/purgatory.md`
//! defines under "Digest": each region padded with zeros to whole stripes and followed by its
//! length, then the number of regions. The message is never shorter than 256 bytes, so that only
//! XXH3's part for inputs of more than 240 bytes is needed
//! (xxHash's doc/xxhash_spec.md, "XXH3 Algorithm (for large inputs)").
//!
//! It detects accidental changes, at the speed of memory. It is not a cryptographic hash.

mod portable;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(not(purgatory_blob))]
mod stream;
mod stripes;

#[cfg(test)]
mod tests;

#[cfg(not(purgatory_blob))]
pub use stream::Digest;
pub(crate) use stripes::Stripes;

/// Bytes the digest advances by.
pub const STRIPE: usize = 64;
/// Bytes of a [`Secret`].
pub const SECRET_SIZE: usize = 192;
/// Stripes between two scramblings: the secret advances by eight bytes with each.
const BLOCK: usize = (SECRET_SIZE - STRIPE) / 8;
/// Bytes after the regions, which are the shortest message.
const TRAILER: usize = 4 * STRIPE;

/// A prime of the specification; the others are where they are used.
const PRIME32_1: u64 = 0x9e37_79b1;

/// The key of the digest: random bytes, fresh for each load.
pub type Secret = [u8; SECRET_SIZE];

/// The secret of XXH3 without a seed (doc/xxhash_spec.md, "Default secret"), for callers without
/// random bytes. Any damage is as likely to be detected, but the same damage has the same result each
/// time.
#[cfg(not(purgatory_blob))]
#[rustfmt::skip]
pub static DEFAULT_SECRET: Secret = [
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
];

/// Which code advances the accumulators. The digest does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Implementation {
    /// Plain arithmetic; every architecture.
    #[cfg(any(not(purgatory_blob), not(target_arch = "x86_64")))]
    Portable,
    /// Two accumulators in an XMM register; every x86-64.
    #[cfg(target_arch = "x86_64")]
    Sse2,
}

impl Implementation {
    /// Every implementation this build has, slowest first.
    #[cfg(not(purgatory_blob))]
    pub const ALL: &'static [Self] = &[
        Self::Portable,
        #[cfg(target_arch = "x86_64")]
        Self::Sse2,
    ];

    /// The fastest implementation that every CPU of the architecture supports.
    pub const BEST: Self = {
        #[cfg(target_arch = "x86_64")]
        {
            Self::Sse2
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            Self::Portable
        }
    };
}

/// The eight accumulators (doc/xxhash_spec.md, "Step 1. Initialize internal accumulators").
#[derive(Clone, Debug)]
#[repr(C, align(16))]
struct Accumulators([u64; 8]);

/// The 64-bit little-endian number at `at`; 0 beyond the end, which no caller asks for.
fn word(bytes: &[u8], at: usize) -> u64 {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>);
    u64::from_le_bytes(found.copied().unwrap_or_default())
}
