//! Passes linker arguments to the build scripts of programs: `DEP_KEXEC_RT_LINK_ARGS`, separated by
//! spaces, and the linker script `DEP_KEXEC_RT_LINKER_SCRIPT`.
#![allow(clippy::std_instead_of_core)]

use std::env::var;
use std::error::Error;
use std::path::PathBuf;

/// Options for a static program that starts at this crate's `_start`: no libc, no interpreter, no dynamic section.
const LINK_ARGS: [&str; 8] = [
    "-nostartfiles",
    "-nostdlib",
    "-static",
    "-no-pie",
    "-Wl,--build-id=none",
    "-Wl,-z,noexecstack",
    "-Wl,--no-eh-frame-hdr",
    // No code here would make it read-only: a C library's start-up code does that.
    "-Wl,-z,norelro",
];

/// Where kernels may have pages of 64 KiB: a segment of a program begins on a page of its own, and
/// static.ld has them of 4 KiB.
const LARGE_PAGES: [&str; 1] = ["aarch64"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=static.ld");
    let mut script = PathBuf::from(var("CARGO_MANIFEST_DIR")?).join("static.ld");
    if LARGE_PAGES.contains(&var("CARGO_CFG_TARGET_ARCH")?.as_str()) {
        let text = std::fs::read_to_string(&script)?;
        let text = text
            .replace("ALIGN(0x1000)", "ALIGN(0x10000)")
            .replace("& 0xfff", "& 0xffff");
        script = PathBuf::from(var("OUT_DIR")?).join("static.ld");
        std::fs::write(&script, text)?;
    }
    println!("cargo::metadata=LINK_ARGS={}", LINK_ARGS.join(" "));
    println!("cargo::metadata=LINKER_SCRIPT={}", script.display());
    Ok(())
}
