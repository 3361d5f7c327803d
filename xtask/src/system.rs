//! A Debian with systemd, and the kernel's own tests of kexec: what few guests want, fetched when
//! one of them is to run first.

use crate::Outcome;
use crate::apt::{self, Archive, Release};
use crate::command::{cache, fresh_directory};
use crate::packages::Store;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const RELEASE: &str = "trixie";

/// Those that boot, and those that the selftests of kexec call. `kexec-tools` is there to be
/// replaced.
const PACKAGES: &[&str] = &[
    "attr",
    "base-files",
    "base-passwd",
    "bash",
    "bsdextrautils",
    "bsdutils",
    "coreutils",
    "dash",
    "debianutils",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "kexec-tools",
    "kmod",
    "mawk",
    "mount",
    "pesign",
    "procps",
    "sed",
    "systemd",
    "systemd-sysv",
    "util-linux",
];

/// The kernel whose selftests and configuration the guests have, and its package's beginning.
pub const KERNEL: &str = "6.12-cloud";
const SOURCE: &str = "linux-source-6.12";

/// Where the selftests are in a kernel's source.
const SELFTESTS: &str = "tools/testing/selftests/kexec";

/// The directory of what is fetched.
#[derive(Debug)]
pub struct System(PathBuf);

impl System {
    /// What was fetched before.
    pub fn get() -> Self {
        Self(cache().join("system"))
    }

    /// The Debian.
    pub fn debian(&self) -> PathBuf {
        self.0.join("debian")
    }

    /// The selftests of kexec.
    pub fn selftests(&self) -> PathBuf {
        self.0.join("selftests")
    }

    /// The configuration of [`KERNEL`].
    pub fn configuration(&self) -> PathBuf {
        self.0.join("config")
    }

    /// Fetches it, unless it is there for the kernel that the store has.
    pub fn fetch(store: &Store) -> Outcome<Self> {
        let system = Self::get();
        let kernel = store.kernel(KERNEL)?.release;
        let wanted = format!("{kernel} {}\n", PACKAGES.join(" "));
        let stamp = system.0.join("stamp");
        if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(system);
        }
        eprintln!("fetching a Debian with systemd, and the kernel's selftests ({RELEASE})");
        fresh_directory(&system.0)?;
        let release = Release::open(RELEASE, &apt::requirements()?)?;
        for archive in release.download(PACKAGES, true)? {
            apt::unpack(&archive, &system.debian())?;
        }
        let image = format!("linux-image-{kernel}");
        let archives = release.download(&[image.as_str()], false)?;
        let archive = archives.first().ok_or("apt-get listed no package")?;
        let unpacked = system.0.join("unpacked");
        apt::unpack_first(archive, &unpacked, "*/boot/config-*")?;
        let name = format!("boot/config-{kernel}");
        rename(&unpacked.join(name), &system.configuration())?;
        let source = release.download(&[SOURCE], false)?;
        let source = source.first().ok_or("apt-get listed no package")?;
        unpack_source(store, source, &unpacked)?;
        let name = format!("{SOURCE}/{SELFTESTS}");
        rename(&unpacked.join(name), &system.selftests())?;
        // 150 MB, for three scripts.
        let remove = std::fs::remove_file(&source.path);
        remove.map_err(|error| format!("{}: {error}", source.path.display()))?;
        std::fs::remove_dir_all(&unpacked).map_err(|error| error.to_string())?;
        crate::command::write(&stamp, wanted.as_bytes())?;
        Ok(system)
    }
}

fn rename(from: &Path, to: &Path) -> Outcome {
    std::fs::rename(from, to).map_err(|error| format!("{}: {error}", from.display()))
}

/// The selftests out of the archive in the package of a kernel's source: a stream of 1.5 GB, of
/// which nothing else is kept.
fn unpack_source(store: &Store, package: &Archive, into: &Path) -> Outcome {
    let fail = |what: &str, error: std::io::Error| format!("{}: {what}: {error}", package.name);
    let mut dpkg = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(&package.path)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| fail("dpkg-deb", error))?;
    let stream = dpkg.stdout.take().ok_or("dpkg-deb: no output")?;
    let mut outer = Command::new("tar")
        .args(["-x", "-O", "--wildcards", "*.tar.xz"])
        .stdin(stream)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| fail("tar", error))?;
    let stream = outer.stdout.take().ok_or("tar: no output")?;
    let mut xz = store
        .program("usr/bin/xz")
        .args(["-d", "-c"])
        .stdin(stream)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| fail("xz", error))?;
    let stream = xz.stdout.take().ok_or("xz: no output")?;
    let status = Command::new("tar")
        .arg("-x")
        .arg("-C")
        .arg(into)
        .arg(format!("{SOURCE}/{SELFTESTS}"))
        .stdin(stream)
        .status()
        .map_err(|error| fail("tar", error))?;
    for (what, process) in [("dpkg-deb", dpkg), ("tar", outer), ("xz", xz)] {
        let mut process = process;
        let ended = process.wait().map_err(|error| fail(what, error))?;
        if !ended.success() {
            return Err(format!("{}: {what}: {ended}", package.name));
        }
    }
    status
        .success()
        .then_some(())
        .ok_or(format!("{}: no {SELFTESTS} in it ({status})", package.name))
}
