//! What guests are made of: QEMU, firmware, busybox, Debian's kexec-tools, kernels, and a small
//! Debian with kdump-tools.
//!
//! Resolved by pattern, newest first: versions disappear from the archive. A manifest
//! written last says that everything is there; with it, nothing touches the network.

use crate::Outcome;
use crate::apt::{self, Archive, Release};
use crate::command::{cache, fresh_directory, output, write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release that QEMU, the firmware and the tools come from.
const TOOLS_RELEASE: &str = "trixie";

const TOOLS: &[&str] = &[
    "qemu-system-x86",
    "seabios",
    "ovmf",
    "busybox-static",
    "kexec-tools",
    "makedumpfile",
    // Busybox' does not know the filter that kernels are packed with.
    "xz-utils",
    // File systems on the disks of guests are made and read on the host.
    "e2fsprogs",
    // The debugger for dumps.
    "crash",
];

/// A Debian that kdump-tools works in: the packages that every Debian has, as far as its
/// scripts use them, since no package names those as what it depends on.
const DEBIAN: &[&str] = &[
    "base-files",
    "bsdutils",
    "coreutils",
    "dash",
    "diffutils",
    "findutils",
    "grep",
    "hostname",
    "kdump-tools",
    "makedumpfile",
    "mawk",
    "mount",
    "procps",
    "sed",
    "sysvinit-utils",
    "util-linux",
];

/// A kernel line, the release that has it, and how its packages are named: `image` VERSION
/// `flavour` holds vmlinuz, `modules` the modules (before 7.2 both are one package).
struct Line {
    name: &'static str,
    release: &'static str,
    image: &'static str,
    modules: &'static str,
    flavour: &'static str,
    /// Beginning of the package with its debug symbols, if those are wanted.
    debug: Option<&'static str>,
}

/// The running and the new kernels of the scenarios.
const LINES: &[Line] = &[
    Line {
        name: "6.1",
        release: "bookworm",
        image: "linux-image-6.1.",
        modules: "linux-image-6.1.",
        flavour: "-amd64",
        debug: None,
    },
    Line {
        name: "6.12",
        release: "trixie",
        image: "linux-image-6.12.",
        modules: "linux-image-6.12.",
        flavour: "-amd64",
        debug: None,
    },
    Line {
        name: "7.x",
        release: "trixie",
        image: "linux-binary-7.",
        modules: "linux-modules-7.",
        flavour: "-amd64",
        debug: None,
    },
    // The flavour for virtual machines: a third of the drivers, and of the debug symbols; a disk
    // and its file system are built in.
    Line {
        name: "6.1-cloud",
        release: "bookworm",
        image: "linux-image-6.1.",
        modules: "linux-image-6.1.",
        flavour: "-cloud-amd64",
        debug: Some("linux-image-6.1."),
    },
    Line {
        name: "6.12-cloud",
        release: "trixie",
        image: "linux-image-6.12.",
        modules: "linux-image-6.12.",
        flavour: "-cloud-amd64",
        debug: Some("linux-image-6.12."),
    },
    Line {
        name: "7.x-cloud",
        release: "trixie",
        image: "linux-binary-7.",
        modules: "linux-modules-7.",
        flavour: "-cloud-amd64",
        debug: None,
    },
];

/// The few modules guests load; everything else they need is built in.
const MODULES: &[&str] = &["efivarfs"];

/// A kernel that guests can run.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// As in `uname -r`.
    pub release: String,
    pub image: PathBuf,
    /// Directory of `*.ko`, uncompressed.
    pub modules: PathBuf,
    /// The ELF file with debug symbols, where that was wanted.
    pub debug: Option<PathBuf>,
}

/// Everything fetched.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
}

/// `cargo xtask fetch [--update]`
pub fn run(arguments: &[String]) -> Outcome {
    let update = match arguments {
        [] => false,
        [only] if only == "--update" => true,
        _ => return Err("usage: cargo xtask fetch [--update]".into()),
    };
    let store = Store::open_with(update)?;
    print!(
        "{}",
        std::fs::read_to_string(store.manifest()).unwrap_or_default()
    );
    Ok(())
}

/// First line of a manifest: what was asked for. A store of an older list is fetched anew.
fn wanted() -> String {
    let lines: Vec<String> = LINES
        .iter()
        .map(|line| {
            let debug = line.debug.map_or("", |_| "+dbg");
            format!("{}*{}{debug}", line.image, line.flavour)
        })
        .collect();
    let packages = [TOOLS, DEBIAN].map(|list| list.join(" "));
    format!("# {} {}\n", packages.join(" / "), lines.join(" "))
}

