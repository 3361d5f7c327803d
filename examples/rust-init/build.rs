//! Links this program as kexec-rt requires: static, without libc, with its own entry point.

use std::env::var;

fn main() -> Result<(), std::env::VarError> {
    for argument in var("DEP_KEXEC_RT_LINK_ARGS")?.split(' ') {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    let script = var("DEP_KEXEC_RT_LINKER_SCRIPT")?;
    println!("cargo::rustc-link-arg-bins=-T{script}");
    println!("cargo::rerun-if-changed={script}");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
