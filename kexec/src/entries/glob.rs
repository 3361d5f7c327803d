//! Patterns, as loader.conf has them.

/// Whether the pattern's first part, up to which a `*` has taken the text, is one that matches `byte`;
/// the rest of the pattern then. `?`, `[...]`, a backslash and what it precedes, or the byte itself.
#[inline(never)]
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let (matched, rest) = match pattern {
        [b'?', rest @ ..] => (true, rest),
        [b'[', rest @ ..] => set(rest, byte)?,
        [b'\\', first, rest @ ..] | [first, rest @ ..] => (first.eq_ignore_ascii_case(&byte), rest),
        [] => return None,
    };
    matched.then_some(rest)
}

/// What follows the `[` of a set: whether `byte` is in it, and what follows the set. As in systemd-boot a
/// `]` right after the `[` is in the set, ranges (`a-z`) cannot be chained, and no set is negated.
fn set(mut pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let byte = byte.to_ascii_lowercase();
    let (mut found, mut before) = (false, None);
    let mut first = true;
    loop {
        let (low, next) = match pattern {
            [b']', rest @ ..] if !first => return Some((found, rest)),
            [b'-', b'\\', next, rest @ ..] if before.is_some() => {
                pattern = rest;
                (before.take(), *next)
            }
            [b'-', next, rest @ ..] if *next != b']' && before.is_some() => {
                pattern = rest;
                (before.take(), *next)
            }
            [b'\\', next, rest @ ..] | [next, rest @ ..] => {
                pattern = rest;
                before = Some(next.to_ascii_lowercase());
                (before, *next)
            }
            [] => return None,
        };
        let next = next.to_ascii_lowercase();
        found |= (low.unwrap_or(next)..=next).contains(&byte);
        first = false;
    }
}

/// Whether `pattern` matches all of `text`: `*`, `?` and sets (`[...]`), without regard to case.
#[must_use]
pub fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // What follows the last `*`, and the text after what it has taken.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => {
                pattern = rest;
                star = Some((rest, text));
            }
            ([], []) => return true,
            _ => {
                let next = text.split_first();
                let fits = next.and_then(|(byte, after)| Some((one(pattern, *byte)?, after)));
                // Else the `*` takes one more byte.
                let Some(fits) = fits.or_else(|| {
                    let (rest, taken) = star?;
                    let (_, after) = taken.split_first()?;
                    star = Some((rest, after));
                    star
                }) else {
                    return false;
                };
                (pattern, text) = fits;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("arch.conf", "arch.conf", true),
            ("arch.conf", "ARCH.conf", true),
            ("arch", "arch.conf", false),
            ("arch*", "arch.conf", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("?", "", false),
            ("*-lts*.conf", "arch-linux-lts-6.12.conf", true),
            ("*a*b", "xaxxbxb", true),
            ("*a*b", "xaxxbxc", false),
            ("**x", "abx", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("linux-6.[19]*", "linux-6.12.48", true),
            ("linux-6.[19]*", "linux-6.6.1", false),
            ("[a-c]x", "Bx", true),
            ("[A-C]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[]x]", "]", true),
            ("[]x]", "x", true),
            ("[]x]", "y", false),
            ("[]", "]", false),
            ("[x-]", "-", true),
            ("[-x]", "-", true),
            ("[a-c-f]", "d", false),
            ("[a-c-f]", "-", true),
            ("[a-c-f]", "f", true),
            ("[!a]", "b", false),
            ("[!a]", "!", true),
            ("[a", "a", false),
            ("[", "[", false),
            ("[a]", "", false),
            ("\\[a]", "[a]", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[\\]]", "]", true),
            ("[+-\\]]", "]", true),
            ("[+-\\]]", "5", true),
            ("[+-\\]]", "~", false),
            ("*[0-9].conf", "arch-12.conf", true),
            ("*[0-9].conf", "arch-12a.conf", false),
        ] {
            let found = matches(pattern.as_bytes(), text.as_bytes());
            assert_eq!(found, fits, "{pattern} {text}");
        }
    }
}
