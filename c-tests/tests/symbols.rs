//! The symbols that the shared object and the archive export and need.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use libkexec_tests::{built, output, root, run, slim, target};

/// The committed list: `name@@VERSION`.
fn listed() -> BTreeSet<String> {
    let map = std::fs::read_to_string(root().join("ffi/libkexec.map")).expect("the map");
    let mut version = String::new();
    let mut names = BTreeSet::new();
    for line in map.lines().map(str::trim) {
        if let Some(node) = line.strip_suffix(" {") {
            version = node.into();
        } else if line.starts_with("kx_") {
            names.insert(format!("{}@@{version}", line.trim_end_matches(';')));
        }
    }
    assert!(names.len() > 50);
    names
}

fn nm(arguments: &[&str], file: &Path) -> Vec<String> {
    let said = run(Command::new("nm").args(arguments).arg(file));
    said.lines().map(String::from).collect()
}

#[test]
fn the_shared_object_exports_the_list_and_nothing_else() {
    let lines = nm(&["-D", "--defined-only"], &built().join("libkexec.so"));
    let exported: BTreeSet<String> = lines
        .iter()
        .filter_map(|line| line.split_whitespace().last())
        // The version node itself.
        .filter(|name| *name != "KX_0.1")
        .map(String::from)
        .collect();
    assert_eq!(exported, listed());
    assert!(
        lines
            .iter()
            .all(|line| line.contains(" T ") || line.contains(" A "))
    );
}

#[test]
fn the_header_declares_the_list_and_nothing_else() {
    let header = std::fs::read_to_string(root().join("include/libkexec.h")).expect("the header");
    let declared: BTreeSet<String> = header
        .lines()
        .filter(|line| !line.starts_with([' ', '*', '/', '#']))
        .filter_map(|line| {
            let name = line.split_once('(')?.0.rsplit([' ', '*']).next()?;
            name.starts_with("kx_").then(|| format!("{name}@@KX_0.1"))
        })
        .collect();
    assert_eq!(declared, listed());
}

#[test]
fn the_shared_object_needs_nothing() {
    let so = built().join("libkexec.so");
    assert!(nm(&["-D", "-u"], &so).is_empty());
    let dynamic = run(Command::new("readelf").arg("-dW").arg(&so));
    assert!(!dynamic.contains("NEEDED"), "{dynamic}");
    assert!(
        !dynamic.contains("TEXTREL") && !dynamic.contains("INIT"),
        "{dynamic}"
    );
    assert!(
        dynamic.contains("Library soname: [libkexec.so.0]"),
        "{dynamic}"
    );
}

/// No writable data: no .data, no .bss, no thread-local storage; relocated data is read-only
/// afterwards.
#[test]
fn the_shared_object_has_no_writable_data() {
    let so = built().join("libkexec.so");
    let sections = run(Command::new("readelf").arg("-SW").arg(&so));
    for line in sections.lines().filter(|line| line.contains(" WA ")) {
        let relro = [".data.rel.ro", ".dynamic", ".got ", ".relro_padding"];
        assert!(relro.iter().any(|name| line.contains(name)), "{line}");
    }
    assert!(!sections.contains(" WAT "), "{sections}");
    let segments = run(Command::new("readelf").arg("-lW").arg(&so));
    assert!(segments.contains("GNU_RELRO"), "{segments}");
    assert!(!segments.contains("RWE"), "{segments}");
}

#[test]
fn the_slim_archive_asks_for_the_mem_functions_only() {
    let allowed = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];
    for line in nm(&["-u"], slim()) {
        let name = line.split_whitespace().last().unwrap_or_default();
        assert!(
            name.is_empty() || name.ends_with(':') || allowed.contains(&name),
            "{line}"
        );
    }
    let names: BTreeSet<String> = nm(&["-g", "--defined-only"], slim())
        .iter()
        .filter(|line| line.contains(' '))
        .filter_map(|line| Some(format!("{}@@KX_0.1", line.split_whitespace().last()?)))
        .collect();
    assert_eq!(names, listed());
    let sections = run(Command::new("size").arg("-A").arg(slim()));
    for line in sections.lines() {
        let mut words = line.split_whitespace();
        let (name, size) = (words.next().unwrap_or(""), words.next().unwrap_or("0"));
        let writable = name == ".bss"
            || name == ".data"
            || name.starts_with(".bss.")
            || name.starts_with(".data.") && !name.starts_with(".data.rel.ro");
        assert!(!writable || size == "0", "{line}");
    }
}

/// The same build with a function that may panic: neither library links.
#[test]
fn a_reachable_panic_fails_the_link() {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let directory = target().join("c-tests/panic");
    let build = |package: &str| {
        let mut command = Command::new(&cargo);
        command
            .args(["build", "--release", "-p", package, "--target-dir"])
            .arg(&directory)
            .env("KEXEC_TEST_PANIC", "1")
            .current_dir(root());
        output(&mut command)
    };
    let shared = build("libkexec-shared");
    let said = String::from_utf8_lossy(&shared.stderr);
    assert!(!shared.status.success(), "{said}");
    assert!(said.contains("libkexec_has_a_reachable_panic"), "{said}");

    let archive = build("libkexec");
    assert!(archive.status.success());
    let mut probe = libkexec_tests::cc();
    let source = directory.join("probe.c");
    let text = "int kx_panics(unsigned long i);\nint main(int c, char **v)\n\
                { (void)v; return kx_panics((unsigned long)c); }\n";
    std::fs::write(&source, text).expect("written");
    probe.arg(&source).arg(directory.join("release/libkexec.a"));
    let linked = output(probe.arg("-o").arg(directory.join("probe")));
    let said = String::from_utf8_lossy(&linked.stderr);
    assert!(!linked.status.success(), "{said}");
    assert!(said.contains("libkexec_has_a_reachable_panic"), "{said}");

    // The shipped library links with all of its functions.
    let whole = libkexec_tests::scratch("whole");
    let source = whole.join("whole.c");
    std::fs::write(&source, "int main(void) { return 0; }\n").expect("written");
    let mut compiler = libkexec_tests::cc();
    compiler.arg(&source).arg("-Wl,--whole-archive").arg(slim());
    run(compiler
        .arg("-Wl,--no-whole-archive")
        .arg("-o")
        .arg(whole.join("whole")));
}
