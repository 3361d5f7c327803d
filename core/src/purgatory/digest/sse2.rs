//! The accumulators in four XMM registers. SSE2 is part of x86-64, so this always runs.
#![allow(unused_unsafe)] // The arithmetic intrinsics are safe functions since Rust 1.87.

use super::{Accumulators, PRIME32_1, SECRET_SIZE, STRIPE, Secret};
use core::arch::x86_64::{
    __m128i, _mm_add_epi64, _mm_load_si128, _mm_loadu_si128, _mm_mul_epu32, _mm_set1_epi32,
    _mm_shuffle_epi32, _mm_slli_epi64, _mm_srli_epi64, _mm_store_si128, _mm_xor_si128,
};

/// The accumulators as vectors: an array that is always taken apart, so that it stays in
/// registers where the compiler unrolls no loop.
type Vectors = [__m128i; 4];

fn load(accumulators: &Accumulators) -> Vectors {
    let start: *const __m128i = (&raw const accumulators.0).cast();
    // SAFETY: `Accumulators` has 64 bytes, aligned to 16.
    let one = |at: usize| unsafe { _mm_load_si128(start.wrapping_add(at)) };
    [one(0), one(1), one(2), one(3)]
}

fn store(accumulators: &mut Accumulators, vectors: Vectors) {
    let start: *mut __m128i = (&raw mut accumulators.0).cast();
    // SAFETY: as in load().
    let one = |at: usize, value| unsafe { _mm_store_si128(start.wrapping_add(at), value) };
    let [a, b, c, d] = vectors;
    one(0, a);
    one(1, b);
    one(2, c);
    one(3, d);
}

#[inline(always)]
fn xor(a: __m128i, b: __m128i) -> __m128i {
    // SAFETY: SSE2 is part of x86-64; so below.
    unsafe { _mm_xor_si128(a, b) }
}

#[inline(always)]
fn add(a: __m128i, b: __m128i) -> __m128i {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { _mm_add_epi64(a, b) }
}

/// The products of the lower halves of the 64-bit words.
#[inline(always)]
fn multiply(a: __m128i, b: __m128i) -> __m128i {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { _mm_mul_epu32(a, b) }
}

#[inline(always)]
fn shuffle<const ORDER: i32>(a: __m128i) -> __m128i {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { _mm_shuffle_epi32::<ORDER>(a) }
}

/// The upper half of each 64-bit word in the place of the lower.
#[inline(always)]
fn upper(a: __m128i) -> __m128i {
    shuffle::<0b00_11_00_01>(a)
}

/// Two accumulators and sixteen bytes.
#[inline(always)]
fn step(accumulators: __m128i, data: __m128i, key: __m128i) -> __m128i {
    let keyed = xor(data, key);
    let swapped = shuffle::<0b01_00_11_10>(data);
    add(add(accumulators, swapped), multiply(keyed, upper(keyed)))
}

/// Adds the whole stripes of `bytes`, at most as many as the secret has keys for from its byte
/// `key` on.
pub(super) fn stripes(accumulators: &mut Accumulators, bytes: &[u8], secret: &Secret, key: usize) {
    let [mut a, mut b, mut c, mut d] = load(accumulators);
    let keys = secret.get(key..).unwrap_or_default().windows(STRIPE);
    for (stripe, keys) in bytes.chunks_exact(STRIPE).zip(keys.step_by(8)) {
        let stripe: *const __m128i = stripe.as_ptr().cast();
        let keys: *const __m128i = keys.as_ptr().cast();
        // SAFETY: a stripe has four times sixteen bytes, at any address.
        let data = |at: usize| unsafe { _mm_loadu_si128(stripe.wrapping_add(at)) };
        // SAFETY: so have its keys.
        let key = |at: usize| unsafe { _mm_loadu_si128(keys.wrapping_add(at)) };
        a = step(a, data(0), key(0));
        b = step(b, data(1), key(1));
        c = step(c, data(2), key(2));
        d = step(d, data(3), key(3));
    }
    store(accumulators, [a, b, c, d]);
}

/// After the last key: mixes each accumulator with the secret's last 64 bytes.
pub(super) fn scramble(accumulators: &mut Accumulators, secret: &Secret) {
    // SAFETY: SSE2 is part of x86-64.
    let prime = unsafe { _mm_set1_epi32(PRIME32_1 as i32) };
    let keys = secret.get(SECRET_SIZE - STRIPE..).unwrap_or_default();
    let pairs = accumulators.0.chunks_exact_mut(2);
    for (pair, key) in pairs.zip(keys.chunks_exact(16)) {
        let pair: *mut __m128i = pair.as_mut_ptr().cast();
        // SAFETY: two accumulators are sixteen bytes, and the first of all is aligned to as many.
        let value = unsafe { _mm_load_si128(pair) };
        // SAFETY: sixteen bytes, at any address.
        let key = unsafe { _mm_loadu_si128(key.as_ptr().cast()) };
        // SAFETY: SSE2 is part of x86-64.
        let shifted = unsafe { _mm_srli_epi64::<47>(value) };
        let mixed = xor(xor(value, shifted), key);
        let low = multiply(mixed, prime);
        let high = multiply(upper(mixed), prime);
        // SAFETY: SSE2 is part of x86-64.
        let value = add(low, unsafe { _mm_slli_epi64::<32>(high) });
        // SAFETY: as it was loaded.
        unsafe { _mm_store_si128(pair, value) };
    }
}
