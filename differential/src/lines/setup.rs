//! The machines that command lines are run on, and the files there.

use super::kernel::Loaded;
use crate::Outcome;
use crate::image::Image;
use crate::machine::{Machine, RAM, RESERVED, span};
use std::fmt;
use std::path::{Path, PathBuf};

const GIB: u64 = 1 << 30;
const RESERVATION: (u64, u64) = (0x6000_0000, 0x6fff_ffff);

/// What decides how a command line ends, besides its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setup {
    /// Whether memory is reserved for a crash kernel.
    pub reserved: bool,
    /// Whether /sys/kernel says that the running kernel knows `--hotplug`.
    pub hotplug: bool,
    /// What is loaded.
    pub loaded: Loaded,
    /// Whether /sys/kernel has the files that say so.
    pub readable: bool,
    /// What kexec_file_load gives: 0, or an errno.
    pub file_load: i32,
    /// What kexec_load gives.
    pub load: i32,
    /// Whether the older release gets the line as it is; see [`Line::given_to`](super::Line::given_to).
    pub by_default: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            reserved: true,
            hotplug: true,
            loaded: Loaded {
                kernel: true,
                crash: true,
            },
            readable: true,
            file_load: 0,
            load: 0,
            by_default: false,
        }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::default();
        let mut facts = Vec::new();
        if self.reserved != usual.reserved {
            facts.push("nothing reserved".into());
        }
        if self.by_default {
            facts.push("as it is".into());
        }
        if self.hotplug != usual.hotplug {
            facts.push("no hotplug".into());
        }
        if self.loaded != usual.loaded {
            let Loaded { kernel, crash } = self.loaded;
            facts.push(format!("loaded: kernel {kernel}, crash {crash}"));
        }
        if self.readable != usual.readable {
            facts.push("no /sys/kernel/kexec_*loaded".into());
        }
        for (call, errno) in [
            ("kexec_file_load", self.file_load),
            ("kexec_load", self.load),
        ] {
            if errno != 0 {
                facts.push(format!("{call}: {:?}", nix::errno::Errno::from_raw(errno)));
            }
        }
        f.write_str(&facts.join(", "))
    }
}

/// A directory with the machine's tree and the files that lines name.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    /// The kernel.
    pub image: Image,
    /// Each file's name and bytes.
    pub files: Vec<(&'static str, Vec<u8>)>,
}

impl Place {
    /// Makes it.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn new(directory: &Path) -> Outcome<Self> {
        let image = image();
        let place = Self {
            directory: directory.into(),
            files: files(&image),
            image,
        };
        let fail = |error: std::io::Error| format!("{}: {error}", directory.display());
        std::fs::create_dir_all(place.path("directory")).map_err(fail)?;
        for (name, bytes) in &place.files {
            std::fs::write(place.path(name), bytes).map_err(fail)?;
        }
        for (kind, reserved) in [("reserved", true), ("plain", false)] {
            let tree = place.path(kind);
            machine().write(&tree)?;
            write_crash(&tree, reserved)?;
            place.write_entry(&tree)?;
        }
        Ok(place)
    }

    /// An entry for a boot loader, with the usual kernel and initrd.
    fn write_entry(&self, tree: &Path) -> Outcome {
        const ENTRY: &[u8] =
            b"title Mine\nlinux /linux\ninitrd /initrd\noptions root=/dev/sda1 ro\n";
        let named = |name: &str| {
            let found = self.files.iter().find(|(known, _)| *known == name);
            found.map_or(&[][..], |(_, bytes)| bytes)
        };
        let entries = tree.join("boot/loader/entries");
        std::fs::create_dir_all(&entries).map_err(|error| error.to_string())?;
        for (path, bytes) in [
            ("loader/entries/mine.conf", ENTRY),
            ("linux", named("kernel")),
            ("initrd", named("initrd")),
        ] {
            let path = tree.join("boot").join(path);
            std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A word with the paths of the files it names.
    #[must_use]
    pub fn word(&self, word: &str) -> String {
        match word.split_once('@') {
            // Not the sign in a text.
            Some((before, name)) if !name.contains(' ') => {
                format!("{before}{}", self.path(name).display())
            }
            _ => word.into(),
        }
    }

    /// The machine's tree, made as the setup says.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn tree(&self, setup: &Setup) -> Outcome<PathBuf> {
        let tree = self.path(if setup.reserved { "reserved" } else { "plain" });
        let hotplug = setup.hotplug.then_some("69632\n");
        put(&tree.join("sys/kernel/crash_elfcorehdr_size"), hotplug)?;
        show(&tree, setup.loaded, setup.readable)?;
        Ok(tree)
    }
}

/// Makes a file, or takes it away.
fn put(path: &Path, contents: Option<&str>) -> Outcome {
    let done = match contents {
        Some(text) => std::fs::write(path, text),
        None if path.exists() => std::fs::remove_file(path),
        None => Ok(()),
    };
    done.map_err(|error| format!("{}: {error}", path.display()))
}

/// Makes /sys/kernel say what is loaded.
///
/// # Errors
/// A file cannot be written.
pub fn show(tree: &Path, loaded: Loaded, readable: bool) -> Outcome {
    for (name, is) in [
        ("kexec_loaded", loaded.kernel),
        ("kexec_crash_loaded", loaded.crash),
    ] {
        let text = if is { "1\n" } else { "0\n" };
        let path = tree.join("sys/kernel").join(name);
        put(&path, readable.then_some(text))?;
    }
    Ok(())
}

