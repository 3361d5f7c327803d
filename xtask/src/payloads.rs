//! Images that are no 64-bit Linux, for guests to start: each from a package of Debian, fetched when a
//! guest first wants it. Nothing of them is linked with or shipped.

use crate::Outcome;
use crate::apt::{self, Release};
use crate::assemble::assemble;
use crate::command::{cache, fresh_directory, run};
use crate::packages::Store;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file that a guest gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// memtest86+, made like a 64-bit bzImage that is not relocatable.
    Memtest64,
    /// memtest86+, made like a 32-bit bzImage.
    Memtest32,
    /// A Linux kernel for 32-bit CPUs.
    Linux686,
    /// A static busybox for it.
    Busybox686,
    /// iPXE, made like a bzImage that has only a real-mode entry.
    Ipxe,
    /// SYSLINUX's memdisk, too: boots a disk image that is its initrd.
    Memdisk,
    /// A diskette of our own for it.
    Floppy,
    /// systemd-stub, the program of unified kernel images.
    Stub,
    /// A multiboot kernel of our own that prints what it is told.
    Multiboot,
    /// Xen, compressed, and a kernel for its first domain.
    Xen,
    Dom0,
    /// An ELF program of our own, of 32 bits, that prints its boot notes.
    Elf,
    /// Linux 6.12, compressed by zstd as a whole.
    LinuxZstd,
    /// The same by xz.
    LinuxXz,
    /// A bzImage of our own that prints in what state it was entered, by each entry.
    State,
}

/// Bytes of a diskette.
const DISKETTE: usize = 1_474_560;

impl Payload {
    /// The tree that it is in, the release and architecture that have it, and its package: with `*`, the
    /// newest one that begins and ends so. The end of its path in the tree, with `*` likewise.
    const fn source(self) -> [&'static str; 5] {
        match self {
            Self::Memtest64 => ["memtest86+", "sid", "", "memtest86+", "boot/mt86+x64"],
            Self::Memtest32 => ["memtest86+", "sid", "", "memtest86+", "boot/mt86+ia32"],
            Self::Memdisk => [
                "syslinux",
                "bookworm",
                "",
                "syslinux-common",
                "usr/lib/syslinux/memdisk",
            ],
            Self::Stub => [
                "systemd-boot-efi",
                "trixie",
                "",
                "systemd-boot-efi",
                "usr/lib/systemd/boot/efi/linuxx64.efi.stub",
            ],
            Self::Xen => [
                "xen",
                "trixie",
                "",
                "xen-hypervisor-4.*-amd64",
                "boot/xen-4.*.gz",
            ],
            Self::Floppy | Self::State | Self::Elf | Self::Multiboot | Self::Dom0 => [""; 5],
            Self::LinuxZstd | Self::LinuxXz => [""; 5],
            Self::Ipxe => ["ipxe", "sid", "", "ipxe", "usr/lib/ipxe/ipxe.lkrn"],
            Self::Linux686 => [
                "linux-686",
                "bookworm",
                "i386",
                "linux-image-6.1.*-686",
                "boot/vmlinuz-*",
            ],
            Self::Busybox686 => [
                "busybox-686",
                "bookworm",
                "i386",
                "busybox-static",
                "bin/busybox",
            ],
        }
    }

    /// The file, fetched if that was not done before.
    pub fn file(self) -> Outcome<PathBuf> {
        match self {
            Self::Floppy => return assemble("floppy", DISKETTE),
            Self::State => return assemble("state", 0),
            Self::Elf => return assemble("elf", 0),
            Self::Multiboot => return assemble("multiboot", 0),
            Self::LinuxZstd => return packed("zstd"),
            Self::LinuxXz => return packed("xz"),
            Self::Dom0 => return Ok(Store::open()?.kernel("6.12")?.image),
            _ => {}
        }
        let [name, release, foreign, package, file] = self.source();
        let tree = cache().join(name);
        if !tree.is_dir() {
            fetch(name, &tree, release, foreign, package)?;
        }
        let Some((directory, beginning)) = file.rsplit_once('/') else {
            return Err(format!("{file}: no directory"));
        };
        let directory = [tree.join(directory), tree.join("usr").join(directory)]
            .into_iter()
            .find(|directory| directory.is_dir())
            .ok_or_else(|| format!("{package} has no {directory}"))?;
        let entries = std::fs::read_dir(&directory).map_err(|error| error.to_string())?;
        entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|name| match beginning.split_once('*') {
                Some((beginning, end)) => name.starts_with(beginning) && name.ends_with(end),
                None => name == beginning,
            })
            .map(|name| directory.join(name))
            .ok_or_else(|| format!("{package} has no {file}"))
    }
}

/// Linux 6.12, compressed as a whole by this program.
fn packed(program: &str) -> Outcome<PathBuf> {
    let image = Store::open()?.kernel("6.12")?.image;
    let path = cache().join(format!("linux-6.12.{program}"));
    let file = std::fs::File::create(&path).map_err(|why| format!("{}: {why}", path.display()))?;
    let mut pack = Command::new(program);
    run(pack.args(["-1", "-c"]).arg(image).stdout(file))?;
    Ok(path)
}

fn fetch(name: &str, tree: &Path, release: &str, foreign: &str, package: &str) -> Outcome {
    eprintln!("fetching {name} ({release})");
    let mirror = apt::requirements()?;
    let foreign: &[&str] = if foreign.is_empty() { &[] } else { &[foreign] };
    let release = Release::open_foreign(release, &mirror, foreign)?;
    let mut package = match package.split_once('*') {
        Some((beginning, ending)) => release.newest(beginning, ending)?,
        None => package.into(),
    };
    for architecture in foreign {
        package.push(':');
        package.push_str(architecture);
    }
    let part = tree.with_extension("part");
    fresh_directory(&part)?;
    for archive in release.download(&[&package], false)? {
        apt::unpack(&archive, &part)?;
    }
    std::fs::rename(&part, tree).map_err(|why| format!("{}: {why}", part.display()))
}
