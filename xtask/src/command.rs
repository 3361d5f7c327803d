//! Where things are, and how other programs are run.

use crate::Outcome;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the source tree.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root().join(directory),
        None => root().join("target"),
    }
}

/// What the tools keep between runs: fetched packages, guests, logs.
pub fn cache() -> PathBuf {
    target().join("xtask")
}

/// `cargo`, the one that runs us, at the root of the tree.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command whose output is for the person watching.
pub fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}");
    let status = command
        .status()
        .map_err(|error| format!("cannot run {shown}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{shown}: {status}"))
    }
}

/// Runs a command and gives back what it printed; its complaint if it fails.
pub fn output(command: &mut Command) -> Outcome<String> {
    let shown = format!("{command:?}");
    let done = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {shown}: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("{shown}: {}\n{}", done.status, said.trim_end()))
}

/// Whether a program of this name is on the PATH.
pub fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}

/// Reads a file, naming it when that fails.
pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a file and the directories above it, naming it when that fails.
pub fn write(path: &Path, content: &[u8]) -> Outcome {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, content))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a shell script that can be executed.
pub fn write_script(path: &Path, text: &str) -> Outcome {
    write(path, format!("#!/bin/sh\n{text}").as_bytes())?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Makes an empty directory, and removes what was there before.
pub fn fresh_directory(path: &Path) -> Outcome {
    if path.exists() {
        std::fs::remove_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    std::fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A directory outside of the source tree, removed at the end.
pub struct Outside(pub PathBuf);

impl Outside {
    /// An empty one.
    pub fn new(name: &str) -> Outcome<Self> {
        let name = format!("libkexec-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fresh_directory(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Builds the `kexec` command and says where it is.
pub fn build_kexec() -> Outcome<PathBuf> {
    run(cargo().args(["build", "--quiet", "--release", "--package", "kexec-cli"]))?;
    Ok(target().join("release/kexec"))
}

/// Where [`build_fork`] puts its program.
pub fn fork() -> PathBuf {
    fork_tree().join("build/sbin/kexec")
}

fn fork_tree() -> PathBuf {
    target().join("c-tests/kexec-tools")
}

/// Builds Debian's kexec-tools with libkexec as its file type, by the script that the C tests use
/// too; it fetches the source if it is not there.
pub fn build_fork() -> Outcome {
    run(cargo().args(["build", "--quiet", "--release", "--package", "libkexec"]))?;
    let mut script = Command::new(root().join("c-tests/kexec-tools/build.sh"));
    script.arg(fork_tree()).arg(root().join("include"));
    run(script.arg(target().join("release/libkexec.a")))
}

/// Builds the example programs, into the same directory: those in Rust, and the C library's:
/// `c-init` without libc, `c-crash` with the machine's.
pub fn build_examples() -> Outcome {
    let build = ["build", "--quiet", "--release"];
    let packages = ["--package", "kexec-examples", "--package", "libkexec"];
    run(cargo().args(build).args(packages))?;
    let manifest = root().join("examples/rust-init/Cargo.toml");
    let mut init = cargo();
    init.args(build).arg("--manifest-path").arg(manifest);
    run(init.arg("--target-dir").arg(target()))?;
    let mut script = Command::new(root().join("examples/c-init/build.sh"));
    let (include, archive) = (root().join("include"), target().join("release/libkexec.a"));
    let found = format!("-I '{}' '{}'", include.display(), archive.display());
    script.env("LIBKEXEC", found);
    run(script.arg(target().join("release/c-init")))?;
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-O2", "-Wall", "-static", "-s", "-I"]);
    compiler.arg(root().join("include"));
    compiler.arg(root().join("c-tests/crash.c"));
    compiler.arg(target().join("release/libkexec.a"));
    run(compiler.arg("-o").arg(target().join("release/c-crash")))
}
