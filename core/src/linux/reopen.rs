//! The same file opened a second time, by its descriptor: a new open file description.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::arch;
use super::fd::Fd;
use super::file::open;
use crate::Errno;
use crate::bytes::{put_decimal, put_slice};

/// Opens the same file read-only, whether or not it has a name any more: by /proc/self/fd, or,
/// where /proc is not mounted, by its handle (which takes CAP_DAC_READ_SEARCH and
/// CONFIG_FHANDLE).
///
/// # Errors
/// The errno of the open by /proc.
pub(super) fn reopen(fd: &Fd) -> Result<Fd, Errno> {
    let number = u32::try_from(fd.number()).map_err(|_| Errno::EBADF)?;
    by_proc(number).or_else(|errno| by_handle(fd).map_err(|_| errno))
}

/// Without waiting, in case another process has a lease on the file.
const FLAGS: u32 = raw::O_RDONLY | raw::O_NONBLOCK | raw::O_NOCTTY | raw::O_CLOEXEC;

fn by_proc(number: u32) -> Result<Fd, Errno> {
    const PREFIX: &[u8] = b"/proc/self/fd/";
    const DIGITS: usize = 10;
    let mut path = [0_u8; PREFIX.len() + DIGITS + 1];
    let mut digits = [0_u8; DIGITS];
    let start = put_decimal(&mut digits, number);
    let digits = digits.get(start..).unwrap_or_default();
    // The buffer has one byte more than both parts: the NUL.
    put_slice(&mut path, 0, PREFIX).ok_or(Errno::EINVAL)?;
    put_slice(&mut path, PREFIX.len(), digits).ok_or(Errno::EINVAL)?;
    let path = CStr::from_bytes_until_nul(&path).map_err(|_| Errno::EINVAL)?;
    open(path, FLAGS)
}

/// `struct file_handle` (include/linux/fs.h) with the maximum number of bytes.
#[repr(C)]
struct Handle {
    bytes: u32,
    kind: i32,
    handle: [u8; MAX_HANDLE_SZ],
}

const MAX_HANDLE_SZ: usize = 128;

fn by_handle(fd: &Fd) -> Result<Fd, Errno> {
    let mut handle = Handle {
        bytes: MAX_HANDLE_SZ as u32,
        kind: 0,
        handle: [0; MAX_HANDLE_SZ],
    };
    let mut mount = 0_i32;
    let (name, place) = (c"".as_ptr() as usize, &raw mut handle as usize);
    let mount = &raw mut mount as usize;
    let empty = raw::AT_EMPTY_PATH as usize;
    let arguments = [fd.argument(), name, place, mount, empty, 0];
    // SAFETY: the name is a string; the kernel writes one handle of at most `bytes` bytes to
    // `place`, which has that many, and one int to `mount`.
    arch::result(unsafe { arch::syscall(raw::__NR_name_to_handle_at, arguments) })?;
    let arguments = [fd.argument(), place, FLAGS as usize, 0, 0, 0];
    // SAFETY: the kernel reads the handle at `place`.
    arch::result(unsafe { arch::syscall(raw::__NR_open_by_handle_at, arguments) }).map(Fd::returned)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use kexec_testing::not_tested;

    #[test]
    fn both_ways_lead_to_the_file() {
        let file = open(c"/proc/self/exe", raw::O_RDONLY).unwrap();
        let mut magic = [0; 4];
        read(&by_proc(file.number().unsigned_abs()).unwrap(), &mut magic).unwrap();
        assert_eq!(&magic, b"\x7fELF");
        match by_handle(&file) {
            Ok(file) => {
                magic = [0; 4];
                read(&file, &mut magic).unwrap();
                assert_eq!(&magic, b"\x7fELF");
            }
            Err(errno) => not_tested(&std::format!("an open by handle: {errno}")),
        }
        // SAFETY: it is not a descriptor.
        let none = unsafe { super::super::fd::BorrowedFd::from_raw(-1) };
        assert_eq!(reopen(&none).unwrap_err(), Errno::EBADF);
    }
}
