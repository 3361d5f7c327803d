//! Against the published specification, and against another implementation of XXH3.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use super::{DEFAULT_SECRET, Digest, Implementation, SECRET_SIZE, STRIPE, Secret, Stripes};
use crate::testing::Random;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_secret};

/// Region lengths and the digest with the default secret, computed by docs/purgatory_digest.py
/// from the specification alone; `xxhsum -H2` says the same of its messages.
#[rustfmt::skip]
const VECTORS: &[(&[usize], &str)] = &[
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of the vectors: docs/purgatory_digest.py.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 167 + i / 256) as u8).collect()
}

fn random_bytes(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| random.below(256) as u8).collect()
}

fn random_secret(random: &mut Random) -> Secret {
    core::array::from_fn(|_| random.below(256) as u8)
}

/// docs/purgatory.md, "Digest": the message.
fn message(regions: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for region in regions {
        message.extend(*region);
        // The rest is a stripe of its own, even if it is empty.
        message.resize((message.len() / STRIPE + 1) * STRIPE, 0);
        message.extend((region.len() as u64).to_le_bytes());
        message.resize(message.len() + STRIPE - 8, 0);
    }
    message.extend((regions.len() as u64).to_le_bytes());
    message.resize(message.len() + 4 * STRIPE - 8, 0);
    message
}

fn oracle(regions: &[&[u8]], secret: &Secret) -> [u8; 16] {
    xxh3_128_with_secret(&message(regions), secret).to_be_bytes()
}

fn digest(implementation: Implementation, regions: &[&[u8]], secret: &Secret) -> [u8; 16] {
    let mut digest = Digest::with(implementation, secret);
    for region in regions {
        digest.region(region);
    }
    digest.finish()
}

#[test]
fn the_vectors() {
    for (lengths, expected) in VECTORS {
        let bytes = pattern(lengths.iter().sum());
        let mut rest = &bytes[..];
        let mut regions = Vec::new();
        for length in *lengths {
            let (region, after) = rest.split_at(*length);
            regions.push(region);
            rest = after;
        }
        for implementation in Implementation::ALL {
            let found = digest(*implementation, &regions, &DEFAULT_SECRET);
            assert_eq!(&hex(&found), expected, "{implementation:?} {lengths:?}");
        }
        // With the default secret it is XXH3-128 without a seed.
        let plain = xxh3_128(&message(&regions)).to_be_bytes();
        assert_eq!(&hex(&plain), expected);
    }
    // Among them: the same bytes with boundaries moved, and empty regions added.
    for (i, (_, a)) in VECTORS.iter().enumerate() {
        assert!(VECTORS[..i].iter().all(|(_, b)| a != b));
    }
}

/// Vectors that xxHash publishes for XXH3-128 (tests/sanity_test_vectors.h, XSUM_XXH128_testdata):
/// the input's length, and the digest's low and high half, without a seed. Only lengths that are whole
/// stripes: the digest has no others.
const PUBLISHED: [(usize, u64, u64); 3] = [
    (512, 0x617e_4959_9013_cb6b, 0x18d2_d110_dcc9_bca1),
    (2048, 0xdd59_e2c3_a5f0_38e0, 0xf736_557f_d470_73a5),
    (2240, 0x6e73_a905_39cf_2948, 0xccb1_34fb_fa7c_e49d),
];

/// The bytes of the published vectors (`XSUM_fillTestBuffer`).
fn published_input(length: usize) -> Vec<u8> {
    let mut generator = 0x9e37_79b1_u64;
    (0..length)
        .map(|_| {
            let byte = (generator >> 56) as u8;
            generator = generator.wrapping_mul(0x9e37_79b1_85eb_ca8d);
            byte
        })
        .collect()
}

#[test]
fn whole_stripes_are_xxh3() {
    for (length, low, high) in PUBLISHED {
        let input = published_input(length);
        let expected = u128::from(high) << 64 | u128::from(low);
        assert_eq!(xxh3_128(&input), expected, "the oracle, {length}");
        for implementation in Implementation::ALL {
            let stripes = Stripes::new(&DEFAULT_SECRET, *implementation);
            assert_eq!(
                stripes.of_message(&input),
                expected,
                "{implementation:?} {length}"
            );
        }
    }
    // Every number of stripes around the places where the secret begins again.
    let mut random = Random::new(1);
    let bytes = random_bytes(&mut random, 70 * STRIPE);
    for stripes in 4..=70 {
        let secret = random_secret(&mut random);
        let message = &bytes[..stripes * STRIPE];
        let expected = xxh3_128_with_secret(message, &secret);
        for implementation in Implementation::ALL {
            let found = Stripes::new(&secret, *implementation).of_message(message);
            assert_eq!(found, expected, "{implementation:?}, {stripes} stripes");
        }
    }
}

