//! mount(2), for a PID 1 that needs /proc and /sys.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::arch;
use crate::{Errno, Error};

/// Mounts a file system of type `kind` on `target`; it is not an error if one is already mounted there.
///
/// # Errors
/// [`Error::Syscall`] with mount(2)'s errno.
pub fn mount(source: &CStr, target: &CStr, kind: &CStr) -> Result<(), Error> {
    let arguments = [
        source.as_ptr() as usize,
        target.as_ptr() as usize,
        kind.as_ptr() as usize,
        0,
        0,
        0,
    ];
    // SAFETY: all three are NUL-terminated strings that outlive the call; no flags, no data.
    let mounted = unsafe { arch::syscall(raw::__NR_mount, arguments) };
    match arch::result(mounted) {
        Ok(_) | Err(Errno::EBUSY) => Ok(()),
        Err(errno) => Err(Error::Syscall {
            call: "mount",
            errno,
        }),
    }
}
