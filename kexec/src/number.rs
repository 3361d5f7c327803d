//! Numbers, written as for strtoul(3) with base 0: 0x for hexadecimal, 0 for octal, else decimal.
//!
//! Only numbers: strtoul lets signs and blanks pass, makes −1 and what is too large the largest
//! number there is, and 0 of nothing, of which none can be meant as an address.

/// The value of all of `text`; `None` if it is no number or does not fit.
#[must_use]
pub fn parse(text: &[u8]) -> Option<u64> {
    let (base, digits) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        digits => (10, digits),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = char::from(*digit).to_digit(base)?;
        value
            .checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_numbers_and_nothing_else() {
        assert_eq!(parse(b"0"), Some(0));
        assert_eq!(parse(b"1048576"), Some(1 << 20));
        assert_eq!(parse(b"0x100000"), Some(1 << 20));
        assert_eq!(parse(b"0XFFFFffffFFFFffff"), Some(u64::MAX));
        assert_eq!(parse(b"0777"), Some(0o777));
        for bad in [
            &b""[..],
            b"0x",
            b"08",
            b"1k",
            b"-1",
            b"+1",
            b" 1",
            b"1 ",
            b"x",
            b"18446744073709551616",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
