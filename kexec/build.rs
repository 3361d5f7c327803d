//! Links the command as a static program that starts at our own `_start`: no libc, no
//! interpreter, no dynamic section.
fn main() {
    for argument in [
        "-nostartfiles",
        "-nostdlib",
        "-static",
        "-no-pie",
        "-Wl,-z,noexecstack",
        "-Wl,--no-eh-frame-hdr",
        // Nothing here would make it read-only: that is a C library's start-up code.
        "-Wl,-z,norelro",
    ] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    // For debug information kept in a file of its own; the examples have to be small.
    let ours = std::env::var("CARGO_PKG_NAME").is_ok_and(|name| name == "kexec-cli");
    let id = if ours { "sha1" } else { "none" };
    println!("cargo::rustc-link-arg-bins=-Wl,--build-id={id}");
    // The examples are built by this file too, from a directory beside this one.
    let package = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let script = format!("{package}/../kexec/static.ld");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}");
    println!("cargo::rerun-if-changed={script}");
    println!("cargo::rerun-if-changed=build.rs");
}
