//! e820 tables: 20-byte entries, u64 address, u64 size, u32 kind
//! (arch/x86/include/uapi/asm/setup_data.h, struct boot_e820_entry).

use crate::bytes::{slice_at, u32_at, u64_at};
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

/// A table that comes in pieces of any size: the data of a SETUP_E820_EXT node, which may have
/// thousands of entries.
#[derive(Clone, Debug, Default)]
pub struct E820Stream {
    rest: [u8; E820_ENTRY_SIZE],
    length: usize,
}

impl E820Stream {
    /// At the start of the table.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            rest: [0; E820_ENTRY_SIZE],
            length: 0,
        }
    }

    /// The next piece; `each` gets every entry that ends in it.
    pub fn feed(&mut self, mut piece: &[u8], mut each: impl FnMut(MemoryEntry)) {
        while !piece.is_empty() {
            let need = E820_ENTRY_SIZE.saturating_sub(self.length);
            let take = need.min(piece.len());
            let Some(part) = slice_at(piece, 0, take) else {
                return;
            };
            if crate::bytes::put_slice(&mut self.rest, self.length, part).is_none() {
                return;
            }
            self.length = self.length.saturating_add(take);
            if self.length == E820_ENTRY_SIZE {
                self.length = 0;
                e820_entries(&self.rest).for_each(&mut each);
            }
            piece = piece.get(take..).unwrap_or_default();
        }
    }
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

    #[test]
    fn pieces_of_any_size_give_the_same_entries() {
        let table: Vec<u8> = (0..9_u32)
            .flat_map(|n| raw(u64::from(n) << 20, 0x1000, n))
            .collect();
        let whole: Vec<_> = e820_entries(&table).collect();
        for size in 1..=table.len() {
            let mut stream = E820Stream::new();
            let mut entries = Vec::new();
            for piece in table.chunks(size) {
                stream.feed(piece, |entry| entries.push(entry));
            }
            assert_eq!(entries, whole, "pieces of {size}");
        }
    }
}