impl Store {
    /// What was fetched before, or fetches it.
    pub fn open() -> Outcome<Self> {
        Self::open_with(false)
    }

    /// Whether everything was fetched before.
    pub fn is_there() -> bool {
        let store = Self {
            directory: cache().join("store"),
        };
        store.is_whole()
    }

    /// Whether the manifest is of what is wanted now; it is written last.
    fn is_whole(&self) -> bool {
        std::fs::read_to_string(self.manifest()).is_ok_and(|text| text.starts_with(&wanted()))
    }

    fn open_with(update: bool) -> Outcome<Self> {
        let store = Self {
            directory: cache().join("store"),
        };
        if update || !store.is_whole() {
            store.fetch()?;
        }
        Ok(store)
    }

    fn manifest(&self) -> PathBuf {
        self.directory.join("manifest")
    }

    /// The directory that the tools' packages are unpacked into.
    pub fn tools(&self) -> PathBuf {
        self.directory.join("tools")
    }

    /// A program from the tools' packages, such as `usr/bin/xz`, with their own libraries and
    /// loader: the host's own are neither needed nor disturbed.
    pub fn program(&self, name: &str) -> Command {
        self.program_at(&self.tools().join(name))
    }

    /// The same for a program that was unpacked elsewhere.
    pub fn program_at(&self, path: &Path) -> Command {
        let usr = self.tools().join("usr");
        let mut command = Command::new(usr.join("lib64/ld-linux-x86-64.so.2"));
        command
            .arg("--library-path")
            .arg(usr.join("lib/x86_64-linux-gnu"))
            .arg(path);
        command
    }

    /// Debian's `xxhsum`, which only comparisons want: fetched when it is asked for first.
    pub fn xxhsum(&self) -> Outcome<Command> {
        let directory = cache().join("compare/xxhash");
        let program = directory.join("usr/bin/xxhsum");
        if !program.is_file() {
            eprintln!("fetching xxhash ({TOOLS_RELEASE})");
            fresh_directory(&directory)?;
            let release = Release::open(TOOLS_RELEASE, &apt::requirements()?)?;
            for archive in release.download(&["xxhash"], false)? {
                apt::unpack(&archive, &directory)?;
            }
        }
        let usr = self.tools().join("usr");
        let mut command = Command::new(usr.join("lib64/ld-linux-x86-64.so.2"));
        command
            .arg("--library-path")
            .arg(usr.join("lib/x86_64-linux-gnu"))
            .arg(program);
        Ok(command)
    }

    /// Debian's newest kexec-tools with all it depends on, its C library included, which only the
    /// comparison of command lines wants: a tree, fetched when it is asked for first.
    pub fn newest_kexec_tools() -> Outcome<PathBuf> {
        tree("kexec-tools", "sid", &["kexec-tools"], true)
    }

    /// The same, of the oldest release that is still supported.
    pub fn older_kexec_tools() -> Outcome<PathBuf> {
        tree("kexec-tools-bookworm", "bookworm", &["kexec-tools"], true)
    }

    /// The shells that tests of the completions need, with their libraries: a tree, fetched when it
    /// is asked for first.
    pub fn shells() -> Outcome<PathBuf> {
        const SHELLS: &[&str] = &[
            "zsh",
            "zsh-common",
            "fish",
            "fish-common",
            "libc6",
            "libcap2",
            "libgcc-s1",
            "libpcre2-32-0",
            "libtinfo6",
        ];
        tree("shells", TOOLS_RELEASE, SHELLS, false)
    }

    /// The compiler of device trees, which reads in tests what core writes: a tree, fetched when it is
    /// asked for first.
    pub fn device_tree_compiler() -> Outcome<PathBuf> {
        const PACKAGES: &[&str] = &["device-tree-compiler", "libc6", "libfdt1", "libyaml-0-2"];
        tree("dtc", TOOLS_RELEASE, PACKAGES, false)
    }

    /// The directory that a Debian with kdump-tools is unpacked into.
    pub fn debian(&self) -> PathBuf {
        self.directory.join("debian")
    }

    /// A static busybox, of use on the host too.
    pub fn busybox(&self) -> PathBuf {
        self.tools().join("usr/bin/busybox")
    }

    /// The kernel of a line: `6.1`, `6.12`, `7.x`.
    pub fn kernel(&self, line: &str) -> Outcome<Kernel> {
        Self::kernel_in(&self.directory.join("kernels").join(line), line)
    }

