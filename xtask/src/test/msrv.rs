//! Whether the oldest Rust that `rust-version` promises builds what ships, and what users run
//! from the source tree.

use super::Result;
use super::steps::missing;
use crate::Outcome;
use crate::command::run as run_command;
use crate::old_rust::{OldRust, VERSION};

/// Besides what a plain `cargo build --release` builds: the installer, the examples, and the
/// tools of `cargo xtask`.
const MORE: [&str; 4] = ["kexec-rt", "kexec-examples", "libkexec-install", "xtask"];

/// The step.
pub fn run() -> Outcome<Result> {
    if let Some(skipped) = missing().filter(|_| !OldRust::is_there()) {
        return Ok(skipped);
    }
    let old = OldRust::open()?;
    // As the lock file has it: a newer version of a crate may want a newer Rust.
    run_command(old.cargo().args(["build", "--release", "--locked"]))?;
    for package in MORE {
        let arguments = ["check", "--quiet", "--locked", "--package", package];
        run_command(old.cargo().args(arguments))?;
    }
    run_command(
        old.cargo()
            .args(["build", "--release", "--locked", "-p", "kexec-examples"]),
    )?;
    println!("Rust {VERSION} builds it all");
    Ok(Result::Passed)
}
