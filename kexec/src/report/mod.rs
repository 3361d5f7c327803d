//! The report of `--dry-run` and `-d` as data: rows of named values with their units.
//!
//! What a row has is decided here, how it is written by a [`Sink`]: [`Lines`] writes one fact a
//! line, "name: value".

mod load;
mod machine;
#[cfg(test)]
mod tests;

use core::fmt::{Display, Result, Write};

use kexec_core::machine::Known;
use kexec_core::memory::Range;

use crate::text::Text;

pub use load::{FileLoad, Listed, by_file, by_plan, inputs, note, would};
pub use machine::machine;

/// A part of a row: a value under a name, or words between values.
#[derive(Clone, Copy)]
// What says itself need have no Debug.
#[allow(missing_debug_implementations)]
pub enum Part<'a> {
    /// Words for people, that hold no value.
    Words(&'a str),
    /// One of a few names.
    Name(&'static str, &'a str),
    /// What is not known, and how that is said.
    Unknown(&'static str, &'a str),
    /// Text of unknown origin.
    Text(&'static str, &'a [u8]),
    /// A number and its unit, "" for none.
    Number(&'static str, u64, &'static str),
    /// A number for machines: an address, or flags.
    Hex(&'static str, u64),
    /// An address with all its digits.
    Address(&'static str, u64),
    /// First and last address.
    Range(&'static str, Range),
    /// Bytes.
    Bytes(&'static str, &'a [u8]),
    /// Yes or no, if that is known.
    Flag(&'static str, Known),
    /// What says itself in words.
    Shown(&'static str, &'a dyn Display),
}

/// What rows are written to.
pub trait Sink {
    /// A row. Rows of one name are a list; a row with a `number` has it beside its name.
    ///
    /// # Errors
    /// What the writer says.
    fn row(&mut self, name: &'static str, number: Option<usize>, parts: &[Part<'_>]) -> Result;

    /// A row without a number.
    ///
    /// # Errors
    /// As [`Sink::row`].
    fn fact(&mut self, name: &'static str, parts: &[Part<'_>]) -> Result {
        self.row(name, None, parts)
    }
}

/// Where values begin.
const COLUMN: usize = 17;

/// Writes each row as a line of text.
// Nor need a writer.
#[allow(missing_debug_implementations)]
pub struct Lines<'o>(pub &'o mut dyn Write);

impl Sink for Lines<'_> {
    fn row(&mut self, name: &'static str, number: Option<usize>, parts: &[Part<'_>]) -> Result {
        let mut width = Counted {
            out: self.0,
            count: 0,
        };
        width.write_str(name)?;
        if let Some(number) = number {
            write!(width, " {number}")?;
        }
        width.write_char(':')?;
        for _ in width.count..COLUMN {
            self.0.write_char(' ')?;
        }
        for part in parts {
            self.part(part)?;
        }
        self.0.write_char('\n')
    }
}

impl Lines<'_> {
    fn part(&mut self, part: &Part<'_>) -> Result {
        let out = &mut *self.0;
        match *part {
            Part::Words(text) | Part::Name(_, text) | Part::Unknown(_, text) => out.write_str(text),
            Part::Text(_, bytes) => write!(out, "{}", Text(bytes)),
            Part::Number(_, number, "") => write!(out, "{number}"),
            Part::Number(_, number, unit) => write!(out, "{number} {unit}"),
            Part::Hex(_, number) => write!(out, "{number:#x}"),
            Part::Address(_, number) => write!(out, "{number:#018x}"),
            Part::Range(_, range) => write!(out, "{range}"),
            Part::Bytes(_, bytes) => bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")),
            Part::Shown(_, shown) => write!(out, "{shown}"),
            Part::Flag(_, Known::Yes) => out.write_str("yes"),
            Part::Flag(_, Known::No) => out.write_str("no"),
            Part::Flag(_, Known::Unknown) => out.write_str("unknown"),
        }
    }
}

/// Counts the bytes of a name, which is ASCII.
struct Counted<'o> {
    out: &'o mut dyn Write,
    count: usize,
}

impl Write for Counted<'_> {
    fn write_str(&mut self, text: &str) -> Result {
        self.count = self.count.saturating_add(text.len());
        self.out.write_str(text)
    }
}
