//! Throughput of the digest, by implementation and in the purgatory's own code, beside OpenSSL's
//! SHA-256 in the same run.
//!
//! `cargo run --release --example digest [MiB]`: hashes a buffer of that size (64 unless
//! said), the best of seven rounds each, in GB/s (10⁹ bytes a second).
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used
)]

use kexec_core::purgatory::{Digest, Implementation, digest_as_purgatory};
use std::process::Command;
use std::time::Instant;

const ROUNDS: usize = 7;

fn best(bytes: usize, mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    bytes as f64 / best / 1e9
}

/// `openssl speed` on the largest block it is asked for, in GB/s.
fn openssl(capability: Option<&str>) -> Option<f64> {
    let mut command = Command::new("openssl");
    command.args([
        "speed", "-mr", "-evp", "sha256", "-seconds", "1", "-bytes", "1048576",
    ]);
    if let Some(mask) = capability {
        command.env("OPENSSL_ia32cap", mask);
    }
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().rfind(|line| line.starts_with("+F:"))?;
    let rate: f64 = line.rsplit(':').next()?.parse().ok()?;
    Some(rate / 1e9)
}

fn print(name: &str, rate: f64, digest: &[u8; 32]) {
    println!("{name:24}{rate:6.3}  {:02x?}", &digest[..4]);
}

fn main() {
    let mebibytes: usize = std::env::args()
        .nth(1)
        .map_or(64, |n| n.parse().expect("MiB"));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let buffer: Vec<u8> = (0..mebibytes << 20)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_le_bytes()[7]
        })
        .collect();
    println!("{mebibytes} MiB, best of {ROUNDS}, GB/s");
    for implementation in Implementation::ALL {
        if implementation.is_available() {
            let mut digest = [0; 32];
            let rate = best(buffer.len(), || {
                let mut state = Digest::with(*implementation);
                state.region(&buffer);
                digest = state.finish();
            });
            print(&format!("{implementation:?}"), rate, &digest);
        }
    }
    let mut digest = [0; 32];
    let rate = best(buffer.len(), || {
        digest = digest_as_purgatory([&buffer[..]].into_iter()).unwrap();
    });
    print("as the purgatory", rate, &digest);
    // What there is to do besides the stripes: the time of one small region.
    let rate = best(1 << 20, || {
        for _ in 0..1 << 10 {
            digest = digest_as_purgatory([&buffer[..1023]].into_iter()).unwrap();
        }
    });
    println!("{:24}{:6.3}  µs", "1023 bytes alike", 1.024 / rate);
    // Bit 61 of the second word is SHA; bit 37 of it is AVX2 (OPENSSL_ia32cap(3)).
    for (name, mask) in [
        ("openssl", None),
        ("openssl without SHA-NI", Some(":~0x20000000")),
        (
            "openssl SSSE3 only",
            Some("~0x1000000000000000:~0x20000020"),
        ),
        ("openssl generic", Some("~0x1000020000000000:~0x20000020")),
    ] {
        match openssl(mask) {
            Some(rate) => println!("{name:24}{rate:6.3}"),
            None => println!("{name:24}not available"),
        }
    }
}
