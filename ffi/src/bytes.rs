//! Bytes in C.

use core::ffi::c_void;

/// Bytes of the caller. Empty means length 0; data may then be NULL. This structure never changes,
/// because there are arrays of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_bytes {
    /// The first byte.
    pub data: *const c_void,
    /// Number of bytes.
    pub length: usize,
}

// Frozen: kx_request and kx_digest() take arrays of it, and its size is compiled into programs.
const _: () = assert!(size_of::<kx_bytes>() == 16);

impl kx_bytes {
    /// No bytes.
    pub(crate) const NONE: Self = Self {
        data: core::ptr::null(),
        length: 0,
    };

    /// The address and length of these bytes.
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        Self {
            data: bytes.as_ptr().cast(),
            length: bytes.len(),
        }
    }
}

/// The number of elements. Lists of a fixed capacity are shorter than 2^32.
pub(crate) fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
