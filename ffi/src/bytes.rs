//! Bytes in C.

use core::ffi::c_void;

/// Bytes of the caller's. Empty: length 0, data NULL or not. This structure stays as it is: there
/// are arrays of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_bytes {
    /// The first one.
    pub data: *const c_void,
    /// How many.
    pub length: usize,
}

// Frozen: arrays of it are in kx_request and kx_digest(), and programs have its size compiled in.
const _: () = assert!(size_of::<kx_bytes>() == 16);

impl kx_bytes {
    /// No bytes.
    pub(crate) const NONE: Self = Self {
        data: core::ptr::null(),
        length: 0,
    };

    /// Where these bytes are.
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        Self {
            data: bytes.as_ptr().cast(),
            length: bytes.len(),
        }
    }
}

/// How many elements: lists of a fixed capacity are shorter than 2^32.
pub(crate) fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
