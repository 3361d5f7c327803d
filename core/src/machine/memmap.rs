//! /sys/firmware/memmap/N/{start,end,type}: the firmware's memory map
//! (Documentation/ABI/testing/sysfs-firmware-memmap; drivers/firmware/memmap.c).

use crate::memory::{MemoryEntry, MemoryKind, Range};
use crate::text;

/// One entry from the contents of its three files: `0x`-hexadecimal addresses, both inside the
/// range, and the name of the kind. `None` if an address is invalid or the range is empty.
///
/// An unknown kind is reserved: the firmware keeps that memory for some purpose.
#[must_use]
pub fn memmap_entry(start: &[u8], end: &[u8], kind: &[u8]) -> Option<MemoryEntry> {
    Some(MemoryEntry {
        range: Range::new(text::hex(start)?, text::hex(end)?)?,
        kind: MemoryKind::of_name(text::trim(kind)).unwrap_or(MemoryKind::RESERVED),
    })
}

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
