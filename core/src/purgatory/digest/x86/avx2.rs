//! Eight lanes at a time in YMM registers: the loader's choice where there is no SHA-NI.
//!
//! The purgatory never uses it: it would have to switch on the YMM state first.

use super::super::{BLOCK, LANES, STRIPE, vertical};
use core::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_loadu_si256, _mm256_permute2x128_si256,
    _mm256_set_epi8, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_slli_epi32, _mm256_srli_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64, _mm256_xor_si256, _xgetbv,
};

/// Eight words. Its methods are inlined into functions that have AVX2.
#[derive(Clone, Copy)]
struct Eight(__m256i);

macro_rules! word {
    ($name:ident, $instruction:ident) => {
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            // SAFETY: an `Eight` is only made in functions that have AVX2.
            Self(unsafe { $instruction(self.0, other.0) })
        }
    };
}

impl vertical::Word for Eight {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        // SAFETY: only called by the code below, which has AVX2.
        Self(unsafe { _mm256_set1_epi32(word.cast_signed()) })
    }
    word!(add, _mm256_add_epi32);
    word!(xor, _mm256_xor_si256);
    word!(and, _mm256_and_si256);
    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        // SAFETY: an `Eight` is only made in functions that have AVX2.
        Self(unsafe { _mm256_srli_epi32::<N>(self.0) })
    }
    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        // SAFETY: an `Eight` is only made in functions that have AVX2.
        Self(unsafe { _mm256_slli_epi32::<N>(self.0) })
    }
}

/// XCR0: the operating system saves XMM (bit 1) and YMM (bit 2).
///
/// # Safety
/// CPUID must report OSXSAVE.
#[target_feature(enable = "xsave")]
pub(super) unsafe fn ymm_is_saved() -> bool {
    // SAFETY: OSXSAVE is set, by the contract; register 0 always exists then.
    let xcr0 = unsafe { _xgetbv(0) };
    xcr0 & 0b110 == 0b110
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 readable bytes; the instruction asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// Advances every lane through `stripes`.
///
/// # Safety
/// The CPU must have AVX2, and the operating system must save the YMM registers.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn stripes(lanes: &mut [[u32; LANES]], stripes: &[[u8; STRIPE]]) {
    let mut state = [Eight(_mm256_setzero_si256()); 8];
    for (state, words) in state.iter_mut().zip(lanes.iter()) {
        // SAFETY: 32 readable bytes; the instruction asks for no alignment.
        *state = Eight(unsafe { _mm256_loadu_si256(words.as_ptr().cast()) });
    }
    for stripe in stripes {
        let mut w = [Eight(_mm256_setzero_si256()); 64];
        let halves = stripe.as_chunks::<32>().0;
        for (i, w) in w.as_chunks_mut::<8>().0.iter_mut().take(2).enumerate() {
            let mut rows = [_mm256_setzero_si256(); LANES];
            let column = halves.iter().skip(i).step_by(BLOCK / 32);
            for (row, bytes) in rows.iter_mut().zip(column) {
                *row = swap(load(bytes));
            }
            *w = transpose(rows);
        }
        vertical::compress(&mut state, &mut w);
    }
    for (state, words) in state.iter().zip(lanes.iter_mut()) {
        // SAFETY: 32 writable bytes; the instruction asks for no alignment.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), state.0) };
    }
}

/// Each 32-bit word from big-endian.
#[target_feature(enable = "avx2")]
#[inline]
fn swap(x: __m256i) -> __m256i {
    #[rustfmt::skip]
    let order = _mm256_set_epi8(
        12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3,
        12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3,
    );
    _mm256_shuffle_epi8(x, order)
}

/// An 8×8 transposition of words: row *l* is a lane, column *t* becomes a vector.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose(rows: [__m256i; LANES]) -> [Eight; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let [ab0, ab1] = [_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b)];
    let [cd0, cd1] = [_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d)];
    let [ef0, ef1] = [_mm256_unpacklo_epi32(e, f), _mm256_unpackhi_epi32(e, f)];
    let [gh0, gh1] = [_mm256_unpacklo_epi32(g, h), _mm256_unpackhi_epi32(g, h)];
    // Column t of lanes a–d in the low half, column t + 4 in the high half; e–h alike.
    let low = [
        _mm256_unpacklo_epi64(ab0, cd0),
        _mm256_unpackhi_epi64(ab0, cd0),
        _mm256_unpacklo_epi64(ab1, cd1),
        _mm256_unpackhi_epi64(ab1, cd1),
    ];
    let high = [
        _mm256_unpacklo_epi64(ef0, gh0),
        _mm256_unpackhi_epi64(ef0, gh0),
        _mm256_unpacklo_epi64(ef1, gh1),
        _mm256_unpackhi_epi64(ef1, gh1),
    ];
    let mut columns = [Eight(_mm256_setzero_si256()); 8];
    let (first, second) = columns.split_at_mut(4);
    for (((first, second), low), high) in first.iter_mut().zip(second).zip(low).zip(high) {
        *first = Eight(_mm256_permute2x128_si256::<0x20>(low, high));
        *second = Eight(_mm256_permute2x128_si256::<0x31>(low, high));
    }
    columns
}
