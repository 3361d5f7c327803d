//! What is printed with `--quiet`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use std::path::Path;

use common::{Directory, FILE_LOAD, LOAD, Rule, bzimage, gives, kexec_with};

/// Both calls go well.
const KIND: [Rule; 2] = [gives(FILE_LOAD, 0), gives(LOAD, 0)];

/// Every warning of these loads is left out, and nothing else changes.
#[test]
fn warnings_are_left_out_and_errors_are_not() {
    let directory = Directory::new("quiet");
    let kernel = directory.file("kernel", &bzimage(64 << 10));
    let text = directory.file("text", b"not an initrd");
    let initrd = format!("--initrd={text}");
    let missing = format!("--dtb={}", directory.path("missing"));
    let _writer = std::fs::OpenOptions::new().write(true).open(&text).unwrap();
    for (arguments, warned) in [
        (&["-l", &kernel, "ro"][..], "warning: ro and the words"),
        (&["-l", &kernel, "--module=x"], "warning: --module"),
        (&["-s", "-l", &kernel, "--noefi"], "warning: --noefi"),
        (&["-l", &kernel, "-t", "uki"], "warning: --type"),
        (&["-l", &kernel, &initrd], "warning: the initrd"),
        (&["-c", "-l", &kernel, &initrd], "is open for writing"),
        (
            &["-s", "-l", &kernel, &missing],
            "warning: cannot use the dtb",
        ),
    ] {
        let run = kexec_with(&KIND, arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(warned), "{arguments:?}: {}", run.stderr);
        let run = kexec_with(&KIND, &[arguments, &["--quiet"]].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
    }
    let arguments = ["-c", "-l", &text, "ro", "--quiet"];
    let run = kexec_with(&KIND, &arguments);
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains("cannot load"), "{}", run.stderr);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

/// No warning is printed in another way.
#[test]
fn every_warning_can_be_left_out() {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            files += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.matches("\"warning: ").count();
            assert_eq!(lines, 0, "{}: use caution!()", path.display());
        }
    }
    assert!(files > 20, "{files}");
}
