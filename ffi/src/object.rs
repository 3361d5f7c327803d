//! Opaque objects in the caller's storage: how they are recognised and reached.

use crate::code::{Code, KX_E_NOT_INITIALISED, KX_E_SIZE};
use crate::pointer;

/// What lies in the storage: a mark, and the object.
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
    /// What lies in it.
    type Inner;
    /// What its first 8 bytes hold once initialised; different for every type.
    const MARK: u64;
    /// Bytes that are used.
    const SIZE: usize = size_of::<Marked<Self::Inner>>();
    /// Checked when used, so that a core that grew does not build.
    const FITS: () = assert!(
        size_of::<Self>() >= Self::SIZE && align_of::<Self>() >= align_of::<Marked<Self::Inner>>()
    );
}

/// Makes an object of all zeros in the storage; answers where.
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
/// If not NULL and aligned, at least 8 bytes are readable, and all of the object if those are
/// its mark.
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

/// As [`find`], for an object that will be changed.
///
/// # Safety
/// As [`find`], and writable.
pub unsafe fn find_mut<S: Storage>(storage: *mut S) -> Result<*mut S::Inner, Code> {
    // SAFETY: the caller's promise.
    unsafe { find(storage.cast_const()) }.map(<*const S::Inner>::cast_mut)
}
