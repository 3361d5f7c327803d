//! Other system calls for a program without libc: output, sleep, exec, exit.

use core::ffi::{CStr, c_char};

use linux_raw_sys::general as raw;

use super::arch;
use super::fd::{Fd, Standard};
use super::file::write;
use crate::Errno;

/// Writes all of `bytes`.
///
/// # Errors
/// The errno of write(2), EINTR excepted; part of the bytes may have been written.
pub fn write_all(to: Standard, bytes: &[u8]) -> Result<(), Errno> {
    write_all_to(&to.fd(), bytes)
}

/// As [`write_all`], to any descriptor.
///
/// # Errors
/// As those.
pub fn write_all_to(fd: &Fd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(fd, bytes) {
            Ok(0) => return Err(Errno::EIO),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// The time on a clock that only goes forward (CLOCK_MONOTONIC), in milliseconds. A system call, because
/// a program without libc does not use the vDSO. 0 if it cannot be read.
#[must_use]
pub fn milliseconds() -> u64 {
    let mut time = raw::__kernel_timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let arguments = [
        raw::CLOCK_MONOTONIC as usize,
        &raw mut time as usize,
        0,
        0,
        0,
        0,
    ];
    // SAFETY: the kernel writes one timespec to `time`, which is one.
    let _unknown = unsafe { arch::syscall(raw::__NR_clock_gettime, arguments) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let rest = u64::try_from(time.tv_nsec / 1_000_000).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(rest)
}

/// The columns of the terminal that a standard descriptor is; `None` if it is not a terminal, 0 if it
/// does not know (a serial console).
#[must_use]
pub fn terminal_columns(of: Standard) -> Option<u16> {
    let mut size = raw::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let (fd, request) = (of.fd(), linux_raw_sys::ioctl::TIOCGWINSZ as usize);
    let arguments = [fd.argument(), request, &raw mut size as usize, 0, 0, 0];
    // SAFETY: the kernel writes one winsize to `size`, which is one.
    let done = arch::result(unsafe { arch::syscall(raw::__NR_ioctl, arguments) });
    done.ok().map(|_| size.ws_col)
}

/// Waits; a signal may end it early.
pub fn sleep_milliseconds(milliseconds: u32) {
    let time = raw::__kernel_timespec {
        tv_sec: i64::from(milliseconds / 1000),
        tv_nsec: i64::from(milliseconds % 1000).saturating_mul(1_000_000),
    };
    const CLOCK_MONOTONIC: usize = raw::CLOCK_MONOTONIC as usize;
    let request = &raw const time as usize;
    let arguments = [CLOCK_MONOTONIC, 0, request, 0, 0, 0];
    // SAFETY: `request` is a timespec that outlives the call; no remainder is asked for.
    unsafe { arch::syscall(raw::__NR_clock_nanosleep, arguments) };
}

/// The environment that a program was started with; [`execute`] passes it on.
#[derive(Clone, Copy, Debug)]
pub struct Environment(usize);

impl Environment {
    /// From the array of pointers after argv.
    ///
    /// # Safety
    /// `pointers` must be an array that ends with a null pointer, each other element a string that
    /// ends in NUL; all must live, unchanged, as long as the process.
    #[must_use]
    pub unsafe fn new(pointers: *const *const c_char) -> Self {
        Self(pointers as usize)
    }
}

/// execve(2) with `name` and at most six `arguments`. Returns only if it fails.
#[must_use]
pub fn execute(path: &CStr, name: &CStr, arguments: &[&CStr], environment: Environment) -> Errno {
    let mut argv = [core::ptr::null::<c_char>(); 8];
    let given = core::iter::once(&name).chain(arguments);
    if arguments.len() > 6 {
        return Errno::E2BIG;
    }
    for (slot, argument) in argv.iter_mut().zip(given) {
        *slot = argument.as_ptr();
    }
    let (path, argv) = (path.as_ptr() as usize, argv.as_ptr() as usize);
    // SAFETY: path and argv end as they must and outlive the call; the environment does by its
    // constructor's contract.
    let returned = unsafe { arch::syscall(raw::__NR_execve, [path, argv, environment.0, 0, 0, 0]) };
    arch::result(returned).err().unwrap_or(Errno::EINVAL)
}

/// exit_group(2): ends the process.
pub fn exit(code: u8) -> ! {
    loop {
        // SAFETY: takes no pointer, and does not return.
        unsafe { arch::syscall(raw::__NR_exit_group, [usize::from(code), 0, 0, 0, 0, 0]) };
    }
}
