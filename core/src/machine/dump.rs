//! Facts about the running kernel that a crash kernel needs: the memory to dump, the addresses of
//! its notes, and how it maps memory. One parser per source.

use heapless::Vec;

use super::Known;
use crate::memory::{Range, RangeSet};
use crate::text;

/// Where the running kernel lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelText {
    /// Virtual address of `_text`.
    pub virt: u64,
    /// Its physical address.
    pub phys: u64,
    /// Bytes up to `_end`.
    pub size: u64,
}

/// All facts for a dump; none of them is read without a crash reservation.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    /// All System RAM in /proc/iomem, including that of drivers (kmem, virtio_mem).
    pub ram: RangeSet,
    /// Whether `ram` would have more ranges than [`RangeSet::CAPACITY`]; it is empty then.
    pub ram_full: bool,
    /// The GART's aperture ("GART" in /proc/iomem), which overlaps RAM.
    pub gart: Option<Range>,
    /// The CPUs' notes.
    pub cpus: CpuNotes,
    /// The note with the running kernel's vmcoreinfo (/sys/kernel/vmcoreinfo).
    pub vmcoreinfo: Option<Range>,
    /// The bytes that the kernel needs for an elfcorehdr that it can rewrite
    /// (crash_elfcorehdr_size), less the ELF header's 64; `None` if it does not rewrite it.
    pub elfcorehdr_size: Option<u64>,
    /// The virtual address of physical address 0 in the running kernel (PAGE_OFFSET), from
    /// /proc/kcore.
    pub direct_map: Option<u64>,
    /// Where it maps itself, from /proc/kcore.
    pub text: Option<KernelText>,
    /// Its version, major and minor; 0.0 if unknown.
    pub release: (u16, u16),
    cma: Vec<Range, { Dump::CMA_CAPACITY }>,
    /// Whether the ranges of the contiguous memory allocator are known; no, if the file exists
    /// but could not be read or has other contents.
    pub cma_known: Known,
}

impl Dump {
    /// The most ranges that `crashkernel=…,cma` can give (CRASHKERNEL_CMA_RANGES_MAX is 4).
    pub const CMA_CAPACITY: usize = 16;

    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ram: RangeSet::new(),
            ram_full: false,
            gart: None,
            cpus: CpuNotes::new(),
            vmcoreinfo: None,
            elfcorehdr_size: None,
            direct_map: None,
            text: None,
            release: (0, 0),
            cma: Vec::new(),
            cma_known: Known::Unknown,
        }
    }

    /// Forgets everything, in place.
    pub fn clear(&mut self) {
        // No `..`: a field that is not named here is a compile error.
        let Self {
            ram,
            ram_full,
            gart,
            cpus,
            vmcoreinfo,
            elfcorehdr_size,
            direct_map,
            text,
            release,
            cma,
            cma_known,
        } = self;
        ram.clear();
        cpus.clear();
        cma.clear();
        (*ram_full, *cma_known) = (false, Known::Unknown);
        (*gart, *vmcoreinfo, *elfcorehdr_size) = (None, None, None);
        (*direct_map, *text, *release) = (None, None, (0, 0));
    }

    /// The ranges of the contiguous memory allocator (CMA) that the crash kernel may use.
    #[must_use]
    pub fn cma(&self) -> &[Range] {
        &self.cma
    }

    /// Parses crash_cma_ranges: `start-last`, hexadecimal, one range per line. Returns whether all of
    /// the lines are ranges and fit; if not, none is kept.
    pub fn set_cma(&mut self, contents: &[u8]) -> bool {
        self.cma.clear();
        let lines = contents.split(|byte| *byte == b'\n');
        let mut lines = lines.filter(|line| !line.is_empty());
        let whole = lines.all(|line| {
            let range = text::split_once(line, b"-")
                .and_then(|(start, last)| Range::new(text::hex(start)?, text::hex(last)?));
            range.is_some_and(|range| self.cma.push(range).is_ok())
        });
        if !whole {
            self.cma.clear();
        }
        self.cma_known = Known::of(whole);
        whole
    }
}

