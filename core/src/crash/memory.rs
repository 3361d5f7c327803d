//! The crash kernel's memory map.

use super::x86::LOW_MEMORY;
use crate::machine::Machine;
use crate::memory::{MapFull, MemoryKind, MemoryMap, Range};

/// Fills `out` with the memory map for the crash kernel:
///
/// * RAM: all RAM in the first MiB (for the trampolines of the other CPUs), and the crash kernel's
///   own memory: both reservations and the CMA ranges,
/// * `header`, the elfcorehdr, and `backup` as reserved, so that they are not overwritten,
/// * everything that is not RAM, as in the machine's map. "Soft Reserved" memory becomes
///   reserved: it is RAM that a driver may use, and its contents are dumped.
///
/// # Errors
/// [`MapFull`].
pub fn memory_map(
    machine: &Machine,
    header: Range,
    backup: Option<Range>,
    out: &mut MemoryMap,
) -> Result<(), MapFull> {
    out.clear();
    for entry in machine.memory.entries() {
        let (range, kind) = match entry.kind {
            MemoryKind::RAM => (
                LOW_MEMORY.and_then(|low| low.intersection(entry.range)),
                MemoryKind::RAM,
            ),
            MemoryKind::SOFT_RESERVED => (Some(entry.range), MemoryKind::RESERVED),
            kind => (Some(entry.range), kind),
        };
        if let Some(range) = range {
            out.add(range, kind)?;
        }
    }
    let reservation = [machine.crash.low, machine.crash.region];
    for range in reservation.into_iter().flatten() {
        out.add(range, MemoryKind::RAM)?;
    }
    for range in machine.dump.cma() {
        out.add(*range, MemoryKind::RAM)?;
    }
    for range in [Some(header), backup].into_iter().flatten() {
        out.add(range, MemoryKind::RESERVED)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::boxed::Box;
    use std::vec::Vec;

    fn range(start: u64, last: u64) -> Range {
        Range::new(start, last).unwrap()
    }

    #[test]
    fn its_own_memory_and_what_is_no_ram() {
        let mut machine = Box::new(Machine::new());
        for (ram, kind) in [
            (range(0, 0x9_fbff), MemoryKind::RAM),
            (range(0x9_fc00, 0x9_ffff), MemoryKind::RESERVED),
            (range(0x10_0000, 0x7ffd_afff), MemoryKind::RAM),
            (range(0x7ffd_b000, 0x7ffd_ffff), MemoryKind::ACPI),
            (range(0x7ffe_0000, 0x7fff_ffff), MemoryKind::NVS),
            (range(0x1_0000_0000, 0x2_7fff_ffff), MemoryKind::RAM),
            (
                range(0x8_0000_0000, 0x8_ffff_ffff),
                MemoryKind::SOFT_RESERVED,
            ),
        ] {
            machine.memory.add(ram, kind).unwrap();
        }
        machine.crash.region = Some(range(0x2_5f00_0000, 0x2_7eff_ffff));
        machine.crash.low = Some(range(0x2e00_0000, 0x3dff_ffff));
        machine.dump.set_cma(b"140000000-14fffffff\n");
        let header = range(0x2_7eff_f000, 0x2_7eff_ffff);
        let mut out = Box::new(MemoryMap::new());
        let backup = Some(range(0x2_5f01_0000, 0x2_5f0a_ffff));
        memory_map(&machine, header, backup, &mut out).unwrap();
        let entries = out.entries().iter();
        let entries: Vec<_> = entries
            .map(|e| (e.range.start(), e.range.last(), e.kind.0))
            .collect();
        assert_eq!(
            entries,
            [
                (0, 0x9_fbff, 1),
                (0x9_fc00, 0x9_ffff, 2),
                (0x2e00_0000, 0x3dff_ffff, 1),
                (0x7ffd_b000, 0x7ffd_ffff, 3),
                (0x7ffe_0000, 0x7fff_ffff, 4),
                (0x1_4000_0000, 0x1_4fff_ffff, 1),
                (0x2_5f00_0000, 0x2_5f00_ffff, 1),
                (0x2_5f01_0000, 0x2_5f0a_ffff, 2),
                (0x2_5f0b_0000, 0x2_7eff_efff, 1),
                (0x2_7eff_f000, 0x2_7eff_ffff, 2),
                (0x8_0000_0000, 0x8_ffff_ffff, 2),
            ]
        );
    }
}
