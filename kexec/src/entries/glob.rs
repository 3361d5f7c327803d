//! Patterns, as loader.conf has them.

/// Whether `pattern` matches all of `text`: `*` and `?`, without regard to case. Sets (`[...]`) are
/// not supported.
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
            ([one, rest @ ..], [byte, after @ ..])
                if *one == b'?' || one.eq_ignore_ascii_case(byte) =>
            {
                (pattern, text) = (rest, after);
            }
            // The `*` takes one more byte.
            _ => match star {
                Some((rest, [_, after @ ..])) => {
                    star = Some((rest, after));
                    (pattern, text) = (rest, after);
                }
                _ => return false,
            },
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
        ] {
            let found = matches(pattern.as_bytes(), text.as_bytes());
            assert_eq!(found, fits, "{pattern} {text}");
        }
    }
}
