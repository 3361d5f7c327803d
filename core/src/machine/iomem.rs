//! /proc/iomem: the running kernel's resources (kernel/resource.c, r_show).
//!
//! A line is `<indent><start>-<last> : <name>`, both addresses hexadecimal and inside the range,
//! two spaces of indent for every level below the top. A child describes a part of its
//! parent; "Reserved" inside "System RAM" is reserved: [`MemoryMap::add`] gives it priority.
//!
//! Not every line that names RAM is RAM for a new kernel. "System RAM (kmem)" and
//! "System RAM (virtio_mem)" belong to a driver that plugs and unplugs them; kernels before 5.8
//! named the first plain "System RAM", below a "dax" line. They are not added to the map, but
//! are part of a dump ([`IomemParser::with_dump`]).
//!
//! "RAM buffer" (the gap that the kernel keeps after the end of RAM) is not added either: it is not
//! in the firmware's map, and every kernel makes its own.

use super::{CrashReservation, Dump, Iomem, IomemAccess, KernelRanges};
use crate::memory::{MemoryKind, MemoryMap, Range};
use crate::text::{self, Lines};

/// What [`IomemMapParser::next`] took from a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IomemLine<'l> {
    /// The end of the piece.
    End,
    /// A line without a resource: empty, or without addresses.
    Other,
    /// A resource and its name.
    Resource(Range, &'l [u8]),
}

/// Reads the file piece by piece into a memory map.
#[derive(Debug)]
pub struct IomemMapParser<'a> {
    lines: Lines<256>,
    state: State<'a>,
}

#[derive(Debug)]
struct State<'a> {
    map: &'a mut MemoryMap,
    full: bool,
    /// Whether there was a line with addresses, and one with addresses other than 0-0.
    any: bool,
    real: bool,
    /// Whether there was a line without addresses or a name, or a range that ends before it
    /// starts.
    damaged: bool,
    /// Indents of the RAM and of the driver's region that the current line lies in, or
    /// [`NOWHERE`].
    ram: usize,
    driver: usize,
}

/// Further in than any line.
const NOWHERE: usize = usize::MAX;

impl<'a> IomemMapParser<'a> {
    /// A parser at the start of the file, which adds memory ranges to `map`.
    #[must_use]
    pub const fn new(map: &'a mut MemoryMap) -> Self {
        Self {
            lines: Lines::new(),
            state: State {
                map,
                full: false,
                any: false,
                real: false,
                damaged: false,
                ram: NOWHERE,
                driver: NOWHERE,
            },
        }
    }

    /// Takes a line from the front of the file's next piece, of any size.
    pub fn next(&mut self, piece: &mut &[u8]) -> IomemLine<'_> {
        match self.lines.next(piece) {
            Some(line) => self.state.line(line),
            None => IomemLine::End,
        }
    }

    /// Ends the file. The map is left empty if it had no room for all ranges, or if a line of the
    /// file is not a resource: that line may have named reserved memory.
    pub fn finish(&mut self) -> IomemAccess {
        // The last line need not have a line feed.
        self.next(&mut &b"\n"[..]);
        let state = &mut self.state;
        let damaged = state.damaged || !state.any;
        if state.full || damaged {
            state.map.clear();
        }
        match (!damaged, state.real, state.full) {
            (false, ..) => IomemAccess::Damaged,
            (true, false, _) => IomemAccess::Unprivileged,
            (true, true, false) => IomemAccess::Read,
            (true, true, true) => IomemAccess::TooLong,
        }
    }
}

