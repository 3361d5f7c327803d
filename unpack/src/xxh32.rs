//! XXH32 with seed 0, which lz4 frames have (xxhash_spec.md, "XXH32 Algorithm Description").

use crate::bytes::u32_at;

const PRIME_1: u32 = 0x9e37_79b1;
const PRIME_2: u32 = 0x85eb_ca77;
const PRIME_3: u32 = 0xc2b2_ae3d;
const PRIME_4: u32 = 0x27d4_eb2f;
const PRIME_5: u32 = 0x1656_67b1;

/// The checksum of all bytes.
pub fn xxh32(bytes: &[u8]) -> u32 {
    let stripes = bytes.chunks_exact(16);
    let rest = stripes.remainder();
    let mut sum = PRIME_5;
    if bytes.len() >= 16 {
        let mut lanes = [
            PRIME_1.wrapping_add(PRIME_2),
            PRIME_2,
            0,
            0_u32.wrapping_sub(PRIME_1),
        ];
        for stripe in stripes {
            for (lane, word) in lanes.iter_mut().zip(stripe.chunks_exact(4)) {
                let word = u32_at(word, 0).unwrap_or(0);
                let mixed = lane.wrapping_add(word.wrapping_mul(PRIME_2));
                *lane = mixed.rotate_left(13).wrapping_mul(PRIME_1);
            }
        }
        let turns = [1, 7, 12, 18];
        let mut turned = lanes.iter().zip(turns);
        sum = turned.by_ref().fold(0, |sum: u32, (lane, turn)| {
            sum.wrapping_add(lane.rotate_left(turn))
        });
    }
    sum = sum.wrapping_add(bytes.len() as u32);
    let words = rest.chunks_exact(4);
    let last = words.remainder();
    for word in words {
        let word = u32_at(word, 0).unwrap_or(0);
        sum = sum.wrapping_add(word.wrapping_mul(PRIME_3));
        sum = sum.rotate_left(17).wrapping_mul(PRIME_4);
    }
    for byte in last {
        sum = sum.wrapping_add(u32::from(*byte).wrapping_mul(PRIME_5));
        sum = sum.rotate_left(11).wrapping_mul(PRIME_1);
    }
    sum = (sum ^ (sum >> 15)).wrapping_mul(PRIME_2);
    sum = (sum ^ (sum >> 13)).wrapping_mul(PRIME_3);
    sum ^ (sum >> 16)
}
