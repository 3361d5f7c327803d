//! Text of unknown origin (paths, command lines) escaped for terminals and logs.

use core::fmt::{self, Write};

/// Shows bytes as text: UTF-8 as it is; control characters and invalid UTF-8 as `\xNN`, so
/// that no name can move the cursor or fake a line of the report.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() {
                    let mut utf8 = [0; 4];
                    for byte in character.encode_utf8(&mut utf8).bytes() {
                        write!(f, "\\x{:02x}", u64::from(byte))?;
                    }
                } else {
                    f.write_char(character)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{:02x}", u64::from(*byte))?;
            }
        }
        Ok(())
    }
}

/// Bytes in hexadecimal, two digits each.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(f, "{:02x}", u64::from(*byte)))
    }
}

/// Ends lines between words, so that none has more than `columns` bytes, unless a word has. Bytes are
/// counted, so lines with letters of several bytes are shorter.
pub fn wrap(text: &mut [u8], columns: usize) {
    let mut rest = text;
    while rest.len() > columns {
        let line = rest.get(..=columns).unwrap_or_default();
        let within = line.iter().rposition(|byte| *byte == b' ');
        // A long word is followed by the next blank.
        let blank = within.or_else(|| rest.iter().position(|byte| *byte == b' '));
        let Some((line, after)) = blank
            .and_then(|blank| blank.checked_add(1))
            .and_then(|end| rest.split_at_mut_checked(end))
        else {
            return;
        };
        if let Some(blank) = line.last_mut() {
            *blank = b'\n';
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn lines_end_between_words() {
        for (text, columns, wrapped) in [
            ("a line that fits", 16, "a line that fits"),
            ("a line that fits", 15, "a line that\nfits"),
            ("a line that fits", 4, "a\nline\nthat\nfits"),
            ("/a/long/word and more", 8, "/a/long/word\nand more"),
            ("and /a/long/word", 8, "and\n/a/long/word"),
            ("/a/long/word", 8, "/a/long/word"),
            ("", 8, ""),
        ] {
            let mut bytes = text.as_bytes().to_vec();
            wrap(&mut bytes, columns);
            assert_eq!(core::str::from_utf8(&bytes), Ok(wrapped));
        }
    }

    #[test]
    fn shows_everything_on_one_line() {
        let text = Text(b"/boot/k\xc3\xa4se\n\x1b[2J\xff").to_string();
        assert_eq!(text, "/boot/käse\\x0a\\x1b[2J\\xff");
    }
}
