//! /sys/kernel/security/lockdown.

use crate::text;

/// What the kernel's lockdown forbids (/sys/kernel/security/lockdown).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Lockdown {
    /// The file does not exist or is not readable.
    #[default]
    Unknown,
    /// Nothing is forbidden.
    None,
    /// Loading of unsigned kernels is forbidden: kexec_load entirely.
    Integrity,
    /// As integrity; reading kernel memory is also forbidden.
    Confidentiality,
}

/// /sys/kernel/security/lockdown: all levels, with the current one in brackets.
#[must_use]
pub fn lockdown(contents: &[u8]) -> Lockdown {
    let level = text::split_once(contents, b"[").and_then(|(_, rest)| text::split_once(rest, b"]"));
    match level {
        Some((b"none", _)) => Lockdown::None,
        Some((b"integrity", _)) => Lockdown::Integrity,
        Some((b"confidentiality", _)) => Lockdown::Confidentiality,
        _ => Lockdown::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lockdown_is_the_word_in_brackets() {
        assert_eq!(
            lockdown(b"[none] integrity confidentiality\n"),
            Lockdown::None
        );
        assert_eq!(
            lockdown(b"none [integrity] confidentiality\n"),
            Lockdown::Integrity
        );
        let most = b"none integrity [confidentiality]\n";
        assert_eq!(lockdown(most), Lockdown::Confidentiality);
        for bad in [&b""[..], b"none", b"[none", b"[other] none"] {
            assert_eq!(lockdown(bad), Lockdown::Unknown, "{bad:?}");
        }
    }
}
