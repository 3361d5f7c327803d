//! Texts of any length in one buffer, in the order they are made.

use core::ffi::CStr;

/// A buffer that texts are cut from.
#[derive(Debug)]
pub struct Store<'a> {
    rest: &'a mut [u8],
    used: usize,
    full: bool,
}

impl<'a> Store<'a> {
    /// In a buffer.
    #[must_use]
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            rest: buffer,
            used: 0,
            full: false,
        }
    }

    /// Appends to the current text; [`Store::keep`] reports a lack of room.
    pub fn put(&mut self, bytes: &[u8]) {
        let room = self.room(bytes.len());
        if room.len() < bytes.len() {
            self.full = true;
            return;
        }
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.grew(bytes.len());
    }

    /// At most `length` bytes of room after the current text, to be written to.
    pub fn room(&mut self, length: usize) -> &mut [u8] {
        let room = self.rest.get_mut(self.used..).unwrap_or_default();
        let length = length.min(room.len());
        room.get_mut(..length).unwrap_or_default()
    }

    /// Makes the first bytes of that room part of the text.
    pub fn grew(&mut self, length: usize) {
        self.used = self.used.saturating_add(length);
    }

    /// Ends the current text and returns it; `None` if it does not fit. The next one begins.
    pub fn keep(&mut self) -> Option<&'a [u8]> {
        let used = core::mem::take(&mut self.used);
        if core::mem::take(&mut self.full) {
            return None;
        }
        let (kept, rest) = core::mem::take(&mut self.rest).split_at_mut_checked(used)?;
        self.rest = rest;
        Some(kept)
    }

    /// Ends the current text with a NUL, and returns it as [`Store::keep`]; `None` also if it has a
    /// NUL.
    pub fn keep_c(&mut self) -> Option<&'a CStr> {
        self.put(b"\0");
        CStr::from_bytes_with_nul(self.keep()?).ok()
    }

    /// The parts as one string.
    pub fn join(&mut self, parts: &[&[u8]]) -> Option<&'a CStr> {
        for part in parts {
            self.put(part);
        }
        self.keep_c()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_and_do_not_overlap() {
        let mut buffer = [0; 12];
        let mut store = Store::new(&mut buffer);
        let one = store.join(&[b"/boot", b"/"]);
        store.put(b"ab");
        let two = store.keep();
        // Too long for the rest, which stays usable.
        store.put(b"abcd");
        store.put(b"");
        assert_eq!(store.keep(), None);
        store.room(9).fill(b'x');
        store.grew(3);
        let three = store.keep();
        store.put(b"");
        assert_eq!(store.keep(), Some(&b""[..]));
        assert_eq!(store.keep_c(), None);
        assert_eq!(
            (one, two, three),
            (Some(c"/boot/"), Some(&b"ab"[..]), Some(&b"xxx"[..]))
        );
    }

    #[test]
    fn a_nul_is_no_part_of_a_string() {
        let mut buffer = [0; 12];
        let mut store = Store::new(&mut buffer);
        assert_eq!(store.join(&[b"a\0b"]), None);
        assert_eq!(store.join(&[b"ab"]), Some(c"ab"));
    }
}
