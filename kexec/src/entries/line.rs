//! Lines of a key and a value.

/// Takes the text before the next `end` byte, and that byte; `None` if there is no text.
// Not inlined: many loops use it.
#[inline(never)]
pub fn cut<'a>(text: &mut &'a [u8], end: u8) -> Option<&'a [u8]> {
    if text.is_empty() {
        return None;
    }
    let length = text.iter().take_while(|byte| **byte != end).count();
    let (part, rest) = text.split_at_checked(length)?;
    *text = rest.get(1..).unwrap_or_default();
    Some(part)
}

/// What stands between a key and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// White space, as in entries and loader.conf.
    Space,
    /// `=`, as in os-release and grubenv.
    Sign,
}

/// Takes the lines up to the next value of a key, and returns it without white space around it.
/// Empty values are none.
#[inline(never)]
pub fn next_value<'a>(text: &mut &'a [u8], key: &[u8], between: Between) -> Option<&'a [u8]> {
    while let Some(line) = cut(text, b'\n') {
        let value = match (line.trim_ascii().strip_prefix(key), between) {
            (Some([b'=', value @ ..]), Between::Sign)
            | (Some([b' ' | b'\t', value @ ..]), Between::Space) => value.trim_ascii(),
            _ => &[],
        };
        if !value.is_empty() {
            return Some(value);
        }
    }
    None
}

/// The last value of a key, which counts in systemd-boot and os-release.
#[must_use]
pub fn last_value<'a>(mut text: &'a [u8], key: &[u8], between: Between) -> Option<&'a [u8]> {
    let mut last = None;
    while let Some(value) = next_value(&mut text, key, between) {
        last = Some(value);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let mut text = &b"a$$b$"[..];
        let mut parts = std::vec::Vec::new();
        while let Some(part) = cut(&mut text, b'$') {
            parts.push(part);
        }
        assert_eq!(parts, [&b"a"[..], b"", b"b"]);
    }

    #[test]
    fn values() {
        const TEXT: &[u8] =
            b"# title no\ntitle  One \r\n\ttitle\tTwo\ntitles no\ntitle\n title =x\n\
                              title=Three\ntitle=\nlast y";
        let all = |key: &[u8], between| {
            let mut text = TEXT;
            let mut all = std::vec::Vec::new();
            while let Some(value) = next_value(&mut text, key, between) {
                all.push(value);
            }
            assert_eq!(last_value(TEXT, key, between), all.last().copied());
            all
        };
        assert_eq!(all(b"title", Between::Space), [&b"One"[..], b"Two", b"=x"]);
        assert_eq!(all(b"title", Between::Sign), [b"Three"]);
        assert_eq!(all(b"last", Between::Space), [b"y"]);
        assert!(all(b"las", Between::Space).is_empty());
    }
}
