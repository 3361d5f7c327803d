//! The API tests, linked in every way in which a program may link the library, and run under
//! checkers.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;

use libkexec_tests::{
    LIBRARY, api_sources, built, cc, destination, installed, output, root, run, scratch, slim, tool,
};

fn compile(name: &str, mut compiler: Command, library: &[&str]) -> PathBuf {
    let program = scratch(name).join("api");
    run(compiler
        .args(api_sources())
        .args(library)
        .args(["-lpthread", "-o"])
        .arg(&program));
    program
}

fn passes(command: &mut Command) {
    let said = run(command);
    assert!(said.contains(" checks, 0 failures"), "{said}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn linked_with_the_archive_of_cargo() {
    let archive = built().join("libkexec.a");
    let program = compile("archive", cc(), &[text(&archive)]);
    passes(&mut Command::new(program));
}

#[test]
fn linked_statically_with_the_slim_archive() {
    let mut compiler = cc();
    compiler.arg("-static");
    let program = compile("static", compiler, &[text(slim())]);
    passes(&mut Command::new(program));
}

#[test]
fn linked_with_the_shared_object() {
    let directory = scratch("shared-object");
    std::fs::copy(built().join("libkexec.so"), directory.join("libkexec.so.0")).expect("a copy");
    let library = directory.join("libkexec.so.0");
    let program = compile("shared", cc(), &[text(&library)]);
    passes(Command::new(&program).env("LD_LIBRARY_PATH", &directory));
    let needed = run(Command::new("readelf").arg("-dW").arg(&program));
    assert!(needed.contains("[libkexec.so.0]"), "{needed}");
}

#[test]
fn linked_with_musl() {
    let Some(musl) = tool(&["musl-gcc"], "musl") else {
        return;
    };
    // Its specs have absolute paths: if it is unpacked elsewhere, it needs the new path.
    let usr = musl.parent().and_then(Path::parent).expect("usr");
    let lib = usr.join("lib/x86_64-linux-musl");
    let headers = usr.join("include/x86_64-linux-musl");
    let (crt1, crti, crtn, libc) = (
        lib.join("crt1.o"),
        lib.join("crti.o"),
        lib.join("crtn.o"),
        lib.join("libc.a"),
    );
    let mut compiler = cc();
    compiler.args([
        "-static",
        "-nostdlib",
        "-nostdinc",
        "-fno-stack-protector",
        "-isystem",
    ]);
    compiler.arg(&headers).arg("-isystem");
    compiler.arg(run(Command::new("cc").arg("-print-file-name=include")).trim());
    // The kernel's headers do not come with musl.
    compiler.args([
        "-idirafter",
        "/usr/include",
        "-idirafter",
        "/usr/include/x86_64-linux-gnu",
    ]);
    let program = compile(
        "musl",
        compiler,
        &[
            text(&crt1),
            text(&crti),
            text(slim()),
            text(&libc),
            text(&crtn),
        ],
    );
    passes(&mut Command::new(program));
}

#[test]
fn under_valgrind() {
    let Some(valgrind) = tool(&["valgrind"], "the API under valgrind") else {
        return;
    };
    let archive = built().join("libkexec.a");
    let program = compile("valgrind", cc(), &[text(&archive)]);
    passes(
        Command::new(valgrind)
            .args([
                "-q",
                "--error-exitcode=9",
                "--leak-check=full",
                "--track-origins=yes",
            ])
            .arg(program)
            .env("UNDER_VALGRIND", "1"),
    );
}

#[test]
fn under_the_sanitizers() {
    let mut compiler = cc();
    compiler.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    let archive = built().join("libkexec.a");
    let program = compile("sanitizers", compiler, &[text(&archive)]);
    passes(&mut Command::new(program));
}

#[test]
fn installed_and_found_by_pkg_config_then_uninstalled() {
    let prefix = installed("installed");
    let flags = |arguments: &[&str]| -> Vec<String> {
        let mut pkg_config = Command::new("pkg-config");
        pkg_config
            .args(arguments)
            .arg("libkexec")
            .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        run(&mut pkg_config)
            .split_whitespace()
            .map(String::from)
            .collect()
    };
    assert_eq!(flags(&["--modversion"]), [env!("CARGO_PKG_VERSION")]);
    for (name, statically) in [("installed-shared", false), ("installed-static", true)] {
        let program = scratch(name).join("api");
        let mut compiler = Command::new("cc");
        compiler.args(["-std=c99", "-D_GNU_SOURCE", "-O1"]);
        compiler.args(api_sources());
        let libs = if statically {
            compiler.arg("-static");
            flags(&["--static", "--cflags", "--libs"])
        } else {
            flags(&["--cflags", "--libs"])
        };
        run(compiler.args(libs).args(["-lpthread", "-o"]).arg(&program));
        passes(Command::new(&program).env("LD_LIBRARY_PATH", prefix.join("lib")));
    }
    libkexec_install::uninstall(root(), &destination(&prefix), LIBRARY).expect("uninstalled");
    let left = std::fs::read_dir(&prefix).expect("the prefix").count();
    assert_eq!(left, 0, "uninstall left files in {}", prefix.display());
}

#[test]
fn a_failing_check_fails_the_program() {
    let directory = scratch("failing");
    let source = directory.join("failing.c");
    std::fs::write(
        &source,
        "#include \"test.h\"\nunsigned checks, failures;\n\
         int main(void) { RETURNS(0, kx_machine_init(NULL, 0)); return failures != 0; }\n",
    )
    .expect("written");
    let program = directory.join("failing");
    let mut compiler = cc();
    compiler.arg("-I").arg(root().join("c-tests/api"));
    run(compiler.arg(source).arg(slim()).arg("-o").arg(&program));
    let output = output(&mut Command::new(program));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("KX_E_NULL"));
}
