//! Files that stay unchanged while they are loaded.

use core::ffi::{c_char, c_int};
use core::mem::offset_of;

use kexec_core::linux::{BorrowedFd, Copies, Fd, File, Hold, Mapping, Stamp};
use kexec_core::{Error, Result};

use crate::bytes::kx_bytes;
use crate::code::{KX_E_NULL, KX_E_SIZE, KX_E_UNKNOWN};
use crate::error::{About, Failure, kx_error, plain, report};
use crate::pointer;
use crate::versioned::{self, Versioned};

/// by: a read lease. A process that wants to write to the file or truncate it waits until
/// kx_release(), or 45 seconds (/proc/sys/fs/lease-break-time).
pub const KX_HELD_BY_LEASE: u32 = 1;
/// by: a copy in memory that nobody can change.
pub const KX_HELD_BY_COPY: u32 = 2;
/// by: nothing. kx_held_check() reports a change, and truncating the file raises SIGBUS.
pub const KX_HELD_BY_NOTHING: u32 = 3;

/// A file that is held. Set it to zeros, then set `size`; kx_hold() fills in the rest.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_held {
    /// Set by the caller: sizeof(struct kx_held).
    pub size: usize,
    /// The file's bytes, mapped read-only.
    pub bytes: kx_bytes,
    /// KX_HELD_BY_*; 0 after kx_release().
    pub by: u32,
    /// The library's descriptor of the file, or -1; kx_release() closes it.
    pub fd: i32,
    /// Why there is no lease: -EAGAIN if the file is open for writing, -EACCES for a file of
    /// another user without CAP_LEASE, -EINVAL if the file system does not support leases, -EBUSY
    /// if the open file is the caller's. 0 if `by` is KX_HELD_BY_LEASE, and for anything but a
    /// regular file.
    pub lease_error: i32,
    /// Why there is no copy: -EFBIG if it would be larger than allowed. 0 unless `by` is
    /// KX_HELD_BY_NOTHING.
    pub copy_error: i32,
    /// Private to the library.
    pub stamp: [i64; 5],
}

// SAFETY: integers and a pointer; `size` comes first and there is no padding.
unsafe impl Versioned for kx_held {}
const _: () = assert!(size_of::<kx_held>() == 80);

/// # Safety
/// `held` and `error` are as documented in the header.
unsafe fn hand_out(
    held: *mut kx_held,
    copy_limit: u64,
    error: *mut kx_error,
    open: &dyn Fn(&Copies) -> core::result::Result<File, Failure>,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(held) }.about("held")?;
        whole(size)?;
        // SAFETY: not NULL, aligned, and as large as `size` says, which has this member.
        let by = unsafe { &raw const (*held).by };
        // SAFETY: readable by the caller's promise.
        if unsafe { by.read() } != 0 {
            let what =
                "the struct kx_held holds a file: call kx_release() first, or set it to zeros";
            return Err(Error::BadArgument { what }.into());
        }
        let copies = Copies::limited(copy_limit);
        let new = hold(open(&copies)?, &copies)?;
        // SAFETY: `held` was checked, and `size` is its size.
        unsafe { versioned::write(held, size, &new) };
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Whether a structure of this size has all members that kx_release() needs. It has since the first
/// version of this library. Without `fd`, descriptor 0 would be closed.
const fn whole(size: usize) -> core::result::Result<(), Failure> {
    const END: usize = offset_of!(kx_held, stamp).saturating_add(size_of::<[i64; 5]>());
    if size < END {
        return Err(Failure::Own(KX_E_SIZE));
    }
    Ok(())
}

fn hold(file: File, copies: &Copies) -> Result<kx_held> {
    let held = file.hold(copies)?;
    let (hold, stamp) = (held.hold(), held.stamp());
    let (start, length) = held.map(copies)?.into_address();
    drop(held);
    let code = |errno: kexec_core::Errno| i32::from(errno.0).wrapping_neg();
    let (by, lease_error, copy_error) = match hold {
        Hold::Lease => (KX_HELD_BY_LEASE, 0, 0),
        // The mapping keeps the copy; the file is no longer needed.
        Hold::Copy { lease } => (KX_HELD_BY_COPY, code(lease), 0),
        Hold::Memory => (KX_HELD_BY_COPY, 0, 0),
        Hold::Nothing { lease, copy } => (KX_HELD_BY_NOTHING, code(lease), code(copy)),
        _ => (KX_HELD_BY_NOTHING, 0, 0),
    };
    Ok(kx_held {
        size: 0,
        bytes: kx_bytes {
            data: core::ptr::with_exposed_provenance(start),
            length,
        },
        by,
        fd: match hold {
            Hold::Copy { .. } | Hold::Memory => -1,
            _ => file.into_fd().into_raw(),
        },
        lease_error,
        copy_error,
        stamp: stamp.numbers(),
    })
}

