//! Texts in the caller's buffers: whole and ending in NUL, or not written at all.

use core::ffi::{c_char, c_int};
use core::fmt::{self, Write};

use crate::code::{KX_E_BUFFER, KX_E_NULL};
use crate::error::{Failure, count};

/// Counts what is written, and writes it if there is room.
struct Output {
    to: *mut c_char,
    size: usize,
    length: usize,
}

impl Output {
    #[inline(never)]
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.length < self.size {
                // SAFETY: less than the buffer's size, which C promised is writable.
                unsafe { *self.to.wrapping_add(self.length) = *byte as c_char };
            }
            self.length = self.length.saturating_add(1);
        }
    }
}

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

/// Puts a text and its NUL into a buffer, and returns the bytes of both. With NULL and size 0 it
/// only returns them.
///
/// # Safety
/// `size` bytes are writable at `buffer`, if it is not NULL.
unsafe fn put_by(
    buffer: *mut c_char,
    size: usize,
    write: &dyn Fn(&mut Output),
) -> Result<c_int, Failure> {
    // Counts first, so that no text is written that would be cut off.
    let mut counter = Output {
        to: buffer,
        size: 0,
        length: 1,
    };
    write(&mut counter);
    let needed = counter.length;
    if buffer.is_null() && size == 0 {
        return count(needed);
    }
    if buffer.is_null() {
        return Err(Failure::Own(KX_E_NULL));
    }
    if size < needed {
        return Err(Failure::Own(KX_E_BUFFER));
    }
    let mut output = Output {
        to: buffer,
        size,
        length: 0,
    };
    write(&mut output);
    output.bytes(b"\0");
    count(needed)
}

/// [`put_by`], for formatted text.
///
/// # Safety
/// As [`put_by`].
pub unsafe fn put(
    buffer: *mut c_char,
    size: usize,
    text: impl Fn(&mut dyn Write) -> fmt::Result,
) -> Result<c_int, Failure> {
    let write = |output: &mut Output| {
        let _infallible = text(output);
    };
    // SAFETY: the caller's promise.
    unsafe { put_by(buffer, size, &write) }
}

/// [`put_by`], for words separated by one space.
///
/// # Safety
/// As [`put_by`], and the words are not part of the buffer.
pub unsafe fn put_words<'a, I: Iterator<Item = &'a [u8]>>(
    buffer: *mut c_char,
    size: usize,
    words: impl Fn() -> I,
) -> Result<c_int, Failure> {
    let write = |output: &mut Output| {
        for (number, word) in words().enumerate() {
            let separator: &[u8] = if number == 0 { b"" } else { b" " };
            output.bytes(separator);
            output.bytes(word);
        }
    };
    // SAFETY: the caller's promise.
    unsafe { put_by(buffer, size, &write) }
}

/// [`put_by`], for bytes, which need not be UTF-8.
///
/// # Safety
/// As [`put_by`].
pub unsafe fn put_bytes(buffer: *mut c_char, size: usize, text: &[u8]) -> Result<c_int, Failure> {
    let write = |output: &mut Output| output.bytes(text);
    // SAFETY: the caller's promise.
    unsafe { put_by(buffer, size, &write) }
}
