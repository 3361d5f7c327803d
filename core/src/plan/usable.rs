//! Which memory segments may use.

use crate::error::Result;
use crate::machine::Machine;
use crate::memory::{MemoryKind, MemoryMap, PAGE_SIZE, Range, RangeSet};

/// Below 1 MiB lie the BIOS data area, the EBDA, the real-mode trampolines the new kernel puts
/// there, and video memory: nothing of ours goes there.
const LOW_MEMORY: Option<Range> = Range::new(0, 0xf_ffff);

/// Fills `free` with the memory segments may use, between `min` and `max` (inclusive):
///
/// * RAM in the map the new kernel is told,
/// * that the running kernel, too, calls System RAM and has not reserved, where /proc/iomem can
///   be read: memory cut off by `mem=`, taken out, or holding tables the firmware left in RAM
///   (memory attributes, TPM log, BGRT) is not in both,
/// * not below 1 MiB, and not in a region of the EFI runtime map.
pub fn usable(machine: &Machine, min: u64, max: u64, free: &mut RangeSet) -> Result<()> {
    free.clear();
    let Some(window) = Range::new(min, max) else {
        return Ok(());
    };
    if machine.iomem.is_empty() {
        for range in machine.memory.of_kind(MemoryKind::RAM) {
            add(free, range.intersection(window))?;
        }
    } else {
        common_ram(&machine.memory, &machine.iomem, |range| {
            add(free, range.intersection(window))
        })?;
    }
    if let Some(low) = LOW_MEMORY {
        free.remove(low)?;
    }
    for descriptor in machine.efi.map() {
        let size = descriptor.pages.saturating_mul(PAGE_SIZE);
        if let Some(range) = Range::from_size(descriptor.physical, size) {
            free.remove(range)?;
        }
    }
    Ok(())
}

fn add(free: &mut RangeSet, range: Option<Range>) -> Result<()> {
    range.map_or(Ok(()), |range| free.insert(range))
}

/// Calls `each` with every stretch that is RAM in both maps, in order. Both are sorted, so one
/// pass over the two suffices.
fn common_ram(
    one: &MemoryMap,
    other: &MemoryMap,
    mut each: impl FnMut(Range) -> Result<()>,
) -> Result<()> {
    let mut left = one.of_kind(MemoryKind::RAM);
    let mut right = other.of_kind(MemoryKind::RAM);
    let (mut a, mut b) = (left.next(), right.next());
    while let (Some(here), Some(there)) = (a, b) {
        if let Some(range) = here.intersection(there) {
            each(range)?;
        }
        if here.last() < there.last() {
            a = left.next();
        } else {
            b = right.next();
        }
    }
    Ok(())
}
