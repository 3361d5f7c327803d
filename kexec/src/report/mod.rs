//! The report of `--plan=text`, `--dry-run` and `-d`: one fact a line, "name: value", in 80 columns.

mod host;
mod load;
mod machine;
#[cfg(test)]
mod tests;
mod unified;
mod verdict;

use core::fmt::{Arguments, Result, Write};

use heapless::String;
use kexec_core::machine::Known;

use crate::text::Text;

pub use host::host;
pub use load::{FileLoad, Listed, by_file, by_plan, inputs, would};
pub use machine::machine;
pub use unified::{Unified, unified};
pub use verdict::verdict;

/// Columns of a screen.
const WIDTH: usize = 80;
/// Where values begin.
const COLUMN: usize = 17;

/// Writes each fact as a line of text; a line that begins with a blank continues the one before.
// A writer need not be shown.
#[allow(missing_debug_implementations)]
pub struct Lines<'o>(pub &'o mut dyn Write);

/// A fact that may be unknown, as a word.
const fn word(fact: Known) -> &'static str {
    match fact {
        Known::Yes => "yes",
        Known::No => "no",
        Known::Unknown => "unknown",
    }
}

impl Lines<'_> {
    /// A fact, broken at blanks where it is longer than the screen is wide.
    ///
    /// # Errors
    /// As the writer returns them.
    pub fn fact(&mut self, name: &str, value: Arguments<'_>) -> Result {
        let mut line = self.named(format_args!("{name}"))?;
        line.write_fmt(value)?;
        line.end_word()?;
        self.0.write_char('\n')
    }

    /// A fact that has a word for its value.
    ///
    /// # Errors
    /// As the writer returns them.
    #[inline(never)]
    pub fn word(&mut self, name: &str, word: &str) -> Result {
        self.fact(name, format_args!("{word}"))
    }

    /// A fact that is an address, or flags.
    ///
    /// # Errors
    /// As the writer returns them.
    #[inline(never)]
    pub fn hex(&mut self, name: &str, number: u64) -> Result {
        self.fact(name, format_args!("{number:#x}"))
    }

    /// A fact that may be unknown.
    ///
    /// # Errors
    /// As the writer returns them.
    pub fn known(&mut self, name: &str, fact: Known) -> Result {
        self.word(name, word(fact))
    }

    /// A fact that is one of a list.
    ///
    /// # Errors
    /// As the writer returns them.
    pub fn row(&mut self, name: &str, number: usize, value: Arguments<'_>) -> Result {
        let mut line = self.named(format_args!("{name} {number}"))?;
        line.write_fmt(value)?;
        line.end_word()?;
        self.0.write_char('\n')
    }

    /// Text of unknown origin, and how many bytes that what it names has. It is not broken: on the
    /// screen it can be copied.
    ///
    /// # Errors
    /// As the writer returns them.
    pub fn text(&mut self, name: &str, text: &[u8], size: u64) -> Result {
        self.named(format_args!("{name}"))?;
        writeln!(self.0, "{} ({size} bytes)", Text(text))
    }

    fn named(
        &mut self,
        name: Arguments<'_>,
    ) -> core::result::Result<Wrapped<'_>, core::fmt::Error> {
        let mut line = Wrapped {
            out: self.0,
            column: 0,
            blank: false,
            word: String::new(),
        };
        line.write_fmt(name)?;
        line.write_char(':')?;
        line.end_word()?;
        line.fill()?;
        Ok(line)
    }
}

/// A line that is broken at blanks.
struct Wrapped<'o> {
    out: &'o mut dyn Write,
    /// Where the next character goes.
    column: usize,
    /// Whether there is a blank before the word.
    blank: bool,
    /// What was written after the last blank.
    word: String<WIDTH>,
}

impl Wrapped<'_> {
    /// Blanks up to the column of values.
    fn fill(&mut self) -> Result {
        while self.column < COLUMN {
            self.out.write_char(' ')?;
            self.column = self.column.saturating_add(1);
        }
        Ok(())
    }

    fn end_word(&mut self) -> Result {
        let begins = |byte: &u8| byte & 0xc0 != 0x80;
        let length = self.word.bytes().filter(begins).count();
        if core::mem::take(&mut self.blank) {
            let end = self.column.saturating_add(length);
            if end >= WIDTH && self.column > COLUMN {
                self.out.write_char('\n')?;
                self.column = 0;
                self.fill()?;
            } else {
                self.out.write_char(' ')?;
                self.column = self.column.saturating_add(1);
            }
        }
        self.out.write_str(&self.word)?;
        self.column = self.column.saturating_add(length);
        self.word.clear();
        Ok(())
    }
}

impl Write for Wrapped<'_> {
    fn write_str(&mut self, text: &str) -> Result {
        for character in text.chars() {
            if character == ' ' {
                self.end_word()?;
                self.blank = true;
            } else if self.word.push(character).is_err() {
                self.end_word()?;
                // It has room for any character now.
                let _fits = self.word.push(character);
            }
        }
        Ok(())
    }
}
