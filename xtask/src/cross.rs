//! Debian's Rust with the standard libraries of other hosts, a C compiler for all of them, and
//! QEMU's user mode: unpacked, not installed.

use crate::Outcome;
use crate::apt::{self, Release};
use crate::command::{cache, fresh_directory, output, root, write_script};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Another host that everything builds for.
#[derive(Debug)]
pub struct Host {
    /// As Rust calls it.
    pub target: &'static str,
    /// As its programs are called in GNU triplets and by QEMU.
    pub arch: &'static str,
    /// As Debian calls it.
    debian: &'static str,
}

/// All of them.
pub const HOSTS: [Host; 2] = [
    Host {
        target: "aarch64-unknown-linux-gnu",
        arch: "aarch64",
        debian: "arm64",
    },
    Host {
        target: "riscv64gc-unknown-linux-gnu",
        arch: "riscv64",
        debian: "riscv64",
    },
];

/// A target that is refused.
pub const REFUSED: &str = "i686-unknown-linux-gnu";
const REFUSED_DEBIAN: &str = "i386";

/// The Debian release that has one Rust for all of them.
const RELEASE: &str = "trixie";
/// That Rust: the oldest that is promised.
const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");
/// For this machine, with all they depend on.
const PROGRAMS: [&str; 5] = ["cargo", "rustc", "libstd-rust-dev", "clang", "lld"];
/// For each host, alone: to link its tests statically.
const LIBRARIES: [&str; 3] = ["libstd-rust-dev", "libc6-dev", "libgcc-14-dev"];
/// What is unpacked.
const FILES: [&str; 9] = [
    "./usr/bin/cargo",
    "./usr/bin/rustc",
    "./usr/bin/clang",
    "./usr/bin/ld.lld*",
    "./usr/lib/rustlib/*",
    "./usr/lib/llvm-*",
    "./usr/lib/x86_64-linux-gnu/*.so*",
    "./usr/lib64/*",
    "./lib64/*",
];

/// The unpacked toolchain.
pub struct Cross {
    directory: PathBuf,
}

impl Cross {
    /// The one that was fetched before, or fetches it.
    pub fn open() -> Outcome<Self> {
        let cross = Self {
            directory: cache().join("hosts"),
        };
        if !Self::is_there() {
            cross.fetch()?;
        }
        Ok(cross)
    }

    /// Whether it was fetched before: its last script is made last.
    pub fn is_there() -> bool {
        cache().join("hosts/rustc").is_file()
    }

    fn fetch(&self) -> Outcome {
        let mirror = apt::requirements()?;
        eprintln!("fetching Rust {VERSION} and QEMU for other hosts ({RELEASE})");
        fresh_directory(&self.directory)?;
        let architectures: Vec<&str> = HOSTS
            .iter()
            .map(|host| host.debian)
            .chain([REFUSED_DEBIAN])
            .collect();
        let release = Release::open_foreign(RELEASE, &mirror, &architectures)?;
        for archive in release.download(&PROGRAMS, true)? {
            apt::unpack_some(&archive, &self.unpacked(), &FILES)?;
        }
        let mut files = vec!["./usr/lib/rustlib/*".to_string()];
        let mut wanted = vec!["qemu-user".to_string(), of(LIBRARIES[0], REFUSED_DEBIAN)];
        for Host { arch, debian, .. } in &HOSTS {
            wanted.extend(LIBRARIES.map(|name| of(name, debian)));
            files.extend([
                format!("./usr/lib/{arch}-linux-gnu/*"),
                format!("./usr/lib/gcc/{arch}-linux-gnu/*"),
                format!("./usr/bin/qemu-{arch}"),
            ]);
        }
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        for archive in release.download(&wanted, false)? {
            apt::unpack_some(&archive, &self.unpacked(), &files)?;
        }
        self.write_scripts()
    }

    fn unpacked(&self) -> PathBuf {
        self.directory.join("unpacked")
    }

    /// Starts an unpacked program under the name `path` with its own libraries and loader.
    fn starts(&self, path: &Path, program: &str) -> String {
        let usr = self.unpacked().join("usr");
        format!(
            "exec '{}' --library-path '{}' --argv0 '{}' '{}'",
            usr.join("lib64/ld-linux-x86-64.so.2").display(),
            usr.join("lib/x86_64-linux-gnu").display(),
            path.display(),
            usr.join("bin").join(program).display(),
        )
    }

