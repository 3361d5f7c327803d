//! Links the command as kexec-rt says, with the code that a load does not run apart from the rest, and
//! with a build ID: debug information can be kept in a file of its own.

use core::error::Error;
use std::env::var;
use std::path::Path;

/// Parts of the names of functions that a load does not run. The kernel maps code by 64 KiB around the
/// page that is run: with these functions in between, a load would have more of it in memory.
const NOT_OF_LOADS: &[&str] = &[
    "9kexec_cli10bad_usage",
    "9kexec_cli4plan",
    "9kexec_cli5usage",
    "9kexec_cli6report",
    "9kexec_cli7entries",
    "9kexec_cli7failure",
    "9kexec_cli7similar",
    "kexec_cli..advice",
    "kexec_cli..bad_usage",
    "kexec_cli..plan",
    "5kexec4exec",
    "5kexec4load7dry_run",
    "5kexec6report",
    "5kexec7capture",
    "5kexec7default",
    "10kexec_core4plan7details",
    "10kexec_core7refusal",
    "kexec_core..errno",
    "kexec_core..error",
    "kexec_core..plan..details",
];

fn main() -> Result<(), Box<dyn Error>> {
    for argument in var("DEP_KEXEC_RT_LINK_ARGS")?.split(' ') {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    let script = var("DEP_KEXEC_RT_LINKER_SCRIPT")?;
    let text = std::fs::read_to_string(&script)?;
    let (before, after) = text
        .split_once("*(.text .text.*)")
        .ok_or("the linker script of kexec-rt places .text otherwise")?;
    let apart: String = NOT_OF_LOADS
        .iter()
        .map(|name| format!("*(.text.*{name}*) "))
        .collect();
    let own = Path::new(&var("OUT_DIR")?).join("static.ld");
    std::fs::write(&own, format!("{before}{apart}*(.text .text.*){after}"))?;
    println!("cargo::rustc-link-arg-bins=-T{}", own.display());
    println!("cargo::rustc-link-arg-bins=-Wl,--build-id=sha1");
    println!("cargo::rerun-if-changed={script}");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
