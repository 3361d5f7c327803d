//! `cargo package` of the crates for others: each tarball has what a registry and a builder of
//! documentation want, and builds alone.

use super::Result;
use crate::Outcome;
use crate::command::{Outside, cache, cargo, output, read, root, run as run_command, write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// In the order of their dependencies.
const CRATES: [(&str, &str); 4] = [
    ("kexec-core", "core"),
    ("kexec-rt", "rt"),
    ("kexec-unpack", "unpack"),
    ("libkexec", "ffi"),
];
/// What the manifest of each must have.
const KEYS: [&str; 9] = [
    "description = ",
    "keywords = [",
    "categories = [",
    "license = \"MIT OR Apache-2.0\"",
    "readme = \"README.md\"",
    "rust-version = ",
    "edition = ",
    "[package.metadata.docs.rs]",
    "[lints.",
];
/// As large as an init may be; `budget/limits.txt` has the same limit.
const INIT_MAX: u64 = 24 << 10;

/// The step.
pub fn run() -> Outcome<Result> {
    let directory = cache().join("package");
    // Outside of the tree: nothing of its workspace or configuration is found there.
    let outside = Outside::new("package")?;
    let unpacked = outside.0.clone();
    let mut package = cargo();
    package.args(["package", "--quiet", "--allow-dirty", "--no-verify"]);
    for (name, _) in CRATES {
        package.args(["--package", name]);
    }
    run_command(package.arg("--target-dir").arg(&directory))?;
    let version = env!("CARGO_PKG_VERSION");
    for (name, place) in CRATES {
        let tarball = directory.join(format!("package/{name}-{version}.crate"));
        let mut tar = Command::new("tar");
        run_command(tar.arg("-xzf").arg(tarball).arg("-C").arg(&unpacked))?;
        let here = unpacked.join(format!("{name}-{version}"));
        contents(&here, place)?;
        // Whatever manifest lies further up is not its workspace's.
        let manifest = here.join("Cargo.toml");
        write(
            &manifest,
            &[&read(&manifest)?, &b"\n[workspace]\n"[..]].concat(),
        )?;
    }
    for (name, _) in CRATES {
        let here = unpacked.join(format!("{name}-{version}"));
        let built = directory.join("built");
        let release = ["build", "--quiet", "--release"];
        run_command(
            alone(&here, &unpacked)
                .args(release)
                .arg("--target-dir")
                .arg(&built),
        )?;
        let mut doc = alone(&here, &unpacked);
        doc.args(["doc", "--quiet", "--no-deps", "--target-dir"])
            .arg(&built);
        run_command(doc.env("RUSTDOCFLAGS", "--deny warnings"))?;
        println!("{name}: {} builds alone", here.display());
    }
    init(&unpacked, &directory)?;
    Ok(Result::Passed)
}

fn contents(here: &Path, place: &str) -> Outcome {
    let manifest = read(&here.join("Cargo.toml"))?;
    let manifest = String::from_utf8_lossy(&manifest);
    if let Some(missing) = KEYS.iter().find(|key| !manifest.contains(**key)) {
        return Err(format!("{}: Cargo.toml has no {missing}", here.display()));
    }
    for (name, original) in [
        ("LICENSE-MIT", "LICENSE-MIT".to_string()),
        ("LICENSE-APACHE", "LICENSE-APACHE".into()),
        ("README.md", format!("{place}/README.md")),
    ] {
        if read(&here.join(name))? != read(&root().join(original))? {
            return Err(format!("{}: another {name}", here.display()));
        }
    }
    let header = "include/libkexec.h";
    if place == "ffi" && read(&here.join(header))? != read(&root().join(header))? {
        return Err(format!("{}: another {header}", here.display()));
    }
    Ok(())
}

/// Cargo in an unpacked tarball; the other crates come from theirs, as from a registry.
fn alone(here: &Path, unpacked: &Path) -> Command {
    let mut command = cargo();
    command.current_dir(here);
    let version = env!("CARGO_PKG_VERSION");
    for (name, _) in &CRATES[..2] {
        let path = unpacked.join(format!("{name}-{version}"));
        if path != here {
            let path = path.display();
            command.arg("--config");
            command.arg(format!("patch.crates-io.{name}.path='{path}'"));
        }
    }
    command
}

/// The example in Rust, of the tarballs' crates.
fn init(unpacked: &Path, directory: &Path) -> Outcome {
    let (from, to) = (root().join("examples/rust-init"), unpacked.join("init"));
    for name in ["build.rs", "src/main.rs", "Cargo.toml"] {
        write(&to.join(name), &read(&from.join(name))?)?;
    }
    let manifest = to.join("Cargo.toml");
    let mut text = String::from_utf8_lossy(&read(&manifest)?).into_owned();
    for (name, place) in CRATES {
        let path = unpacked.join(format!("{name}-{}", env!("CARGO_PKG_VERSION")));
        text = text.replace(
            &format!("\"../../{place}\""),
            &format!("{:?}", path.display().to_string()),
        );
    }
    write(&manifest, text.as_bytes())?;
    let built = directory.join("built");
    let mut build = cargo();
    build
        .current_dir(&to)
        .args(["build", "--quiet", "--release", "--target-dir"]);
    run_command(build.arg(&built))?;
    let init: PathBuf = built.join("release/init");
    let size = read(&init)?.len() as u64;
    let symbols = output(Command::new("nm").arg("-u").arg(&init))?;
    if size > INIT_MAX || !symbols.trim().is_empty() {
        return Err(format!(
            "init of the tarballs: {size} bytes, undefined: {symbols}"
        ));
    }
    println!("init of the tarballs: {size} bytes");
    Ok(())
}
