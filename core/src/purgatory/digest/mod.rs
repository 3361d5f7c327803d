//! The digest over what is loaded: the same source in the loader and in the purgatory.
//!
//! SHA-256 in eight interleaved lanes; `docs/purgatory.md` is the specification. In short,
//! for regions R₀…Rₙ₋₁ in order:
//!
//! - Each region is cut into stripes of 512 bytes. The 64-byte block *k* of a stripe is
//!   appended to the stream of lane *k*. What is left (0 to 511 bytes) is appended to the tail
//!   stream, followed by the length of the region as a 64-bit little-endian number.
//! - The digest is SHA-256 over [`DOMAIN`], the SHA-256 of the eight lane streams, and the
//!   SHA-256 of the tail stream: 320 bytes.
//!
//! One SHA-256 stream is bound by the latency of its rounds. Eight independent ones fill the
//! units of every x86: two at a time with the SHA extensions, four with SSE2, eight with
//! AVX2. They advance through one stripe together, so memory is read once and in order.

#[cfg(not(purgatory_blob))]
mod buffered;
mod chunks;
mod lanes;
#[cfg(not(purgatory_blob))]
mod portable;
mod streams;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;

#[cfg(not(purgatory_blob))]
pub use buffered::Digest;
pub(crate) use chunks::{as_chunks, as_chunks_mut};
pub(crate) use lanes::Words;
pub(crate) use streams::Streams;
#[cfg(all(target_arch = "x86_64", any(purgatory_blob, test)))]
pub(crate) use x86::ymm_is_saved;

/// Number of lanes.
pub const LANES: usize = 8;
/// Bytes in one SHA-256 block.
pub const BLOCK: usize = 64;
/// Bytes that advance every lane by one block.
pub const STRIPE: usize = LANES * BLOCK;
/// First block of the final hash: names the construction and its version.
pub const DOMAIN: [u8; 32] = *b"libkexec purgatory digest 1\0\0\0\0\0";

/// SHA-256 round constants (FIPS 180-4, 4.2.2).
#[rustfmt::skip]
pub(crate) static K: Constants = Constants([
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
]);

/// As vectors want them.
#[repr(C, align(16))]
pub(crate) struct Constants(pub(crate) [u32; 64]);

/// Which code advances the lanes. The digest does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Implementation {
    /// Plain arithmetic, one lane after the other; every architecture.
    #[cfg(not(purgatory_blob))]
    Portable,
    /// Four lanes in the words of an XMM register; every x86-64.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// Eight lanes in the words of a YMM register.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Two lanes in lockstep with the SHA extensions.
    #[cfg(target_arch = "x86_64")]
    ShaNi,
}

impl Implementation {
    /// Every implementation this build has, slowest first.
    #[cfg(not(purgatory_blob))]
    pub const ALL: &'static [Self] = &[
        Self::Portable,
        #[cfg(target_arch = "x86_64")]
        Self::Sse2,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "x86_64")]
        Self::ShaNi,
    ];

    /// The fastest implementation the running CPU has.
    #[cfg(not(purgatory_blob))]
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            x86::detect()
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            Self::Portable
        }
    }

    /// Whether the running CPU has it.
    #[cfg(not(purgatory_blob))]
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => x86::has_avx2(),
            #[cfg(target_arch = "x86_64")]
            Self::ShaNi => x86::has_sha(),
        }
    }
}
