//! Files: opened, read, written.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::arch;
use super::fd::Fd;
use crate::Errno;
use crate::bytes::{put_decimal, put_slice};

/// open(2) with `flags` (O_*) and O_CLOEXEC.
///
/// # Errors
/// The kernel's errno.
pub fn open(path: &CStr, flags: u32) -> Result<Fd, Errno> {
    openat(raw::AT_FDCWD as isize as usize, path, flags)
}

/// openat(2) with `flags` (O_*) and O_CLOEXEC: a relative `path` starts at the directory.
///
/// # Errors
/// The kernel's errno.
pub fn open_at(directory: &Fd, path: &CStr, flags: u32) -> Result<Fd, Errno> {
    openat(directory.argument(), path, flags)
}

/// Opens a file, for reading, in the directory in `directory` whose name is a number.
///
/// # Errors
/// The kernel's errno of openat(2); ENAMETOOLONG for a name of more than 20 bytes.
pub(super) fn open_numbered(directory: &Fd, number: u32, file: &CStr) -> Result<Fd, Errno> {
    // u32::MAX has ten digits.
    const DIGITS: usize = 10;
    let mut path = [b'/'; DIGITS + 1 + 21];
    let (before, name) = path.split_at_mut_checked(DIGITS + 1).unwrap_or_default();
    let start = put_decimal(before.get_mut(..DIGITS).unwrap_or_default(), number);
    let file = file.to_bytes_with_nul();
    put_slice(name, 0, file).ok_or(Errno::ENAMETOOLONG)?;
    let end = file.len().saturating_add(DIGITS + 1);
    let path = path.get(start..end).unwrap_or(b"\0");
    // SAFETY: the last byte is the NUL that `file` ends in; neither digits nor a slash are NUL.
    let path = unsafe { CStr::from_bytes_with_nul_unchecked(path) };
    open_at(directory, path, raw::O_RDONLY)
}

fn openat(directory: usize, path: &CStr, flags: u32) -> Result<Fd, Errno> {
    let flags = (flags | raw::O_CLOEXEC) as usize;
    let path = path.as_ptr() as usize;
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    let opened = unsafe { arch::syscall(raw::__NR_openat, [directory, path, flags, 0, 0, 0]) };
    arch::result(opened).map(Fd::returned)
}

/// read(2), repeated after EINTR; returns the number of bytes read, 0 at the end.
///
/// # Errors
/// The kernel's errno.
pub fn read(fd: &Fd, buffer: &mut [u8]) -> Result<usize, Errno> {
    loop {
        let (start, length) = (buffer.as_mut_ptr() as usize, buffer.len());
        // SAFETY: the kernel writes at most `length` bytes to `start`, which is that large.
        let got = unsafe { arch::syscall(raw::__NR_read, [fd.argument(), start, length, 0, 0, 0]) };
        match arch::result(got) {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// pread64(2), repeated after EINTR; returns the number of bytes read, 0 at the end. The file's position
/// does not change.
///
/// # Errors
/// The kernel's errno.
pub fn read_at(fd: &Fd, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
    let (start, length) = (buffer.as_mut_ptr() as usize, buffer.len());
    let arguments = [fd.argument(), start, length, offset as usize, 0, 0];
    loop {
        // SAFETY: the kernel writes at most `length` bytes to `start`, which is that large.
        match arch::result(unsafe { arch::syscall(raw::__NR_pread64, arguments) }) {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// write(2), once; returns the number of bytes written.
///
/// # Errors
/// The kernel's errno.
pub fn write(fd: &Fd, bytes: &[u8]) -> Result<usize, Errno> {
    let (start, length) = (bytes.as_ptr() as usize, bytes.len());
    // SAFETY: the kernel reads at most `length` bytes from `start`, which has that many.
    let put = unsafe { arch::syscall(raw::__NR_write, [fd.argument(), start, length, 0, 0, 0]) };
    arch::result(put)
}

/// Reads a whole small file; returns the part of `buffer` that it filled. A file longer than the
/// buffer fills it.
///
/// # Errors
/// The kernel's errno of open(2) or read(2).
pub fn read_file<'a>(path: &CStr, buffer: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    let fd = open(path, raw::O_RDONLY)?;
    read_all(&fd, buffer)
}

/// As [`read_file`], with `path` relative to a directory.
///
/// # Errors
/// The kernel's errno of openat(2) or read(2).
pub fn read_file_at<'a>(
    directory: &Fd,
    path: &CStr,
    buffer: &'a mut [u8],
) -> Result<&'a [u8], Errno> {
    let fd = open_at(directory, path, raw::O_RDONLY)?;
    read_all(&fd, buffer)
}

/// Reads an attribute, a file of /sys or /proc that holds one value, with `path` relative to a
/// directory. The kernel returns all of it at the first read(2), so only one call is made. `None` if it cannot be read.
// Not inlined: many places read one, and a call is shorter.
#[inline(never)]
pub(super) fn read_attribute_at<'a>(
    directory: &Fd,
    path: &CStr,
    buffer: &'a mut [u8],
) -> Option<&'a [u8]> {
    let fd = open_at(directory, path, raw::O_RDONLY).ok()?;
    let got = read(&fd, buffer).ok()?;
    buffer.get(..got)
}

/// readlinkat(2): the text of a symbolic link, with `path` relative to a directory. A text longer than
/// the buffer fills it.
///
/// # Errors
/// The kernel's errno.
pub(super) fn read_link_at<'a>(
    directory: &Fd,
    path: &CStr,
    buffer: &'a mut [u8],
) -> Result<&'a [u8], Errno> {
    let (path, start) = (path.as_ptr() as usize, buffer.as_mut_ptr() as usize);
    let arguments = [directory.argument(), path, start, buffer.len(), 0, 0];
    // SAFETY: `path` is a NUL-terminated string that outlives the call, and the kernel writes at most
    // `buffer.len()` bytes to `start`, which is that large.
    let got = arch::result(unsafe { arch::syscall(raw::__NR_readlinkat, arguments) })?;
    Ok(buffer.get(..got).unwrap_or_default())
}

fn read_all<'a>(fd: &Fd, buffer: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    let mut filled = 0_usize;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(fd, rest)? {
            0 => break,
            got => filled = filled.saturating_add(got),
        }
    }
    Ok(buffer.get(..filled).unwrap_or_default())
}
