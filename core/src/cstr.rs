//! C strings that cost nothing where they are not used.
//!
//! A compiler puts all strings whose only NUL is the last byte into one section, to be merged by the
//! linker, and GNU ld keeps or drops that section as a whole: a tiny program would contain the paths
//! and messages of the whole library. A string with a second NUL at its end has a section of its own.

use core::ffi::CStr;

/// A C string of a literal, as `c"…"`, in a section of its own.
#[macro_export]
#[doc(hidden)]
macro_rules! cstr {
    ($text:expr) => {
        const { $crate::cstr_of(concat!($text, "\0\0")) }
    };
}

/// The string before the first NUL.
#[doc(hidden)]
#[must_use]
pub const fn cstr_of(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_until_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

/// The string with this number in a table of strings that each end in NUL.
///
/// ```
/// # use kexec_core::nth_string;
/// assert_eq!(nth_string("one\0two\0", 1), Some(c"two"));
/// assert_eq!(nth_string("one\0two\0", 2), None);
/// ```
#[must_use]
pub fn nth_string(table: &'static str, number: usize) -> Option<&'static CStr> {
    let mut rest = table.as_bytes();
    for _ in 0..number {
        let nul = rest.iter().position(|byte| *byte == 0)?;
        rest = rest.get(nul.saturating_add(1)..)?;
    }
    CStr::from_bytes_until_nul(rest).ok()
}

/// [`nth_string`] as text.
pub(crate) fn nth_text(table: &'static str, number: usize) -> Option<&'static str> {
    let mut rest = table;
    let mut text = None;
    for _ in 0..=number {
        let nul = rest.bytes().position(|byte| byte == 0)?;
        text = rest.get(..nul);
        rest = rest.get(nul.saturating_add(1)..)?;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_text_ends_before_its_nul() {
        let table = "one\0\0drei \u{e4}\0cut off";
        let texts = [Some("one"), Some(""), Some("drei \u{e4}"), None, None];
        for (number, text) in texts.into_iter().enumerate() {
            assert_eq!(nth_text(table, number), text);
        }
        assert_eq!(nth_text("", 0), None);
    }
}
