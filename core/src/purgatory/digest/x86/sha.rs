//! Two lanes in lockstep with the SHA extensions (Intel SDM vol. 2B, SHA256RNDS2).
//!
//! In one stream every pair of rounds waits for the result of the last; a second stream fills
//! the wait. Two need twelve of the sixteen XMM registers. Blocks are taken in the order they
//! lie in memory: the states of eight lanes stay in the first-level cache for free, whereas
//! running each pair through 16 KiB on its own was measured 3 % slower from cache.

use super::super::{BLOCK, K, Lanes, STRIPE};
use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_loadu_si128, _mm_set_epi8,
    _mm_set_epi32, _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32,
    _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};

/// One lane's state as the instructions want it.
#[derive(Clone, Copy)]
struct Lane {
    /// A, B, E, F, from the highest word down.
    abef: __m128i,
    /// C, D, G, H, from the highest word down.
    cdgh: __m128i,
}

/// Advances every lane through `stripes`.
///
/// # Safety
/// The CPU must have SHA, SSSE3 and SSE4.1.
#[target_feature(enable = "sha,ssse3,sse4.1")]
pub(super) unsafe fn stripes(lanes: &mut Lanes, stripes: &[[u8; STRIPE]]) {
    let mut all = [Lane {
        abef: _mm_setzero_si128(),
        cdgh: _mm_setzero_si128(),
    }; 8];
    for (number, lane) in all.iter_mut().enumerate() {
        *lane = get(lanes, number);
    }
    for stripe in stripes {
        let pairs = all.as_chunks_mut::<2>().0;
        for ([a, b], blocks) in pairs.iter_mut().zip(stripe.as_chunks::<{ 2 * BLOCK }>().0) {
            two_blocks(a, b, blocks);
        }
    }
    for (number, lane) in all.iter().enumerate() {
        put(lanes, number, *lane);
    }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: 16 readable bytes; the instruction asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn constants(k: &[u32; 4]) -> __m128i {
    // SAFETY: 16 readable bytes; the instruction asks for no alignment.
    unsafe { _mm_loadu_si128(k.as_ptr().cast()) }
}

/// Four rounds.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn rounds(lane: &mut Lane, w: __m128i, k: &[u32; 4]) {
    let wk = _mm_add_epi32(w, constants(k));
    lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, wk);
    let wk = _mm_shuffle_epi32::<0b00_00_11_10>(wk);
    lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, wk);
}

/// The four schedule words after `w0`…`w3` (sixteen words).
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn next(w0: __m128i, w1: __m128i, w2: __m128i, w3: __m128i) -> __m128i {
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
    _mm_sha256msg2_epu32(sum, w3)
}

/// Advances two lanes by two consecutive blocks.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn two_blocks(a: &mut Lane, b: &mut Lane, blocks: &[u8; 2 * BLOCK]) {
    let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    let mut w = [_mm_setzero_si128(); 8];
    for (w, bytes) in w.iter_mut().zip(blocks.as_chunks::<16>().0) {
        *w = _mm_shuffle_epi8(load(bytes), order);
    }
    let [
        mut a0,
        mut a1,
        mut a2,
        mut a3,
        mut b0,
        mut b1,
        mut b2,
        mut b3,
    ] = w;
    let (mut x, mut y) = (*a, *b);
    for (turn, k) in K.as_chunks::<16>().0.iter().enumerate() {
        if turn != 0 {
            a0 = next(a0, a1, a2, a3);
            b0 = next(b0, b1, b2, b3);
            a1 = next(a1, a2, a3, a0);
            b1 = next(b1, b2, b3, b0);
            a2 = next(a2, a3, a0, a1);
            b2 = next(b2, b3, b0, b1);
            a3 = next(a3, a0, a1, a2);
            b3 = next(b3, b0, b1, b2);
        }
        if let [k0, k1, k2, k3] = k.as_chunks::<4>().0 {
            rounds(&mut x, a0, k0);
            rounds(&mut y, b0, k0);
            rounds(&mut x, a1, k1);
            rounds(&mut y, b1, k1);
            rounds(&mut x, a2, k2);
            rounds(&mut y, b2, k2);
            rounds(&mut x, a3, k3);
            rounds(&mut y, b3, k3);
        }
    }
    a.abef = _mm_add_epi32(a.abef, x.abef);
    a.cdgh = _mm_add_epi32(a.cdgh, x.cdgh);
    b.abef = _mm_add_epi32(b.abef, y.abef);
    b.cdgh = _mm_add_epi32(b.cdgh, y.cdgh);
}

fn word(lanes: &Lanes, lane: usize, number: usize) -> i32 {
    let word = lanes.get(number).and_then(|words| words.get(lane));
    word.copied().unwrap_or(0).cast_signed()
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn get(lanes: &Lanes, lane: usize) -> Lane {
    let w = |number| word(lanes, lane, number);
    Lane {
        abef: _mm_set_epi32(w(0), w(1), w(4), w(5)),
        cdgh: _mm_set_epi32(w(2), w(3), w(6), w(7)),
    }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn put(lanes: &mut Lanes, lane: usize, state: Lane) {
    let (x, y) = (state.abef, state.cdgh);
    let words = [
        _mm_extract_epi32::<3>(x),
        _mm_extract_epi32::<2>(x),
        _mm_extract_epi32::<3>(y),
        _mm_extract_epi32::<2>(y),
        _mm_extract_epi32::<1>(x),
        _mm_extract_epi32::<0>(x),
        _mm_extract_epi32::<1>(y),
        _mm_extract_epi32::<0>(y),
    ];
    for (words, word) in lanes.iter_mut().zip(words) {
        if let Some(to) = words.get_mut(lane) {
            *to = word.cast_unsigned();
        }
    }
}
