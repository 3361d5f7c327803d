//! Files: mapped, joined.

use core::ffi::{CStr, c_char, c_int};

use kexec_core::linux::{File, Mapping, join};
use kexec_core::{Error, Result};

use crate::error::{Failure, KX_E_NULL, kx_error, plain, report};
use crate::pointer;
use crate::request::kx_bytes;

/// Maps the file at a path.
pub fn open_path(path: &CStr) -> Result<Mapping> {
    File::open(path)?.map()
}

/// Maps an open file, which stays open.
pub fn open_fd(fd: c_int) -> Result<Mapping> {
    File::lent(fd)?.map()
}

/// # Safety
/// `bytes` and `error` as the header says.
unsafe fn hand_out(
    bytes: *mut kx_bytes,
    error: *mut kx_error,
    map: impl FnOnce() -> core::result::Result<Mapping, Failure>,
) -> c_int {
    let body = || {
        pointer::usable(bytes)?;
        let (start, length) = map()?.into_address();
        let mapped = kx_bytes {
            data: core::ptr::with_exposed_provenance(start),
            length,
        };
        // SAFETY: not NULL, aligned, writable by the caller's promise.
        unsafe { *bytes = mapped };
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Maps a regular file, read-only: nothing is read before it is looked at. kx_unmap() ends it.
/// The file must not be cut short meanwhile: looking past its new end raises SIGBUS.
///
/// Returns 0, -errno of open, fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
/// KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_map(
    path: *const c_char,
    bytes: *mut kx_bytes,
    error: *mut kx_error,
) -> c_int {
    // SAFETY: the caller's promise.
    let map = || Ok(open_path(unsafe { pointer::string(path) }?)?);
    // SAFETY: the caller's promise.
    unsafe { hand_out(bytes, error, map) }
}

/// As kx_map(), of an open file, which may be closed afterwards.
///
/// Returns 0, -errno of fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
/// KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_map_fd(fd: c_int, bytes: *mut kx_bytes, error: *mut kx_error) -> c_int {
    let map = || Ok(open_fd(fd)?);
    // SAFETY: the caller's promise.
    unsafe { hand_out(bytes, error, map) }
}

/// Ends a mapping kx_map() or kx_map_fd() made, and makes `bytes` empty; bytes that are empty
/// are no error. No plan that was made of it may be loaded any more.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_unmap(bytes: *mut kx_bytes) -> c_int {
    plain(|| {
        pointer::usable(bytes)?;
        // SAFETY: not NULL, aligned, readable by the caller's promise.
        let kx_bytes { data, length } = unsafe { *bytes };
        if length == 0 {
            return Ok(0);
        }
        if data.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        // SAFETY: the caller promises that these are of one kx_map, not given back before, and
        // that nobody looks at the mapping any more.
        drop(unsafe { Mapping::from_address(data.expose_provenance(), length) });
        let none = kx_bytes {
            data: core::ptr::null(),
            length: 0,
        };
        // SAFETY: not NULL, aligned, writable by the caller's promise.
        unsafe { *bytes = none };
        Ok(0)
    })
}

/// Joins the contents of open files (initrds) in memory, with zeros up to a multiple of 4
/// between them, as the one file kexec_file_load(2) takes. Needs /proc.
///
/// Returns a new file descriptor, which the caller closes; -errno of fstat, memfd_create,
/// lseek, sendfile or open; or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE,
/// KX_E_NOT_A_FILE, KX_E_BAD_ARGUMENT (no file).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_join(fds: *const c_int, count: usize, error: *mut kx_error) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let fds = unsafe { pointer::array(fds, count) }?;
        if fds.is_empty() {
            let what = "there must be files to join";
            return Err(Error::BadArgument { what }.into());
        }
        // Each is looked at before a byte is copied.
        for fd in fds {
            let _regular = File::lent(*fd)?;
        }
        let joined = join(fds.iter().filter_map(|fd| File::lent(*fd).ok()))?;
        Ok(joined.into_number())
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}