fn machine() -> Machine {
    let map = vec![
        span(0, 0x9_fc00, RAM),
        span(0x9_fc00, 0xa_0000, RESERVED),
        span(0xf_0000, 0x10_0000, RESERVED),
        span(0x10_0000, 2 * GIB, RAM),
        span(0xfffc_0000, 0x1_0000_0000, RESERVED),
        span(0x1_0000_0000, 0x1_4000_0000, RAM),
    ];
    Machine::new("lines", map)
}

/// What a crash kernel asks for, and the reservation.
fn write_crash(tree: &Path, reserved: bool) -> Outcome {
    let file = |path: &str, contents: &[u8]| -> Outcome {
        let path = tree.join(path);
        let above = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        above
            .and_then(|()| std::fs::write(&path, contents))
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    if reserved {
        let path = tree.join("proc/iomem");
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        // After the RAM below 4 GiB and what is in it.
        let (start, last) = RESERVATION;
        let line = format!("  {start:08x}-{last:08x} : Crash kernel\n");
        let at = text
            .find("fffc0000-")
            .ok_or("the machine has no firmware")?;
        let text = format!("{}{line}{}", &text[..at], &text[at..]);
        file("proc/iomem", text.as_bytes())?;
    }
    file("proc/kcore", &kcore())?;
    file(
        "proc/kallsyms",
        b"ffffffff81000000 T _text\nffffffff81000000 T _stext\n",
    )?;
    file("proc/sys/kernel/osrelease", b"6.12.0\n")?;
    file("sys/kernel/vmcoreinfo", b"0x0000000034000000 1024\n")?;
    file("sys/devices/system/cpu/possible", b"0\n")?;
    file("sys/devices/system/cpu/present", b"0\n")?;
    file("sys/devices/system/cpu/cpu0/crash_notes", b"34800000\n")?;
    file("sys/devices/system/cpu/cpu0/crash_notes_size", b"368\n")
}

/// The program headers that name the kernel's text and the direct map.
fn kcore() -> Vec<u8> {
    const DIRECT_MAP: u64 = 0xffff_8880_0000_0000;
    let loads = [
        (0xffff_ffff_8100_0000, 0x120_0000, 0xe0_0000),
        (DIRECT_MAP + 0x10_0000, 0x10_0000, 2 * GIB - 0x10_0000),
        (DIRECT_MAP + 4 * GIB, 4 * GIB, GIB),
    ];
    let mut file = elf(4, loads.len());
    for (virt, phys, size) in loads {
        for value in [1 | 7 << 32, 0, virt, phys, size, size, 4096] {
            file.extend(u64::to_le_bytes(value));
        }
    }
    file.resize(64 << 10, 0);
    file
}

/// An ELF header of EM_X86_64.
fn elf(kind: u8, headers: usize) -> Vec<u8> {
    let mut file = vec![0_u8; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16] = kind;
    file[18] = 62;
    file[20] = 1;
    file[32] = 64;
    file[52] = 64;
    file[54] = 56;
    file[56] = headers as u8;
    file
}

/// A program at 16 MiB, of one part.
fn program() -> Vec<u8> {
    let mut file = elf(2, 1);
    file[24..32].copy_from_slice(&0x100_0000_u64.to_le_bytes());
    for value in [1 | 5 << 32, 4096, 0x100_0000, 0x100_0000, 4096, 8192, 4096] {
        file.extend(u64::to_le_bytes(value));
    }
    file.resize(4096, 0);
    file.resize(8192, 0xf4);
    file
}

/// A kernel of two pages.
fn image() -> Image {
    const KERNEL: u32 = 8192;
    let mut image = Image::synthetic(true);
    let size = image.setup_size() + KERNEL as usize;
    image.file.truncate(size);
    image.file[0x1f4..0x1f8].copy_from_slice(&(KERNEL / 16).to_le_bytes());
    image.file[0x24c..0x250].copy_from_slice(&0x1000_u32.to_le_bytes());
    // All of init_size is in kexec-tools' digest.
    image.file[0x260..0x264].copy_from_slice(&0x8000_u32.to_le_bytes());
    image
}

fn files(image: &Image) -> Vec<(&'static str, Vec<u8>)> {
    let initrd = |byte: u8| -> Vec<u8> {
        let mut bytes = b"070701".to_vec();
        bytes.resize(5000, byte);
        bytes
    };
    let mut old = image.file.clone();
    // Without the 64-bit entry.
    old[0x236] = 0;
    let mut cut = image.file.clone();
    cut.truncate(0x1000);
    vec![
        ("kernel", image.file.clone()),
        ("old", old),
        ("cut", cut),
        ("vmlinux", program()),
        ("initrd", initrd(b'a')),
        ("initrd2", initrd(b'b')),
        ("dtb", b"\xd0\x0d\xfe\xed not read".to_vec()),
        ("empty", Vec::new()),
        ("junk", b"not a kernel\n".repeat(400)),
        ("xz", b"\xfd7zXZ\0 not unpacked".repeat(100)),
    ]
}
