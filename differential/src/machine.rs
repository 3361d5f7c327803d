//! A machine that is a directory: what /proc, /sys and /dev say of it, as the kernel would.

use crate::Outcome;
use std::path::{Path, PathBuf};

mod boot_params;
mod edd;
mod efi;

pub use boot_params::BootParams;
pub use edd::Disk;
pub use efi::{Efi, Region};

/// A kind of memory: e820 number, and the kernel's name for it in sysfs and /proc/iomem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub u32, pub &'static str);

/// Memory.
pub const RAM: Kind = Kind(1, "System RAM");
/// Kept by the firmware.
pub const RESERVED: Kind = Kind(2, "Reserved");
/// ACPI tables.
pub const ACPI: Kind = Kind(3, "ACPI Tables");
/// ACPI storage.
pub const NVS: Kind = Kind(4, "ACPI Non-volatile Storage");
/// Broken.
pub const UNUSABLE: Kind = Kind(5, "Unusable memory");
/// NVDIMM.
pub const PMEM: Kind = Kind(7, "Persistent Memory");
/// NVDIMM of before ACPI 6.
pub const PRAM: Kind = Kind(12, "Persistent Memory (legacy)");
/// For a special purpose.
pub const SOFT_RESERVED: Kind = Kind(0xefff_ffff, "Soft Reserved");

/// A span of memory, both ends inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First address.
    pub start: u64,
    /// Last address.
    pub last: u64,
    /// What it is.
    pub kind: Kind,
}

/// A span from `start` up to but without `end`.
#[must_use]
pub const fn span(start: u64, end: u64, kind: Kind) -> Span {
    Span {
        start,
        last: end - 1,
        kind,
    }
}

/// Everything a loader can see.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Name in reports.
    pub name: &'static str,
    /// The firmware's map, sorted.
    pub map: Vec<Span>,
    /// Whether /sys/firmware/memmap is there (CONFIG_FIRMWARE_MEMMAP).
    pub firmware_memmap: bool,
    /// The order of its directories.
    pub memmap_order: Order,
    /// /proc/cmdline.
    pub command_line: &'static str,
    /// What the running kernel was started with, but for its e820 table.
    pub boot_params: BootParams,
    /// /sys/firmware/efi.
    pub efi: Option<Efi>,
    /// Whether /sys/kernel/boot_params is there.
    pub boot_params_readable: bool,
    /// Whether /sys/firmware/edd is there (module edd).
    pub edd_module: bool,
    /// BIOS disks.
    pub disks: Vec<Disk>,
}

/// The order in which directory entries are made, which tmpfs lists backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By number.
    Sorted,
    /// By no rule, the same every time.
    Shuffled,
}

impl Order {
    /// 0 to `count` - 1 in this order.
    #[must_use]
    pub fn of(self, count: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..count).collect();
        if self == Self::Shuffled {
            let mut seed = 0x2545_f491_4f6c_dd1d_u64;
            for end in (1..count).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                numbers.swap(end, (seed >> 33) as usize % (end + 1));
            }
        }
        numbers
    }
}

impl Machine {
    /// A machine with this map and nothing special.
    #[must_use]
    pub fn new(name: &'static str, map: Vec<Span>) -> Self {
        Self {
            name,
            map,
            firmware_memmap: true,
            memmap_order: Order::Sorted,
            command_line: "BOOT_IMAGE=/vmlinuz-6.12 root=/dev/vda1 ro quiet",
            boot_params: BootParams::text_mode(),
            efi: None,
            boot_params_readable: true,
            edd_module: true,
            disks: Vec::new(),
        }
    }

    /// The page the running kernel was started with.
    #[must_use]
    pub fn page(&self) -> Vec<u8> {
        let mut page = self.boot_params.page.clone();
        let inside = self.map.len().min(128);
        page[0x1e8] = inside as u8;
        for (span, slot) in self.map.iter().zip(page[0x2d0..0xcd0].chunks_exact_mut(20)) {
            slot.copy_from_slice(&e820_entry(span));
        }
        edd::write_page(&self.disks, &mut page);
        page
    }

