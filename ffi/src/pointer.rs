//! Pointers from C, checked as far as possible.

use core::ffi::{CStr, c_char, c_void};

use crate::code::{Code, KX_E_MISALIGNED, KX_E_NULL, KX_E_SIZE};

/// Checks that a pointer is usable as one to `T`.
pub fn usable<T>(pointer: *const T) -> Result<(), Code> {
    if pointer.is_null() {
        Err(Code(KX_E_NULL))
    } else if !pointer.is_aligned() {
        Err(Code(KX_E_MISALIGNED))
    } else {
        Ok(())
    }
}

/// Bytes; NULL is allowed with length 0.
///
/// # Safety
/// The bytes are readable, and nobody writes to them during `'a`.
pub unsafe fn bytes<'a>(data: *const c_void, length: usize) -> Result<&'a [u8], Code> {
    // SAFETY: bytes have no invalid values.
    unsafe { array(data.cast(), length) }
}

/// An array; NULL is allowed with no element.
///
/// # Safety
/// `count` elements are readable and valid, and nobody writes to them during `'a`.
pub unsafe fn array<'a, T>(data: *const T, count: usize) -> Result<&'a [T], Code> {
    if count == 0 {
        return Ok(&[]);
    }
    usable(data)?;
    let size = count.checked_mul(size_of::<T>());
    if size.is_none_or(|size| isize::try_from(size).is_err()) {
        return Err(Code(KX_E_SIZE));
    }
    // SAFETY: not NULL, aligned, no larger than an object can be; the rest is the caller's
    // promise.
    Ok(unsafe { core::slice::from_raw_parts(data, count) })
}

/// A string that ends in NUL.
///
/// # Safety
/// It ends in NUL, is readable up to there, and nobody writes to it during `'a`.
#[inline(never)]
pub unsafe fn string<'a>(text: *const c_char) -> Result<&'a CStr, Code> {
    usable(text)?;
    let mut length: usize = 0;
    loop {
        let here = text.wrapping_add(length);
        // Volatile, because otherwise the compiler makes the loop a call of strlen, which may not
        // exist.
        // SAFETY: no earlier byte was the NUL, so this one is still part of the string.
        let byte = unsafe { here.read_volatile() };
        length = length.wrapping_add(1);
        if byte == 0 {
            break;
        }
    }
    // SAFETY: these bytes were just read.
    let all = unsafe { bytes(text.cast(), length) }?;
    // SAFETY: the last byte is the first NUL.
    Ok(unsafe { CStr::from_bytes_with_nul_unchecked(all) })
}
