//! The tokens of the structure block (section 5.4).

use super::{aligned, word_at};
use crate::bytes::slice_at;

/// FDT_BEGIN_NODE to FDT_END.
pub(super) const BEGIN_NODE: u32 = 1;
pub(super) const END_NODE: u32 = 2;
pub(super) const PROP: u32 = 3;
const NOP: u32 = 4;
pub(super) const END: u32 = 9;

/// A token with its data; FDT_NOP is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A node with this name begins.
    Begin(&'a [u8]),
    /// The last node that began ends.
    End,
    /// A property of the last node that began.
    Property {
        /// Offset of the name in the strings block.
        name: u32,
        value: &'a [u8],
    },
    /// The structure ends.
    Finish,
}

/// The tokens from some place on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    structure: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub const fn new(structure: &'a [u8]) -> Self {
        Self { structure, at: 0 }
    }

    /// The offset of the next token.
    pub const fn at(&self) -> usize {
        self.at
    }

    fn word(&mut self) -> Option<u32> {
        let word = word_at(self.structure, self.at)?;
        self.at = self.at.saturating_add(4);
        Some(word)
    }

    /// The next `length` bytes, and what fills up their last word.
    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let bytes = slice_at(self.structure, self.at, length)?;
        self.at = aligned(self.at.saturating_add(length));
        Some(bytes)
    }

    /// The next token; `None` if it is none, or not all of it is there.
    // An Iterator would promise to go on as if nothing had been wrong.
    pub fn next(&mut self) -> Option<Token<'a>> {
        loop {
            return match self.word()? {
                NOP => continue,
                BEGIN_NODE => {
                    let rest = self.structure.get(self.at..)?;
                    let length = rest.iter().position(|byte| *byte == 0)?;
                    let name = self.bytes(length.saturating_add(1))?;
                    Some(Token::Begin(name.get(..length)?))
                }
                END_NODE => Some(Token::End),
                PROP => {
                    let length = self.word()?;
                    let name = self.word()?;
                    let value = self.bytes(length as usize)?;
                    Some(Token::Property { name, value })
                }
                END => Some(Token::Finish),
                _ => None,
            };
        }
    }
}
