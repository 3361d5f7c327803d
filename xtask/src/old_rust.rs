//! The oldest Rust that what ships is for, from Debian's archive: unpacked, not installed.
//!
//! It has no lld, so that it also shows that a build needs none.

use crate::Outcome;
use crate::apt::{self, Release};
use crate::command::{cache, fresh_directory, output, root, write_script};
use std::path::PathBuf;
use std::process::Command;

/// Minor version, as `rust-version` in Cargo.toml has it.
pub const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");
/// The Debian release that has it in addition to a newer one.
const RELEASE: &str = "bookworm";
/// What is asked for, each at a patch release of [`VERSION`].
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "libstd-rust-web-dev"];
/// What is unpacked: programs, and the libraries that they need; no C compiler.
const FILES: [&str; 6] = [
    "./usr/bin/cargo",
    "./usr/bin/rustc",
    "./usr/lib/rustlib/*",
    "./usr/lib/x86_64-linux-gnu/*.so*",
    "./lib/x86_64-linux-gnu/*.so*",
    "./lib64/*",
];
/// Where Debian's loader finds libraries.
const LIBRARIES: [&str; 2] = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];

/// An unpacked toolchain.
pub struct OldRust {
    directory: PathBuf,
}

impl OldRust {
    /// The one that was fetched before, or fetches it.
    pub fn open() -> Outcome<Self> {
        let old = Self {
            directory: cache().join(format!("rust-{VERSION}")),
        };
        // Made last.
        if !old.program("cargo").is_file() {
            old.fetch()?;
        }
        Ok(old)
    }

    /// Whether it was fetched before.
    pub fn is_there() -> bool {
        cache().join(format!("rust-{VERSION}/cargo")).is_file()
    }

    /// A script that starts `cargo` or `rustc` with their own libraries and loader.
    fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn fetch(&self) -> Outcome {
        let mirror = apt::requirements()?;
        eprintln!("fetching Rust {VERSION} ({RELEASE})");
        fresh_directory(&self.directory)?;
        let release = Release::open(RELEASE, &mirror)?;
        let wanted: Vec<String> = PACKAGES
            .iter()
            .map(|name| format!("{name}={VERSION}.*"))
            .collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let unpacked = self.directory.join("unpacked");
        for archive in release.download(&wanted, true)? {
            apt::unpack_some(&archive, &unpacked, &FILES)?;
        }
        let libraries = LIBRARIES.map(|path| unpacked.join(path).display().to_string());
        for name in ["rustc", "cargo"] {
            let script = format!(
                "exec '{loader}' --library-path '{libraries}' '{program}' \"$@\"\n",
                loader = unpacked.join("lib64/ld-linux-x86-64.so.2").display(),
                libraries = libraries.join(":"),
                program = unpacked.join("usr/bin").join(name).display(),
            );
            let path = self.program(name);
            let unproved = path.with_extension("new");
            write_script(&unproved, &script)?;
            let said = output(Command::new(&unproved).arg("--version"))?;
            if !said.starts_with(&format!("{name} {VERSION}.")) {
                return Err(format!("Debian's {name} is {}", said.trim()));
            }
            std::fs::rename(&unproved, &path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// Its cargo, at the root of the tree, with a target directory of its own: nothing is
    /// shared with the build of another compiler.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(self.program("cargo"));
        command
            .current_dir(root())
            .env("RUSTC", self.program("rustc"))
            // What cargo would take for itself is the loader.
            .env("CARGO", self.program("cargo"))
            .env("CARGO_TARGET_DIR", self.target())
            // Of the cargo that runs us, if it came by rustup.
            .env_remove("RUSTUP_TOOLCHAIN");
        command
    }

    /// Its target directory.
    pub fn target(&self) -> PathBuf {
        self.directory.join("target")
    }
}
