//! `purgatory REFERENCE.so ROUNDS`: the purgatory's verification, a plain read of the same bytes,
//! OpenSSL's SHA-256 and kexec-tools', and the loader's forms of the digest, over the same bytes in
//! turn, for `cargo xtask compare`. A line each: bytes, round, who, GB/s of CPU time; then bytes,
//! `instructions`, and how many the purgatory executes, for a region of no bytes that it does not
//! look at either. OPENSSL_ia32cap says what OpenSSL may use. `purgatory damaged` must die of what
//! the blob does about a wrong digest. `purgatory spent MIB` prints the seconds of CPU time that a region
//! of so many MiB takes, and those of a plain read of it.

use benches::digest;
use benches::native::{
    Purgatory, cpu_seconds, instructions, last_level_cache, openssl, plain_read, reference, region,
};
use kexec_core::purgatory::Implementation;
use std::hint::black_box;
use std::process::ExitCode;

/// Bytes of the smaller region, which stays in the caches, and the least of the larger.
const SIZES: [usize; 2] = [1 << 20, 512 << 20];
/// Bytes that each measurement goes through at least.
const WORK: usize = 256 << 20;
/// Bytes of the regions that instructions are counted for: each is stopped at.
const STEPPED: [usize; 2] = [4 << 10, 260 << 10];

const USAGE: &str =
    "usage: purgatory REFERENCE.so ROUNDS, or purgatory damaged, or purgatory spent MIB";

/// Digests once.
type Work<'a> = Box<dyn Fn() + 'a>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("purgatory: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One bit is not what the loader digested: the blob halts, which ends this process.
fn damaged() -> Result<(), String> {
    let mut bytes = region(STEPPED[1]);
    let purgatory = Purgatory::new(&bytes, true);
    purgatory.run();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    purgatory.run();
    black_box(&bytes);
    Err("damage was not noticed".into())
}

/// Seconds of one region, after one round to fill the page tables.
fn spent(mib: &str) -> Result<(), String> {
    let mib: usize = mib.parse().map_err(|_| USAGE)?;
    let bytes = region(mib.checked_mul(1 << 20).ok_or(USAGE)?);
    let purgatory = Purgatory::new(&bytes, true);
    purgatory.run();
    let start = cpu_seconds();
    purgatory.run();
    let digested = cpu_seconds();
    black_box(plain_read(black_box(&bytes)));
    println!("{} {}", digested - start, cpu_seconds() - digested);
    Ok(())
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, rounds] = match arguments.as_slice() {
        [mode] if mode == "damaged" => return damaged(),
        [mode, mib] if mode == "spent" => return spent(mib),
        [library, rounds] => [library, rounds],
        _ => return Err(USAGE.into()),
    };
    let rounds: usize = rounds.parse().map_err(|_| USAGE)?;
    let (openssl, reference) = (openssl()?, reference(library)?);
    let [small, large] = SIZES;
    for size in [small, large.max(4 * last_level_cache())] {
        let bytes = region(size);
        if size == small && openssl(&bytes) != reference(&bytes) {
            return Err("OpenSSL and kexec-tools disagree".into());
        }
        let purgatory = Purgatory::new(&bytes, true);
        let bytes = &bytes;
        let mut subjects: Vec<(String, Work<'_>)> = vec![
            ("purgatory".into(), Box::new(|| purgatory.run())),
            (
                "plain-read".into(),
                Box::new(|| {
                    black_box(plain_read(black_box(bytes)));
                }),
            ),
            (
                "openssl".into(),
                Box::new(|| {
                    black_box(openssl(black_box(bytes)));
                }),
            ),
            (
                "kexec-tools".into(),
                Box::new(|| {
                    black_box(reference(black_box(bytes)));
                }),
            ),
        ];
        for implementation in Implementation::ALL {
            subjects.push((
                format!("loader-{implementation:?}"),
                Box::new(move || {
                    black_box(digest(black_box(bytes), *implementation));
                }),
            ));
        }
        for round in 0..rounds {
            for (name, work) in &subjects {
                let times = WORK.div_ceil(size);
                let start = cpu_seconds();
                for _ in 0..times {
                    work();
                }
                let seconds = cpu_seconds() - start;
                let speed = (size * times) as f64 / seconds / 1e9;
                println!("{size} {round} {name} {speed}");
            }
        }
    }
    println!(
        "0 instructions {}",
        instructions(&Purgatory::new(&[], false))
    );
    for size in STEPPED {
        let bytes = region(size);
        let count = instructions(&Purgatory::new(&bytes, true));
        println!("{size} instructions {count}");
    }
    Ok(())
}
