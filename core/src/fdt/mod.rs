//! Flattened device trees (Devicetree Specification 0.4, chapter 5): a checked view over a tree's
//! bytes, and a copy with edits from slice to slice.
//!
//! [`Fdt::parse`] walks the whole tree once, so that everything else cannot fail. Bytes are used by
//! the sizes in the header, never by the size of the file: QEMU's trees are 1 MiB long, of which
//! 8 KiB are in use.

mod edit;
mod node;
mod token;

pub use edit::{Edits, Property};
pub use node::{Node, Properties};

use crate::bytes::slice_at;
use crate::error::{Error, Format, Result};
use token::{Token, Tokens};

/// The first word of a tree.
const MAGIC: u32 = 0xd00d_feed;
/// Bytes of the header.
const HEADER: usize = 40;
/// The version written, and the oldest with all fields of the header. Its readers read it as version
/// 16, too.
const VERSION: u32 = 17;
const LAST_COMPATIBLE: u32 = 16;
/// Bytes of an entry of the memory reservation block.
const RESERVATION: usize = 16;

/// Offsets of the header's words (section 5.2, "Header").
mod field {
    pub const MAGIC: usize = 0;
    pub const TOTAL_SIZE: usize = 4;
    pub const OFF_DT_STRUCT: usize = 8;
    pub const OFF_DT_STRINGS: usize = 12;
    pub const OFF_MEM_RSVMAP: usize = 16;
    pub const VERSION: usize = 20;
    pub const LAST_COMP_VERSION: usize = 24;
    pub const BOOT_CPUID_PHYS: usize = 28;
    pub const SIZE_DT_STRINGS: usize = 32;
    pub const SIZE_DT_STRUCT: usize = 36;
}

/// A range of memory that the tree reserves: no program may use it unless it knows what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Its first address.
    pub address: u64,
    /// Bytes.
    pub size: u64,
}

/// A device tree whose every token was checked.
#[derive(Clone, Copy)]
pub struct Fdt<'a> {
    reservations: &'a [u8],
    structure: &'a [u8],
    strings: &'a [u8],
    boot_cpu: u32,
}