    /// Writes proc, sys and dev below `root`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, root: &Path) -> Outcome {
        let tree = Tree(root.to_path_buf());
        // Every kernel with ACPI has its directory: where it is missing, /sys/firmware is masked.
        for directory in ["proc", "sys", "dev", "sys/firmware/acpi/tables"] {
            tree.directory(directory)?;
        }
        self.write_proc(&tree)?;
        if self.firmware_memmap {
            for number in self.memmap_order.of(self.map.len()) {
                let entry = &self.map[number];
                let path = |file: &str| format!("sys/firmware/memmap/{number}/{file}");
                tree.file(&path("start"), format!("{:#x}\n", entry.start))?;
                tree.file(&path("end"), format!("{:#x}\n", entry.last))?;
                tree.file(&path("type"), format!("{}\n", entry.kind.1))?;
            }
        }
        if self.boot_params_readable {
            self.write_boot_params(&tree)?;
        }
        if self.edd_module {
            edd::write_sysfs(&self.disks, &tree)?;
        }
        if let Some(efi) = &self.efi {
            efi.write(&tree)?;
        }
        for (name, value) in [
            ("kexec_loaded", "0\n"),
            ("kexec_crash_loaded", "0\n"),
            ("kexec_crash_size", "0\n"),
            ("security/lockdown", "[none] integrity confidentiality\n"),
        ] {
            tree.file(&format!("sys/kernel/{name}"), value)?;
        }
        Ok(())
    }

    fn write_proc(&self, tree: &Tree) -> Outcome {
        let mounts = "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n\
                      proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n";
        let total: u64 = self
            .ram()
            .map(|ram| (ram.last - ram.start + 1) / 1024)
            .sum();
        tree.file("proc/cmdline", format!("{}\n", self.command_line))?;
        tree.file("proc/iomem", self.iomem())?;
        tree.file("proc/mounts", mounts)?;
        tree.file("proc/self/mounts", mounts)?;
        tree.file(
            "proc/self/status",
            "Name:\tkexec\nCapEff:\t000001ffffffffff\n",
        )?;
        tree.file("proc/meminfo", format!("MemTotal: {total:>14} kB\n"))?;
        tree.file("proc/version", "Linux version 6.12.0 (differential)\n")?;
        tree.file(
            "proc/cpuinfo",
            "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu de pse tsc msr pae \
             mce cx8 apic lm sse sse2\n\n",
        )?;
        for name in [
            "kexec_load_disabled",
            "kexec_load_limit_panic",
            "kexec_load_limit_reboot",
        ] {
            let value = if name.ends_with("disabled") {
                "0\n"
            } else {
                "-1\n"
            };
            tree.file(&format!("proc/sys/kernel/{name}"), value)?;
        }
        Ok(())
    }

    fn write_boot_params(&self, tree: &Tree) -> Outcome {
        tree.file("sys/kernel/boot_params/data", self.page())?;
        tree.file("sys/kernel/boot_params/version", "0x020f\n")?;
        let beyond: Vec<u8> = self.map.iter().skip(128).flat_map(e820_entry).collect();
        let mut nodes = self.boot_params.setup_data.clone();
        if !beyond.is_empty() {
            nodes.push((1, beyond));
        }
        for (number, (kind, data)) in nodes.into_iter().enumerate() {
            let path = |file: &str| format!("sys/kernel/boot_params/setup_data/{number}/{file}");
            tree.file(&path("type"), format!("{kind:#x}\n"))?;
            tree.file(&path("data"), data)?;
        }
        Ok(())
    }

    fn ram(&self) -> impl Iterator<Item = &Span> {
        self.map.iter().filter(|span| span.kind == RAM)
    }

    /// The map with no two entries overlapping: the higher type wins (kernel:
    /// arch/x86/kernel/e820.c).
    #[must_use]
    pub fn without_overlaps(&self) -> Vec<Span> {
        let mut edges: Vec<u64> = self
            .map
            .iter()
            .flat_map(|s| [s.start, s.last + 1])
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let pieces = edges.windows(2).filter_map(|pair| {
            let (start, last) = (pair[0], pair[1] - 1);
            let over = self
                .map
                .iter()
                .filter(|entry| entry.start <= start && last <= entry.last);
            let kind = over.map(|entry| entry.kind).max_by_key(|kind| kind.0)?;
            Some(Span { start, last, kind })
        });
        merged(pieces)
    }

    /// What the running kernel calls its memory: its own first page reserved, itself inside the
    /// first RAM that holds it.
    #[must_use]
    pub fn resources(&self) -> Vec<Span> {
        let mut resources = self.without_overlaps();
        if let Some(first) = resources
            .first_mut()
            .filter(|first| first.start == 0 && first.kind == RAM)
        {
            first.start = 0x1000;
            resources.insert(0, span(0, 0x1000, RESERVED));
        }
        resources
    }

    fn iomem(&self) -> String {
        const KERNEL: u64 = 0x0120_0000;
        let mut text = String::new();
        for entry in self.resources() {
            let name = entry.kind.1;
            text += &format!("{:08x}-{:08x} : {name}\n", entry.start, entry.last);
            if entry.kind == RAM && entry.start <= KERNEL && KERNEL + 0x0300_0000 <= entry.last {
                for (name, start, last) in [
                    ("Kernel code", 0, 0xe0_1fff),
                    ("Kernel rodata", 0x100_0000, 0x15f_8fff),
                    ("Kernel data", 0x160_0000, 0x186_26ff),
                    ("Kernel bss", 0x1cb_5000, 0x1df_ffff),
                ] {
                    text += &format!("  {:08x}-{:08x} : {name}\n", KERNEL + start, KERNEL + last);
                }
            }
        }
        text
    }
}

/// Neighbours of the same kind as one.
pub fn merged(pieces: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for piece in pieces {
        match merged.last_mut() {
            Some(before) if before.kind == piece.kind && before.last + 1 == piece.start => {
                before.last = piece.last;
            }
            _ => merged.push(piece),
        }
    }
    merged
}

/// RAM from 1 MiB on, in KiB, by the entry that has it.
#[must_use]
pub fn ram_kib(map: &[Span]) -> u64 {
    const MIB: u64 = 1 << 20;
    let mut ram = map.iter().filter(|entry| entry.kind == RAM);
    let at = ram.find(|ram| ram.start <= MIB && MIB <= ram.last);
    at.map_or(0, |ram| (ram.last + 1 - MIB) / 1024)
}

/// The e820 table's form of a span: u64 address, u64 size, u32 kind.
fn e820_entry(span: &Span) -> [u8; 20] {
    let mut raw = [0; 20];
    raw[..8].copy_from_slice(&span.start.to_le_bytes());
    raw[8..16].copy_from_slice(&(span.last - span.start + 1).to_le_bytes());
    raw[16..].copy_from_slice(&span.kind.0.to_le_bytes());
    raw
}

/// A directory that files are made in.
#[derive(Debug)]
struct Tree(PathBuf);

impl Tree {
    fn directory(&self, path: &str) -> Outcome {
        let path = self.0.join(path);
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn file(&self, path: &str, contents: impl AsRef<[u8]>) -> Outcome {
        let path = self.0.join(path);
        let above = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        above
            .and_then(|()| std::fs::write(&path, contents))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}
