//! What the shared object needs of its link: symbol versions from `libkexec.map`, a name to be
//! found by, and that nothing is undefined. The static archive needs none of it.
#![allow(clippy::std_instead_of_core)]

use std::env::var;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rustc-check-cfg=cfg(kexec_shared, kexec_versions, kexec_panics)");
    println!("cargo::rerun-if-env-changed=KEXEC_TEST_PANIC");
    if var("KEXEC_TEST_PANIC").is_ok() {
        // For the test that a reachable panic fails the link.
        println!("cargo::rustc-cfg=kexec_panics");
    }
    if var("CARGO_PKG_NAME")? != "libkexec-shared" {
        println!("cargo::rerun-if-changed=build.rs");
        return Ok(());
    }
    println!("cargo::rerun-if-changed=../build.rs");
    println!("cargo::rerun-if-changed=../libkexec.map");
    println!("cargo::rustc-cfg=kexec_shared");
    let out = PathBuf::from(var("OUT_DIR")?);
    let (node, symbols) = read_map(&fs::read_to_string("../libkexec.map")?)?;
    let versions: String = symbols
        .iter()
        .map(|symbol| format!(".symver {symbol}, {symbol}@@{node}\n"))
        .collect();
    fs::write(out.join("versions.s"), versions)?;
    // rustc has a version script of its own, without a name, that says what is exported. One
    // with empty nodes beside it makes the names for .symver; only lld takes two.
    let script = out.join("nodes.map");
    fs::write(&script, format!("{node} {{\n}};\n"))?;

    let mut arguments = vec![
        "-Wl,-soname,libkexec.so.0".to_string(),
        "-Wl,-z,defs".into(),
        "-Wl,-z,noexecstack".into(),
        "-Wl,--build-id=none".into(),
        "-nostdlib".into(),
    ];
    match lld() {
        // .symver names a symbol of its own object file: only where the crate is one, as in the
        // release profile.
        _ if var("PROFILE")? != "release" => {}
        Some(lld) => {
            println!("cargo::rustc-cfg=kexec_versions");
            arguments.extend(lld);
            arguments.push(format!("-Wl,--version-script={}", script.display()));
        }
        None => println!(
            "cargo::warning=no lld: libkexec.so has no symbol versions; see ffi/README.md for a \
             link with ffi/libkexec.map"
        ),
    }
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    Ok(())
}

/// The version node and the symbols under `global:`.
fn read_map(text: &str) -> Result<(String, Vec<String>), String> {
    let words: Vec<&str> = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""))
        .flat_map(|line| line.split_whitespace())
        .collect();
    let node = words.first().ok_or("libkexec.map is empty")?.to_string();
    let symbols = words
        .iter()
        .skip_while(|word| **word != "global:")
        .skip(1)
        .take_while(|word| **word != "local:")
        .map(|word| word.trim_end_matches(';').to_string())
        .collect();
    Ok((node, symbols))
}

/// What makes the C compiler link with lld: nothing where rustc does so anyway (x86-64 Linux
/// since 1.90), else the one that comes with rustc, else the one in PATH; `None` without any.
fn lld() -> Option<Vec<String>> {
    let rustc = var("RUSTC").ok()?;
    let sysroot = Command::new(rustc)
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    let sysroot = String::from_utf8(sysroot.stdout).ok()?;
    let directory = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(var("HOST").ok()?)
        .join("bin/gcc-ld");
    if directory.join("ld.lld").exists() {
        return Some(vec![
            format!("-B{}", directory.display()),
            "-fuse-ld=lld".into(),
        ]);
    }
    let found = Command::new("ld.lld").arg("--version").output();
    found
        .is_ok_and(|output| output.status.success())
        .then(|| vec!["-fuse-ld=lld".into()])
}
