//! The kernel's own checks, made first (kernel/kexec_core.c, sanity_check_segment_list), and
//! those it does not make: destinations in free RAM, and entries inside bytes that are loaded.

use super::{Rule, SEGMENT_MAX, Segment, SegmentKind};
use crate::error::{Error, Result};
use crate::machine::{Known, Machine};
use crate::memory::{PageSize, Range, RangeSet};

/// What the running kernel allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The first address that may not be used (KEXEC_DESTINATION_MEMORY_LIMIT): a segment must
    /// end below it.
    pub destination: u64,
    /// Bytes of RAM the kernel manages (totalram_pages); half of it is the most a segment, or
    /// all together, may take. `u64::MAX` when unknown.
    pub total_ram: u64,
    /// For a crash image: where all segments must lie.
    pub crash: Option<Range>,
    /// The running kernel's page size.
    pub page_size: PageSize,
}

impl Limits {
    /// What the running kernel of this machine allows, for a kernel that is not for a crash.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        Self {
            // Below the lower limit is below both.
            destination: match machine.x86.five_level_paging {
                Known::Yes => X86_64_LIMIT_5_LEVEL,
                Known::No | Known::Unknown => X86_64_LIMIT_4_LEVEL,
            },
            total_ram: machine.platform.total_ram.unwrap_or(u64::MAX),
            crash: None,
            page_size: machine.platform.page_size,
        }
    }
}

/// MAXMEM − 1 on x86_64 with 4-level page tables (arch/x86/include/asm/kexec.h,
/// pgtable_64_types.h).
pub const X86_64_LIMIT_4_LEVEL: u64 = (1 << 46) - 1;
/// The same with 5-level page tables.
pub const X86_64_LIMIT_5_LEVEL: u64 = (1 << 52) - 1;

/// Checks segments in the kernel's order: the first rule broken, and by which segment.
///
/// # Errors
/// [`Error::TooManySegments`], [`Error::Check`].
pub fn check(segments: &[Segment<'_>], entry: u64, limits: &Limits) -> Result<()> {
    if segments.len() > SEGMENT_MAX {
        return Err(Error::TooManySegments {
            count: segments.len() as u64,
            max: SEGMENT_MAX as u64,
        });
    }
    let in_page = limits.page_size.bytes().saturating_sub(1);
    let half = (limits.total_ram / 2) & !in_page;
    for pass in Pass::ALL {
        let mut sum = 0_u64;
        each(segments, &mut |index, segment| match pass {
            Pass::Destination => destination(segment, limits),
            Pass::Overlap => overlap(segments, index, segment),
            Pass::Buffer => {
                (segment.buf.len() as u64 > segment.memsz).then_some(Rule::BufferTooLarge)
            }
            Pass::Memory => {
                sum = sum.saturating_add(segment.memsz);
                (segment.memsz > half || sum > half).then_some(Rule::TooMuchMemory)
            }
            Pass::Crash => {
                let region = limits.crash?;
                let last = segment.mem.wrapping_add(segment.memsz).wrapping_sub(1);
                let inside = segment.mem >= region.start() && last <= region.last();
                (!inside).then_some(Rule::OutsideCrashReservation)
            }
        })?;
    }
    if segments.iter().any(|segment| loads(segment, entry)) {
        Ok(())
    } else {
        Err(Error::Check {
            segment: 0,
            rule: Rule::EntryOutside,
        })
    }
}

/// Checks that the kernel's own entry, which the purgatory jumps to, is loaded with the kernel.
pub fn kernel_entry(segments: &[Segment<'_>], entry: u64) -> Result<()> {
    let mut kernel = segments.iter().filter(|of| of.kind == SegmentKind::Kernel);
    if kernel.any(|segment| loads(segment, entry)) {
        Ok(())
    } else {
        Err(Error::Check {
            segment: 0,
            rule: Rule::KernelEntryOutside,
        })
    }
}

/// Whether the byte at `address` is one of the segment's: not of what the kernel fills with zeros.
fn loads(segment: &Segment<'_>, address: u64) -> bool {
    let offset = address.checked_sub(segment.mem);
    offset.is_some_and(|offset| offset < segment.buf.len() as u64)
}

/// The kernel goes through all segments for one rule, and then for the next.
#[derive(Clone, Copy)]
enum Pass {
    Destination,
    Overlap,
    Buffer,
    Memory,
    Crash,
}

impl Pass {
    const ALL: [Self; 5] = [
        Self::Destination,
        Self::Overlap,
        Self::Buffer,
        Self::Memory,
        Self::Crash,
    ];
}

/// Checks that every segment lies in `free`, which nothing was taken from yet.
///
/// # Errors
/// [`Error::Check`] with [`Rule::NotRam`].
pub fn check_in_ram(segments: &[Segment<'_>], free: &RangeSet) -> Result<()> {
    each(segments, &mut |_, segment| {
        let inside = segment.range().is_none_or(|range| free.contains(range));
        (!inside).then_some(Rule::NotRam)
    })
}

fn each(
    segments: &[Segment<'_>],
    broken: &mut dyn FnMut(usize, &Segment<'_>) -> Option<Rule>,
) -> Result<()> {
    for (index, segment) in segments.iter().enumerate() {
        if let Some(rule) = broken(index, segment) {
            return Err(Error::Check {
                segment: index as u8,
                rule,
            });
        }
    }
    Ok(())
}

fn destination(segment: &Segment<'_>, limits: &Limits) -> Option<Rule> {
    let Some(end) = segment.mem.checked_add(segment.memsz) else {
        return Some(Rule::Wraps);
    };
    let in_page = limits.page_size.bytes().saturating_sub(1);
    if (segment.mem | end) & in_page != 0 {
        return Some(Rule::Unaligned);
    }
    (end >= limits.destination).then_some(Rule::PastLimit)
}

fn overlap(segments: &[Segment<'_>], index: usize, segment: &Segment<'_>) -> Option<Rule> {
    // As the kernel compares them: half-open, so that an empty segment overlaps only what it
    // lies strictly inside of.
    let end = segment.mem.saturating_add(segment.memsz);
    segments
        .iter()
        .take(index)
        .position(|other| {
            let other_end = other.mem.saturating_add(other.memsz);
            end > other.mem && segment.mem < other_end
        })
        .map(|other| Rule::Overlap { other: other as u8 })
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
