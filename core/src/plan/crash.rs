//! Planning inside the crash reservation.
//!
//! The kernel takes segments of a crash image in the one region only that /proc/iomem calls
//! "Crash kernel" (the upper one where there are two), and takes pages for itself from what they
//! leave free there. So the pages it needs stay free at the region's start, and everything is
//! placed above them: the elfcorehdr first, then as for any kernel.

use super::place::{Bounds, Placement, Sizes, anywhere};
use super::{CrashOptions, Note, Request, SegmentKind, Segments, check_command_line, limits};
use crate::crash::{
    Additions, ControlPages, CoreHeader, add_to_command_line, dump_ranges, memory_map,
};
use crate::error::{Error, Result};
use crate::image::Kernel;
use crate::machine::{CpuNotes, Known, Machine};
use crate::memory::{MemoryMap, PAGE_SIZE, Range, RangeSet, align_up};
use crate::purgatory;

/// KEXEC_ON_CRASH: the image for a crash.
const KEXEC_ON_CRASH: u64 = 0x1;
/// KEXEC_UPDATE_ELFCOREHDR: the running kernel may rewrite the elfcorehdr (Linux 6.6). The newer
/// KEXEC_CRASH_HOTPLUG_SUPPORT (6.10) means the same on x86, where kernels take either.
const KEXEC_UPDATE_ELFCOREHDR: u64 = 0x4;

/// The direct map without KASLR, with 4-level and with 5-level page tables
/// (Documentation/arch/x86/x86_64/mm.rst).
const DIRECT_MAP_4_LEVEL: u64 = 0xffff_8880_0000_0000;
const DIRECT_MAP_5_LEVEL: u64 = 0xff11_0000_0000_0000;

/// Kernels from this version on keep the first MiB out of use where there is a crash
/// reservation (7c321eb2b843, "x86/kdump: Remove the backup region handling"). What an older one
/// has below 640 KiB must be copied before the crash kernel starts.
const LOW_MEMORY_RESERVED: (u16, u16) = (5, 5);

/// A kernel's boot_params.acpi_rsdp_addr is read for sure from this boot protocol on (Linux 5.5;
/// 5.0 to 5.4 read it and do not say so).
const RSDP_IN_BOOT_PARAMS: u16 = 0x020f;

/// The caller's memory for what a crash kernel needs more than others.
pub struct Buffers {
    pub header: [u8; Buffers::HEADER],
    pub line: [u8; Buffers::LINE],
    pub memory: MemoryMap,
}

impl Buffers {
    /// Notes of all CPUs and RAM ranges there is room for, vmcoreinfo and the kernel's text.
    pub const HEADER: usize = 64 + 56 * (CpuNotes::CAPACITY + RangeSet::CAPACITY + 2);
    pub const LINE: usize = 16 << 10;

    pub const fn new() -> Self {
        Self {
            header: [0; Self::HEADER],
            line: [0; Self::LINE],
            memory: MemoryMap::new(),
        }
    }
}

/// [`Crash::new`].
pub type Prepare<'b> = fn(
    &Request<'_>,
    CrashOptions,
    &Kernel<'_>,
    &Machine,
    bool,
    &mut RangeSet,
    &'b mut Buffers,
) -> Result<Crash<'b>>;

/// [`Space::too_small`].
pub type TooSmall = fn(&Space, Error, &Request<'_>, &Kernel<'_>, Sizes, &mut RangeSet) -> Error;

/// What was prepared before the other segments are placed.
#[derive(Debug)]
pub struct Crash<'b> {
    pub space: Space,
    /// The elfcorehdr's place and bytes.
    pub header: Range,
    pub header_bytes: &'b [u8],
    /// Whether the running kernel may rewrite the elfcorehdr.
    hotplug: bool,
    /// Where the purgatory copies low memory to.
    pub backup: Option<Range>,
    pub command_line: &'b [u8],
    /// The map the crash kernel is told.
    pub memory: &'b MemoryMap,
    /// Segments that only a crash kernel has: the elfcorehdr, low memory's copy.
    pub segments: usize,
    /// Flags for kexec_load(2).
    pub flags: u64,
}

/// The room in the reservation.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    pub region: Range,
    /// The first address that no segment may reach.
    limit: u64,
    pub control: ControlPages,
    header_size: u64,
    /// Whether low memory is copied.
    backup: bool,
}

