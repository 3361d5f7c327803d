//! e820 tables: 20-byte entries, u64 address, u64 size, u32 kind
//! (arch/x86/include/uapi/asm/setup_data.h, struct boot_e820_entry).

use crate::bytes::{u32_at, u64_at};
use crate::memory::{MemoryEntry, MemoryKind, Range};

/// Bytes of an entry; entries are packed.
pub const E820_ENTRY_SIZE: usize = 20;

/// The entries of a table. Empty ones and ones that reach past the last address are left out, as
/// the kernel does (e820__append_table); a last piece shorter than an entry is no entry.
pub fn e820_entries(table: &[u8]) -> impl Iterator<Item = MemoryEntry> {
    table.chunks_exact(E820_ENTRY_SIZE).filter_map(|raw| {
        Some(MemoryEntry {
            range: Range::from_size(u64_at(raw, 0)?, u64_at(raw, 8)?)?,
            kind: MemoryKind(u32_at(raw, 16)?),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn raw(address: u64, size: u64, kind: u32) -> Vec<u8> {
        let mut bytes = address.to_le_bytes().to_vec();
        bytes.extend(size.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes
    }

    #[test]
    fn empty_and_wrapping_entries_are_left_out() {
        let mut table = raw(0, 0x9fc00, 1);
        table.extend(raw(0x1000, 0, 1));
        table.extend(raw(u64::MAX, 2, 1));
        table.extend(raw(u64::MAX, 1, 2));
        table.extend(raw(0x10_0000, 0x1000, 0xefff_ffff));
        table.push(1);
        let entries: Vec<_> = e820_entries(&table).collect();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[0].range, Range::new(0, 0x9fbff).unwrap());
        assert_eq!(entries[1].range, Range::new(u64::MAX, u64::MAX).unwrap());
        assert_eq!(entries[2].kind, MemoryKind::SOFT_RESERVED);
    }
}
