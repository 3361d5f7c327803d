//! The accumulators one by one, by plain arithmetic.

use super::{Accumulators, PRIME32_1, SECRET_SIZE, STRIPE, Secret, word};

/// Adds a stripe, keyed from the secret's byte `key` on.
fn accumulate(accumulators: &mut Accumulators, stripe: &[u8], secret: &Secret, key: usize) {
    for lane in 0..8_usize {
        let at = lane.wrapping_mul(8);
        let data = word(stripe, at);
        let keyed = data ^ word(secret, key.wrapping_add(at));
        if let Some(neighbour) = accumulators.0.get_mut(lane ^ 1) {
            *neighbour = neighbour.wrapping_add(data);
        }
        if let Some(own) = accumulators.0.get_mut(lane) {
            *own = own.wrapping_add((keyed & 0xffff_ffff).wrapping_mul(keyed >> 32));
        }
    }
}

/// As [`super::sse2::stripes`].
pub(super) fn stripes(
    accumulators: &mut Accumulators,
    bytes: &[u8],
    secret: &Secret,
    mut key: usize,
) {
    for stripe in bytes.chunks_exact(STRIPE) {
        accumulate(accumulators, stripe, secret, key);
        key = key.wrapping_add(8);
    }
}

/// As [`super::sse2::scramble`].
pub(super) fn scramble(accumulators: &mut Accumulators, secret: &Secret) {
    for (lane, one) in accumulators.0.iter_mut().enumerate() {
        let key = word(
            secret,
            (SECRET_SIZE - STRIPE).wrapping_add(lane.wrapping_mul(8)),
        );
        *one = (*one ^ (*one >> 47) ^ key).wrapping_mul(PRIME32_1);
    }
}
