//! A Debian with systemd: what few guests want, fetched when one of them is to run first.

use crate::Outcome;
use crate::apt::{self, Release};
use crate::command::{cache, fresh_directory};
use std::path::PathBuf;

const RELEASE: &str = "trixie";

/// Those that boot. `kexec-tools` is there to be replaced.
const PACKAGES: &[&str] = &[
    "base-files",
    "base-passwd",
    "bash",
    "bsdutils",
    "coreutils",
    "dash",
    "findutils",
    "grep",
    "hostname",
    "kexec-tools",
    "kmod",
    "mawk",
    "mount",
    "procps",
    "sed",
    "systemd",
    "systemd-sysv",
    "util-linux",
];

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

    /// Fetches it, unless it is there.
    pub fn fetch() -> Outcome<Self> {
        let system = Self::get();
        let wanted = format!("{}\n", PACKAGES.join(" "));
        let stamp = system.0.join("stamp");
        if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(system);
        }
        eprintln!("fetching a Debian with systemd ({RELEASE})");
        fresh_directory(&system.0)?;
        let release = Release::open(RELEASE, &apt::requirements()?)?;
        for archive in release.download(PACKAGES, true)? {
            apt::unpack(&archive, &system.debian())?;
        }
        crate::command::write(&stamp, wanted.as_bytes())?;
        Ok(system)
    }
}
