//! Planning inside the crash reservation.
//!
//! The kernel accepts segments of a crash image only in the region that /proc/iomem calls
//! "Crash kernel" (the upper one if there are two), and allocates pages for itself from the free part
//! of that region. The pages it needs therefore stay free at the region's start, and everything is
//! placed above them: the elfcorehdr first, then the segments as for any kernel.

use super::{Purpose, Room, Scene, known};
use crate::crash::{
    Additions, ControlPages, CoreHeader, add_to_command_line, dump_ranges, memory_map,
};
use crate::error::{Error, Result};
use crate::machine::{CpuNotes, Known, Machine};
use crate::memory::{Range, RangeSet, align_up};
use crate::note::{Note, Remarks};
use crate::passed::{CrashPassed, Passed};
use crate::request::CrashOptions;
use crate::segment::{Bounds, Bytes, Items, SegmentKind, anywhere, place};

/// KEXEC_ON_CRASH: the image for a crash.
const KEXEC_ON_CRASH: u64 = 0x1;
/// KEXEC_UPDATE_ELFCOREHDR: the running kernel may rewrite the elfcorehdr (Linux 6.6). The newer
/// KEXEC_CRASH_HOTPLUG_SUPPORT (6.10) means the same on x86; kernels accept either.
const KEXEC_UPDATE_ELFCOREHDR: u64 = 0x4;

/// The direct map without KASLR, with 4-level and with 5-level page tables
/// (Documentation/arch/x86/x86_64/mm.rst).
const DIRECT_MAP_4_LEVEL: u64 = 0xffff_8880_0000_0000;
const DIRECT_MAP_5_LEVEL: u64 = 0xff11_0000_0000_0000;

/// Kernels from this version on keep the first MiB out of use where there is a crash
/// reservation (7c321eb2b843, "x86/kdump: Remove the backup region handling"). With an older
/// kernel the memory below 640 KiB must be copied before the crash kernel starts.
const LOW_MEMORY_RESERVED: (u16, u16) = (5, 5);

/// Bytes for the command line with the added parameters.
pub const LINE: usize = 16 << 10;

/// A kernel inside the crash reservation that the running kernel starts when it crashes.
#[derive(Clone, Debug)]
pub struct Crash<'a> {
    options: CrashOptions,
    region: Range,
    /// The highest address to which the running kernel loads.
    last: u64,
    control: ControlPages,
    /// The result of [`Purpose::pass`].
    header: &'a [u8],
    header_place: Range,
    header_size: u64,
    backup: Option<Range>,
    /// Why the elfcorehdr could not be placed, if so.
    cramped: Option<Error>,
}

/// Checks the machine for a crash kernel, and returns the region to load to. `last` is the highest
/// address that a segment may use.
fn region(options: CrashOptions, machine: &Machine, last: u64) -> Result<Range> {
    let region = machine.reservation()?;
    if region.start() > last {
        return Err(Error::NotBootable {
            why: "the memory reserved for a crash kernel lies above what the running kernel can \
                  map: \"Crash kernel\" in /proc/iomem is not right",
        });
    }
    let dump = &machine.dump;
    for (full, what, capacity) in [
        (dump.ram_full, "RangeSet::CAPACITY", RangeSet::CAPACITY),
        (dump.cpus.full, "CpuNotes::CAPACITY", CpuNotes::CAPACITY),
    ] {
        if full {
            let capacity = capacity as u64;
            return Err(Error::Full { what, capacity });
        }
    }
    if options.hotplug && dump.elfcorehdr_size.is_none() {
        return Err(Error::NoCrashHotplug);
    }
    Ok(region)
}

impl Crash<'_> {
    /// A crash kernel with these options; the machine is examined when a plan is made.
    #[must_use]
    pub const fn new(options: CrashOptions) -> Self {
        Self {
            options,
            region: Range::ZERO,
            last: 0,
            control: ControlPages {
                fixed: 0,
                tables: 0,
            },
            header: &[],
            header_place: Range::ZERO,
            header_size: 0,
            backup: None,
            cramped: None,
        }
    }

    /// The part of `region` that segments may use: above the kernel's pages. `region` begins at the
    /// start of the reservation.
    fn bounds(&self, region: Range, scene: &Scene<'_>) -> Bounds {
        Bounds {
            min: region.start().saturating_add(self.control.bytes()),
            max: region.last().min(self.last),
            ..scene.bounds
        }
    }

    /// Fills `free` with that part, less the room for the copy of low memory.
    fn fill(&self, bounds: &Bounds, free: &mut RangeSet) -> Result<()> {
        free.clear();
        let (min, max) = bounds.both();
        if let Some(range) = Range::new(min, max) {
            free.insert(range)?;
        }
        if let Some(backup) = self.backup {
            // If the copy does not fit, nothing else fits either: it is at the region's start.
            free.remove(backup)?;
        }
        Ok(())
    }

    /// Places the elfcorehdr, and removes its range from `free`.
    fn take_header(&self, bounds: &Bounds, free: &mut RangeSet) -> Result<Range> {
        bounds.take(
            free,
            &anywhere("the elfcorehdr", self.header_size, u64::MAX),
        )
    }
}

