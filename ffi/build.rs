//! Links the shared object with symbol versions from `libkexec.map`, a SONAME, and no undefined
//! symbols. The static archive needs none of this.
//!
//! rustc passes the linker a version script of its own, which has no version names, and GNU ld and
//! gold accept no second one. Therefore the C compiler gets another `ld`: a script that replaces
//! rustc's version script with `libkexec.map` and then starts the real linker.
#![allow(clippy::std_instead_of_core)]

use std::env::var;
use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const SHARED: &str = "libkexec-shared";
const SONAME: &str = "libkexec.so.0";

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    println!("cargo::rustc-check-cfg=cfg(kexec_shared, kexec_panics, kexec_hosted)");
    println!("cargo::rerun-if-env-changed=KEXEC_TEST_PANIC");
    // For the test that a reachable panic fails the link.
    let panics = var("KEXEC_TEST_PANIC").is_ok();
    if panics {
        println!("cargo::rustc-cfg=kexec_panics");
    }
    if var("CARGO_PKG_NAME")? == "libkexec-fuzz" {
        // Part of a program with the standard library, which has a panic handler.
        println!("cargo::rustc-cfg=kexec_hosted");
    }
    let shared = var("CARGO_PKG_NAME")? == SHARED;
    // cargo-c enables this feature: it makes a shared object from the archive's package.
    if !shared && var("CARGO_FEATURE_CAPI").is_err() {
        println!("cargo::rerun-if-changed=build.rs");
        return Ok(());
    }
    // The shared object's package is a directory below the archive's.
    let sources = Path::new(if shared { ".." } else { "." });
    for name in ["build.rs", "libkexec.map"] {
        println!("cargo::rerun-if-changed={}", sources.join(name).display());
    }
    for variable in ["RUSTC_LINKER", "KEXEC_LD", "PATH"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let mut map = sources.join("libkexec.map").canonicalize()?;
    if panics {
        let more = fs::read_to_string(&map)? + "KX_TEST {\nglobal:\n    kx_panics;\n};\n";
        map = PathBuf::from(var("OUT_DIR")?).join("panics.map");
        fs::write(&map, more)?;
    }
    let mut arguments = versions(&map)?;
    if shared {
        println!("cargo::rustc-cfg=kexec_shared");
        arguments.extend([
            format!("-Wl,-soname,{SONAME}"),
            "-Wl,-z,defs".into(),
            "-Wl,-z,noexecstack".into(),
            "-Wl,--build-id=sha1".into(),
            "-nostdlib".into(),
        ]);
    }
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    Ok(())
}

/// The C compiler's arguments for a shared object with the versions of `map`. They are tried first,
/// because no shared object is better than one of this name without versions.
fn versions(map: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let out = PathBuf::from(var("OUT_DIR")?);
    let directory = out.join("ld");
    fs::create_dir_all(&directory)?;
    let compiler = compiler();
    let linker = linker(&compiler);
    // `bfd` is a name that every compiler knows and that rustc passes no path for.
    let script = directory.join("ld.bfd");
    fs::write(&script, replacement(&linker, map)?)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let arguments = vec![format!("-B{}", directory.display()), "-fuse-ld=bfd".into()];

    let (source, anonymous) = (out.join("probe.c"), out.join("probe.map"));
    let probe = out.join("probe.so");
    let text = fs::read_to_string(map)?;
    let (node, symbols) = read_map(&text)?;
    let functions: String = symbols
        .iter()
        .map(|symbol| format!("int {symbol}(void) {{ return 0; }}\n"))
        .collect();
    fs::write(&source, functions)?;
    fs::write(&anonymous, "{ global: kx_*; local: *; };\n")?;
    let _was_not_there = fs::remove_file(&probe);
    let mut command = Command::new(&compiler);
    command
        .args(["-shared", "-fPIC", "-nostdlib", "-o"])
        .arg(&probe)
        .arg(&source)
        .arg(format!("-Wl,--version-script={}", anonymous.display()))
        .args(&arguments);
    let failed = |said: &str| {
        format!(
            "libkexec.so would have no symbol versions: `{compiler}` does not link by \
             `{linker}` with {}\n{command:?}\n{said}\n\
             (the linker of this target in cargo's configuration must be a C compiler, such as \
             gcc or clang, with GNU ld, gold, lld or mold; to build the archive and the command \
             only: cargo build --release -p libkexec -p kexec-cli)",
            map.display()
        )
    };
    let output = Command::new(command.get_program())
        .args(command.get_args())
        .output()
        .map_err(|error| failed(&error.to_string()))?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)).into());
    }
    let linked = fs::read(&probe).map_err(|error| failed(&error.to_string()))?;
    if !linked
        .windows(node.len())
        .any(|bytes| bytes == node.as_bytes())
    {
        return Err(failed("the linker was not asked").into());
    }
    Ok(arguments)
}

/// The last version in the map, and all symbols.
fn read_map(map: &str) -> Result<(String, Vec<&str>), String> {
    let lines = || map.lines().map(str::trim);
    let node = lines()
        .filter_map(|line| line.strip_suffix(" {"))
        .next_back();
    let symbols = lines().filter_map(|line| line.strip_suffix(';'));
    let symbols = symbols.filter(|symbol| symbol.starts_with("kx_"));
    let node = node.ok_or("libkexec.map has no version")?;
    Ok((node.into(), symbols.collect()))
}

/// The `ld` for the C compiler.
fn replacement(linker: &str, map: &Path) -> Result<String, Box<dyn Error>> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let map = map.to_str().ok_or("a path that is not UTF-8")?;
    Ok(format!(
        r#"#!/bin/sh
# Written by ffi/build.rs: the version script is libkexec.map, whatever the caller says.
for argument; do
    shift
    case $argument in
    --version-script=*) ;;
    @*) echo "libkexec: arguments in a file are not looked into: $argument" >&2; exit 1 ;;
    *) set -- "$@" "$argument" ;;
    esac
done
exec {} "$@" --version-script={}
"#,
        quoted(linker),
        quoted(map)
    ))
}

/// The program that rustc links with: the C compiler.
fn compiler() -> String {
    var("RUSTC_LINKER").unwrap_or_else(|_| {
        // Given as `-Clinker=cc` or `-C linker=cc` in RUSTFLAGS.
        let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
        let linker = flags
            .split('\x1f')
            .filter_map(|flag| flag.trim_start_matches("-C").strip_prefix("linker="))
            .next_back();
        linker.unwrap_or("cc").into()
    })
}

/// The linker that the C compiler uses: the one that was asked for, else the one that comes with
/// rustc (rustc itself uses that one on x86-64 since 1.90), else the C compiler's own.
fn linker(compiler: &str) -> String {
    if let Ok(asked) = var("KEXEC_LD") {
        return asked;
    }
    let cross = var("HOST").ok() != var("TARGET").ok();
    let own = rust_lld().filter(|_| !cross);
    let asked = |name: &str| {
        let said = Command::new(compiler)
            .arg(format!("-print-prog-name={name}"))
            .output();
        let said = said.ok().filter(|said| said.status.success())?;
        let path = String::from_utf8(said.stdout).ok()?.trim().to_string();
        (!path.is_empty()).then_some(path)
    };
    own.or_else(|| asked("ld")).unwrap_or_else(|| "ld".into())
}

fn rust_lld() -> Option<String> {
    let rustc = var("RUSTC").ok()?;
    let said = Command::new(rustc).args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(said.ok()?.stdout).ok()?;
    let directory = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(var("HOST").ok()?);
    let lld = directory.join("bin/gcc-ld/ld.lld");
    lld.exists().then(|| lld.display().to_string())
}
