//! Mapping and joining files.

use core::ffi::{CStr, c_char, c_int};

use kexec_core::linux::{BorrowedFd, BorrowedFile, Copies, File, Mapping, join};
use kexec_core::{Error, Result};

use crate::bytes::kx_bytes;
use crate::code::KX_E_NULL;
use crate::error::{About, Failure, kx_error, plain, report};
use crate::pointer;

/// Maps the file at a path.
pub fn open_path(path: &CStr) -> Result<Mapping> {
    File::open(path)?.map()
}

/// Maps an open file, which stays open.
///
/// # Safety
/// Nobody closes it during the call.
pub unsafe fn open_fd(fd: c_int) -> Result<Mapping> {
    // SAFETY: the caller's promise.
    File::borrowed(unsafe { BorrowedFd::from_raw(fd) })?.map()
}

/// # Safety
/// `bytes` and `error` are as documented in the header.
unsafe fn hand_out(
    bytes: *mut kx_bytes,
    error: *mut kx_error,
    map: &dyn Fn() -> core::result::Result<Mapping, Failure>,
) -> c_int {
    let body = || {
        pointer::usable(bytes).about("bytes")?;
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

/// Maps a regular file, read-only. Its contents are read when they are first accessed. kx_unmap()
/// ends the mapping. Nobody may write to the file or truncate it while it is mapped: an access past
/// its new end raises SIGBUS. kx_hold() keeps writers out. The previous value of `bytes` is
/// overwritten, not unmapped.
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
    let map = || Ok(open_path(unsafe { pointer::string(path) }.about("path")?)?);
    // SAFETY: the caller's promise.
    unsafe { hand_out(bytes, error, &map) }
}

/// Like kx_map(), for an open file, which may be closed afterwards.
///
/// Returns 0, -errno of fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
/// KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_map_fd(fd: c_int, bytes: *mut kx_bytes, error: *mut kx_error) -> c_int {
    // SAFETY: the caller's promise.
    let map = || Ok(unsafe { open_fd(fd) }?);
    // SAFETY: the caller's promise.
    unsafe { hand_out(bytes, error, &map) }
}

/// Ends a mapping made by kx_map() or kx_map_fd(), and makes `bytes` empty; empty bytes are not an
/// error. Afterwards no plan made from them may be loaded.
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
        // SAFETY: the caller promises that these are from one kx_map, not unmapped before, and that
        // nobody accesses the mapping any more.
        drop(unsafe { Mapping::from_address(data.expose_provenance(), length) });
        let none = kx_bytes::NONE;
        // SAFETY: not NULL, aligned, writable by the caller's promise.
        unsafe { *bytes = none };
        Ok(0)
    })
}

/// The largest number of bytes of memory that copies of files should take, all together: a quarter
/// of the available memory, because the kernel holds two more copies while it loads them. Reads
/// /proc/meminfo, or calls sysinfo(2). Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn kx_copy_limit() -> u64 {
    Copies::of_available_memory().left()
}

/// Joins the contents of open files (initrds) in memory to the single file that kexec_file_load(2)
/// takes. Between them it inserts zeros up to a multiple of 4. Nobody can change the result. All
/// files together may have `limit` bytes (kx_copy_limit()); this is checked before the first one is
/// copied.
///
/// Returns a new file descriptor, which the caller closes; -errno of fstat, memfd_create, lseek,
/// sendfile, of sealing the file, or of opening it read-only, which needs /proc or
/// CAP_DAC_READ_SEARCH; -EFBIG also for more than RLIMIT_FSIZE; or KX_E_COPY_TOO_LARGE, KX_E_NULL,
/// KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE, KX_E_NOT_A_FILE, KX_E_BAD_ARGUMENT (no file).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_join(
    fds: *const c_int,
    count: usize,
    limit: u64,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let fds = unsafe { pointer::array(fds, count) }.about("fds")?;
        if fds.is_empty() {
            let what = "count must be at least 1: there are no files to join";
            return Err(Error::BadArgument { what }.into());
        }
        // All files are checked before a byte is copied.
        for (index, fd) in fds.iter().enumerate() {
            // SAFETY: the caller's promise.
            let regular = unsafe { file(*fd) };
            let _regular = regular.map_err(|why| Failure::File(why, "fds[]", index as u64))?;
        }
        // SAFETY: the caller's promise.
        let files = fds.iter().filter_map(|fd| unsafe { file(*fd) }.ok());
        let joined = join(files, &Copies::limited(limit))?;
        Ok(joined.into_fd().into_raw())
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// # Safety
/// Nobody closes it during the call that uses the result.
unsafe fn file(fd: c_int) -> Result<BorrowedFile<'static>> {
    // SAFETY: open as long as the result is used, which is during this call, by the caller's
    // promise.
    File::borrowed(unsafe { BorrowedFd::from_raw(fd) })
}
