//! Files: mapped, joined.

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
/// Nobody closes it meanwhile.
pub unsafe fn open_fd(fd: c_int) -> Result<Mapping> {
    // SAFETY: the caller's promise.
    File::borrowed(unsafe { BorrowedFd::from_raw(fd) })?.map()
}

/// # Safety
/// `bytes` and `error` as the header says.
unsafe fn hand_out(
    bytes: *mut kx_bytes,
    error: *mut kx_error,
    map: impl FnOnce() -> core::result::Result<Mapping, Failure>,
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

/// Maps a regular file, read-only: nothing is read before it is looked at. kx_unmap() ends it.
/// Nobody may write to the file meanwhile, nor cut it short: looking past its new end raises
/// SIGBUS. kx_hold() keeps writers out. What `bytes` held before is overwritten, not unmapped.
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
    unsafe { hand_out(bytes, error, map) }
}

/// As kx_map(), of an open file, which may be closed afterwards.
///
/// Returns 0, -errno of fstat or mmap, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE,
/// KX_E_EMPTY_FILE, KX_E_NOT_A_FILE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_map_fd(fd: c_int, bytes: *mut kx_bytes, error: *mut kx_error) -> c_int {
    // SAFETY: the caller's promise.
    let map = || Ok(unsafe { open_fd(fd) }?);
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
        let none = kx_bytes::NONE;
        // SAFETY: not NULL, aligned, writable by the caller's promise.
        unsafe { *bytes = none };
        Ok(0)
    })
}

/// Bytes of memory that copies of files should take at most, all together: a quarter of what is
/// available, for the kernel holds a copy twice more while it loads it. Reads /proc/meminfo, or
/// asks sysinfo(2). Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn kx_copy_limit() -> u64 {
    Copies::of_available_memory().left()
}

/// Joins the contents of open files (initrds) in memory, with zeros up to a multiple of 4
/// between them, as the one file kexec_file_load(2) takes; nobody can change it. All together
/// they may have `limit` bytes (kx_copy_limit()), which is looked at before the first one is
/// copied.
///
/// Returns a new file descriptor, which the caller closes; -errno of fstat, memfd_create,
/// lseek, sendfile, of sealing it, or of opening it read-only, for which /proc or
/// CAP_DAC_READ_SEARCH is needed; -EFBIG also for more than RLIMIT_FSIZE; or
/// KX_E_COPY_TOO_LARGE, KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_EMPTY_FILE,
/// KX_E_NOT_A_FILE, KX_E_BAD_ARGUMENT (no file).
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
            let what = "there must be files to join";
            return Err(Error::BadArgument { what }.into());
        }
        // Each is looked at before a byte is copied.
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
/// Nobody closes it during the call this is part of.
unsafe fn file(fd: c_int) -> Result<BorrowedFile<'static>> {
    // SAFETY: the caller's promise: as long as the result is used, which is in this call.
    File::borrowed(unsafe { BorrowedFd::from_raw(fd) })
}
