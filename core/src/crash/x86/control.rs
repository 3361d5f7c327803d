//! The pages of the reservation that the loading kernel uses itself.
//!
//! For a crash image the kernel has no other memory: the page with the code that jumps, the page
//! tables that are active at the jump, and a copy of vmcoreinfo are placed outside of all segments,
//! searching upwards from the reservation's start (kernel/kexec_core.c,
//! kimage_alloc_crash_control_pages). A layout that leaves nothing free is refused (ENOMEM).

use core::iter::from_fn;

use crate::machine::{Known, Machine};
use crate::memory::{MemoryKind, PAGE_SIZE, Range};

/// What one table of 2 MiB pages maps, and the size of the largest pages: 1 GiB, as a shift.
const GIB: u32 = 30;
/// What one table of the level above maps.
const TABLE_512_GIB: u32 = 39;
/// What one table of the level above that maps.
const TABLE_256_TIB: u32 = 48;

/// Code and stack of the jump (two pages, aligned to their size, before 6.14); a copy of
/// vmcoreinfo, up to two pages; tables for the jump page's own address, four; the top table.
const FIXED: u64 = 2 + 1 + 2 + 4 + 1;

/// One table each for pages that are mapped separately and may lie in a GiB without other tables: the
/// jump page, mapped before RAM (from 6.14 on); EFI's system table; a serial port's registers (for
/// debugging, from 6.15 on).
const APART: u64 = 3;

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
    /// The most pages that the kernel needs on this machine. It maps its whole direct map
    /// (pfn_mapped) and the ACPI tables (arch/x86/kernel/machine_kexec_64.c). If it uses pages of
    /// 1 GiB, it needs tables only for ranges that do not fill a whole GiB (arch/x86/mm/ident_map.c).
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        let kinds = [
            (GIB, machine.x86.gbpages == Known::Yes),
            (TABLE_512_GIB, false),
            (TABLE_256_TIB, false),
        ];
        let tables = kinds.iter().fold(0_u64, |count, &(shift, partial_only)| {
            count.saturating_add(blocks(mapped(machine), shift, partial_only))
        });
        Self {
            fixed: FIXED.saturating_add(APART),
            tables,
        }
    }

    /// The total number of pages.
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

/// The ranges that the kernel maps, sorted: RAM, including that of drivers (kmem, virtio_mem); the
/// ACPI tables; and whole ranges of device memory that may be in the direct map.
fn mapped(machine: &Machine) -> impl Iterator<Item = Range> {
    let map = if machine.iomem.is_empty() {
        &machine.memory
    } else {
        &machine.iomem
    };
    let ram = machine.dump.ram.ranges();
    let others = map.entries().iter();
    let others = others.filter(|entry| match entry.kind {
        MemoryKind::RAM => ram.is_empty(),
        MemoryKind::ACPI
        | MemoryKind::NVS
        | MemoryKind::PMEM
        | MemoryKind::PRAM
        | MemoryKind::SOFT_RESERVED => true,
        _ => false,
    });
    let mut ram = ram.iter().copied().peekable();
    let mut others = others.map(|entry| entry.range).peekable();
    from_fn(move || match (ram.peek(), others.peek()) {
        (Some(one), Some(other)) if one.start() <= other.start() => ram.next(),
        (Some(_), None) => ram.next(),
        _ => others.next(),
    })
}

/// How many aligned blocks of `1 << shift` bytes the ranges touch; with `partial_only` only those that
/// a range does not cover completely.
fn blocks(ranges: impl Iterator<Item = Range>, shift: u32, partial_only: bool) -> u64 {
    let mut count = 0_u64;
    // Ranges are sorted: a block was counted before if it is not above the last one counted.
    let mut next = 0_u64;
    for range in ranges {
        let (first, last) = ((range.start() >> shift).max(next), range.last() >> shift);
        if first > last {
            continue;
        }
        next = last.saturating_add(1);
        count = count.saturating_add(if partial_only {
            partial(range, first, last, shift)
        } else {
            last.saturating_sub(first).saturating_add(1)
        });
    }
    count
}

/// How many of the blocks `first` to `last` the range does not cover completely.
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
    use crate::machine::IomemParser;
    use std::boxed::Box;

    const GIB: u64 = 1 << 30;

    fn machine(ram: &[(u64, u64)], gbpages: bool) -> Box<Machine> {
        let mut machine = Box::new(Machine::new());
        machine.x86.gbpages = Known::of(gbpages);
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

    /// All memory that can be in the direct map, whoever manages it.
    #[test]
    fn memory_of_drivers_and_tables_count_too() {
        let read = |text: &str, gbpages| {
            let mut machine = Box::new(Machine::new());
            machine.x86.gbpages = Known::of(gbpages);
            let machine_dump = &mut machine.dump;
            let mut parser = IomemParser::new(&mut machine.iomem).with_dump(machine_dump);
            parser.feed(text.as_bytes());
            parser.finish();
            ControlPages::of(&machine).tables
        };
        let ram = "00001000-0009fbff : System RAM\n00100000-7fffffff : System RAM\n";
        assert_eq!((read(ram, false), read(ram, true)), (2 + 2, 1 + 2));
        for (more, without, with) in [
            ("100000000-17fffffff : System RAM (kmem)\n", 2, 0),
            (
                "100000000-1ffffffff : virtio0\n  140000000-17fffffff : System RAM (virtio_mem)\n",
                1,
                0,
            ),
            ("100000000-1bfffffff : Persistent Memory\n", 3, 0),
            ("100000000-10fffffff : Persistent Memory (legacy)\n", 1, 1),
            // Another 512 GiB.
            ("8000000000-803fffffff : Soft Reserved\n", 2, 1),
            ("bffe0000-bffeffff : ACPI Tables\n", 1, 1),
            ("bfff0000-bfffffff : ACPI Non-volatile Storage\n", 1, 1),
            ("c0000000-cfffffff : PCI Bus 0000:00\n", 0, 0),
        ] {
            let all = std::format!("{ram}{more}");
            assert_eq!(
                (read(&all, false), read(&all, true)),
                (2 + 2 + without, 1 + 2 + with),
                "{more}"
            );
        }
        // Between two of them: the lists are read as one.
        let between = "100000000-13fffffff : System RAM\n140000000-14fffffff : ACPI Tables\n\
                       150000000-17fffffff : System RAM (kmem)\n";
        assert_eq!(read(between, false), 2 + 2);
        assert_eq!(read(&std::format!("{ram}{between}"), true), 1 + 1 + 2);
    }

    #[test]
    fn a_large_machine_without_gbpages_needs_much() {
        let pages = ControlPages::of(&machine(&[(0, 64 << 40)], false));
        assert_eq!(pages.tables, 65536 + 128 + 1);
        assert_eq!(pages.bytes(), (65536 + 128 + 1 + FIXED + APART) * 4096);
        assert_eq!(tables(&[(0, 64 << 40)], true), 128 + 1);
    }
}
