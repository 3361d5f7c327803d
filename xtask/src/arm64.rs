//! What arm64 guests are made of: QEMU, a static busybox, kernels, and our command built for them.
//! Fetched when a guest first wants it, into a directory of its own.

use crate::Outcome;
use crate::apt::{self, Release};
use crate::command::{cache, fresh_directory, run, write};
use crate::cross::{Cross, HOSTS};
use crate::packages::{Kernel, Store};
use std::path::PathBuf;

/// Their names begin with this: `arm64-6.12`.
const PREFIX: &str = "arm64-";

const ARCHITECTURE: &str = "arm64";
/// The release that QEMU and the programs come from.
const RELEASE: &str = "trixie";

/// A kernel: its name, the release that has it, the beginnings of the names of its packages, with the
/// image and with the modules. All are the flavour for virtual machines.
const KERNELS: [[&str; 4]; 3] = [
    ["6.1", "bookworm", "linux-image-6.1.", "linux-image-6.1."],
    ["6.12", "trixie", "linux-image-6.12.", "linux-image-6.12."],
    ["7.x", "trixie", "linux-binary-7.", "linux-modules-7."],
];
const FLAVOUR: &str = "-cloud-arm64";

/// The directory of everything.
pub fn directory() -> PathBuf {
    cache().join(ARCHITECTURE)
}

/// Where the tools are.
pub fn tools() -> PathBuf {
    directory().join("tools")
}

/// A static busybox for arm64.
pub fn busybox() -> PathBuf {
    tools().join("usr/bin/busybox")
}

/// Fetches all, unless that was done before, and builds our command.
pub fn open(store: &Store) -> Outcome<PathBuf> {
    let whole = directory().join("whole");
    if !whole.is_file() {
        fetch(store)?;
        write(&whole, b"")?;
    }
    let (cross, host) = (Cross::open()?, &HOSTS[0]);
    let mut build = cross.cargo(host);
    build.args(["build", "--quiet", "--release", "--locked"]);
    run(build.arg("--package=kexec-cli"))?;
    Ok(cross.target().join(host.target).join("release/kexec"))
}

fn fetch(store: &Store) -> Outcome {
    let mirror = apt::requirements()?;
    fresh_directory(&directory())?;
    for name in [RELEASE, "bookworm"] {
        eprintln!("fetching kernels and programs of {ARCHITECTURE} ({name})");
        let release = Release::open_foreign(name, &mirror, &[ARCHITECTURE])?;
        if name == RELEASE {
            // Its libraries are those of the other QEMU.
            let programs = ["qemu-system-arm", &of("busybox-static")];
            for archive in release.download(&programs, false)? {
                apt::unpack(&archive, &tools())?;
            }
        }
        for [line, from, image, modules] in KERNELS {
            if from == name {
                kernel(store, &release, line, [image, modules])?;
            }
        }
    }
    Ok(())
}

fn kernel(store: &Store, release: &Release, line: &str, packages: [&str; 2]) -> Outcome {
    let [image, modules] = packages;
    let name = release.newest(image, FLAVOUR)?;
    let version = name
        .strip_prefix(image)
        .ok_or("a package without its own name")?;
    let mut names = vec![of(&name), of(&format!("{modules}{version}"))];
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let into = directory().join("kernels").join(line);
    store.unpack_packages(&release.download(&names, false)?, &into)
}

fn of(package: &str) -> String {
    format!("{package}:{ARCHITECTURE}")
}

/// The kernel of a line, of either architecture: `6.12`, `arm64-6.12`.
pub fn kernel_of(store: &Store, line: &str) -> Outcome<Kernel> {
    match line.strip_prefix(PREFIX) {
        Some(of) => Store::kernel_in(&directory().join("kernels").join(of), line),
        None => store.kernel(line),
    }
}
