//! The information for a multiboot kernel, in the encodings of both versions: one piece with tables and texts.
//!
//! A kernel's line begins with a word that stands for its file: loaders have always put the file's name
//! there, and Xen drops the first word of each line.

mod first_page;
mod memory;
pub(crate) mod one;
mod screen;
pub(crate) mod two;

pub(crate) use first_page::{FIRST_PAGE_SIZE, first_page};
pub(crate) use memory::{MAP_MAX, Memory};
pub(crate) use screen::Screen;

use crate::bytes::{put_slice, put_u32};

/// The first word of the kernel's line, and a blank.
pub(super) const NAME: &[u8] = b"kernel ";
/// The loader's name. A kernel that reads "GRUB " in it, as Xen does, takes the lines to be without names.
pub(super) const LOADER: &[u8] = b"kexec";

/// A module, once it is placed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loaded<'t> {
    pub start: u32,
    /// The first byte after it.
    pub end: u32,
    pub line: &'t [u8],
}

/// The information for the kernel.
#[derive(Clone, Copy)]
pub(crate) struct Info<'t> {
    pub command_line: &'t [u8],
    pub memory: Memory<'t>,
    pub screen: Option<Screen>,
    /// The address of the EFI system table.
    pub efi_64: Option<u64>,
    /// Where the kernel lies, if it can be moved.
    pub load_base: Option<u32>,
    /// How many modules there are, and each.
    pub modules: usize,
    pub module: &'t dyn Fn(usize) -> Loaded<'t>,
    /// Where this piece lies.
    pub base: u32,
}

/// Writes, or counts bytes if there is no room for any.
pub(super) struct Out<'o> {
    bytes: &'o mut [u8],
    at: usize,
}

impl<'o> Out<'o> {
    pub fn new(bytes: &'o mut [u8]) -> Self {
        bytes.fill(0);
        Self { bytes, at: 0 }
    }

    // One copy of each for their many callers.
    #[inline(never)]
    pub fn put(&mut self, bytes: &[u8]) {
        // The room has the size that was counted.
        let _ = put_slice(self.bytes, self.at, bytes);
        self.at = self.at.saturating_add(bytes.len());
    }

    #[inline(never)]
    pub fn word(&mut self, word: u32) {
        self.put(&word.to_le_bytes());
    }

    #[inline(never)]
    pub fn long(&mut self, word: u64) {
        self.put(&word.to_le_bytes());
    }

    /// A text and its NUL.
    #[inline(never)]
    pub fn text(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.put(part);
        }
        self.put(&[0]);
    }

    /// Zeros up to a multiple of `align`.
    pub fn pad(&mut self, align: usize) {
        self.at = self.at.next_multiple_of(align);
    }

    /// Overwrites a word that is there already.
    #[inline(never)]
    pub fn set(&mut self, at: usize, word: u32) {
        let _ = put_u32(self.bytes, at, word);
    }
}

#[cfg(test)]
mod tests;
