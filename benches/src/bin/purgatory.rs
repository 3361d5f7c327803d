//! `purgatory sha|avx2|sse2 REFERENCE.so ROUNDS`: the purgatory's verification, OpenSSL's SHA-256 and
//! kexec-tools', and the loader's
//! forms of the digest, over the same bytes in turn, for `cargo xtask compare`. A line each: bytes, round,
//! who, GB/s of CPU time; then bytes, `instructions`, and how many the purgatory executes, for a
//! region of no bytes that it does not look at either. The first argument is the best
//! the CPU is said to have; OpenSSL must be told by OPENSSL_ia32cap. `purgatory damaged` must die of what the blob does about a wrong digest;
//! `purgatory steps` prints the instructions for a region by SHA extensions, or nothing without them.

use benches::digest;
use benches::native::{Purgatory, cpu_seconds, instructions, openssl, reference, region};
use kexec_core::purgatory::{Extension, Implementation};
use std::hint::black_box;
use std::process::ExitCode;

/// Bytes of the regions: in the caches, and not.
const SIZES: [usize; 2] = [1 << 20, 256 << 20];
/// Bytes that each measurement goes through at least.
const WORK: usize = 128 << 20;
/// Bytes of the regions that instructions are counted for: each is stopped at.
const STEPPED: [usize; 2] = [4 << 10, 260 << 10];

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
    let purgatory = Purgatory::new(&bytes, true, Extension::None);
    purgatory.run();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    purgatory.run();
    black_box(&bytes);
    Err("damage was not noticed".into())
}

fn run() -> Result<(), String> {
    const USAGE: &str = "usage: purgatory sha|avx2|sse2 REFERENCE.so ROUNDS";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [mode] if mode == "damaged" => return damaged(),
        [mode] if mode == "steps" => {
            if Implementation::ShaNi.is_available() {
                let bytes = region(STEPPED[1]);
                println!(
                    "{}",
                    instructions(&Purgatory::new(&bytes, true, Extension::Sha))
                );
            }
            return Ok(());
        }
        _ => {}
    }
    let [mode, library, rounds] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let rounds: usize = rounds.parse().map_err(|_| USAGE)?;
    let (extension, forms): (_, &[Implementation]) = match mode.as_str() {
        "sha" => (Extension::Sha, &[Implementation::ShaNi]),
        "avx2" => (Extension::Avx2, &[Implementation::Avx2]),
        "sse2" => (
            Extension::None,
            &[Implementation::Portable, Implementation::Sse2],
        ),
        _ => return Err(USAGE.into()),
    };
    if !forms.iter().all(|form| form.is_available()) {
        return Err(format!("this CPU has no {mode}"));
    }
    let loader: Vec<(String, Implementation)> = forms
        .iter()
        .map(|one| (format!("loader-{one:?}"), *one))
        .collect();
    let (openssl, reference) = (openssl()?, reference(library)?);
    for size in SIZES {
        let bytes = region(size);
        if openssl(&bytes) != reference(&bytes) {
            return Err("OpenSSL and kexec-tools disagree".into());
        }
        let purgatory = Purgatory::new(&bytes, true, extension);
        let mut subjects: Vec<(&str, Work<'_>)> = vec![
            ("purgatory", Box::new(|| purgatory.run())),
            (
                "openssl",
                Box::new(|| {
                    black_box(openssl(black_box(&bytes)));
                }),
            ),
            (
                "kexec-tools",
                Box::new(|| {
                    black_box(reference(black_box(&bytes)));
                }),
            ),
        ];
        for (name, implementation) in &loader {
            let bytes = &bytes;
            subjects.push((
                name,
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
        instructions(&Purgatory::new(&[], false, extension))
    );
    for size in STEPPED {
        let bytes = region(size);
        println!(
            "{size} instructions {}",
            instructions(&Purgatory::new(&bytes, true, extension))
        );
    }
    Ok(())
}
