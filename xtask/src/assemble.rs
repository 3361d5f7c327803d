//! Payloads of our own: flat files, assembled by the compiler that builds everything else.

use crate::Outcome;
use crate::command::{cache, fresh_directory, output, root};
use std::path::PathBuf;
use std::process::Command;

/// The flat file of `xtask/payloads/NAME.s`, made anew, and as long as `size` says if it is shorter.
pub fn assemble(name: &str, size: usize) -> Outcome<PathBuf> {
    let sources = root().join("xtask/payloads");
    let into = cache().join("payloads");
    let file = into.join(name);
    // Guests are built side by side, and the compiler's objects are named after the program: a directory
    // for each.
    let (process, thread) = (std::process::id(), std::thread::current().id());
    let own = into.join(format!("{name}-{process}-{thread:?}"));
    fresh_directory(&own)?;
    let part = own.join(name);
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        .env("PAYLOAD", sources.join(name).with_extension("s"))
        .args(["--crate-name=payload", "--crate-type=bin", "--edition=2024"])
        .args(["--target=x86_64-unknown-linux-gnu", "-Cpanic=abort"])
        .args(["-Crelocation-model=static", "-Clinker-flavor=ld.lld"])
        .args(["-Clinker=rust-lld", "-Clink-arg=--oformat=binary"])
        .arg(format!(
            "-Clink-arg=-T{}",
            sources.join("flat.ld").display()
        ))
        .arg("-o")
        .arg(&part)
        .arg(sources.join("flat.rs"));
    output(&mut rustc)?;
    let mut bytes = std::fs::read(&part).map_err(|error| error.to_string())?;
    bytes.resize(bytes.len().max(size), 0);
    let written = std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, &file))
        .and_then(|()| std::fs::remove_dir_all(&own));
    written.map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}
