//! cargo-c: what its metadata say is what `xtask install` installs; and the whole of it where
//! cargo-c is there.
#![allow(missing_docs)]

use std::process::Command;

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
        asset.contains("\"../include/libkexec.h\"")
            && root().join("ffi/../include/libkexec.h").exists()
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
    let exported = run(Command::new("nm").args(["-D", "--defined-only"]).arg(&so));
    let names = exported
        .lines()
        .filter_map(|line| line.split_whitespace().last());
    let map = text("ffi/libkexec.map");
    for name in names {
        assert!(
            map.contains(&format!(" {name};\n")),
            "{name} is not of the ABI"
        );
    }
    assert_eq!(exported.lines().count(), map.matches("kx_").count());
    libkexec_tests::quick_start("cargo-c-quick-start", &prefix);
}
