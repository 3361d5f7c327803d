//! Whether what ships builds on every host, and core's unit tests pass there: arm64 and riscv64, by
//! Debian's Rust for them, under QEMU's user mode.

use super::Result;
use super::steps::missing;
use crate::Outcome;
use crate::command::{output, read, root, run as run_command, write};
use crate::cross::{Cross, HOSTS, Host, REFUSED};
use std::path::Path;
use std::process::Command;

/// What is built. The core is in all of them.
const PACKAGES: [&str; 4] = ["kexec-rt", "kexec-cli", "libkexec", "libkexec-shared"];

/// The step.
pub fn run() -> Outcome<Result> {
    if let Some(skipped) = missing().filter(|_| !Cross::is_there()) {
        return Ok(skipped);
    }
    let cross = match Cross::open() {
        Ok(cross) => cross,
        Err(why) => return Ok(Result::Skipped(format!("no host was tested: {why}"))),
    };
    refused(&cross)?;
    memory(&cross, None)?;
    for host in &HOSTS {
        builds(&cross, host)?;
        memory(&cross, Some(host))?;
        println!("--- unit tests of core for {}", host.target);
        run_command(&mut tests(&cross, host))?;
    }
    without_purgatory(&cross, &HOSTS[1])?;
    Ok(Result::Passed)
}

/// A 32-bit target is refused, by name.
fn refused(cross: &Cross) -> Outcome {
    let arguments = ["check", "--quiet", "--locked", "--package=kexec-core"];
    let mut command = cross.plain_cargo();
    let Err(said) = output(command.args(arguments).args(["--target", REFUSED])) else {
        return Err(format!("kexec-core builds for {REFUSED}"));
    };
    let why = "kexec-core needs a target with 64-bit pointers";
    said.contains(why).then_some(()).ok_or(said)
}

/// The release build, which a reachable panic would prevent, and what the command prints.
fn builds(cross: &Cross, host: &Host) -> Outcome {
    let mut build = cross.cargo(host);
    build.args(["build", "--release", "--locked"]);
    run_command(build.args(PACKAGES.map(|name| format!("--package={name}"))))?;
    let program = cross.target().join(host.target).join("release/kexec");
    let said = output(Command::new(cross.qemu(host)).arg(program).arg("--version"))?;
    let version = format!("libkexec {}\n", env!("CARGO_PKG_VERSION"));
    if !said.ends_with(&version) {
        return Err(format!("kexec --version for {} prints {said}", host.target));
    }
    println!("{}: {}", host.target, said.trim());
    Ok(())
}

/// The unit tests, recorded plans among them: statically linked, so that QEMU needs no libraries, and
/// optimised a little, for translated code takes twenty times as long without.
fn tests(cross: &Cross, host: &Host) -> Command {
    let mut test = cross.cargo(host);
    test.args([
        "test",
        "--quiet",
        "--locked",
        "--lib",
        "--package=kexec-core",
    ])
    .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
    .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
    .env("CARGO_PROFILE_DEV_DEBUG", "0");
    test
}

/// A build that has no core library of x86-64: its own tests.
fn without_purgatory(cross: &Cross, host: &Host) -> Outcome {
    println!("--- without the core library of x86-64");
    let mut test = tests(cross, host);
    cross
        .without_x86_64(&mut test)
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0");
    let said = output(test.arg("not_built"))?;
    let passed = said.contains("2 passed; 0 failed");
    passed.then_some(()).ok_or(said)
}

/// The functions that rt/src/arch/*/mem.s defines.
const FUNCTIONS: [&str; 6] = ["memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen"];

/// The memcpy family in assembly, under other names, against loops in C. `None`: this machine's.
fn memory(cross: &Cross, host: Option<&Host>) -> Outcome {
    let arch = host.map_or("x86_64", |host| host.arch);
    let source = root().join("rt/src/arch").join(arch).join("mem.s");
    let mut text = String::from_utf8_lossy(&read(&source)?).into_owned();
    if host.is_none() {
        text.insert_str(0, ".intel_syntax noprefix\n");
    }
    for name in FUNCTIONS {
        text = text.replace(name, &format!("our_{name}"));
    }
    let renamed = cross.target().join(format!("mem-{arch}.s"));
    write(&renamed, text.as_bytes())?;
    let program = cross.target().join(format!("mem-{arch}"));
    let compiler = host.map_or("cc".into(), |host| cross.compiler(host));
    let mut compile = Command::new(compiler);
    compile.args([
        "-O1",
        "-Wall",
        "-Wno-unused-command-line-argument",
        "-static",
        "-o",
    ]);
    compile.arg(&program).arg(root().join("rt/tests/mem.c"));
    output(compile.arg(&renamed))?;
    let mut start = match host {
        Some(host) => Command::new(cross.qemu(host)),
        None => Command::new("env"),
    };
    output(start.arg(Path::new(&program))).map(|said| print!("{arch}: {said}"))
}
