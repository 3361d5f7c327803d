//! Against vectors computed by `docs/purgatory_digest.py` (hashlib), and against each other.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use super::{DOMAIN, Digest, Implementation, LANES, STRIPE, lanes::Sha256};
use std::format;
use std::string::String;
use std::vec::Vec;

#[rustfmt::skip]
const VECTORS: &[(&[usize], &str)] = &[
    (&[], "a3739abc4438edd4c05d57d0f485b2f6a04e4930a2699b6d8ce8b9bc1ee56f8f"),
    (&[0], "f97bd34ee5fddf86122605f8d2e4597e29353b60c2b3bc8aa54c5d918065a53e"),
    (&[1], "535fe4c65341551196c2deb33dae8a6f46423e985ad8390ba4c2dd8a06475635"),
    (&[511], "a313fac6676ec44988b115633a36cbec2fb43b057afcbb9cd614a1efe9e635fd"),
    (&[512], "de130a974ed6df7fa29e86dc6fb8af558fbccbd12c6dcf5dd306d59faf1a0306"),
    (&[513], "b6446f8376cd57b62b8a120f19c91ed953d034702ed0b574f5784ad103936d3f"),
    (&[0, 0], "11b7178a53943fb85f36d2064bf64aca0e90d514a9cac5dd7233b20132c56649"),
    (&[512, 512], "45c7af3a4b5341b3535fbb8b822372e6a41a275767e039f838aaa5100047cd1a"),
    (&[1024], "65dd52a32bb2bdf9dfcf377f25efa22d321a787eea88741acba9d9be1b8d8a3d"),
    (&[1023, 1], "f2fd31134171b63fde1ec0d448cac54d4374934dc8ee1beaa89bdbc06b34d0ce"),
    (&[1, 1023], "8f91fc5bcc793669fc77301c69485f2264b8d5046d1d6b26163f99d7ecccd4da"),
    (&[64, 448, 512], "7498956ebfa08122a7df97d26ac4bfc70eb96f98f9e7154e7df42930185bc805"),
    (&[16384], "4e06861167f0f7ef242c9d8f22fda8f21f11da2445a2a7d8f9c5aff8e39774a7"),
    (&[100000, 4096, 0, 777], "f83b723d4536bb49d7f27a368d7a1d8ba8d06fb04694fa35a3453183f463edb6"),
    (&[1000003], "a7533852a6d9c8cec30afacf7e89d8d523740379549f0b8f54709051b165aa1f"),
    (&[4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096], "51c9909dad13cb31424dae661b244d2e0566e76a975a9c30b0dd6ce9b100457e"),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn available() -> impl Iterator<Item = Implementation> {
    let all = Implementation::ALL.iter().copied();
    all.filter(|implementation| implementation.is_available())
}

/// The bytes of the vectors: docs/purgatory_digest.py.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 167 + i / 256) as u8).collect()
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

/// The specification, word for word, over an ordinary SHA-256.
fn specification(regions: &[&[u8]]) -> [u8; 32] {
    let mut lanes: Vec<Vec<u8>> = (0..LANES).map(|_| Vec::new()).collect();
    let mut tail = Vec::new();
    for region in regions {
        let whole = region.len() / STRIPE * STRIPE;
        for (k, block) in region[..whole].chunks(64).enumerate() {
            lanes[k % LANES].extend(block);
        }
        tail.extend(&region[whole..]);
        tail.extend((region.len() as u64).to_le_bytes());
    }
    let mut all = DOMAIN.to_vec();
    for stream in lanes.iter().chain([&tail]) {
        all.extend(sha256(stream));
    }
    sha256(&all)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut state = Sha256::new();
    state.update(bytes);
    state.finish()
}

#[test]
fn one_stream_is_sha_256() {
    // FIPS 180-4 examples, published by NIST.
    for (message, digest) in [
        (
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            "abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
    ] {
        assert_eq!(hex(&sha256(message.as_bytes())), digest);
    }
}

#[test]
fn every_implementation_gives_the_vectors() {
    for implementation in available() {
        for (lengths, expected) in VECTORS {
            let bytes = pattern(lengths.iter().sum());
            let mut rest = &bytes[..];
            let mut digest = Digest::with(implementation);
            for length in *lengths {
                let (region, after) = rest.split_at(*length);
                digest.region(region);
                rest = after;
            }
            assert_eq!(
                &hex(&digest.finish()),
                expected,
                "{implementation:?} {lengths:?}"
            );
        }
    }
}

#[test]
fn vectors_differ_from_each_other() {
    // Among them: the same bytes with boundaries moved, and empty regions added.
    for (i, (_, a)) in VECTORS.iter().enumerate() {
        assert!(VECTORS[..i].iter().all(|(_, b)| a != b));
    }
}

#[test]
fn random_regions_in_random_pieces() {
    let mut random = Random(2);
    let bytes = pattern(200_000);
    for round in 0..90 {
        let limit = [700, 5_000, 60_000][round % 3];
        let regions: Vec<&[u8]> = (0..random.below(5))
            .map(|_| {
                let start = random.below(bytes.len() - limit);
                &bytes[start..start + random.below(limit)]
            })
            .collect();
        let expected = specification(&regions);
        for implementation in available() {
            let mut digest = Digest::with(implementation);
            for region in &regions {
                let mut rest = *region;
                while !rest.is_empty() {
                    let piece = rest.len().min(1 + random.below(limit));
                    digest.update(&rest[..piece]);
                    rest = &rest[piece..];
                }
                digest.end_region();
            }
            assert_eq!(
                digest.finish(),
                expected,
                "{implementation:?}, round {round}"
            );
        }
    }
}

#[test]
fn every_bit_counts() {
    let mut bytes = pattern(3 * STRIPE + 100);
    let digest = |bytes: &[u8]| {
        let mut digest = Digest::new();
        digest.region(bytes);
        digest.finish()
    };
    let original = digest(&bytes);
    for at in 0..bytes.len() {
        bytes[at] ^= 1 << (at % 8);
        assert_ne!(digest(&bytes), original, "byte {at}");
        bytes[at] ^= 1 << (at % 8);
    }
    assert_eq!(digest(&bytes), original);
}