    /// The kernel of a line, which [`Store::unpack_packages`] unpacked into this directory.
    pub fn kernel_in(directory: &Path, line: &str) -> Outcome<Kernel> {
        let release = std::fs::read_to_string(directory.join("release"))
            .map_err(|_| format!("no kernel {line}: cargo xtask fetch --update"))?;
        Ok(Kernel {
            release: release.trim().into(),
            image: directory.join("vmlinuz"),
            modules: directory.join("modules"),
            debug: Some(directory.join("vmlinux")).filter(|file| file.is_file()),
        })
    }

    fn fetch(&self) -> Outcome {
        let mirror = apt::requirements()?;
        fresh_directory(&self.directory)?;
        let mut manifest = wanted();

        eprintln!("fetching QEMU, firmware and tools ({TOOLS_RELEASE})");
        let tools_release = Release::open(TOOLS_RELEASE, &mirror)?;
        for archive in tools_release.download(TOOLS, true)? {
            apt::unpack(&archive, &self.tools())?;
            if TOOLS
                .iter()
                .any(|tool| archive.name.starts_with(&format!("{tool}_")))
            {
                manifest.push_str(&format!("{TOOLS_RELEASE} {}\n", archive.name));
            }
        }
        eprintln!("fetching a Debian with kdump-tools ({TOOLS_RELEASE})");
        for archive in tools_release.download(DEBIAN, true)? {
            apt::unpack(&archive, &self.debian())?;
            if archive.name.starts_with("kdump-tools_") {
                manifest.push_str(&format!("{TOOLS_RELEASE} {}\n", archive.name));
            }
        }
        for line in LINES {
            eprintln!("fetching kernel {} ({})", line.name, line.release);
            let other;
            let release = if line.release == TOOLS_RELEASE {
                &tools_release
            } else {
                other = Release::open(line.release, &mirror)?;
                &other
            };
            for archive in self.fetch_kernel(line, release)? {
                manifest.push_str(&format!("{} {archive}\n", line.release));
            }
        }
        write(&self.manifest(), manifest.as_bytes())
    }

    fn fetch_kernel(&self, line: &Line, release: &Release) -> Outcome<Vec<String>> {
        let image = release.newest(line.image, line.flavour)?;
        let version = image
            .strip_prefix(line.image)
            .ok_or("a package without its own name")?;
        let modules = format!("{}{version}", line.modules);
        let mut packages = vec![image.as_str(), modules.as_str()];
        packages.dedup();
        let directory = self.directory.join("kernels").join(line.name);
        let archives = release.download(&packages, false)?;
        self.unpack_packages(&archives, &directory)?;
        let mut names: Vec<String> = archives.into_iter().map(|archive| archive.name).collect();
        if let Some(debug) = line.debug {
            let package = format!("{debug}{version}-dbg");
            names.push(fetch_debug(&package, release, &directory)?);
        }
        Ok(names)
    }

    /// Unpacks what guests need of a kernel's packages into a directory.
    pub fn unpack_packages(&self, archives: &[Archive], directory: &Path) -> Outcome {
        let unpacked = directory.join("unpacked");
        let wanted: Vec<String> = MODULES.iter().map(|name| format!("*/{name}.ko*")).collect();
        let mut patterns: Vec<&str> = wanted.iter().map(String::as_str).collect();
        patterns.push("*/vmlinuz*");
        for archive in archives {
            apt::unpack_some(archive, &unpacked, &patterns)?;
        }
        self.arrange(&unpacked, directory)
    }

    /// Moves what was unpacked to names that do not depend on the version.
    fn arrange(&self, unpacked: &Path, directory: &Path) -> Outcome {
        let fail = |error: std::io::Error| format!("{}: {error}", directory.display());
        std::fs::create_dir_all(directory.join("modules")).map_err(fail)?;
        let mut release = None;
        for file in files_below(unpacked)? {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("vmlinuz") {
                std::fs::copy(&file, directory.join("vmlinuz")).map_err(fail)?;
            } else if let Some((module, packing)) = name.split_once(".ko") {
                // …/lib/modules/RELEASE/kernel/…
                let mut above = file.iter().skip_while(|part| *part != "modules");
                release = above.nth(1).map(|part| part.to_string_lossy().into_owned());
                let to = directory.join("modules").join(format!("{module}.ko"));
                match packing {
                    "" => std::fs::copy(&file, &to).map(|_| ()).map_err(fail)?,
                    ".xz" => self.decompress("xz", &file, &to)?,
                    other => return Err(format!("{name}: cannot unpack {other}")),
                }
            }
        }
        let release = release.ok_or("the kernel package has no modules")?;
        write(&directory.join("release"), release.as_bytes())?;
        if !directory.join("vmlinuz").is_file() {
            return Err("the kernel package has no vmlinuz".into());
        }
        for module in MODULES {
            if !directory.join(format!("modules/{module}.ko")).is_file() {
                return Err(format!("kernel {release} has no module {module}"));
            }
        }
        std::fs::remove_dir_all(unpacked).map_err(fail)
    }

