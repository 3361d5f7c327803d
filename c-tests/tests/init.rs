//! The tiny init: how long, how large, and without what.
#![allow(missing_docs)]

use std::process::Command;

use libkexec_tests::{root, run, scratch, slim};

#[test]
fn builds_without_libc() {
    let directory = scratch("init");
    let source = root().join("c-tests/init.c");
    let lines = std::fs::read_to_string(&source)
        .expect("init.c")
        .lines()
        .count();
    assert!(lines <= 60, "{lines} lines");

    let program = directory.join("init");
    let mut compiler = Command::new("cc");
    compiler.args([
        "-std=c99",
        "-Os",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-ffreestanding",
    ]);
    compiler.args(["-nostdlib", "-static", "-fno-asynchronous-unwind-tables"]);
    compiler.args([
        "-fno-stack-protector",
        "-s",
        "-Wl,--gc-sections",
        "-Wl,--build-id=none",
    ]);
    compiler
        .args(["-Wl,-z,noseparate-code", "-I"])
        .arg(root().join("include"));
    compiler
        .arg(&source)
        .arg(root().join("c-tests/mem.c"))
        .arg(slim());
    run(compiler.arg("-o").arg(&program));
    let size = std::fs::metadata(&program).expect("init").len();
    eprintln!("C init: {lines} lines, {size} bytes stripped");
    let kinds = run(Command::new("readelf").arg("-lW").arg(&program));
    assert!(
        !kinds.contains("INTERP") && !kinds.contains("DYNAMIC"),
        "{kinds}"
    );
    assert!(size <= LIMIT, "{size} bytes of {LIMIT}");
}

/// Bytes of the stripped program: what was measured, rounded up, so that it does not grow
/// unseen. The aim is 24 KiB.
const LIMIT: u64 = 88 << 10;
