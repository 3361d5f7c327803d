//! Structures that begin with their own size, so that programs and libraries of different ages work
//! together. Members that an older program's structure lacks are zero. Members of a newer program's
//! structure that this library does not know must be zero.

use core::mem::MaybeUninit;
use core::ptr::{copy_nonoverlapping, write_bytes};

use crate::code::{Code, KX_E_SIZE, KX_E_TOO_NEW};
use crate::pointer;

/// A structure of this kind.
///
/// # Safety
/// `repr(C)`, its first member is its size as `usize`, all bytes zero is a value of it, every
/// value C can store in it is one, and it has no padding.
pub unsafe trait Versioned: Copy {
    /// The sizes of its earlier published versions, each at the end of a member. Any other smaller
    /// size is a mistake: `sizeof` a pointer, or the wrong structure.
    const EARLIER: &'static [usize] = &[];
}

/// A structure of zeros.
pub fn zeros<T: Versioned>() -> T {
    // SAFETY: a value, by the trait's contract.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// No structure gets this large; a larger size is a mistake.
const LARGEST: usize = 4096;

/// Whether a structure of any version, which begins with the members of `T`, can have this size.
const fn aligned<T>(size: usize) -> bool {
    size & align_of::<T>().wrapping_sub(1) == 0
}

/// Reads the size member.
///
/// # Safety
/// If aligned and not NULL, it is readable.
unsafe fn size<T: Versioned>(pointer: *const T) -> Result<usize, Code> {
    pointer::usable(pointer)?;
    // SAFETY: not NULL, aligned, and the size comes first.
    let size = unsafe { *pointer.cast::<usize>() };
    let whole = size >= size_of::<T>() && size <= LARGEST && aligned::<T>(size);
    if whole || T::EARLIER.contains(&size) {
        Ok(size)
    } else {
        Err(Code(KX_E_SIZE))
    }
}

/// A copy of the caller's structure.
///
/// # Safety
/// If aligned and not NULL, it is readable for the number of bytes in its size member.
pub unsafe fn read<T: Versioned>(pointer: *const T) -> Result<T, Code> {
    // SAFETY: the caller's promise.
    let size = unsafe { size(pointer) }?;
    // SAFETY: the caller's promise, and it lives as long as this call.
    let all = unsafe { pointer::bytes(pointer.cast(), size) }?;
    let beyond = all.get(size_of::<T>()..).unwrap_or_default();
    if beyond.iter().any(|byte| *byte != 0) {
        return Err(Code(KX_E_TOO_NEW));
    }
    let mut copy = MaybeUninit::<T>::zeroed();
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are readable there and fit here; a fresh object overlaps nothing.
    unsafe { copy_nonoverlapping(all.as_ptr(), copy.as_mut_ptr().cast::<u8>(), known) };
    // SAFETY: zeros are a value, and whatever C stored is one.
    Ok(unsafe { copy.assume_init() })
}

/// A copy of an element of an array. All elements have the size that the first one gives.
///
/// # Safety
/// If not misaligned and not NULL, that many elements are readable.
pub unsafe fn element<T: Versioned>(first: *const T, index: usize) -> Result<T, Code> {
    // SAFETY: the caller's promise.
    let stride = unsafe { size(first) }?;
    let offset = index.saturating_mul(stride);
    let here = first.cast::<u8>().wrapping_add(offset).cast::<T>();
    // SAFETY: inside the caller's array.
    if unsafe { size(here) }? != stride {
        return Err(Code(KX_E_SIZE));
    }
    // SAFETY: inside the caller's array.
    unsafe { read(here) }
}

/// The size of a structure that will be written.
///
/// # Safety
/// As [`read`].
pub unsafe fn output_size<T: Versioned>(pointer: *mut T) -> Result<usize, Code> {
    // SAFETY: the caller's promise.
    unsafe { size(pointer.cast_const()) }
}

/// Writes as much as the caller's structure has room for. Its size member stays, and members that
/// this library does not know are zeroed.
///
/// # Safety
/// `size` is the result of [`output_size`] for `pointer`, which is writable for that many bytes.
pub unsafe fn write<T: Versioned>(pointer: *mut T, size: usize, value: &T) {
    const SKIP: usize = size_of::<usize>();
    let known = size.min(size_of::<T>());
    let from = (&raw const *value).cast::<u8>().wrapping_add(SKIP);
    let to = pointer.cast::<u8>();
    // SAFETY: both are that large, and `value` is not the caller's memory.
    unsafe { copy_nonoverlapping(from, to.wrapping_add(SKIP), known.saturating_sub(SKIP)) };
    // SAFETY: these bytes are after this library's members and before `size`.
    unsafe { write_bytes(to.wrapping_add(known), 0, size.saturating_sub(known)) };
}