/// Maps a file and keeps it unchanged until kx_release(). For a regular file it takes a read lease;
/// if that is not possible, it makes a sealed copy of a file of at most `copy_limit` bytes;
/// otherwise the file is not protected. held->by says which. When a writer waits, the process gets
/// SIGURG, which is ignored unless handled. A block device, a FIFO or a pipe (/dev/fd/N), and a
/// file that cannot be mapped (some in /sys), are read into such a copy. The copies of several
/// calls count together: kx_copy_limit() gives their total, and each call with held->by
/// KX_HELD_BY_COPY took held->bytes.length of it.
///
/// `held` must be empty (`by` is 0), because its contents would be lost.
///
/// After the last use of the bytes, kx_load() included, kx_held_check() says whether they stayed
/// unchanged. If it returns KX_E_FILE_CHANGED, unload the image with kx_unload().
///
/// Returns 0, -errno of open, fstat, mmap, read or of making a copy, or KX_E_NULL, KX_E_MISALIGNED,
/// KX_E_SIZE, KX_E_BAD_ARGUMENT (`held` is not empty), KX_E_COPY_TOO_LARGE (a file that can only be
/// copied), KX_E_EMPTY_FILE, KX_E_NOT_A_FILE, KX_E_FILE_CHANGED (its length changed during the
/// call).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_hold(
    path: *const c_char,
    copy_limit: u64,
    held: *mut kx_held,
    error: *mut kx_error,
) -> c_int {
    let open = |copies: &_| {
        // SAFETY: the caller's promise.
        let path = unsafe { pointer::string(path) }.about("path")?;
        Ok(File::open_any(path, copies)?)
    };
    // SAFETY: the caller's promise.
    unsafe { hand_out(held, copy_limit, error, &open) }
}

/// Like kx_hold(), for a regular file that is open for reading and may be closed afterwards. The
/// library opens the file a second time (by /proc/self/fd, or its handle), so that position, lease
/// and signal (F_SETSIG) of the caller's open file do not change. If that is not possible, or while
/// the caller has a write lease, there is no lease, and lease_error is -EBUSY.
///
/// Returns 0, -errno of fcntl, fstat, mmap or of making a copy, or KX_E_NULL, KX_E_MISALIGNED,
/// KX_E_SIZE, KX_E_BAD_ARGUMENT, KX_E_COPY_TOO_LARGE, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE,
/// KX_E_FILE_CHANGED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_hold_fd(
    fd: c_int,
    copy_limit: u64,
    held: *mut kx_held,
    error: *mut kx_error,
) -> c_int {
    // SAFETY: the caller's promise.
    let fd = unsafe { BorrowedFd::from_raw(fd) };
    let open = |_: &_| Ok(File::reopened(&fd)?);
    // SAFETY: the caller's promise.
    unsafe { hand_out(held, copy_limit, error, &open) }
}

/// # Safety
/// `held` is as documented in the header.
unsafe fn given(held: *const kx_held) -> core::result::Result<kx_held, Failure> {
    // SAFETY: the caller's promise.
    whole(unsafe { versioned::output_size(held.cast_mut()) }.about("held")?)?;
    // SAFETY: the caller's promise.
    let given = unsafe { versioned::read(held) }.about("held")?;
    match given.by {
        0..=KX_HELD_BY_NOTHING => Ok(given),
        _ => Err(Failure::Own(KX_E_UNKNOWN)),
    }
}

/// Whether the file is unchanged since kx_hold() returned.
///
/// Returns 0, KX_E_FILE_CHANGED, -errno of fstat, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
/// KX_E_TOO_NEW, KX_E_UNKNOWN (held->by).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_held_check(held: *const kx_held, error: *mut kx_error) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let given = unsafe { given(held) }?;
        if let KX_HELD_BY_LEASE | KX_HELD_BY_NOTHING = given.by {
            // SAFETY: the library's own, open until kx_release().
            let fd = unsafe { BorrowedFd::from_raw(given.fd) };
            fd.unchanged(Stamp::from_numbers(given.stamp))?;
        }
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Ends the mapping and the lease of kx_hold() or kx_hold_fd(), and makes `held` empty; an empty
/// one is not an error. Afterwards no plan made from the bytes may be loaded.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_UNKNOWN (held->by).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_release(held: *mut kx_held) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(held) }?;
        // SAFETY: the caller's promise.
        let given = unsafe { given(held) }?;
        if given.by == 0 {
            return Ok(0);
        }
        if given.bytes.data.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        let (start, length) = (given.bytes.data.expose_provenance(), given.bytes.length);
        // SAFETY: the caller promises that these are from one kx_hold, not released before, and
        // that nobody accesses the mapping any more.
        drop(unsafe { Mapping::from_address(start, length) });
        if given.fd >= 0 {
            // SAFETY: from one kx_hold, not released before, as above.
            let fd = unsafe { Fd::from_raw(given.fd) };
            // After fork(2) a child may have another descriptor of the same open file.
            if given.by == KX_HELD_BY_LEASE {
                fd.end_lease();
            }
        }
        let none = kx_held {
            size: 0,
            bytes: kx_bytes::NONE,
            by: 0,
            fd: -1,
            lease_error: 0,
            copy_error: 0,
            stamp: [0; 5],
        };
        // SAFETY: `held` was checked, and `size` is its size.
        unsafe { versioned::write(held, size, &none) };
        Ok(0)
    })
}