#[test]
fn random_regions_in_random_pieces() {
    let mut random = Random::new(2);
    let bytes = random_bytes(&mut random, 200_000);
    for round in 0..150 {
        let limit = [200, 3_000, 20_000][round % 3];
        let secret = random_secret(&mut random);
        let regions: Vec<&[u8]> = (0..random.below(5))
            .map(|_| {
                let start = random.below((bytes.len() - limit) as u64) as usize;
                &bytes[start..start + random.below(limit as u64) as usize]
            })
            .collect();
        let expected = oracle(&regions, &secret);
        for implementation in Implementation::ALL {
            assert_eq!(
                digest(*implementation, &regions, &secret),
                expected,
                "{round}"
            );
            let mut pieces = Digest::with(*implementation, &secret);
            for region in &regions {
                let mut rest = *region;
                while !rest.is_empty() {
                    let most = limit.min(1 << random.below(17)) as u64;
                    let piece = 1 + random.below(most);
                    let piece = rest.len().min(piece as usize);
                    pieces.update(&rest[..piece]);
                    rest = &rest[piece..];
                }
                pieces.end_region();
            }
            assert_eq!(
                pieces.finish(),
                expected,
                "{implementation:?}, round {round}"
            );
        }
    }
}

#[test]
fn unaligned_regions_and_one_byte_at_a_time() {
    let mut random = Random::new(3);
    let bytes = random_bytes(&mut random, 3000);
    let secret = random_secret(&mut random);
    for start in 0..70 {
        let region = &bytes[start..start + 2000];
        let expected = oracle(&[region], &secret);
        for implementation in Implementation::ALL {
            assert_eq!(digest(*implementation, &[region], &secret), expected);
            let mut pieces = Digest::with(*implementation, &secret);
            for byte in region {
                pieces.update(core::slice::from_ref(byte));
            }
            // A region begun is ended.
            assert_eq!(pieces.finish(), expected);
        }
    }
}

#[test]
fn every_byte_counts() {
    // Every bit of 64 KiB, and rarer damage, is tested by an optimised program: benches, `damage`.
    let mut random = Random::new(4);
    let mut bytes = random_bytes(&mut random, 5000);
    let secret = random_secret(&mut random);
    bytes[..2048].fill(0);
    let original = digest(Implementation::BEST, &[&bytes], &secret);
    for at in 0..bytes.len() {
        let bit = 1 << (at % 8);
        bytes[at] ^= bit;
        assert_ne!(
            digest(Implementation::BEST, &[&bytes], &secret),
            original,
            "{at}"
        );
        bytes[at] ^= bit;
    }
    assert_eq!(digest(Implementation::BEST, &[&bytes], &secret), original);
}

#[test]
fn a_word_that_is_its_key_is_not_forgotten() {
    // A word equal to its key makes its product zero, so that only the neighbour sees a change.
    let mut random = Random::new(5);
    let secret = random_secret(&mut random);
    let mut bytes = vec![0; 1024];
    for (number, stripe) in bytes.chunks_exact_mut(STRIPE).enumerate() {
        stripe.copy_from_slice(&secret[8 * number..][..STRIPE]);
    }
    let original = digest(Implementation::BEST, &[&bytes], &secret);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert_ne!(digest(Implementation::BEST, &[&bytes], &secret), original);
            bytes[at] ^= 1 << bit;
        }
    }
    // Two of them in the places of each other: each sum is the same, each product is not.
    for (one, other) in [(0, 1), (3, 9), (14, 15)] {
        for lane in 0..8 {
            let (a, b) = (one * STRIPE + 8 * lane, other * STRIPE + 8 * lane);
            let mut damaged = bytes.clone();
            damaged.copy_within(a..a + 8, b);
            damaged[a..a + 8].copy_from_slice(&bytes[b..b + 8]);
            assert_ne!(digest(Implementation::BEST, &[&damaged], &secret), original);
        }
    }
}

#[test]
fn every_bit_of_the_secret_counts() {
    let mut secret = DEFAULT_SECRET;
    let bytes = pattern(5000);
    let original = digest(Implementation::BEST, &[&bytes], &secret);
    for at in 0..SECRET_SIZE {
        for bit in 0..8 {
            secret[at] ^= 1 << bit;
            assert_ne!(digest(Implementation::BEST, &[&bytes], &secret), original);
            secret[at] ^= 1 << bit;
        }
    }
}
