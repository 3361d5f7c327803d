//! The pages the loading kernel takes out of the reservation for itself.
//!
//! For a crash image the kernel has no other memory: the page with the code that jumps, the page
//! tables that are in force at the jump, and a copy of vmcoreinfo come from where no segment lies,
//! searched from the reservation's start upwards (kernel/kexec_core.c,
//! kimage_alloc_crash_control_pages). A layout that leaves nothing free is refused (ENOMEM).

use crate::machine::Machine;
use crate::memory::{MemoryKind, MemoryMap, PAGE_SIZE, Range};

/// What one table of 2 MiB pages maps, and the size of the largest pages: 1 GiB, as a shift.
const GIB: u32 = 30;
/// What one table of the level above maps.
const TABLE_512_GIB: u32 = 39;
/// What one table of the level above that maps.
const TABLE_256_TIB: u32 = 48;

/// Code and stack of the jump (two pages, aligned to their size, before 6.14); a copy of
/// vmcoreinfo, up to two pages; tables for the jump page's own address, four; the top table.
const FIXED: u64 = 2 + 1 + 2 + 4 + 1;

/// How many pages of the reservation stay free for the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlPages {
    /// Code, stack, vmcoreinfo and the page tables that do not depend on the machine.
    pub fixed: u64,
    /// Page tables: one for every GiB of memory that is not mapped by a page of 1 GiB, one for
    /// every 512 GiB, one for every 256 TiB.
    pub tables: u64,
}

impl ControlPages {
    /// At most how many the kernel takes on this machine. It maps all RAM and the ACPI tables,
    /// and with `pdpe1gb` in /proc/cpuinfo only what does not fill a whole GiB by tables
    /// (arch/x86/mm/ident_map.c).
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        let map = if machine.iomem.is_empty() {
            &machine.memory
        } else {
            &machine.iomem
        };
        let blocks = |shift, partial_only| blocks(map, shift, partial_only);
        let tables = blocks(GIB, machine.gbpages)
            .saturating_add(blocks(TABLE_512_GIB, false))
            .saturating_add(blocks(TABLE_256_TIB, false));
        Self {
            fixed: FIXED,
            tables,
        }
    }

    /// All together.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.fixed.saturating_add(self.tables)
    }

    /// Bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.count().saturating_mul(PAGE_SIZE)
    }
}

/// How many aligned blocks of `1 << shift` bytes the mapped ranges touch; with `partial_only` those that a
/// range does not cover whole.
fn blocks(map: &MemoryMap, shift: u32, partial_only: bool) -> u64 {
    let mapped = |kind| matches!(kind, MemoryKind::RAM | MemoryKind::ACPI | MemoryKind::NVS);
    let mut count = 0_u64;
    // Ranges are sorted: a block was counted before if it is not above the last one counted.
    let mut next = 0_u64;
    for entry in map.entries().iter().filter(|entry| mapped(entry.kind)) {
        let (first, last) = (
            (entry.range.start() >> shift).max(next),
            entry.range.last() >> shift,
        );
        if first > last {
            continue;
        }
        next = last.saturating_add(1);
        count = count.saturating_add(if partial_only {
            partial(entry.range, first, last, shift)
        } else {
            last.saturating_sub(first).saturating_add(1)
        });
    }
    count
}

/// How many of the blocks `first` to `last` the range does not cover whole.
fn partial(range: Range, first: u64, last: u64, shift: u32) -> u64 {
    let whole = |block: u64| {
        Range::from_size(block << shift, 1 << shift).is_some_and(|block| range.contains(block))
    };
    let count = u64::from(!whole(first));
    count.saturating_add(u64::from(first != last && !whole(last)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::boxed::Box;

    const GIB: u64 = 1 << 30;

    fn machine(ram: &[(u64, u64)], gbpages: bool) -> Box<Machine> {
        let mut machine = Box::new(Machine::new());
        machine.gbpages = gbpages;
        for (start, size) in ram {
            let range = Range::from_size(*start, *size).unwrap();
            machine.iomem.add(range, MemoryKind::RAM).unwrap();
        }
        machine
    }

    fn tables(ram: &[(u64, u64)], gbpages: bool) -> u64 {
        ControlPages::of(&machine(ram, gbpages)).tables
    }

    #[test]
    fn a_table_for_every_gib_or_for_the_edges() {
        // 0–2 GiB and 4–8 GiB: six blocks of 1 GiB, one of 512 GiB, one of 256 TiB.
        let small = [(0, 2 * GIB), (4 * GIB, 4 * GIB)];
        assert_eq!(tables(&small, false), 6 + 1 + 1);
        assert_eq!(tables(&small, true), 1 + 1);
        // Edges that fill no block: 1 MiB at the start, half a GiB at the end.
        let edges = [(1 << 20, 2 * GIB), (4 * GIB, 2 * GIB + GIB / 2)];
        assert_eq!(tables(&edges, true), 1 + 1 + 1 + 2);
        assert_eq!(tables(&edges, false), 3 + 3 + 2);
        // A block that several ranges share is counted once.
        let pieces = [(0, 4096), (8192, 4096), (1 << 20, 4096)];
        assert_eq!(tables(&pieces, true), 1 + 2);
        assert_eq!(tables(&pieces, false), 1 + 2);
    }

    #[test]
    fn a_large_machine_without_gbpages_needs_much() {
        let pages = ControlPages::of(&machine(&[(0, 64 << 40)], false));
        assert_eq!(pages.tables, 65536 + 128 + 1);
        assert_eq!(pages.bytes(), (65536 + 128 + 1 + FIXED) * 4096);
        assert_eq!(tables(&[(0, 64 << 40)], true), 128 + 1);
    }
}