/// Checks what a crash kernel needs of the machine, and says which region is its. `limit` is the
/// first address that no segment may reach.
fn region(options: CrashOptions, machine: &Machine, limit: u64) -> Result<Range> {
    let region = machine.reservation()?;
    if region.start() >= limit {
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

impl<'b> Crash<'b> {
    /// Writes the elfcorehdr, the command line and the memory map. What is left in `free` is for
    /// the other segments.
    pub fn new(
        request: &Request<'_>,
        options: CrashOptions,
        image: &Kernel<'_>,
        machine: &Machine,
        efi: bool,
        free: &mut RangeSet,
        buffers: &'b mut Buffers,
    ) -> Result<Self> {
        let limit = limits(machine).destination;
        let region = region(options, machine, limit)?;
        let Buffers {
            header: header_buffer,
            line,
            memory,
        } = buffers;
        let mut space = Space {
            region,
            limit,
            control: ControlPages::of(machine),
            header_size: 0,
            backup: uses_low_memory(machine) == Some(true),
        };
        let backup = space.backup(request);
        // The set is not in use yet.
        dump_ranges(&machine.dump, &machine.crash, space.backup, free)?;
        let contents = CoreHeader {
            cpu_notes: machine.dump.cpus.addresses(),
            cpu_notes_size: machine.dump.cpus.size,
            vmcoreinfo: machine.dump.vmcoreinfo.ok_or(Error::NoVmcoreinfo)?,
            text: machine.dump.text,
            ram: free.ranges(),
            backup,
            direct_map: direct_map(machine),
        };
        // What the kernel writes when it rewrites the header: it says without the ELF header.
        let rewritten = machine.dump.elfcorehdr_size.filter(|_| options.hotplug);
        space.header_size = rewritten
            .map_or(0, |size| size.saturating_add(64))
            .max(contents.size() as u64);
        let header_bytes = contents.write(header_buffer).ok_or(Error::Full {
            what: "Workspace::CORE_HEADER_CAPACITY",
            capacity: Buffers::HEADER as u64,
        })?;

        let header = space.open(request, free).map_err(|error| {
            let sizes = Sizes {
                boot: 4096_usize.saturating_add(request.command_line.len()),
                purgatory: purgatory::MEMSZ,
            };
            space.too_small(error, request, image, sizes, free)
        })?;
        memory_map(machine, header, backup, memory)?;
        let no_field = image.version() < RSDP_IN_BOOT_PARAMS && !efi;
        let additions = Additions {
            header,
            acpi_rsdp: Some(machine.acpi_rsdp).filter(|&address| address != 0 && no_field),
            memmap: options.memmap.then_some(memory.entries()),
        };
        let command_line = add_to_command_line(request.command_line, &additions, line)?;
        check_command_line(image, command_line)?;
        let update = if options.hotplug {
            KEXEC_UPDATE_ELFCOREHDR
        } else {
            0
        };
        Ok(Self {
            space,
            header,
            header_bytes,
            hotplug: options.hotplug,
            backup,
            command_line,
            memory,
            segments: 1_usize.saturating_add(usize::from(backup.is_some())),
            flags: KEXEC_ON_CRASH | update,
        })
    }

    /// Adds its segments to those that are verified; answers how many of all are.
    pub fn add_to(&self, segments: &mut Segments<'b>) -> usize {
        let before = segments.0.len();
        let (bytes, place) = (self.header_bytes, self.header);
        // The kernel looks for the last segment that begins with ELF's magic; the purgatory,
        // behind it, is no ELF file.
        segments.add(SegmentKind::CoreHeader, bytes, place.start(), place.size());
        // What the kernel may rewrite is not verified.
        let verified = if self.hotplug {
            before
        } else {
            segments.0.len()
        };
        if let Some(place) = self.backup {
            segments.add(SegmentKind::Backup, &[], place.start(), place.size());
        }
        verified
    }
}

impl Space {
    /// What segments may use: the region above the kernel's pages, below the limit.
    pub fn bounds(&self, request: &Request<'_>) -> Bounds {
        let first = self.region.start().saturating_add(self.control.bytes());
        let last = self.region.last().min(self.limit.saturating_sub(1));
        Bounds::new(first, last, &request.options)
    }

    /// Fills `free` with what segments may use, and takes the elfcorehdr's place out of it.
    fn open(&self, request: &Request<'_>, free: &mut RangeSet) -> Result<Range> {
        free.clear();
        let bounds = self.bounds(request);
        let min = bounds.min.max(bounds.mem_min);
        if let Some(range) = Range::new(min, bounds.max.min(bounds.mem_max)) {
            free.insert(range)?;
        }
        if let Some(backup) = self.backup(request) {
            // Where it does not fit, nothing is left that does: it is at the region's start.
            free.remove(backup)?;
        }
        let window = anywhere("the elfcorehdr", self.header_size, u64::MAX);
        bounds.take(free, &window)
    }

    /// Low memory's copy: behind the kernel's pages. It is placed first, for the elfcorehdr
    /// tells of it.
    fn backup(&self, request: &Request<'_>) -> Option<Range> {
        let start = self.region.start().saturating_add(self.control.bytes());
        let start = align_up(start.max(request.options.mem_min), PAGE_SIZE)?;
        Range::from_size(start, CoreHeader::BACKED_UP).filter(|_| self.backup)
    }

    /// Turns "no hole" into how large the reservation would have to be, by trying: the smallest
    /// that holds all segments, in whole MiB. Another error, or one that no size helps against,
    /// stays as it is.
    pub fn too_small(
        &self,
        error: Error,
        request: &Request<'_>,
        image: &Kernel<'_>,
        sizes: Sizes,
        free: &mut RangeSet,
    ) -> Error {
        const MIB: u64 = 1 << 20;
        const MOST_MIB: u64 = 1 << 20;
        if !matches!(error, Error::NoHole { .. }) {
            return error;
        }
        let mut fits = |mib: u64| {
            let size = mib.saturating_mul(MIB);
            let larger =
                Range::from_size(self.region.start(), size).map(|region| Self { region, ..*self });
            larger.is_some_and(|larger| {
                larger.open(request, free).is_ok()
                    && Placement::new(request, image, sizes, &larger.bounds(request), free).is_ok()
            })
        };
        // Doubling finds one that is large enough, halving the smallest.
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
}

fn direct_map(machine: &Machine) -> u64 {
    let default = match machine.five_level_paging {
        Known::Yes => DIRECT_MAP_5_LEVEL,
        Known::No | Known::Unknown => DIRECT_MAP_4_LEVEL,
    };
    machine.dump.direct_map.unwrap_or(default)
}

/// What is to be said of the dump.
pub fn notes(machine: &Machine, options: CrashOptions, note: &mut dyn FnMut(Note)) {
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

/// Whether the running kernel uses memory that the crash kernel writes over, if that is known.
fn uses_low_memory(machine: &Machine) -> Option<bool> {
    let release = machine.dump.release;
    (release != (0, 0)).then_some(release < LOW_MEMORY_RESERVED)
}
