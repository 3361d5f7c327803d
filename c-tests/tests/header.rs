//! The header: generated from the sources, and clean in every dialect of C and C++.
#![allow(missing_docs)]

use std::process::Command;

use libkexec_tests::{fetched, root, run, scratch, tool};

const C: [&str; 5] = ["c89", "c99", "c11", "c17", "c2x"];
const CPP: [&str; 6] = ["c++98", "c++11", "c++14", "c++17", "c++20", "c++2b"];

#[test]
fn is_what_the_generator_writes() {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    run(Command::new(cargo)
        .args(["run", "-q", "-p", "libkexec-header", "--", "--check"])
        .current_dir(root()));
}

/// The header alone, included twice, with every macro used, in each dialect.
fn clean(compiler: &std::path::Path, name: &str) {
    let directory = scratch(name);
    let header = std::fs::read_to_string(root().join("include/libkexec.h")).expect("the header");
    let mut text = String::from("#include \"libkexec.h\"\n#include \"libkexec.h\"\n");
    for define in header
        .lines()
        .filter_map(|line| line.strip_prefix("#define KX_"))
    {
        let macro_name = define.split(' ').next().unwrap_or_default();
        text += &format!("unsigned long use_KX_{macro_name} = (unsigned long)KX_{macro_name};\n");
    }
    text += "extern int (*f)(const struct kx_request *, const struct kx_machine *, \
             struct kx_workspace *, struct kx_error *);\n\
             int (*f)(const struct kx_request *, const struct kx_machine *, \
             struct kx_workspace *, struct kx_error *) = kx_plan;\n";
    for (language, dialects, file) in [("c", &C[..], "use.c"), ("c++", &CPP[..], "use.cc")] {
        let source = directory.join(file);
        std::fs::write(&source, &text).expect("written");
        for dialect in dialects {
            let mut command = fetched(compiler);
            command.args(["-x", language, &format!("-std={dialect}"), "-fsyntax-only"]);
            command.args([
                "-pedantic",
                "-pedantic-errors",
                "-Wall",
                "-Wextra",
                "-Werror",
            ]);
            if language == "c" {
                command.args([
                    "-Wstrict-prototypes",
                    "-Wmissing-prototypes",
                    "-Wold-style-definition",
                ]);
            }
            run(command.arg("-I").arg(root().join("include")).arg(&source));
        }
    }
}

#[test]
fn is_clean_under_gcc() {
    clean(std::path::Path::new("gcc"), "header-gcc");
}

#[test]
fn is_clean_under_clang() {
    let names = ["clang", "clang-19", "clang-14"];
    if let Some(clang) = tool(&names, "the header under clang") {
        clean(&clang, "header-clang");
    }
}

/// The size of every structure and the offset of every member is a number in c-tests/api/layout.c,
/// so that none changes unnoticed.
#[test]
fn every_layout_is_pinned() {
    let header = std::fs::read_to_string(root().join("include/libkexec.h")).expect("the header");
    let pins = std::fs::read_to_string(root().join("c-tests/api/layout.c")).expect("layout.c");
    let mut members = 0;
    for part in header.split("\nstruct ").skip(1) {
        let Some((name, rest)) = part.split_once(" {\n") else {
            continue;
        };
        let size = format!("sizeof(struct {name}) == ");
        assert!(pins.contains(&size), "{size}");
        let body = rest.split("\n};").next().unwrap_or_default();
        let declared = body.lines().filter_map(|line| line.strip_suffix(';'));
        // The first one is at 0.
        for declaration in declared.skip(1) {
            let before = declaration.split('[').next().unwrap_or_default();
            let member = before.rsplit([' ', '*']).next().unwrap_or_default();
            let pin = format!("AT({name}, {member}, ");
            assert!(pins.contains(&pin), "{pin}");
            members += 1;
        }
    }
    assert!(members > 100, "{members}");
}

/// Every constant is a number in c-tests/api, so that none changes unnoticed. With
/// KEXEC_WRITE_CONSTANTS=1, new ones are added there; a number that is there already stays.
#[test]
fn every_constant_is_pinned() {
    let header = std::fs::read_to_string(root().join("include/libkexec.h")).expect("the header");
    let path = |name: &str| root().join("c-tests/api").join(name);
    let read = |name: &str| std::fs::read_to_string(path(name)).expect(name);
    let (mut constants, errors) = (read("constants.c"), read("errors.c"));
    let writes = std::env::var_os("KEXEC_WRITE_CONSTANTS").is_some();
    let mut pinned = 0;
    let mut before = String::new();
    for line in header
        .lines()
        .filter_map(|line| line.strip_prefix("#define KX_"))
    {
        let (name, value) = line.split_once(' ').expect("a value");
        if let Some(name) = name.strip_prefix("E_") {
            let number = value.trim_matches(['(', ')']);
            let pin = format!("PIN({number}, {name})");
            assert!(errors.contains(&pin), "{pin}");
        } else {
            let pin = format!("    IS(KX_{name}, {value});\n");
            if writes && !constants.contains(&format!("IS(KX_{name}, ")) {
                constants = constants.replace(&before, &format!("{before}{pin}"));
            }
            assert!(constants.contains(&pin), "{pin}");
            before = pin;
        }
        pinned += 1;
    }
    let lines = constants.matches("\n    IS(").count() + errors.matches("PIN(-").count();
    assert_eq!(pinned, lines, "a constant is no more");
    if writes {
        std::fs::write(path("constants.c"), constants).expect("written");
    }
}

#[test]
fn is_ascii_and_has_no_floating_names() {
    let header = std::fs::read_to_string(root().join("include/libkexec.h")).expect("the header");
    assert!(header.is_ascii());
    for line in header.lines() {
        if let Some(rest) = line.strip_prefix("#define ") {
            assert!(rest.starts_with("KX_") || rest == "LIBKEXEC_H", "{line}");
        }
        if let Some(rest) = line.strip_prefix("struct ") {
            assert!(rest.starts_with("kx_"), "{line}");
        }
    }
}
