//! Follows docs/init.md as a user does: copies the examples of an installed library out of the tree
//! and builds them there.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;

use libkexec_tests::{installed, root, run, scratch, target};

/// Size limit of the unchanged program in bytes; `cargo xtask test budget` has the same limit.
const LIMIT: u64 = 24 << 10;

/// A copy of an installed example, outside of every workspace.
fn copy(name: &str) -> (PathBuf, PathBuf) {
    let prefix = installed(&format!("own-{name}-installed"));
    let place = std::env::temp_dir().join(format!("libkexec-own-{name}-{}", std::process::id()));
    let _was_not_there = std::fs::remove_dir_all(&place);
    let example = prefix.join("share/doc/libkexec/examples").join(name);
    run(Command::new("cp").arg("-r").arg(example).arg(&place));
    (place, prefix)
}

fn check(program: &Path, limit: u64) {
    let size = program.metadata().expect("built").len();
    assert!(size <= limit, "{}: {size} bytes", program.display());
    let kinds = run(Command::new("readelf").arg("-lW").arg(program));
    assert!(
        !kinds.contains("INTERP") && !kinds.contains("DYNAMIC"),
        "{kinds}"
    );
    let undefined = run(Command::new("nm").arg("-u").arg(program));
    assert_eq!(undefined.trim(), "");
}

#[test]
fn in_c() {
    let (place, prefix) = copy("c-init");
    let mut build = Command::new("sh");
    build.arg("./build.sh").current_dir(&place);
    run(build.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")));
    check(&place.join("init"), LIMIT);
    std::fs::remove_dir_all(&place).expect("removed");
}

#[test]
fn in_rust() {
    let (place, _) = copy("rust-init");
    let manifest = place.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("Cargo.toml");
    let source = root().canonicalize().expect("a path");
    // The sed command in docs/init.md.
    let edited = text.replace("\"../../", &format!("\"{}/", source.display()));
    std::fs::write(&manifest, edited).expect("written");
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let directory = target().join("c-tests/own-init");
    for (profile, limit) in [("release", LIMIT), ("dev", u64::MAX)] {
        let mut build = Command::new(&cargo);
        build.args(["build", "--profile", profile, "--target-dir"]);
        run(build.arg(&directory).current_dir(&place));
        let name = if profile == "dev" { "debug" } else { profile };
        check(&directory.join(name).join("init"), limit);
    }
    std::fs::remove_dir_all(&place).expect("removed");
}

/// The error that the page documents for a missing part.
#[test]
fn what_is_missing_is_named() {
    let page = std::fs::read_to_string(root().join("docs/init.md")).expect("the page");
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let source = root().canonicalize().expect("a path");
    let example = source.join("examples/rust-init");
    let place = scratch("own-init-missing").canonicalize().expect("a path");
    for (gone, file) in [
        ("panic = \"abort\"", "Cargo.toml"),
        ("println!", "build.rs"),
    ] {
        let copy = place.join(file);
        run(Command::new("cp").arg("-r").arg(&example).arg(&copy));
        let _none = std::fs::remove_dir_all(copy.join("target"));
        let manifest = std::fs::read_to_string(copy.join("Cargo.toml")).expect("Cargo.toml");
        let paths = manifest.replace("\"../../", &format!("\"{}/", source.display()));
        std::fs::write(copy.join("Cargo.toml"), paths).expect("written");
        let text = std::fs::read_to_string(copy.join(file)).expect(file);
        let less: Vec<&str> = text.lines().filter(|line| !line.contains(gone)).collect();
        std::fs::write(copy.join(file), less.join("\n")).expect("written");
        let mut build = Command::new(&cargo);
        build.args(["build", "--release", "--target-dir"]);
        build
            .arg(target().join("c-tests/own-init"))
            .current_dir(&copy);
        let built = libkexec_tests::output(&mut build);
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(!built.status.success(), "without {gone}");
        let listed = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('|'))
            .flat_map(|(messages, _)| messages.split('`').step_by(2))
            .any(|message| message.len() > 8 && said.contains(message.trim()));
        assert!(listed, "without {gone}: {said}");
    }
}

#[test]
fn both_examples_have_one_linker_script() {
    let read = |name: &str| std::fs::read(root().join(name)).expect(name);
    assert_eq!(read("rt/static.ld"), read("examples/c-init/static.ld"));
}
