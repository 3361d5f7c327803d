//! Small texts of /proc and /sys: numbers, and lines of a file that comes in pieces.

/// `text` without white space around it.
// Not inlined: it is in every parser, and a call is shorter.
#[inline(never)]
pub(super) fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// A hexadecimal number, with or without `0x`, white space around it allowed; `None` for
/// anything else or more than 64 bits.
#[must_use]
pub fn hex(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let (value, rest) = hex_prefix(text.strip_prefix(b"0x").unwrap_or(text))?;
    rest.trim_ascii_start().is_empty().then_some(value)
}

/// The hexadecimal number at the start, and the rest after it; `None` without a digit, or for more
/// than 64 bits.
pub(super) fn hex_prefix(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut rest) = (0_u64, text);
    while let Some((byte, after)) = rest.split_first() {
        let Some(digit) = char::from(*byte).to_digit(16) else {
            break;
        };
        if value >> 60 != 0 {
            return None;
        }
        value = value << 4 | u64::from(digit);
        rest = after;
    }
    (rest.len() != text.len()).then_some((value, rest))
}

/// A decimal number, white space around it allowed; `None` for anything else.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    let text = trim(text);
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0_i64, |value, &byte| {
        let digit = byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?;
        value.checked_mul(10)?.checked_add(i64::from(digit))
    })?;
    Some(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

/// The parts before and after the first `mark`; `None` without one.
pub(super) fn split_once<'a, const N: usize>(
    text: &'a [u8],
    mark: &[u8; N],
) -> Option<(&'a [u8], &'a [u8])> {
    let mut rest = text;
    // An array of known length is compared in place, a slice by a call.
    while let Some((head, after)) = rest.split_first_chunk::<N>() {
        if head == mark {
            let before = text.len().saturating_sub(rest.len());
            return Some((text.get(..before)?, after));
        }
        rest = rest.get(1..)?;
    }
    None
}

/// Lines of a file that comes in pieces of any size. Of a line longer than `N` bytes the first
/// `N` are kept: every fact is at the start of its line.
#[derive(Clone, Debug)]
pub(super) struct Lines<const N: usize> {
    line: [u8; N],
    length: usize,
}

impl<const N: usize> Lines<N> {
    /// At the start of the file.
    pub(super) const fn new() -> Self {
        Self {
            line: [0; N],
            length: 0,
        }
    }

    /// Takes the rest of the line from the start of the file's next piece, and returns the line
    /// without its line feed; `None` if the piece ends before the line feed and is used up.
    pub(super) fn next(&mut self, piece: &mut &[u8]) -> Option<&[u8]> {
        while let Some((&byte, rest)) = piece.split_first() {
            *piece = rest;
            if byte == b'\n' {
                let length = core::mem::take(&mut self.length);
                return self.line.get(..length);
            }
            if let Some(slot) = self.line.get_mut(self.length) {
                *slot = byte;
                self.length = self.length.saturating_add(1);
            }
        }
        None
    }
}

/// Major and minor number of a kernel's release: `6.12.107+deb13-amd64` is 6.12.
#[must_use]
pub fn release(contents: &[u8]) -> Option<(u16, u16)> {
    let digits = |text: &[u8]| {
        let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = decimal(text.get(..length)?)?;
        u16::try_from(number).ok()
    };
    let (major, rest) = split_once(contents, b".")?;
    Some((digits(major)?, digits(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn numbers() {
        assert_eq!(hex(b"0xffffffffffffffff\n"), Some(u64::MAX));
        assert_eq!(hex(b" 1fF "), Some(0x1ff));
        for bad in [&b""[..], b"0x", b"0x10000000000000000", b"12 34", b"0xg"] {
            assert_eq!(hex(bad), None, "{bad:?}");
        }
        assert_eq!(hex_prefix(b"1F-2"), Some((0x1f, &b"-2"[..])));
        assert_eq!(hex_prefix(b"000000000000000000001"), Some((1, &b""[..])));
        assert_eq!(hex_prefix(b"-2"), None);
        assert_eq!(decimal(b"-1\n"), Some(-1));
        assert_eq!(decimal(b"9223372036854775807"), Some(i64::MAX));
        for bad in [&b""[..], b"-", b"9223372036854775808", b"1a", b"--1"] {
            assert_eq!(decimal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn splits_at_the_first_mark() {
        assert_eq!(
            split_once(b"a : b : c", b" : "),
            Some((&b"a"[..], &b"b : c"[..]))
        );
        assert_eq!(split_once(b"a :", b" : "), None);
        assert_eq!(split_once(b"", b"-"), None);
    }

    #[test]
    fn long_lines_are_cut_and_the_next_is_whole() {
        let mut lines = Lines::<4>::new();
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for mut piece in [&b"abc"[..], b"defgh\n\nij", b"\nk\nl"] {
            while let Some(line) = lines.next(&mut piece) {
                seen.push(line.to_vec());
            }
            assert_eq!(piece, b"");
        }
        assert_eq!(seen, [&b"abcd"[..], b"", b"ij", b"k"]);
    }
}
