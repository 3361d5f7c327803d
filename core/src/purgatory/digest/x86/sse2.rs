//! Four lanes at a time in XMM registers. SSE2 is part of x86-64, so this always runs.

use super::super::{BLOCK, Lanes, STRIPE, vertical};
#[cfg(purgatory_blob)]
use core::arch::x86_64::_mm_cvtsi128_si32;
use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_and_si128, _mm_loadu_si128, _mm_or_si128, _mm_set1_epi32,
    _mm_setzero_si128, _mm_shufflehi_epi16, _mm_shufflelo_epi16, _mm_slli_epi16, _mm_slli_epi32,
    _mm_srli_epi16, _mm_srli_epi32, _mm_storeu_si128, _mm_unpackhi_epi32, _mm_unpackhi_epi64,
    _mm_unpacklo_epi32, _mm_unpacklo_epi64, _mm_xor_si128,
};

/// Stripes one half of the lanes works through before the other has its turn: 16 KiB, half of
/// the smallest first-level data cache of an x86-64 CPU.
const RUN: usize = 32;

#[derive(Clone, Copy)]
struct Four(__m128i);

macro_rules! word {
    ($name:ident, $instruction:ident) => {
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            // SAFETY: SSE2 is part of x86-64.
            Self(unsafe { $instruction(self.0, other.0) })
        }
    };
}

impl vertical::Word for Four {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        // SAFETY: SSE2 is part of x86-64.
        Self(unsafe { _mm_set1_epi32(word.cast_signed()) })
    }
    word!(add, _mm_add_epi32);
    word!(xor, _mm_xor_si128);
    word!(and, _mm_and_si128);
    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        // SAFETY: SSE2 is part of x86-64.
        Self(unsafe { _mm_srli_epi32::<N>(self.0) })
    }
    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        // SAFETY: SSE2 is part of x86-64.
        Self(unsafe { _mm_slli_epi32::<N>(self.0) })
    }
}

#[target_feature(enable = "sse2")]
#[inline]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: 16 readable bytes; the instruction asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "sse2")]
#[inline]
fn load_words(words: &[u32; 4]) -> Four {
    // SAFETY: 16 readable bytes; the instruction asks for no alignment.
    Four(unsafe { _mm_loadu_si128(words.as_ptr().cast()) })
}

#[target_feature(enable = "sse2")]
#[inline]
fn store_words(words: &mut [u32; 4], value: Four) {
    // SAFETY: 16 writable bytes; the instruction asks for no alignment.
    unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), value.0) }
}

/// Each 32-bit word from big-endian: SSE2 has no byte shuffle.
#[target_feature(enable = "sse2")]
#[inline]
fn swap(x: __m128i) -> __m128i {
    let halves = _mm_shufflehi_epi16::<0b10_11_00_01>(_mm_shufflelo_epi16::<0b10_11_00_01>(x));
    _mm_or_si128(_mm_slli_epi16::<8>(halves), _mm_srli_epi16::<8>(halves))
}

/// Advances every lane through `stripes`.
#[target_feature(enable = "sse2")]
pub(super) fn stripes(lanes: &mut Lanes, stripes: &[[u8; STRIPE]]) {
    for run in stripes.chunks(RUN) {
        for half in 0..2_usize {
            one_half(lanes, run, half);
        }
    }
}

/// Advances lanes 0–3 or 4–7.
#[target_feature(enable = "sse2")]
#[inline]
fn one_half(lanes: &mut Lanes, stripes: &[[u8; STRIPE]], half: usize) {
    let mut state = [Four(_mm_setzero_si128()); 8];
    for (state, words) in state.iter_mut().zip(lanes.iter()) {
        if let Some(words) = words.as_chunks::<4>().0.get(half) {
            *state = load_words(words);
        }
    }
    for stripe in stripes {
        if let Some(blocks) = stripe.as_chunks::<{ 4 * BLOCK }>().0.get(half) {
            four_blocks(&mut state, blocks);
        }
    }
    for (state, words) in state.iter().zip(lanes.iter_mut()) {
        if let Some(words) = words.as_chunks_mut::<4>().0.get_mut(half) {
            store_words(words, *state);
        }
    }
}

/// Advances four lanes by the four consecutive blocks in `blocks`.
#[target_feature(enable = "sse2")]
#[inline]
fn four_blocks(state: &mut [Four; 8], blocks: &[u8; 4 * BLOCK]) {
    let mut w = [Four(_mm_setzero_si128()); 64];
    let quads = blocks.as_chunks::<16>().0;
    for (i, w) in w.as_chunks_mut::<4>().0.iter_mut().take(4).enumerate() {
        // Words 4i..4i+4 of each of the four blocks: a 4×4 transposition.
        let mut column = quads.iter().skip(i).step_by(4);
        let (Some(a), Some(b), Some(c), Some(d)) =
            (column.next(), column.next(), column.next(), column.next())
        else {
            return;
        };
        let (a, b, c, d) = (swap(load(a)), swap(load(b)), swap(load(c)), swap(load(d)));
        let (ab_low, ab_high) = (_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
        let (cd_low, cd_high) = (_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
        *w = [
            Four(_mm_unpacklo_epi64(ab_low, cd_low)),
            Four(_mm_unpackhi_epi64(ab_low, cd_low)),
            Four(_mm_unpacklo_epi64(ab_high, cd_high)),
            Four(_mm_unpackhi_epi64(ab_high, cd_high)),
        ];
    }
    compress(state, &mut w);
}

/// In the blob this is the only copy of the rounds.
#[cfg_attr(purgatory_blob, inline(never))]
#[target_feature(enable = "sse2")]
fn compress(state: &mut [Four; 8], w: &mut [Four; 64]) {
    vertical::compress(state, w);
}

/// One lane, one block.
#[cfg(purgatory_blob)]
#[target_feature(enable = "sse2")]
pub(super) fn compress_one(state: &mut [u32; 8], block: &[u8; BLOCK]) {
    let mut w = [Four(_mm_setzero_si128()); 64];
    for (w, bytes) in w.iter_mut().zip(block.as_chunks::<4>().0) {
        *w = vertical::Word::splat(u32::from_be_bytes(*bytes));
    }
    let mut four = state.map(vertical::Word::splat);
    compress(&mut four, &mut w);
    for (state, four) in state.iter_mut().zip(four) {
        *state = _mm_cvtsi128_si32(four.0).cast_unsigned();
    }
}
