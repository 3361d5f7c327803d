//! Tells the build scripts of programs how to link: `DEP_KEXEC_RT_LINK_ARGS`, separated by
//! spaces, and the linker script `DEP_KEXEC_RT_LINKER_SCRIPT`.

/// A static program that starts at our own `_start`: no libc, no interpreter, no dynamic section.
const LINK_ARGS: [&str; 8] = [
    "-nostartfiles",
    "-nostdlib",
    "-static",
    "-no-pie",
    "-Wl,--build-id=none",
    "-Wl,-z,noexecstack",
    "-Wl,--no-eh-frame-hdr",
    // Nothing here would make it read-only: that is a C library's start-up code.
    "-Wl,-z,norelro",
];

fn main() {
    let package = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::metadata=LINK_ARGS={}", LINK_ARGS.join(" "));
    println!("cargo::metadata=LINKER_SCRIPT={package}/static.ld");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=static.ld");
}
