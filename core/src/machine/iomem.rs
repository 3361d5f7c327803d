//! /proc/iomem: the running kernel's resources (kernel/resource.c, r_show).
//!
//! A line is `<indent><start>-<last> : <name>`, both addresses hexadecimal and inside the range,
//! two spaces of indent for every level below the top. A child says more about a part of its
//! parent; "Reserved" inside "System RAM" is reserved, which [`MemoryMap::add`] sees to.
//!
//! Not every line that speaks of RAM is RAM for a new kernel. "System RAM (kmem)" and
//! "System RAM (virtio_mem)" belong to a driver that plugs and unplugs them; kernels before 5.8
//! named the first plain "System RAM", below a "dax" line. They stay out of the map; a dump has
//! them all the same ([`IomemParser::with_dump`]).
//!
//! "RAM buffer" (the gap the kernel keeps behind the end of RAM) stays out too: the firmware
//! knows nothing of it, and every kernel makes its own.

use super::memmap::kind_of_name;
use super::text::{self, Lines};
use super::{CrashReservation, Dump, Iomem, IomemAccess, KernelRanges};
use crate::memory::{MemoryKind, MemoryMap, Range};

/// Reads the file piece by piece into a memory map.
#[derive(Debug)]
pub struct IomemParser<'a> {
    lines: Lines<256>,
    state: State<'a>,
}

#[derive(Debug)]
struct State<'a> {
    map: &'a mut MemoryMap,
    dump: Option<&'a mut Dump>,
    crash: CrashReservation,
    kernel: KernelRanges,
    full: bool,
    /// Whether there was a line with addresses, and one with other addresses than 0-0.
    any: bool,
    real: bool,
    /// Indents of the RAM and of the driver's region that the current line may lie in.
    ram: Option<usize>,
    driver: Option<usize>,
}

impl<'a> IomemParser<'a> {
    /// At the start of the file; what it says of memory is added to `map`.
    #[must_use]
    pub const fn new(map: &'a mut MemoryMap) -> Self {
        Self {
            lines: Lines::new(),
            state: State {
                map,
                dump: None,
                crash: CrashReservation {
                    region: None,
                    low: None,
                },
                kernel: KernelRanges::NONE,
                full: false,
                any: false,
                real: false,
                ram: None,
                driver: None,
            },
        }
    }

    /// Also adds the RAM that is to be dumped to [`Dump::ram`], and finds the GART.
    #[must_use]
    pub const fn with_dump(mut self, dump: &'a mut Dump) -> Self {
        self.state.dump = Some(dump);
        self
    }

    /// The next piece of the file, of any size.
    pub fn feed(&mut self, piece: &[u8]) {
        self.lines.feed(piece, |line| self.state.line(line));
    }

    /// The end of the file. A map that had no room for all of it is left empty.
    pub fn finish(mut self) -> Iomem {
        self.lines.finish(|line| self.state.line(line));
        let State {
            map,
            crash,
            kernel,
            full,
            any,
            real,
            ..
        } = self.state;
        let access = match (any, real, full) {
            (false, ..) => IomemAccess::Missing,
            (true, false, _) => IomemAccess::Unprivileged,
            (true, true, false) => IomemAccess::Read,
            (true, true, true) => IomemAccess::TooLong,
        };
        if full {
            map.clear();
        }
        Iomem {
            access,
            crash,
            kernel,
        }
    }
}

impl State<'_> {
    fn line(&mut self, line: &[u8]) {
        let Some((range, name)) = text::split_once(line, b" : ") else {
            return;
        };
        let Some((start, last)) = text::split_once(range, b"-") else {
            return;
        };
        let (Some(start), Some(last)) = (text::hex(start), text::hex(last)) else {
            return;
        };
        self.any = true;
        // Without CAP_SYS_ADMIN every address is 0; a resource of one byte at 0 does not exist.
        let Some(range) = Range::new(start, last).filter(|_| last != 0) else {
            return;
        };
        self.real = true;
        let indent = line.iter().take_while(|&&byte| byte == b' ').count();
        self.resource(indent, range, name);
    }

    fn resource(&mut self, indent: usize, range: Range, name: &[u8]) {
        self.ram = self.ram.filter(|&outer| outer < indent);
        self.driver = self.driver.filter(|&outer| outer < indent);
        let driver_managed = name.starts_with(b"System RAM (");
        if driver_managed || name == b"System RAM" {
            self.add_to_dump(range);
        }
        if driver_managed || name.starts_with(b"dax") {
            self.driver = self.driver.or(Some(indent));
        }
        if driver_managed && self.ram.is_some() {
            // No kernel does that; were it so, this part must not count as its parent's RAM.
            return self.add(range, MemoryKind::RESERVED);
        }
        match kind_of_name(name) {
            Some(MemoryKind::RAM) => {
                if self.driver.is_none() {
                    self.ram = self.ram.or(Some(indent));
                    self.add(range, MemoryKind::RAM);
                }
            }
            Some(kind) => self.add(range, kind),
            None => self.notable(range, name),
        }
    }

    fn notable(&mut self, range: Range, name: &[u8]) {
        match name {
            b"Crash kernel" => self.crash.add(range),
            b"GART" => {
                if let Some(dump) = &mut self.dump {
                    dump.gart = Some(range);
                }
            }
            b"Kernel code" => self.kernel.code = Some(range),
            b"Kernel rodata" => self.kernel.rodata = Some(range),
            b"Kernel data" => self.kernel.data = Some(range),
            b"Kernel bss" => self.kernel.bss = Some(range),
            b"Kernel image" => self.kernel.image = Some(range),
            _ => {}
        }
    }

    /// A dump that lacks some of the RAM is worse than none: past its capacity it stays empty.
    fn add_to_dump(&mut self, range: Range) {
        if let Some(dump) = &mut self.dump
            && !dump.ram_full
            && dump.ram.insert(range).is_err()
        {
            dump.ram.clear();
            dump.ram_full = true;
        }
    }

    fn add(&mut self, range: Range, kind: MemoryKind) {
        self.full = self.full || self.map.add(range, kind).is_err();
    }
}

#[cfg(test)]
#[path = "iomem_tests.rs"]
mod tests;
