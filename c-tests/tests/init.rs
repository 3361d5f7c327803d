//! The tiny init: its number of lines, its size, and what it must not contain.
#![allow(missing_docs)]

use std::process::Command;

use libkexec_tests::{root, run, scratch, slim};

#[test]
fn builds_without_libc() {
    let directory = scratch("init");
    let source = root().join("examples/c-init/init.c");
    let lines = std::fs::read_to_string(&source)
        .expect("init.c")
        .lines()
        .count();
    assert!(lines <= 60, "{lines} lines");

    let program = directory.join("init");
    let script = root().join("examples/c-init/build.sh");
    let paths = [root().join("include"), slim().to_path_buf()];
    let [include, archive] = paths.map(|path| path.display().to_string());
    let mut command = Command::new(script);
    command.env("LIBKEXEC", format!("-I '{include}' '{archive}'"));
    run(command.arg(&program));
    let size = std::fs::metadata(&program).expect("init").len();
    eprintln!("C init: {lines} lines, {size} bytes stripped");
    let kinds = run(Command::new("readelf").arg("-lW").arg(&program));
    assert!(
        !kinds.contains("INTERP") && !kinds.contains("DYNAMIC"),
        "{kinds}"
    );
    assert!(size <= LIMIT, "{size} bytes of {LIMIT}");
}

/// Bytes of the stripped program; `cargo xtask test budget` has the same limit.
const LIMIT: u64 = 24 << 10;
