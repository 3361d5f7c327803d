//! The order of versions: the Version Format Specification (UAPI.10).

use core::cmp::Ordering;

/// Compares two versions; the newer one is greater.
///
/// `~` is lower than the end of the other version, so that `1~rc1` is older than `1`, and `^` is lower
/// than a dot: as in systemd, and in rpm, from which both come.
#[must_use]
pub fn compare(mut one: &[u8], mut other: &[u8]) -> Ordering {
    loop {
        (one, other) = (significant(one), significant(other));
        let by_kind = rank(one).cmp(&rank(other));
        if by_kind != Ordering::Equal {
            return by_kind;
        }
        let number = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
        let order = match (one, other) {
            ([], _) => return Ordering::Equal,
            ([b'~' | b'-' | b'^' | b'.', one_rest @ ..], [_, other_rest @ ..]) => {
                (one, other) = (one_rest, other_rest);
                Ordering::Equal
            }
            _ if number(one) || number(other) => {
                let digits = without_zeros(leading(&mut one, true));
                let other_digits = without_zeros(leading(&mut other, true));
                // Of any length.
                let by_length = digits.len().cmp(&other_digits.len());
                by_length.then_with(|| digits.cmp(other_digits))
            }
            _ => leading(&mut one, false).cmp(leading(&mut other, false)),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The text from its first significant character.
fn significant(text: &[u8]) -> &[u8] {
    let is = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.~^".contains(byte);
    let start = text.iter().position(is).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

/// The order of what a remaining text begins with.
fn rank(text: &[u8]) -> u8 {
    match text.first() {
        Some(b'~') => 0,
        None => 1,
        Some(b'-') => 2,
        Some(b'^') => 3,
        Some(b'.') => 4,
        Some(_) => 5,
    }
}

/// Takes the leading digits, or letters.
fn leading<'a>(text: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let is = |byte: &u8| {
        if digits {
            byte.is_ascii_digit()
        } else {
            byte.is_ascii_alphabetic()
        }
    };
    let end = text.iter().take_while(|byte| is(byte)).count();
    let (taken, rest) = text.split_at_checked(end).unwrap_or_default();
    *text = rest;
    taken
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the older to the newer.
    const ORDERED: &[&str] = &[
        "~1",
        "",
        "ab",
        "abb",
        "abc",
        "0001",
        "002",
        "12",
        "122",
        "122.9",
        "123~rc1",
        "123",
        "123-a",
        "123-a.1",
        "123-1",
        "123-1.1",
        "123^post1",
        "123.a-1",
        "123.1-1",
        "123a-1",
        "124",
    ];

    #[test]
    fn all_pairs_of_a_list() {
        for (n, one) in ORDERED.iter().enumerate() {
            for (m, other) in ORDERED.iter().enumerate() {
                let order = compare(one.as_bytes(), other.as_bytes());
                assert_eq!(order, n.cmp(&m), "{one} {other}");
            }
        }
    }

    /// The examples of the Specification, and names of kernels.
    #[test]
    fn single_pairs() {
        use Ordering::{Equal, Greater, Less};
        for (one, order, other) in [
            ("11", Equal, "11"),
            ("systemd-123", Equal, "systemd-123"),
            ("bar-123", Less, "foo-123"),
            ("123a", Greater, "123"),
            ("123.a", Greater, "123"),
            ("123.a", Less, "123.b"),
            ("123a", Greater, "123.a"),
            ("11α", Equal, "11β"),
            ("A", Less, "a"),
            ("", Less, "0"),
            ("0.", Greater, "0"),
            ("0.0", Greater, "0"),
            ("1_", Equal, "1"),
            ("_1", Equal, "1"),
            ("1_", Less, "1.2"),
            ("1_2_3", Greater, "1.3.3"),
            ("1+2+3", Greater, "1.3.3"),
            ("6.9.1-1", Less, "6.12.0-1"),
            ("6.8.5-301.fc40.x86_64", Greater, "6.8.5-300.fc40.x86_64"),
            ("6.12.48+deb13-amd64", Greater, "6.12.43+deb13-amd64"),
            ("99999999999999999999999", Less, "100000000000000000000000"),
        ] {
            assert_eq!(
                compare(one.as_bytes(), other.as_bytes()),
                order,
                "{one} {other}"
            );
            assert_eq!(compare(other.as_bytes(), one.as_bytes()), order.reverse());
        }
    }
}
