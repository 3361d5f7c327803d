//! `cargo xtask dist`: a source tarball of what ships, with the crates it needs and no others,
//! that builds without network; unpacked and built to prove it.

use crate::Outcome;
use crate::command::{Outside, cargo, fresh_directory, output, read, root, run as run_command};
use crate::command::{target, write};
use std::path::Path;
use std::process::Command;

/// The packages in it.
const MEMBERS: [&str; 7] = [
    "core",
    "rt",
    "unpack",
    "ffi",
    "ffi/install",
    "ffi/shared",
    "kexec",
];
/// What else the tarball has: what is installed, and what is read.
const OTHERS: [&str; 13] = [
    "Cargo.lock",
    "Cargo.toml",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "docs",
    "examples/c-init",
    "examples/rust-init",
    "include",
    "man",
];
/// A tool of the project below a member's directory.
const LEFT_OUT: &str = "ffi/header";

/// Where cargo finds crates in the tarball.
const CONFIG: &str = "\
[source.crates-io]
replace-with = \"vendored-sources\"

[source.vendored-sources]
directory = \"vendor\"
";

/// `cargo xtask dist`
pub fn run(arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask dist".into());
    }
    let name = format!("libkexec-{}", env!("CARGO_PKG_VERSION"));
    let place = target().join("dist");
    fresh_directory(&place)?;
    let tree = place.join(&name);
    export(&tree)?;
    manifests(&tree)?;
    let vendor = ["vendor", "--quiet", "--versioned-dirs", "vendor"];
    output(cargo().current_dir(&tree).args(vendor))?;
    write(&tree.join(".cargo/config.toml"), CONFIG.as_bytes())?;
    let tarball = format!("{name}.tar.gz");
    pack(&place, &name, &tarball)?;
    prove(&place.join(&tarball), &name)?;
    println!("{}", place.join(tarball).display());
    Ok(())
}

/// The committed files of what ships.
fn export(tree: &Path) -> Outcome {
    std::fs::create_dir_all(tree).map_err(|error| error.to_string())?;
    let archive = tree.with_extension("tar");
    let mut git = Command::new("git");
    git.current_dir(root())
        .args(["archive", "--format=tar", "-o"]);
    git.arg(&archive).arg("HEAD").args(MEMBERS).args(OTHERS);
    run_command(&mut git)?;
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&archive).arg("-C").arg(tree);
    run_command(tar.arg(format!("--exclude={LEFT_OUT}")))?;
    std::fs::remove_file(&archive).map_err(|error| error.to_string())
}

/// Manifests without what is left out: other members, and what only tests need.
fn manifests(tree: &Path) -> Outcome {
    let path = tree.join("Cargo.toml");
    let text = String::from_utf8_lossy(&read(&path)?).into_owned();
    let (before, rest) = text.split_once("members = [").ok_or("no members")?;
    let (_, after) = rest.split_once(']').ok_or("no end of members")?;
    let text = format!("{before}members = {MEMBERS:?}{after}");
    let text = without(&text, |title| {
        title.starts_with("profile.") && title.contains(".package.")
    });
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("kexec-testing "));
    write(
        &path,
        lines
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .as_bytes(),
    )?;
    for member in MEMBERS {
        let path = tree.join(member).join("Cargo.toml");
        let text = String::from_utf8_lossy(&read(&path)?).into_owned();
        let text = without(&text, |title| title == "dev-dependencies");
        write(&path, text.as_bytes())?;
    }
    // The lock file as committed, less what is not there any more.
    output(
        cargo()
            .current_dir(tree)
            .args(["update", "--quiet", "--workspace"]),
    )
    .map(|_| ())
}

/// A manifest without some of its tables.
fn without(text: &str, gone: impl Fn(&str) -> bool) -> String {
    let mut keep = true;
    let mut kept = String::new();
    for line in text.lines() {
        if let Some(title) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            keep = !gone(title);
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The same bytes whoever packs the commit, and when.
fn pack(place: &Path, name: &str, tarball: &str) -> Outcome {
    let mut time = Command::new("git");
    time.current_dir(root()).args(["log", "-1", "--format=%ct"]);
    let time = output(&mut time)?;
    let mut tar = Command::new("tar");
    tar.current_dir(place);
    tar.args([
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=u=rwX,go=rX",
    ]);
    tar.arg(format!("--mtime=@{}", time.trim()));
    tar.arg("--use-compress-program=gzip -n");
    run_command(tar.arg("-cf").arg(tarball).arg(name))
}

/// Builds and installs from the tarball, with nothing but it: no network, no registry.
fn prove(tarball: &Path, name: &str) -> Outcome {
    let outside = Outside::new("dist")?;
    let mut tar = Command::new("tar");
    run_command(tar.arg("-xzf").arg(tarball).arg("-C").arg(&outside.0))?;
    let tree = outside.0.join(name);
    let home = outside.0.join("home");
    let cargo = || {
        let mut command = cargo();
        command.current_dir(&tree).env("CARGO_HOME", &home);
        command.env_remove("CARGO_TARGET_DIR");
        command
    };
    run_command(cargo().args(["build", "--release", "--frozen"]))?;
    let stage = outside.0.join("stage");
    let mut install = cargo();
    install.args(["run", "--quiet", "--frozen", "-p", "libkexec-install", "--"]);
    install
        .args(["install", "--prefix=/usr"])
        .env("DESTDIR", &stage);
    let installed = output(&mut install)?;
    for file in [
        "/usr/sbin/kexec",
        "/usr/lib/libkexec.so.0",
        "/usr/lib/libkexec.a",
    ] {
        if !installed.lines().any(|line| line == file) {
            return Err(format!("the tarball does not install {file}"));
        }
    }
    let vendored = std::fs::read_dir(tree.join("vendor")).map_err(|error| error.to_string())?;
    let mut crates: Vec<String> = vendored
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    crates.sort();
    println!("vendored: {}", crates.join(" "));
    // Not libc: a dependency of the decoders names it, for a CPU feature test that is left out of them.
    let tests = ["goblin", "scroll", "syn-", "cbindgen"];
    match crates
        .iter()
        .find(|name| tests.iter().any(|test| name.starts_with(test)))
    {
        Some(test) => Err(format!("{test}: only tests need it")),
        None => Ok(()),
    }
}