impl<'a> Purpose<'a> for Crash<'a> {
    fn is_crash(&self) -> bool {
        true
    }

    fn check(&self, scene: &Scene<'_>, remarks: &mut Remarks) -> Result<()> {
        known::check(scene, remarks)
    }

    fn open(&mut self, scene: &mut Scene<'_>, free: &mut RangeSet) -> Result<()> {
        self.last = scene.bounds.max;
        self.region = region(self.options, scene.machine, self.last)?;
        self.control = ControlPages::of(scene.machine);
        scene.bounds = self.bounds(self.region, scene);
        if uses_low_memory(scene.machine) == Some(true) {
            // It is placed first, after the kernel's pages, because the elfcorehdr contains its address.
            let bounds = &scene.bounds;
            let start = align_up(bounds.both().0, bounds.page.bytes());
            self.backup = start.and_then(|start| Range::from_size(start, CoreHeader::BACKED_UP));
        }
        self.fill(&scene.bounds, free)
    }

    fn pass<'t>(
        &mut self,
        passed: &mut Passed<'t, 'a>,
        rsdp: bool,
        scene: &Scene<'_>,
        free: &mut RangeSet,
        room: &mut Room<'a>,
    ) -> Result<()>
    where
        'a: 't,
    {
        let machine = scene.machine;
        let copied = self.backup.is_some();
        // The set first holds the ranges of the dump.
        dump_ranges(&machine.dump, &machine.crash, copied, free)?;
        let contents = CoreHeader {
            cpu_notes: machine.dump.cpus.addresses(),
            cpu_notes_size: machine.dump.cpus.size,
            vmcoreinfo: machine.dump.vmcoreinfo.ok_or(Error::NoVmcoreinfo)?,
            text: machine.dump.text,
            ram: free.ranges(),
            backup: self.backup,
            direct_map: direct_map(machine),
        };
        // A header that the kernel rewrites has the size that the kernel gives, which is without the
        // ELF header.
        let hotplug = self.options.hotplug;
        let rewritten = machine.dump.elfcorehdr_size.filter(|_| hotplug);
        self.header_size = rewritten
            .map_or(0, |size| size.saturating_add(64))
            .max(contents.size() as u64);
        let bytes = room.arena.cut(contents.size())?;
        self.header = contents.write(bytes).ok_or(Error::Full {
            what: "CoreHeader::PROGRAM_HEADERS_MAX",
            capacity: CoreHeader::PROGRAM_HEADERS_MAX as u64,
        })?;
        self.fill(&scene.bounds, free)?;
        self.header_place = match self.take_header(&scene.bounds, free) {
            Ok(place) => place,
            Err(error) => {
                // The sizes that follow do not depend on its address.
                self.cramped = Some(error);
                self.region
            }
        };
        let Some(map) = room.map.take() else {
            // A workspace has one map, and a plan takes it once.
            return Err(Error::BadArgument {
                what: "the workspace has no memory map",
            });
        };
        memory_map(machine, self.header_place, self.backup, map)?;
        let map: &'a _ = map;
        let additions = Additions {
            header: self.header_place,
            acpi_rsdp: Some(machine.platform.acpi_rsdp).filter(|&address| address != 0 && !rsdp),
            memmap: self.options.memmap.then_some(map.entries()),
        };
        let line = room.arena.cut(LINE)?;
        let line: &'a _ = add_to_command_line(passed.command_line, &additions, line)?;
        passed.command_line = line;
        // Also with `memmap=exactmap`, which replaces it later: the decompressor searches this map
        // for room (KASLR), and must not find any in the crashed kernel's RAM.
        passed.memory = map;
        passed.crash = Some(CrashPassed {
            header: self.header_place,
            backup: self.backup,
        });
        Ok(())
    }

    fn items(&self, items: &mut Items<'a>) {
        // The kernel takes the last segment that begins with the magic number of ELF. The purgatory,
        // which follows, is not an ELF file.
        let (kind, bytes) = (SegmentKind::CoreHeader, Bytes::Ready(self.header));
        items.fixed(self.header_place.start());
        items.piece(kind, bytes, 0, self.header_size);
        if self.options.hotplug {
            // A header that the kernel may rewrite is not verified.
            items.unverified();
        }
        if let Some(place) = self.backup {
            items.fixed(place.start());
            items.piece(SegmentKind::Backup, Bytes::Zero, 0, place.size());
            items.unverified();
        }
    }

    fn notes(&self, machine: &Machine, remarks: &mut Remarks) {
        notes(machine, self.options, &mut |note| remarks.note(note));
    }

    fn placed(&self) -> Result<()> {
        self.cramped.map_or(Ok(()), Err)
    }

    /// Replaces [`Error::NoHole`] by the size that the reservation needs: the smallest that has room for
    /// all segments, in whole MiB, found by trying. Other errors, and one that no size avoids, are
    /// returned unchanged.
    fn no_room(
        &self,
        error: Error,
        items: &mut Items<'a>,
        scene: &Scene<'_>,
        free: &mut RangeSet,
    ) -> Error {
        const MIB: u64 = 1 << 20;
        const MOST_MIB: u64 = 1 << 20;
        if !matches!(error, Error::NoHole { .. }) {
            return error;
        }
        let mut fits = |mib: u64| {
            let size = mib.saturating_mul(MIB);
            let larger = Range::from_size(self.region.start(), size);
            larger.is_some_and(|larger| {
                let bounds = self.bounds(larger, scene);
                self.fill(&bounds, free).is_ok()
                    && self.take_header(&bounds, free).is_ok()
                    && place(items, &bounds, free).is_ok()
            })
        };
        // Doubling finds a size that is large enough, halving finds the smallest.
        let mut low = self.region.size() / MIB;
        let mut high = low.max(1);
        while !fits(high) {
            low = high;
            high = high.saturating_mul(2);
            if high > MOST_MIB {
                return error;
            }
        }
        while high.saturating_sub(low) > 1 {
            let middle = low.saturating_add(high) / 2;
            if fits(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Error::CrashTooSmall {
            have: self.region.size(),
            need: high.saturating_mul(MIB),
        }
    }

    fn flags(&self) -> u64 {
        let update = if self.options.hotplug {
            KEXEC_UPDATE_ELFCOREHDR
        } else {
            0
        };
        KEXEC_ON_CRASH | update
    }

    fn region(&self) -> Option<Range> {
        Some(self.region)
    }

    fn control_pages(&self) -> Option<ControlPages> {
        Some(self.control)
    }
}

fn direct_map(machine: &Machine) -> u64 {
    let default = match machine.x86.five_level_paging {
        Known::Yes => DIRECT_MAP_5_LEVEL,
        Known::No | Known::Unknown => DIRECT_MAP_4_LEVEL,
    };
    machine.dump.direct_map.unwrap_or(default)
}

/// The notes on the dump.
fn notes(machine: &Machine, options: CrashOptions, note: &mut dyn FnMut(Note)) {
    let dump = &machine.dump;
    if dump.direct_map.is_none() || dump.text.is_none() {
        note(Note::NoKcore);
    }
    if dump.cpus.addresses().is_empty() {
        note(Note::NoCpuNotes);
    } else if dump.cpus.absent != 0 {
        note(Note::CpusWithoutNotes {
            count: dump.cpus.absent,
        });
    }
    if dump.cpus.unread != 0 {
        note(Note::CpusUnread {
            count: dump.cpus.unread,
        });
    }
    if dump.cma_known == Known::No {
        note(Note::CmaUnread);
    }
    match uses_low_memory(machine) {
        Some(true) => note(Note::LowMemoryCopied),
        Some(false) => {}
        None => note(Note::LowMemoryLost),
    }
    if options.hotplug {
        note(Note::Hotplug);
    }
}

/// Whether the running kernel uses memory that the crash kernel overwrites, if that is known.
fn uses_low_memory(machine: &Machine) -> Option<bool> {
    let release = machine.dump.release;
    (release != (0, 0)).then_some(release < LOW_MEMORY_RESERVED)
}
