//! Steps that are a command, or little more.

use super::Result;
use crate::Outcome;
use crate::command::{build_kexec, cargo, output, root, run};
use crate::packages::Store;
use crate::vm::expected::Kexec;
use crate::vm::scenario::Scenario;
use crate::vm::{Options, run_all, scenarios};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

fn cargo_step(arguments: &[&str]) -> Outcome<Result> {
    run(cargo().args(arguments))?;
    Ok(Result::Passed)
}

/// `cargo fmt --check`
pub fn fmt() -> Outcome<Result> {
    cargo_step(&["fmt", "--all", "--check"])
}

/// Clippy over everything, tests included.
pub fn clippy() -> Outcome<Result> {
    cargo_step(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ])
}

/// The tests of `--quick`: what needs neither network nor tools beyond cargo.
pub fn lib() -> Outcome<Result> {
    for arguments in [
        ["--lib", "--package=kexec-core", "--package=kexec-cli"].as_slice(),
        &["--bins", "--package=xtask"],
    ] {
        run(cargo().args(["test", "--quiet"]).args(arguments))?;
    }
    Ok(Result::Passed)
}

/// All tests, with the kernels and tools that those of the C library use. What they could not
/// test for want of something is skipped, not passed.
pub fn unit() -> Outcome<Result> {
    let list = kexec_testing::list();
    if list.exists() {
        std::fs::remove_file(&list).map_err(|why| format!("{}: {why}", list.display()))?;
    }
    if missing().is_none() {
        Store::open()?;
        // What does not come is missed by a test.
        let tools = &mut Command::new(root().join("c-tests/tools.sh"));
        let problems = [
            output(tools).err(),
            Store::shells().err(),
            Store::device_tree_compiler().err(),
        ];
        for problem in problems {
            problem.iter().for_each(|why| println!("{why}"));
        }
    }
    run(cargo().args(["test", "--workspace", "--no-fail-fast"]))?;
    let Ok(text) = std::fs::read_to_string(&list) else {
        return Ok(Result::Passed);
    };
    let lines: BTreeSet<&str> = text.lines().collect();
    let lines: Vec<&str> = lines.into_iter().collect();
    Ok(Result::Skipped(lines.join("; ")))
}

/// The fuzz targets, for some seconds.
pub fn fuzz() -> Outcome<Result> {
    crate::fuzz::short()?;
    Ok(Result::Passed)
}

/// The documentation, without a warning.
pub fn doc() -> Outcome<Result> {
    run(cargo()
        .args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "--deny warnings"))?;
    Ok(Result::Passed)
}

/// What ships, as it ships: here a reachable panic fails to link.
pub fn build() -> Outcome<Result> {
    cargo_step(&["build", "--release"])
}

/// The source tarball.
pub fn dist() -> Outcome<Result> {
    crate::dist::run(&[]).map(|()| Result::Passed)
}

/// What guests need and this machine cannot get.
pub fn missing() -> Option<Result> {
    let there = crate::packages::Store::is_there();
    let missing = crate::apt::requirements().err().filter(|_| !there)?;
    Some(Result::Skipped(missing))
}

/// Compares the data that the new kernel gets from kexec-tools and from us, on fake machines; with a synthetic
/// kernel and with each real one.
pub fn differential() -> Outcome<Result> {
    /// What the program exits with when nothing was compared.
    const SKIPPED: i32 = 77;
    if let Some(skipped) = missing() {
        return Ok(skipped);
    }
    let store = Store::open()?;
    build_kexec()?;
    for mode in [None, Some("--control")] {
        let mut command = cargo();
        command.args(["run", "--quiet", "--package", "differential", "--"]);
        command.args(mode);
        for line in ["6.1", "6.12", "7.x"] {
            command.arg(store.kernel(line)?.image);
        }
        let status = command.status().map_err(|why| format!("cargo: {why}"))?;
        match status.code() {
            Some(0) => {}
            Some(SKIPPED) => return Ok(Result::Skipped("see above".into())),
            _ => return Err(format!("differential: {status}")),
        }
    }
    Ok(Result::Passed)
}

/// Which calls two releases of kexec-tools, the newest and an older one, and our command make of the
/// same command lines.
pub fn lines() -> Outcome<Result> {
    if let Some(skipped) = missing() {
        return Ok(skipped);
    }
    let newest = Store::newest_kexec_tools()?;
    let older = Store::older_kexec_tools()?;
    let newest_program = compared(&newest, "kexec-tools 2.0.32")?;
    let older_program = compared(&older, "kexec-tools 2.0.25")?;
    build_kexec()?;
    let status = cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "differential",
            "--",
            "--lines",
        ])
        .env("KEXEC_REFERENCE", newest_program)
        .env("KEXEC_REFERENCE_ROOT", newest)
        .env("KEXEC_OLDER", older_program)
        .env("KEXEC_OLDER_ROOT", older)
        .status()
        .map_err(|why| format!("cargo: {why}"))?;
    match status.code() {
        Some(0) => Ok(Result::Passed),
        Some(77) => Ok(Result::Skipped("see above".into())),
        _ => Err(format!("differential --lines: {status}")),
    }
}

/// The kexec of a tree, which the rules of the comparison expect to be of this version.
fn compared(tree: &Path, expected: &str) -> Outcome<PathBuf> {
    // Older packages are for a /lib and /sbin of their own.
    let first = |names: [&str; 2]| {
        let paths = names.map(|name| tree.join(name));
        let found = paths.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| format!("{}: has no {}", tree.display(), names[0]))
    };
    let program = first(["usr/sbin/kexec", "sbin/kexec"])?;
    let loader = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
    let loader = first([&format!("usr/{loader}"), loader])?;
    let libraries = ["usr/lib", "lib"].map(|part| tree.join(part).join("x86_64-linux-gnu"));
    let libraries = std::env::join_paths(libraries).map_err(|why| why.to_string())?;
    let version = output(
        Command::new(loader)
            .args(["--library-path".as_ref(), libraries.as_os_str()])
            .args([program.as_os_str(), "-v".as_ref()]),
    )?;
    // The older one has the date of its release after it.
    if !version.trim().starts_with(expected) {
        // Not a reason to skip: what differs now is what there is to decide on.
        println!(
            "the archive has {}; the rules were written for {expected}: a difference that no rule \
             explains can be one between the two",
            version.trim()
        );
    }
    Ok(program)
}

/// The demonstration, as a user starts it.
pub fn demo() -> Outcome<Result> {
    if let Some(skipped) = missing() {
        return Ok(skipped);
    }
    crate::demo::run(&[]).map(|()| Result::Passed)
}

/// The guests of every run.
pub fn vm() -> Outcome<Result> {
    guests(|scenario| !scenario.slow)
}

/// The guests that only `--slow` runs.
pub fn vm_slow() -> Outcome<Result> {
    guests(|scenario| scenario.slow)
}

fn guests(wanted: fn(&Scenario) -> bool) -> Outcome<Result> {
    if let Some(skipped) = missing() {
        return Ok(skipped);
    }
    let options = Options {
        jobs: 2,
        kexec: Kexec::Ours(build_kexec()?),
        keep: false,
        chance: AtomicBool::new(true),
    };
    let chosen: Vec<Scenario> = scenarios::all().into_iter().filter(wanted).collect();
    let count = run_all(&chosen, &options)?;
    println!(
        "guests: {} passed, {} failed, {} of them ran twice",
        count.passed, count.failed, count.again
    );
    match (count.failed, count.passed) {
        (0, passed) if passed > 0 => Ok(Result::Passed),
        (failed, passed) => Err(format!("{failed} scenarios failed, {passed} passed")),
    }
}
