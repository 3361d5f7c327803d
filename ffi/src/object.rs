//! Opaque objects in the caller's storage: how they are recognised and accessed.

use crate::code::{Code, KX_E_NOT_INITIALISED, KX_E_SIZE};
use crate::pointer;

/// The contents of the storage: a mark, and the object.
#[repr(C)]
pub struct Marked<T> {
    mark: u64,
    value: T,
}

/// A C type that is storage for a [`Marked`] object.
///
/// # Safety
/// The type is at least as large and as aligned as `Marked<Self::Inner>`, and all bytes zero is
/// a value of `Inner`.
pub unsafe trait Storage: Sized {
    /// The object in it.
    type Inner;
    /// The value of its first 8 bytes once initialised; different for every type.
    const MARK: u64;
    /// Number of bytes in use.
    const SIZE: usize = size_of::<Marked<Self::Inner>>();
    /// Checked when used: the build fails if core has outgrown the storage.
    const FITS: () = assert!(
        size_of::<Self>() >= Self::SIZE && align_of::<Self>() >= align_of::<Marked<Self::Inner>>()
    );
}

/// Makes an object of all zeros in the storage, and returns its address.
///
/// # Safety
/// `size` bytes at `storage` are writable and nobody else uses them.
pub unsafe fn initialise<S: Storage>(storage: *mut S, size: usize) -> Result<*mut S::Inner, Code> {
    let () = S::FITS;
    pointer::usable(storage)?;
    if size < S::SIZE {
        return Err(Code(KX_E_SIZE));
    }
    let marked = storage.cast::<Marked<S::Inner>>();
    // SAFETY: that many bytes are writable.
    unsafe { marked.write_bytes(0, 1) };
    // SAFETY: inside the storage, and aligned.
    let mark = unsafe { &raw mut (*marked).mark };
    // SAFETY: as before.
    unsafe { *mark = S::MARK };
    // SAFETY: as before.
    Ok(unsafe { &raw mut (*marked).value })
}

/// Finds the object in a storage that was initialised.
///
/// # Safety
/// If not NULL and aligned, at least 8 bytes are readable; if those are its mark, the whole object
/// is.
pub unsafe fn find<S: Storage>(storage: *const S) -> Result<*const S::Inner, Code> {
    pointer::usable(storage)?;
    let marked = storage.cast::<Marked<S::Inner>>();
    // SAFETY: not NULL, aligned; the mark comes first.
    let mark = unsafe { (*marked).mark };
    if mark != S::MARK {
        return Err(Code(KX_E_NOT_INITIALISED));
    }
    // SAFETY: inside the storage.
    Ok(unsafe { &raw const (*marked).value })
}

/// Like [`find`], for an object that will be changed.
///
/// # Safety
/// As [`find`], and writable.
pub unsafe fn find_mut<S: Storage>(storage: *mut S) -> Result<*mut S::Inner, Code> {
    // SAFETY: the caller's promise.
    unsafe { find(storage.cast_const()) }.map(<*const S::Inner>::cast_mut)
}
