//! The programs that are compared, and the command line for each.

use crate::Outcome;
use crate::command::build_kexec;
use crate::packages::Store;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Our command, kexec_load with verification.
    Ours,
    /// Our command, `-i`: no verification.
    OursUnverified,
    /// OpenSSL's digest over the same files.
    OpenSsl,
    /// Debian's `xxhsum -H2`, XXH3-128, over the same files.
    XxhSum,
    /// Debian's kexec-tools, kexec_load with verification.
    Reference,
    /// Debian's kexec-tools, `-i`.
    ReferenceUnverified,
}

impl Subject {
    /// All, in the order of the tables.
    pub const ALL: [Self; 6] = [
        Self::Ours,
        Self::OursUnverified,
        Self::OpenSsl,
        Self::XxhSum,
        Self::Reference,
        Self::ReferenceUnverified,
    ];

    /// Whether it loads, and does not only digest.
    pub const fn is_a_load(self) -> bool {
        !matches!(self, Self::OpenSsl | Self::XxhSum)
    }

    /// What it is called in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "libkexec",
            Self::OursUnverified => "libkexec -i",
            Self::OpenSsl => "openssl dgst -sha256",
            Self::XxhSum => "xxhsum -H2",
            Self::Reference => "kexec-tools",
            Self::ReferenceUnverified => "kexec-tools -i",
        }
    }
}

/// Where the programs are.
#[derive(Debug)]
pub struct Programs {
    ours: PathBuf,
    store: Store,
    tools: PathBuf,
}

impl Programs {
    /// Builds ours and fetches Debian's.
    pub fn new() -> Outcome<Self> {
        let store = Store::open()?;
        store.xxhsum()?;
        Ok(Self {
            ours: build_kexec()?,
            tools: store.tools(),
            store,
        })
    }

    /// The command line that prepares `kernel` and `initrd`.
    ///
    /// # Errors
    /// That a program cannot be fetched.
    pub fn command(&self, subject: Subject, kernel: &Path, initrd: &Path) -> Outcome<Command> {
        let (mut command, unverified) = match subject {
            Subject::OpenSsl => {
                let mut command = Command::new("openssl");
                command.args(["dgst", "-sha256"]).arg(kernel).arg(initrd);
                return Ok(command);
            }
            Subject::XxhSum => {
                let mut command = self.store.xxhsum()?;
                command.arg("-H2").arg(kernel).arg(initrd);
                return Ok(command);
            }
            Subject::Ours | Subject::OursUnverified => {
                let unverified = subject == Subject::OursUnverified;
                (Command::new(&self.ours), unverified)
            }
            Subject::Reference | Subject::ReferenceUnverified => {
                let unverified = subject == Subject::ReferenceUnverified;
                (self.reference(), unverified)
            }
        };
        command.args(["-c", "-l", "--append=console=ttyS0 root=/dev/vda1 ro"]);
        command.arg(kernel);
        command.arg(format!("--initrd={}", initrd.display()));
        if unverified {
            command.arg("-i");
        }
        Ok(command)
    }

    /// Debian's binary with the libraries of its own release.
    fn reference(&self) -> Command {
        let libraries = self.tools.join("usr/lib/x86_64-linux-gnu");
        let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
        command
            .arg("--library-path")
            .arg(&libraries)
            .arg(self.tools.join("usr/sbin/kexec"));
        command
    }
}
