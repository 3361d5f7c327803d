//! cargo-c: its metadata match what `xtask install` installs; if cargo-c is available, it is also
//! run.
#![allow(missing_docs)]

use std::process::Command;

use libkexec_install::versions;
use libkexec_tests::{find, root, run, scratch, target};

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// The value of `key` in a table of ffi/Cargo.toml.
fn value(manifest: &str, table: &str, key: &str) -> String {
    let (_, rest) = manifest.split_once(&format!("\n[{table}]\n")).expect(table);
    let here = rest.split("\n[").next().unwrap_or_default();
    let line = here
        .lines()
        .find_map(|line| line.strip_prefix(key)?.trim().strip_prefix('='));
    line.expect(key).trim().trim_matches('"').to_string()
}

#[test]
fn the_metadata_say_what_the_installer_does() {
    let manifest = text("ffi/Cargo.toml");
    let capi =
        |table: &str, key: &str| value(&manifest, &format!("package.metadata.capi.{table}"), key);
    assert_eq!(capi("library", "name"), "kexec");
    // libkexec.so.0: the first number of the version is the SONAME's.
    assert_eq!(capi("library", "version_suffix_components"), "1");
    assert_eq!(capi("header", "generation"), "false");
    assert_eq!(capi("header", "subdirectory"), "false");
    let asset = capi("install.include", "asset");
    assert!(
        asset.contains("\"include/libkexec.h\"") && root().join("ffi/include/libkexec.h").exists()
    );
    let pc = text("ffi/libkexec.pc.in");
    for (key, name) in [("name", "Name"), ("description", "Description")] {
        let line = format!("\n{name}: {}\n", capi("pkg_config", key));
        assert!(pc.contains(&line), "{line}");
    }
    assert_eq!(capi("pkg_config", "filename"), "libkexec");
    assert!(
        manifest.contains("\ncapi = []\n"),
        "cargo-c switches this feature on"
    );
}

/// Built as cargo-c does, with cargo alone: both kinds of library in one compilation.
#[test]
fn a_shared_object_of_the_archives_package_has_the_versions_too() {
    let directory = target().join("c-tests/capi");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.args(["rustc", "--release", "-p", "libkexec", "--features", "capi"]);
    command.args(["--crate-type", "staticlib,cdylib", "--target-dir"]);
    run(command.arg(&directory).current_dir(root()));
    versions::check(&directory.join("release/libkexec.so"), root(), "").expect("versions");
}

/// Not part of CI, where cargo-c would have to be built first: docs/TESTING.md.
#[test]
fn cinstall_installs_what_works() {
    if find(&["cargo-cinstall"]).is_none() {
        eprintln!("cargo cinstall is not run: cargo-c is not here");
        return;
    }
    let prefix = scratch("cargo-c").canonicalize().expect("a path");
    let mut command = Command::new("cargo");
    command.args([
        "cinstall",
        "--release",
        "-p",
        "libkexec",
        "--libdir=lib",
        "--prefix",
    ]);
    command
        .arg(&prefix)
        .arg("--target-dir")
        .arg(target().join("c-tests/cargo-c"));
    run(command.current_dir(root()));
    for name in [
        "lib/libkexec.a",
        "lib/libkexec.so.0.1.0",
        "include/libkexec.h",
    ] {
        assert!(prefix.join(name).exists(), "{name}");
    }
    let so = prefix.join("lib/libkexec.so");
    let dynamic = run(Command::new("readelf").arg("-dW").arg(&so));
    assert!(
        dynamic.contains("Library soname: [libkexec.so.0]"),
        "{dynamic}"
    );
    versions::check(&so, root(), "").expect("versions");
    libkexec_tests::quick_start("cargo-c-quick-start", &prefix);
}
