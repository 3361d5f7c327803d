//! Writing JSON (RFC 8259): members and elements, one a line, without any table of them in memory.

use core::fmt::{self, Result, Write};

use crate::text::Hex;

/// A value that is written piece by piece. What fails is kept, and nothing is written after it.
pub struct Json<'o> {
    out: &'o mut dyn Write,
    result: Result,
    /// Levels that are open, in which each member has a line of its own.
    depth: u8,
    /// Levels within that are written on one line.
    inline: u8,
    /// Whether the innermost level has nothing yet.
    empty: bool,
}

impl<'o> Json<'o> {
    pub const fn new(out: &'o mut dyn Write) -> Self {
        Self {
            out,
            result: Ok(()),
            depth: 0,
            inline: 0,
            empty: true,
        }
    }

    fn put(&mut self, text: &str) {
        if self.result.is_ok() {
            self.result = self.out.write_str(text);
        }
    }

    fn line(&mut self) {
        self.put("\n");
        for _ in 0..self.depth {
            self.put("  ");
        }
    }

    /// Begins a member, or an element if the key is empty.
    fn begin(&mut self, key: &str) {
        if !self.empty {
            self.put(",");
        }
        match (self.inline, self.depth) {
            (_, 0) => {}
            (0, _) => self.line(),
            _ if !self.empty => self.put(" "),
            _ => {}
        }
        self.empty = false;
        if !key.is_empty() {
            self.put("\"");
            self.put(key);
            self.put("\": ");
        }
    }

    /// Opens an object or an array, whose members have a line each.
    pub fn open(&mut self, key: &str, bracket: &str) {
        self.begin(key);
        self.put(bracket);
        self.depth = self.depth.saturating_add(1);
        self.empty = true;
    }

    /// Closes it.
    pub fn close(&mut self, bracket: &str) {
        self.depth = self.depth.saturating_sub(1);
        if !self.empty {
            self.line();
        }
        self.put(bracket);
        self.empty = false;
    }

    /// Opens an object that is written on one line, with all that is in it.
    pub fn open_small(&mut self, key: &str) {
        self.begin(key);
        self.put("{");
        self.inline = self.inline.saturating_add(1);
        self.empty = true;
    }

    /// Closes it.
    pub fn close_small(&mut self) {
        self.put("}");
        self.inline = self.inline.saturating_sub(1);
        self.empty = false;
    }

    pub fn null(&mut self, key: &str) {
        self.begin(key);
        self.put("null");
    }

    pub fn number(&mut self, key: &str, number: u64) {
        self.begin(key);
        if self.result.is_ok() {
            self.result = write!(self.out, "{number}");
        }
    }

    pub fn maybe(&mut self, key: &str, number: Option<u64>) {
        match number {
            Some(number) => self.number(key, number),
            None => self.null(key),
        }
    }

    /// `None`, null, is what is not known.
    pub fn flag(&mut self, key: &str, flag: Option<bool>) {
        self.begin(key);
        self.put(match flag {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        });
    }

    pub fn text(&mut self, key: &str, text: &str) {
        self.format(key, format_args!("{text}"));
    }

    /// Text that is made while it is written.
    pub fn format(&mut self, key: &str, text: fmt::Arguments<'_>) {
        self.begin(key);
        self.quoted(text);
    }

    fn quoted(&mut self, text: fmt::Arguments<'_>) {
        self.put("\"");
        if self.result.is_ok() {
            self.result = Escaped(self.out).write_fmt(text);
        }
        self.put("\"");
    }

    pub fn text_or_null(&mut self, key: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(key, text),
            None => self.null(key),
        }
    }

    /// Bytes that are most likely text. What is not UTF-8 becomes U+FFFD, and then a second member,
    /// whose key ends in `_hex`, has all bytes in hexadecimal.
    pub fn bytes(&mut self, key: &str, bytes: &[u8]) {
        self.format(key, format_args!("{}", Lossy(bytes)));
        if core::str::from_utf8(bytes).is_ok() {
            return;
        }
        self.begin("");
        self.put("\"");
        self.put(key);
        self.put("_hex\": ");
        self.quoted(format_args!("{}", Hex(bytes)));
    }

    /// Ends the text with a line feed.
    pub fn finish(&mut self) -> Result {
        self.put("\n");
        self.result
    }
}

/// Bytes, with U+FFFD for what is not UTF-8.
struct Lossy<'a>(&'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

/// The inside of a JSON string. Control characters beyond those that JSON forbids are escaped too: on
/// a terminal they are no text.
struct Escaped<'o>(&'o mut dyn Write);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> Result {
        for character in text.chars() {
            match character {
                '"' | '\\' => {
                    self.0.write_char('\\')?;
                    self.0.write_char(character)?;
                }
                control if control.is_control() => {
                    write!(self.0, "\\u{:04x}", u64::from(u32::from(control)))?
                }
                other => self.0.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "members_tests.rs"]
mod tests;