impl core::fmt::Debug for Fdt<'_> {
    /// The sizes of its blocks, in bytes.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Fdt")
            .field("reservations", &self.reservations.len())
            .field("structure", &self.structure.len())
            .field("strings", &self.strings.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Fdt<'a> {
    /// Checks a tree: the header, the bounds of its three blocks, every token of the structure, and
    /// every name. Bytes after the size in the header are ignored.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`] without the magic number; [`Error::Truncated`] if the tree, or one of
    /// its blocks, ends too early; [`Error::BadField`] for a version before 17 (16 lacks the size of the
    /// structure block), for blocks outside of the tree, for a memory reservation block without an
    /// end, and for a structure that is not one tree: its offset is that in the tree.
    pub fn parse(blob: &'a [u8]) -> Result<Self> {
        let word = |offset| word_at(blob, offset).ok_or(truncated(HEADER as u64, blob));
        if word_at(blob, field::MAGIC) != Some(MAGIC) {
            return Err(Error::NotThisFormat {
                what: "a device tree (no magic number 0xd00dfeed)",
                found: Format::Unknown,
            });
        }
        let total = word(field::TOTAL_SIZE)?;
        let tree = usize::try_from(total)
            .ok()
            .and_then(|total| blob.get(..total))
            .ok_or(truncated(u64::from(total), blob))?;
        let version = word(field::VERSION)?;
        if version < VERSION {
            return Err(bad(
                "version, which must be 17 or later,",
                field::VERSION,
                version,
            ));
        }
        let last = word(field::LAST_COMP_VERSION)?;
        if last > VERSION {
            let what = "last_comp_version, which must be 17 or earlier,";
            return Err(bad(what, field::LAST_COMP_VERSION, last));
        }
        let block = |offset: usize, size: usize, what| {
            let start = word(offset)?;
            let found = slice_at(tree, start as usize, word(size)? as usize);
            found.ok_or(bad(what, offset, start))
        };
        let structure = block(field::OFF_DT_STRUCT, field::SIZE_DT_STRUCT, "off_dt_struct")?;
        let strings = block(
            field::OFF_DT_STRINGS,
            field::SIZE_DT_STRINGS,
            "off_dt_strings",
        )?;
        let start = word(field::OFF_MEM_RSVMAP)?;
        let reservations = tree.get(start as usize..).and_then(reservations);
        let what = "off_mem_rsvmap, where a list that ends with zeros must begin,";
        let fdt = Self {
            reservations: reservations.ok_or(bad(what, field::OFF_MEM_RSVMAP, start))?,
            structure,
            strings,
            boot_cpu: word(field::BOOT_CPUID_PHYS)?,
        };
        let at = word(field::OFF_DT_STRUCT)?;
        fdt.check().map_err(|offset| {
            let offset = (at as usize).saturating_add(offset);
            let value = word_at(tree, offset).unwrap_or(0);
            bad("a token of the device tree's structure", offset, value)
        })?;
        Ok(fdt)
    }

    /// Walks the structure: one node at its top, properties in nodes only, every name in the strings
    /// block, the end after the last node. Returns the offset of the first token that is wrong.
    fn check(&self) -> core::result::Result<(), usize> {
        let mut tokens = self.tokens();
        let mut depth = 0_u32;
        let mut roots = 0_u32;
        loop {
            let at = tokens.at();
            let good = match tokens.next() {
                Some(Token::Begin(name)) => {
                    if depth == 0 {
                        roots = roots.saturating_add(1);
                    }
                    depth = depth.saturating_add(1);
                    // The root has no name, every other node has one.
                    roots == 1 && name.is_empty() == (depth == 1)
                }
                Some(Token::End) => match depth.checked_sub(1) {
                    Some(outer) => {
                        depth = outer;
                        true
                    }
                    None => false,
                },
                Some(Token::Property { name, .. }) => depth != 0 && self.string(name).is_some(),
                Some(Token::Finish) if depth == 0 && roots == 1 => return Ok(()),
                Some(Token::Finish) | None => false,
            };
            if !good {
                return Err(at);
            }
        }
    }

    fn tokens(&self) -> Tokens<'a> {
        Tokens::new(self.structure)
    }

    /// The name at this offset of the strings block.
    fn string(&self, offset: u32) -> Option<&'a [u8]> {
        let rest = self.strings.get(offset as usize..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest.get(..end).filter(|name| !name.is_empty())
    }

    /// The memory that the tree reserves, in its order.
    pub fn reservations(&self) -> impl Iterator<Item = Reservation> + use<'a> {
        let entries = self.reservations.chunks_exact(RESERVATION);
        entries.filter_map(|entry| {
            Some(Reservation {
                address: u64_at(entry, 0)?,
                size: u64_at(entry, 8)?,
            })
        })
    }

    /// The CPU that boots, by the number in the `reg` property of its node.
    #[must_use]
    pub const fn boot_cpu(&self) -> u32 {
        self.boot_cpu
    }

    /// Bytes that the tree uses: header, reservations, structure and strings, without the room
    /// between and after them.
    #[must_use]
    pub const fn used(&self) -> usize {
        let blocks = self.structure.len().saturating_add(self.strings.len());
        let reserved = self.reservations.len().saturating_add(RESERVATION);
        HEADER.saturating_add(reserved).saturating_add(blocks)
    }
}

/// The entries of a memory reservation block, without the one of zeros that ends it.
fn reservations(block: &[u8]) -> Option<&[u8]> {
    let mut entries = block.chunks_exact(RESERVATION);
    let count = entries.position(|entry| entry.iter().all(|byte| *byte == 0))?;
    block.get(..count.checked_mul(RESERVATION)?)
}

/// The big-endian word at `offset`, as all words of a device tree are.
fn word_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let word = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_be_bytes(*word))
}

/// Two of them.
fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    let words = bytes.get(offset..)?.first_chunk()?;
    Some(u64::from_be_bytes(*words))
}

/// Up to the next multiple of 4, which all tokens begin at.
const fn aligned(offset: usize) -> usize {
    offset.saturating_add(3) & !3
}

const fn truncated(need: u64, blob: &[u8]) -> Error {
    Error::Truncated {
        what: "the device tree",
        need,
        have: blob.len() as u64,
    }
}

fn bad(what: &'static str, offset: usize, value: u32) -> Error {
    Error::BadField {
        what,
        offset: offset as u64,
        value: u64::from(value),
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
pub(crate) mod tests;
