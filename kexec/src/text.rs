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

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn shows_everything_on_one_line() {
        let text = Text(b"/boot/k\xc3\xa4se\n\x1b[2J\xff").to_string();
        assert_eq!(text, "/boot/käse\\x0a\\x1b[2J\\xff");
    }
}