impl State<'_> {
    fn line<'l>(&mut self, line: &'l [u8]) -> IomemLine<'l> {
        let place = line.trim_ascii_start();
        if place.is_empty() {
            return IomemLine::Other;
        }
        self.parse(line, place).unwrap_or_else(|| {
            self.damaged = true;
            IomemLine::Other
        })
    }

    /// `None` if it is not a resource.
    fn parse<'l>(&mut self, line: &[u8], place: &'l [u8]) -> Option<IomemLine<'l>> {
        let indent = line.len().saturating_sub(place.len());
        let (start, [b'-', rest @ ..]) = text::hex_prefix(place)? else {
            return None;
        };
        let (last, [b' ', b':', b' ', name @ ..]) = text::hex_prefix(rest)? else {
            return None;
        };
        self.any = true;
        // Without CAP_SYS_ADMIN every address is 0; a resource of one byte at 0 does not exist.
        if last == 0 {
            return (start == 0).then_some(IomemLine::Other);
        }
        let range = Range::new(start, last)?;
        self.real = true;
        self.resource(indent, range, name);
        Some(IomemLine::Resource(range, name))
    }

    fn resource(&mut self, indent: usize, range: Range, name: &[u8]) {
        let inside = |outer| if outer < indent { outer } else { NOWHERE };
        self.ram = inside(self.ram);
        self.driver = inside(self.driver);
        let known = MemoryKind::of_name(name);
        let driver_managed = is_driver_managed(name);
        if driver_managed || name.starts_with(b"dax") {
            self.driver = self.driver.min(indent);
        }
        let kind = match known {
            Some(MemoryKind::RAM) if self.driver != NOWHERE => return,
            Some(MemoryKind::RAM) => {
                self.ram = self.ram.min(indent);
                MemoryKind::RAM
            }
            Some(kind) => kind,
            // No kernel does that. If one did, this part must not count as its parent's RAM.
            None if driver_managed && self.ram != NOWHERE => MemoryKind::RESERVED,
            None => return,
        };
        self.full = self.full || self.map.add(range, kind).is_err();
    }
}

fn is_driver_managed(name: &[u8]) -> bool {
    name.starts_with(b"System RAM (")
}

/// As [`IomemMapParser`], with all other facts in the file.
#[derive(Debug)]
pub struct IomemParser<'a> {
    map: IomemMapParser<'a>,
    facts: Facts<'a>,
}

#[derive(Debug)]
struct Facts<'a> {
    dump: Option<&'a mut Dump>,
    crash: CrashReservation,
    kernel: KernelRanges,
}

impl<'a> IomemParser<'a> {
    /// A parser at the start of the file, which adds memory ranges to `map`.
    #[must_use]
    pub const fn new(map: &'a mut MemoryMap) -> Self {
        Self {
            map: IomemMapParser::new(map),
            facts: Facts {
                dump: None,
                crash: CrashReservation::NONE,
                kernel: KernelRanges::NONE,
            },
        }
    }

    /// Also adds the RAM to dump to [`Dump::ram`], and finds the GART.
    #[must_use]
    pub const fn with_dump(mut self, dump: &'a mut Dump) -> Self {
        self.facts.dump = Some(dump);
        self
    }

    /// Takes the next piece of the file, of any size.
    pub fn feed(&mut self, mut piece: &[u8]) {
        loop {
            match self.map.next(&mut piece) {
                IomemLine::Resource(range, name) => self.facts.add(range, name),
                IomemLine::Other => {}
                IomemLine::End => return,
            }
        }
    }

    /// Ends the file. A map that had no room for all ranges is left empty.
    pub fn finish(mut self) -> Iomem {
        self.feed(b"\n");
        let access = self.map.finish();
        if access == IomemAccess::Damaged {
            return Iomem {
                access,
                ..Iomem::default()
            };
        }
        Iomem {
            access,
            crash: self.facts.crash,
            kernel: self.facts.kernel,
        }
    }
}

impl Facts<'_> {
    fn add(&mut self, range: Range, name: &[u8]) {
        match name {
            b"Crash kernel" => self.crash.add(range),
            b"Kernel code" => self.kernel.code = Some(range),
            b"Kernel rodata" => self.kernel.rodata = Some(range),
            b"Kernel data" => self.kernel.data = Some(range),
            b"Kernel bss" => self.kernel.bss = Some(range),
            b"Kernel image" => self.kernel.image = Some(range),
            _ => {
                if let Some(dump) = &mut self.dump {
                    add_to_dump(dump, range, name);
                }
            }
        }
    }
}

/// A dump that lacks some of the RAM is worse than none: past its capacity the set is left empty.
fn add_to_dump(dump: &mut Dump, range: Range, name: &[u8]) {
    if name == b"GART" {
        dump.gart = Some(range);
    } else if (name == b"System RAM" || is_driver_managed(name))
        && !dump.ram_full
        && dump.ram.insert(range).is_err()
    {
        dump.ram.clear();
        dump.ram_full = true;
    }
}

#[cfg(test)]
#[path = "iomem_tests.rs"]
mod tests;