/// Where the kernel writes each CPU's registers when it crashes
/// (/sys/devices/system/cpu/cpuN/crash_notes).
#[derive(Clone, Debug, Default)]
pub struct CpuNotes {
    /// Bytes of each (crash_notes_size).
    pub size: u64,
    /// CPUs that are possible but not present: the kernel gives no address for their notes.
    pub absent: u32,
    /// CPUs that are present but whose note's address could not be read.
    pub unread: u32,
    /// Whether the list of possible CPUs is valid; no, if it could not be read.
    pub listed: Known,
    /// Whether there are more than [`CpuNotes::CAPACITY`].
    pub full: bool,
    addresses: Vec<u64, { CpuNotes::CAPACITY }>,
}

impl CpuNotes {
    /// The most CPUs that fit: CONFIG_NR_CPUS is at most 8192 on x86.
    pub const CAPACITY: usize = 8192;

    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            size: 0,
            absent: 0,
            unread: 0,
            listed: Known::Unknown,
            full: false,
            addresses: Vec::new(),
        }
    }

    /// Forgets them, in place.
    pub fn clear(&mut self) {
        // No `..`: a field that is not named here is a compile error.
        let Self {
            size,
            absent,
            unread,
            listed,
            full,
            addresses,
        } = self;
        (*size, *absent, *unread) = (0, 0, 0);
        (*listed, *full) = (Known::Unknown, false);
        addresses.clear();
    }

    /// Adds the physical address of the next CPU's note, in the order of the CPUs' numbers.
    pub fn add(&mut self, address: u64) {
        self.full = self.full || self.addresses.push(address).is_err();
    }

    /// The physical addresses, in the order of the CPUs' numbers.
    #[must_use]
    pub fn addresses(&self) -> &[u64] {
        &self.addresses
    }
}

/// The numbers in a list as /sys/devices/system/cpu/possible has it: `0-3,8,10-11`
/// (lib/bitmap.c, bitmap_print_to_pagebuf). `None` if the text is not such a list: it is empty, a
/// range ends before it starts, the numbers do not ascend, or it has other contents.
#[must_use]
pub fn cpu_list(contents: &[u8]) -> Option<impl Iterator<Item = u32>> {
    let mut next = 0;
    for range in cpu_ranges(contents) {
        let (_, last) = range.filter(|(first, last)| next <= *first && first <= last)?;
        next = last.checked_add(1)?;
    }
    let ranges = cpu_ranges(contents).flatten();
    Some(ranges.flat_map(|(first, last)| first..=last))
}

fn cpu_ranges(contents: &[u8]) -> impl Iterator<Item = Option<(u32, u32)>> {
    let parts = text::trim(contents).split(|byte| *byte == b',');
    parts.map(|part| {
        let (first, last) = text::split_once(part, b"-").unwrap_or((part, part));
        let number = |text| u32::try_from(text::decimal(text)?).ok();
        Some((number(first)?, number(last)?))
    })
}

/// /sys/devices/system/cpu/cpuN/crash_notes: hexadecimal without `0x`.
#[must_use]
pub fn crash_notes(contents: &[u8]) -> Option<u64> {
    text::hex(contents).filter(|&address| address != 0)
}

/// A decimal number that is not negative: crash_notes_size, crash_elfcorehdr_size.
#[must_use]
pub fn decimal_size(contents: &[u8]) -> Option<u64> {
    u64::try_from(text::decimal(contents)?).ok()
}

/// /sys/kernel/vmcoreinfo: address and size, both hexadecimal, only the first with `0x`
/// (kernel/ksysfs.c, vmcoreinfo_show).
#[must_use]
pub fn vmcoreinfo(contents: &[u8]) -> Option<Range> {
    let (address, size) = text::split_once(text::trim(contents), b" ")?;
    let address = text::hex(address).filter(|&address| address != 0)?;
    Range::from_size(address, text::hex(size)?)
}

#[cfg(test)]
#[path = "dump_tests.rs"]
mod tests;
