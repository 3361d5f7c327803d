//! mount(2), for a PID 1 that needs /proc and /sys.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::arch;
use crate::{Errno, Error};

/// Mounts a file system of type `kind` on `target`; one that is mounted there already is fine.
///
/// # Errors
/// [`Error::Syscall`] with mount(2)'s errno.
pub fn mount(source: &CStr, target: &CStr, kind: &CStr) -> Result<(), Error> {
    let [source, target, kind] = [source, target, kind].map(|text| text.as_ptr() as usize);
    // SAFETY: all three are NUL-terminated strings that outlive the call; no flags, no data.
    let mounted = unsafe { arch::syscall(raw::__NR_mount, [source, target, kind, 0, 0, 0]) };
    match arch::result(mounted) {
        Ok(_) | Err(Errno::EBUSY) => Ok(()),
        Err(errno) => Err(Error::Syscall {
            call: "mount",
            errno,
        }),
    }
}
