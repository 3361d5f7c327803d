//! /sys/firmware/memmap/N/{start,end,type}: the firmware's memory map
//! (Documentation/ABI/testing/sysfs-firmware-memmap; drivers/firmware/memmap.c).

use crate::memory::{MemoryEntry, MemoryKind, Range};
use crate::text;

/// One entry from the contents of its three files: `0x`-hexadecimal addresses, both inside the
/// range, and the name of the kind. `None` if an address is none or the range is empty.
///
/// A kind nobody has heard of is reserved: it is memory the firmware keeps for something.
#[must_use]
pub fn memmap_entry(start: &[u8], end: &[u8], kind: &[u8]) -> Option<MemoryEntry> {
    Some(MemoryEntry {
        range: Range::new(text::hex(start)?, text::hex(end)?)?,
        kind: kind_of_name(kind.trim_ascii()).unwrap_or(MemoryKind::RESERVED),
    })
}

/// The kind behind a name in /sys/firmware/memmap and /proc/iomem (e820_type_to_string); `None`
/// if it names no kind of memory.
///
/// Kernels before 4.11 wrote "reserved", arm64 still does. "Unknown E820 type" has lost its
/// number on the way and becomes plain reserved.
pub(super) fn kind_of_name(name: &[u8]) -> Option<MemoryKind> {
    let found = NAMES.iter().find(|(known, _)| name == known.as_bytes());
    found.map(|&(_, kind)| kind)
}

const NAMES: [(&str, MemoryKind); 10] = [
    (MemoryKind::RAM.name(), MemoryKind::RAM),
    (MemoryKind::RESERVED.name(), MemoryKind::RESERVED),
    ("reserved", MemoryKind::RESERVED),
    (MemoryKind::ACPI.name(), MemoryKind::ACPI),
    (MemoryKind::NVS.name(), MemoryKind::NVS),
    (MemoryKind::UNUSABLE.name(), MemoryKind::UNUSABLE),
    (MemoryKind::PMEM.name(), MemoryKind::PMEM),
    (MemoryKind::PRAM.name(), MemoryKind::PRAM),
    (MemoryKind::SOFT_RESERVED.name(), MemoryKind::SOFT_RESERVED),
    ("Unknown E820 type", MemoryKind::RESERVED),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &[u8]) -> MemoryKind {
        memmap_entry(b"0x0\n", b"0xfff\n", name).unwrap().kind
    }

    #[test]
    fn an_entry_as_sysfs_has_it() {
        assert_eq!(
            memmap_entry(b"0x100000\n", b"0xbfffffff\n", b"System RAM\n"),
            Some(MemoryEntry {
                range: Range::new(0x10_0000, 0xbfff_ffff).unwrap(),
                kind: MemoryKind::RAM
            })
        );
        let whole = memmap_entry(b"0x0", b"0xffffffffffffffff", b"Reserved").unwrap();
        assert_eq!(whole.range.last(), u64::MAX);
    }

    #[test]
    fn every_name_of_the_kernel_is_known() {
        for known in [1, 2, 3, 4, 5, 7, 12, 0xefff_ffff].map(MemoryKind) {
            assert_eq!(kind(known.name().as_bytes()), known);
        }
        assert_eq!(kind(b"reserved\n"), MemoryKind::RESERVED);
        assert_eq!(kind(b"Unknown E820 type\n"), MemoryKind::RESERVED);
        assert_eq!(kind(b"Uncached RAM\n"), MemoryKind::RESERVED);
    }

    #[test]
    fn an_unknown_name_is_never_ram() {
        for name in [
            &b""[..],
            b"system ram",
            b"System RAM (kmem)",
            b"Application Reserved",
        ] {
            assert_eq!(kind(name), MemoryKind::RESERVED, "{name:?}");
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        assert_eq!(memmap_entry(b"", b"0x1", b"System RAM"), None);
        assert_eq!(memmap_entry(b"0x2", b"0x1", b"System RAM"), None);
        assert_eq!(memmap_entry(b"0x2", b"zz", b"System RAM"), None);
    }
}
