//! Whether an image is loaded.

use super::file::read_file;
use crate::Errno;
use crate::cstr;

/// Reads /sys/kernel/kexec/{loaded,crash_loaded}, on older kernels
/// /sys/kernel/kexec_{loaded,crash_loaded}.
///
/// # Errors
/// ENOENT when /sys is not mounted or the kernel has no kexec; ENODATA for an empty file; else
/// the errno of open or read.
pub fn loaded(crash: bool) -> Result<bool, Errno> {
    let (new, old) = if crash {
        (
            cstr!("/sys/kernel/kexec/crash_loaded"),
            cstr!("/sys/kernel/kexec_crash_loaded"),
        )
    } else {
        (
            cstr!("/sys/kernel/kexec/loaded"),
            cstr!("/sys/kernel/kexec_loaded"),
        )
    };
    let mut buffer = [0_u8; 16];
    let text = match read_file(new, &mut buffer) {
        Ok(text) => text.first().copied(),
        Err(Errno::ENOENT) => read_file(old, &mut buffer)?.first().copied(),
        // It is there, and what it says is not known: the older place cannot say it either.
        Err(errno) => return Err(errno),
    };
    match text {
        Some(digit) => Ok(digit != b'0'),
        None => Err(Errno::ENODATA),
    }
}

/// Whether this kernel has kexec: `Ok(false)` only when /sys is mounted and has no file of
/// kexec's.
///
/// # Errors
/// The errno that keeps it unknown: ENOENT when /sys is not mounted.
pub fn kernel_has_kexec() -> Result<bool, Errno> {
    match loaded(false) {
        // The file is there, even if it says nothing.
        Ok(_) | Err(Errno::ENODATA) => Ok(true),
        Err(Errno::ENOENT) => {
            super::open(cstr!("/sys/kernel"), linux_raw_sys::general::O_PATH).map(|_| false)
        }
        Err(errno) => Err(errno),
    }
}