    fn write_scripts(&self) -> Outcome {
        let usr = self.unpacked().join("usr");
        let tools = self.directory.join("bin");
        // A C compiler asks for `ld` too.
        for name in ["ld.lld", "ld"] {
            let start = self.starts(Path::new("ld.lld"), "ld.lld");
            write_script(&tools.join(name), &format!("{start} \"$@\"\n"))?;
        }
        for host in &HOSTS {
            let path = self.compiler(host);
            let start = self.starts(&path, "clang");
            // It starts itself for what is to be compiled.
            let text = format!(
                "case $1 in\n-cc1*) {start} \"$@\" ;;\nesac\n\
                 {start} -no-canonical-prefixes --target={}-linux-gnu --sysroot='{}' -B'{}' \
                 -fuse-ld=lld \"$@\"\n",
                host.arch,
                self.unpacked().display(),
                tools.display()
            );
            write_script(&path, &text)?;
        }
        let cargo = self.directory.join("cargo");
        let start = self.starts(&usr.join("bin/cargo"), "cargo");
        write_script(&cargo, &format!("{start} \"$@\"\n"))?;
        let rustc = self.directory.join("rustc");
        let start = self.starts(&usr.join("bin/rustc"), "rustc");
        write_script(
            &self.directory.join("rustc-without"),
            &format!(
                "case \"$*\" in\n\"--print target-libdir --target x86_64-unknown-linux-gnu\") \
                 echo /nonexistent ;;\n*) {start} \"$@\" ;;\nesac\n"
            ),
        )?;
        let unproved = rustc.with_extension("new");
        write_script(&unproved, &format!("{start} \"$@\"\n"))?;
        let said = output(Command::new(&unproved).arg("--version"))?;
        if !said.starts_with(&format!("rustc {VERSION}.")) {
            return Err(format!("Debian's rustc is {}", said.trim()));
        }
        std::fs::rename(&unproved, &rustc).map_err(|error| format!("{}: {error}", rustc.display()))
    }

    /// A C compiler for a host.
    pub fn compiler(&self, host: &Host) -> PathBuf {
        self.directory.join(format!("cc-{}", host.arch))
    }

    /// What runs a host's programs.
    pub fn qemu(&self, host: &Host) -> PathBuf {
        self.unpacked().join(format!("usr/bin/qemu-{}", host.arch))
    }

    /// Its cargo, at the root of the tree, for a host.
    pub fn cargo(&self, host: &Host) -> Command {
        let mut command = self.plain_cargo();
        let variable = |name: &str| {
            let target = host.target.to_uppercase().replace('-', "_");
            format!("CARGO_TARGET_{target}_{name}")
        };
        command
            .env("CARGO_BUILD_TARGET", host.target)
            .env(variable("LINKER"), self.compiler(host))
            .env(variable("RUNNER"), self.qemu(host));
        command
    }

    /// PATH, with the linker for all hosts before others.
    fn path(&self) -> std::ffi::OsString {
        let mut path = self.directory.join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        path
    }

    /// The same without a target.
    pub fn plain_cargo(&self) -> Command {
        let mut command = Command::new(self.directory.join("cargo"));
        command
            .current_dir(root())
            .env("RUSTC", self.directory.join("rustc"))
            .env("CARGO", self.directory.join("cargo"))
            .env("CARGO_TARGET_DIR", self.target())
            // Build scripts link for the target, too.
            .env("PATH", self.path())
            .env_remove("RUSTUP_TOOLCHAIN");
        command
    }

    /// Has a command of [`Cross::cargo`] use a compiler that seems to have no core library of
    /// x86-64, with a target directory of its own.
    pub fn without_x86_64<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("RUSTC", self.directory.join("rustc-without"))
            .env("CARGO_TARGET_DIR", self.directory.join("target-without"))
    }

    /// Its target directory.
    pub fn target(&self) -> PathBuf {
        self.directory.join("target")
    }
}

/// A package of a foreign architecture.
fn of(package: &str, architecture: &str) -> String {
    format!("{package}:{architecture}")
}
