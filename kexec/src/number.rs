//! Numbers as strtoul(3) takes them, which is how kexec(8) reads its options.
//!
//! White space and a sign may come first. A number after a minus sign is counted down from 2^64.
//! A number that does not fit becomes the largest one, and no digits are 0.

/// A number at the start of a text, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    /// Its value.
    pub value: u64,
    /// The bytes that do not belong to it; all of the text if there are no digits.
    pub rest: &'a [u8],
}

/// The number at the start of `text`. With base 0, `0x` means hexadecimal, `0b` binary (since
/// C23) and `0` octal; with base 16, `0x` may come first as well.
#[must_use]
pub fn strtoul(text: &[u8], base: u32) -> Number<'_> {
    let (minus, digits) = sign(after_blanks(text));
    let (base, digits) = prefix(digits, base);
    let mut rest = digits;
    let mut value = Some(0_u64);
    while let [first, others @ ..] = rest {
        let Some(digit) = digit(*first, base) else {
            break;
        };
        value = value
            .and_then(|value| value.checked_mul(u64::from(base)))
            .and_then(|value| value.checked_add(u64::from(digit)));
        rest = others;
    }
    if rest.len() == digits.len() {
        return Number {
            value: 0,
            rest: text,
        };
    }
    let value = match value {
        None => u64::MAX,
        Some(value) if minus => value.wrapping_neg(),
        Some(value) => value,
    };
    Number { value, rest }
}

/// The value of all of `text` with base 0, which may be empty and then is 0; `None` if something
/// follows the number.
#[must_use]
pub fn parse(text: &[u8]) -> Option<u64> {
    let Number { value, rest } = strtoul(text, 0);
    rest.is_empty().then_some(value)
}

/// The text after what isspace(3) knows, vertical tabs among it.
const fn after_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t'..=b'\r', rest @ ..] = text {
        text = rest;
    }
    text
}

const fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// The value of a digit. Not [`char::to_digit`], which panics for invalid bases.
const fn digit(byte: u8, base: u32) -> Option<u32> {
    let value = match byte {
        b'0'..=b'9' => byte.wrapping_sub(b'0'),
        b'a'..=b'f' => byte.wrapping_sub(b'a').wrapping_add(10),
        b'A'..=b'F' => byte.wrapping_sub(b'A').wrapping_add(10),
        _ => return None,
    };
    let value = value as u32;
    if value < base { Some(value) } else { None }
}

/// The base, and the digits after what says so. A prefix without a digit is not a prefix: its `0` is the
/// number.
fn prefix(text: &[u8], base: u32) -> (u32, &[u8]) {
    let begins = |rest: &[u8], base| {
        rest.first()
            .is_some_and(|byte| digit(*byte, base).is_some())
    };
    match (text, base) {
        ([b'0', b'x' | b'X', rest @ ..], 0 | 16) if begins(rest, 16) => (16, rest),
        ([b'0', b'b' | b'B', rest @ ..], 0) if begins(rest, 2) => (2, rest),
        ([b'0', ..], 0) => (8, text),
        (_, 0) => (10, text),
        _ => (base, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from glibc 2.43.
    #[test]
    fn whole_numbers() {
        for (text, value) in [
            (&b"0"[..], 0),
            (b"1048576", 1 << 20),
            (b"0x100000", 1 << 20),
            (b"0XFFFFffffFFFFffff", u64::MAX),
            (b"0777", 0o777),
            (b"0b101", 5),
            (b"", 0),
            (b" \t\n\x0b\x0c\r+12", 12),
            (b"-1", u64::MAX),
            (b"-0x10", u64::MAX - 15),
            (b"18446744073709551615", u64::MAX),
            (b"18446744073709551616", u64::MAX),
            (b"-18446744073709551616", u64::MAX),
        ] {
            assert_eq!(parse(text), Some(value), "{text:?}");
        }
    }

    #[test]
    fn what_follows_a_number_is_no_part_of_it() {
        for text in [
            &b"0x"[..],
            b"0b",
            b"0b2",
            b"08",
            b"1k",
            b"1 ",
            b"x",
            b" ",
            b"-",
            b"+ 1",
            b"--1",
            b"0x-1",
            b"1_000",
            b"\xc2\xa01",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_number_and_its_rest() {
        let rest = |text, base| {
            let number = strtoul(text, base);
            (number.value, number.rest)
        };
        assert_eq!(rest(b"0x3f8,9600", 0), (0x3f8, &b",9600"[..]));
        assert_eq!(rest(b"3f8", 16), (0x3f8, &b""[..]));
        assert_eq!(rest(b"0x3f8", 16), (0x3f8, &b""[..]));
        assert_eq!(rest(b"0b1", 16), (0xb1, &b""[..]));
        assert_eq!(rest(b"08", 0), (0, &b"8"[..]));
        assert_eq!(rest(b"0x", 0), (0, &b"x"[..]));
        assert_eq!(rest(b" -", 0), (0, &b" -"[..]));
    }
}