    fn decompress(&self, method: &str, from: &Path, to: &Path) -> Outcome {
        let packed = std::fs::File::open(from).map_err(|error| error.to_string())?;
        let unpacked = std::fs::File::create(to).map_err(|error| error.to_string())?;
        let status = Command::new(self.busybox())
            .args([method, "-d", "-c"])
            .stdin(packed)
            .stdout(unpacked)
            .status()
            .map_err(|error| format!("busybox {method}: {error}"))?;
        status
            .success()
            .then_some(())
            .ok_or(format!("{}: {status}", from.display()))
    }

    /// The vmlinux in a bzImage (Documentation/arch/x86/boot.rst, payload_offset), if it is
    /// compressed by xz.
    pub fn unpack_kernel(&self, kernel: &Kernel, to: &Path) -> Outcome {
        let file = crate::command::read(&kernel.image)?;
        let word = |offset: usize| {
            let bytes = file.get(offset..)?.first_chunk()?;
            usize::try_from(u32::from_le_bytes(*bytes)).ok()
        };
        let payload = (|| {
            let setup = (usize::from(*file.get(0x1f1)?) + 1) * 512;
            let (offset, length) = (word(0x248)?, word(0x24c)?);
            // The last four bytes are the unpacked size.
            file.get(setup + offset..)?.get(..length.checked_sub(4)?)
        })();
        let payload = payload.ok_or("a bzImage without a payload")?;
        let packed = to.with_extension("xz");
        write(&packed, payload)?;
        let unpacked = std::fs::File::create(to).map_err(|error| error.to_string())?;
        let status = self
            .program("usr/bin/xz")
            .args(["-d", "-c"])
            .arg(&packed)
            .stdout(unpacked)
            .status()
            .map_err(|error| format!("xz: {error}"))?;
        status
            .success()
            .then_some(())
            .ok_or(format!("{}: {status}", packed.display()))
    }

    /// SHA-256 of files, by a program that is not ours.
    pub fn digests(&self, files: &[PathBuf]) -> Outcome<Vec<String>> {
        let said = output(Command::new(self.busybox()).arg("sha256sum").args(files))?;
        Ok(said
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .map(String::from)
            .collect())
    }
}

/// Packages, unpacked into a directory of the cache. With `closure`, also those they depend on.
fn tree(name: &str, release: &str, packages: &[&str], closure: bool) -> Outcome<PathBuf> {
    let directory = cache().join(name);
    if !directory.is_dir() {
        eprintln!("fetching {name} ({release})");
        let release = Release::open(release, &apt::requirements()?)?;
        let part = cache().join(format!("{name}.part"));
        fresh_directory(&part)?;
        for archive in release.download(packages, closure)? {
            apt::unpack(&archive, &part)?;
        }
        std::fs::rename(&part, &directory).map_err(|why| format!("{}: {why}", part.display()))?;
    }
    Ok(directory)
}

/// The kernel with its debug symbols, out of a package that is twenty times larger unpacked and
/// is not kept.
fn fetch_debug(package: &str, release: &Release, directory: &Path) -> Outcome<String> {
    eprintln!("fetching {package}");
    let archives = release.download(&[package], false)?;
    let archive = archives.first().ok_or("apt-get listed no package")?;
    let unpacked = directory.join("unpacked");
    apt::unpack_first(archive, &unpacked, "*/boot/vmlinux-*")?;
    let fail = |error: std::io::Error| format!("{package}: {error}");
    let files = files_below(&unpacked)?;
    let [file] = files.as_slice() else {
        return Err(format!("{package} has no vmlinux: {files:?}"));
    };
    std::fs::rename(file, directory.join("vmlinux")).map_err(fail)?;
    std::fs::remove_dir_all(unpacked).map_err(fail)?;
    std::fs::remove_file(&archive.path).map_err(fail)?;
    Ok(archive.name.clone())
}

fn files_below(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let fail = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.file_type().map_err(fail)?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
