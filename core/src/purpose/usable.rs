//! Which memory segments may use.

use crate::machine::Machine;
use crate::memory::{MemoryKind, MemoryMap, Range, RangeSet, SetFull};

/// Bytes of a page in EFI's memory map, independent of the kernel's page size (UEFI specification,
/// "EFI_MEMORY_DESCRIPTOR").
const EFI_PAGE: u64 = 4096;

/// Fills `free` with the memory segments may use, between `min` and `max` (inclusive):
///
/// * RAM in the map that is passed to the new kernel,
/// * that is also System RAM of the running kernel and not reserved, if /proc/iomem can be read.
///   Memory is not in both maps if it was cut off by `mem=`, was removed, or holds tables that the
///   firmware left in RAM (memory attributes, TPM log, BGRT),
/// * and that is not in a region of the EFI runtime map.
pub fn usable(machine: &Machine, min: u64, max: u64, free: &mut RangeSet) -> Result<(), SetFull> {
    free.clear();
    let Some(window) = Range::new(min, max) else {
        return Ok(());
    };
    let running = if machine.iomem.is_empty() {
        &machine.memory
    } else {
        &machine.iomem
    };
    common_ram(&machine.memory, running, window, free)?;
    for descriptor in machine.efi.map() {
        // A size past the end of the address space is cut there.
        let size = descriptor.pages.saturating_mul(EFI_PAGE);
        if let Some(less) = size.checked_sub(1) {
            let start = descriptor.physical;
            let range = Range::new(start, start.saturating_add(less));
            range.map_or(Ok(()), |range| free.remove(range))?;
        }
    }
    Ok(())
}

/// Adds every range in `window` that is RAM in both maps, in order. Both are sorted, so one pass
/// over the two suffices.
fn common_ram(
    one: &MemoryMap,
    other: &MemoryMap,
    window: Range,
    free: &mut RangeSet,
) -> Result<(), SetFull> {
    let mut left = one.of_kind(MemoryKind::RAM);
    let mut right = other.of_kind(MemoryKind::RAM);
    let (mut a, mut b) = (left.next(), right.next());
    while let (Some(here), Some(there)) = (a, b) {
        let common = here.intersection(there);
        if let Some(range) = common.and_then(|range| range.intersection(window)) {
            free.insert(range)?;
        }
        if here.last() < there.last() {
            a = left.next();
        } else {
            b = right.next();
        }
    }
    Ok(())
}
