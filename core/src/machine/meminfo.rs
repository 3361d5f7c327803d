//! /proc/meminfo: the size of RAM, and of the pages with which the kernel maps it.

use crate::text::{self, Lines};

/// /proc/meminfo: MemTotal and MemAvailable, and how the kernel maps all of RAM (DirectMap…).
#[derive(Clone, Debug)]
pub struct MeminfoParser {
    lines: Lines<64>,
    /// Bytes of RAM the running kernel manages; `None` until its line was read.
    pub total: Option<u64>,
    /// Bytes of RAM that could be allocated without swapping; `None` until its line was read.
    pub available: Option<u64>,
    /// Whether it uses pages of 1 GiB: DirectMap1G exists only if it does, after the smaller
    /// ones (arch/x86/mm/pat/set_memory.c); `None` until one of these lines was read.
    pub gbpages: Option<bool>,
}

impl MeminfoParser {
    /// At the start of the file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Lines::new(),
            total: None,
            available: None,
            gbpages: None,
        }
    }

    /// Takes the next piece of the file, of any size. Returns whether all is known and no more needs
    /// to be read.
    pub fn feed(&mut self, mut piece: &[u8]) -> bool {
        while let Some(line) = self.lines.next(&mut piece) {
            if line.starts_with(b"DirectMap") {
                self.gbpages = Some(line.starts_with(b"DirectMap1G:"));
                continue;
            }
            let (found, value) = match line.strip_prefix(b"MemAvailable:") {
                Some(value) => (&mut self.available, Some(value)),
                None => (&mut self.total, line.strip_prefix(b"MemTotal:")),
            };
            let kib = value.and_then(|value| text::decimal(value.strip_suffix(b" kB")?));
            let bytes = kib.and_then(|kib| u64::try_from(kib).ok()?.checked_mul(1024));
            *found = found.or(bytes);
        }
        self.total.is_some() && self.gbpages == Some(true)
    }
}

/// Bytes of a line of /proc/meminfo that begins with `name`; `None` if `text` does
/// not have all of it.
pub(crate) fn kib_of(text: &[u8], name: &[u8]) -> Option<u64> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let value = lines.find_map(|line| line.strip_suffix(b"\n")?.strip_prefix(name))?;
    let kib = text::decimal(value.strip_suffix(b" kB")?)?;
    u64::try_from(kib).ok()?.checked_mul(1024)
}

impl Default for MeminfoParser {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{CpuFlags, Known, Machine};
    use std::boxed::Box;

    #[test]
    fn total_memory_is_in_kib() {
        for (text, total) in [
            (
                "MemTotal:       49343160 kB\nMemFree: 1 kB\n",
                Some(49_343_160 << 10),
            ),
            (
                "MemFree: 1 kB\nMemTotal: 4 kB\nMemTotal: 8 kB\n",
                Some(4096),
            ),
            (
                "MemTotal: 4\nMemTotal: -4 kB\nMemTotal: 9223372036854775807 kB\n",
                None,
            ),
        ] {
            for size in 1..60 {
                let mut meminfo = MeminfoParser::new();
                text.as_bytes()
                    .chunks(size)
                    .any(|piece| meminfo.feed(piece));
                assert_eq!(meminfo.total, total);
            }
        }
    }

    /// As kernels with a CPU that has such pages say it, and without or under `nogbpages`.
    #[test]
    fn pages_of_a_gib_are_in_use_if_there_is_a_line_of_them() {
        let with = "MemTotal: 4 kB\nDirectMap4k:      201960 kB\nDirectMap2M:     5040128 kB\n\
                    DirectMap1G:           0 kB\n";
        let without = with.split("DirectMap1G").next().unwrap();
        for (text, gbpages) in [
            (with, Some(true)),
            (without, Some(false)),
            (
                "MemTotal: 4 kB\nHugepagesize: 2048 kB\nDirectMap1G: 0 kB",
                None,
            ),
        ] {
            for size in 1..60 {
                let mut meminfo = MeminfoParser::new();
                let mut pieces = text.as_bytes().chunks(size);
                let done = pieces.any(|piece| meminfo.feed(piece));
                assert_eq!((meminfo.total, meminfo.gbpages), (Some(4096), gbpages));
                assert_eq!(done, gbpages == Some(true));
            }
        }
    }

    #[test]
    fn what_the_kernel_uses_counts_more_than_what_the_cpu_has() {
        let mut flags = CpuFlags::new();
        flags.feed(b"flags : pdpe1gb\n");
        let mut none = CpuFlags::new();
        none.feed(b"flags : lm\n");
        let line = "MemTotal: 4 kB\nDirectMap1G: 4 kB\n";
        for (flags, text, gbpages) in [
            // That the CPU has them says nothing of the kernel.
            (&flags, "MemTotal: 4 kB\n", Known::Unknown),
            (&none, "MemTotal: 4 kB\n", Known::No),
            (&flags, "MemTotal: 4 kB\nDirectMap4k: 4 kB\n", Known::No),
            (&flags, line, Known::Yes),
            (&none, line, Known::Yes),
        ] {
            let mut meminfo = MeminfoParser::new();
            meminfo.feed(text.as_bytes());
            for meminfo_first in [true, false] {
                let mut machine = Box::new(Machine::new());
                if meminfo_first {
                    machine.set_meminfo(&meminfo);
                    machine.x86.set_cpu_flags(flags);
                } else {
                    machine.x86.set_cpu_flags(flags);
                    machine.set_meminfo(&meminfo);
                }
                assert_eq!(machine.x86.gbpages, gbpages, "{meminfo_first}");
                assert_eq!(machine.platform.total_ram, Some(4096));
            }
        }
    }
}
