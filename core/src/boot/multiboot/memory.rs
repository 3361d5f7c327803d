//! The memory map, with the types that both versions have.

use crate::memory::{MemoryEntry, MemoryKind, MemoryMap, Range};

/// The most entries of a map: kernels copy it to where there is little room (Xen below 640 KiB).
pub(crate) const MAP_MAX: usize = 1024;

const RAM: u32 = 1;
const RESERVED: u32 = 2;
const MIB: u64 = 1 << 20;

/// An entry: its addresses, and its type.
pub(crate) type Entry = (Range, u32);

/// A memory map, as kernels get it.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'t> {
    pub map: &'t MemoryMap,
}

/// Types are those of the BIOS up to 5; memory of any other kind is reserved.
fn entry(entry: &MemoryEntry) -> Entry {
    let kind = match entry.kind {
        MemoryKind::RAM => RAM,
        kind @ (MemoryKind::ACPI | MemoryKind::NVS | MemoryKind::UNUSABLE) => kind.0,
        _ => RESERVED,
    };
    (entry.range, kind)
}

impl Memory<'_> {
    /// Each entry, where those that touch and have one type are one.
    #[inline(never)]
    pub(crate) fn each(&self, then: &mut dyn FnMut(Range, u32)) {
        let mut last: Option<Entry> = None;
        for (range, kind) in self.map.entries().iter().map(entry) {
            let joined = last.and_then(|(before, other)| {
                let touch = other == kind && before.last().checked_add(1) == Some(range.start());
                Range::new(before.start(), range.last()).filter(|_| touch)
            });
            if let (None, Some((range, kind))) = (joined, last) {
                then(range, kind);
            }
            last = Some((joined.unwrap_or(range), kind));
        }
        if let Some((range, kind)) = last {
            then(range, kind);
        }
    }

    /// How many entries there are.
    pub(crate) fn count(&self) -> usize {
        let mut count = 0_usize;
        self.each(&mut |_, _| count = count.saturating_add(1));
        count
    }

    /// KiB of RAM from address 0 on, at most 640. Linux reserves the first page in its own maps.
    pub(crate) fn lower(&self) -> u32 {
        self.kib(0x1000, 0, 640 << 10)
    }

    /// KiB of RAM from 1 MiB on.
    pub(crate) fn upper(&self) -> u32 {
        self.kib(MIB, MIB, u64::MAX)
    }

    /// KiB from `from` up to the end of the RAM that `inside` is in, and at most to `end`.
    #[inline(never)]
    fn kib(&self, inside: u64, from: u64, end: u64) -> u32 {
        let mut last = 0;
        self.each(&mut |range, kind| {
            if kind == RAM && range.start() <= inside && inside <= range.last() {
                last = range.last().saturating_add(1).min(end);
            }
        });
        u32::try_from(last.saturating_sub(from) >> 10).unwrap_or(u32::MAX)
    }
}
