//! Whether the oldest Rust that `rust-version` promises builds what ships, and what users run
//! from the source tree.

use super::Result;
use super::steps::missing;
use crate::Outcome;
use crate::command::{root, run as run_command};
use crate::old_rust::{OldRust, VERSION};
use libkexec_install::versions;

/// In addition to what a plain `cargo build --release` builds: the installer, the examples, and the
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
    // It comes without lld: the shared object has its symbol versions all the same.
    versions::check(&old.target().join("release/libkexec.so"), &root(), "")?;
    for package in MORE {
        let arguments = ["check", "--quiet", "--locked", "--package", package];
        run_command(old.cargo().args(arguments))?;
    }
    run_command(
        old.cargo()
            .args(["build", "--release", "--locked", "-p", "kexec-examples"]),
    )?;
    let init = root().join("examples/rust-init/Cargo.toml");
    let mut build = old.cargo();
    build.args(["build", "--release", "--manifest-path"]);
    run_command(build.arg(init))?;
    println!("Rust {VERSION} builds it all");
    Ok(Result::Passed)
}
