//! Whether an image is loaded.

use super::file::read_file;
use crate::Errno;
use crate::cstr;

/// Reads /sys/kernel/kexec/{loaded,crash_loaded}, on older kernels
/// /sys/kernel/kexec_{loaded,crash_loaded}.
///
/// # Errors
/// The errno of the older place: ENOENT when /sys is not mounted or the kernel has no kexec.
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
        Err(_) => read_file(old, &mut buffer)?.first().copied(),
    };
    match text {
        Some(digit) => Ok(digit != b'0'),
        None => Err(Errno::ENODATA),
    }
}

/// Whether this kernel has kexec: `Some(false)` when /sys is there but says nothing about it,
/// `None` when /sys is not there.
#[must_use]
pub fn kernel_has_kexec() -> Option<bool> {
    if loaded(false).is_ok() {
        return Some(true);
    }
    super::open(cstr!("/sys/kernel"), linux_raw_sys::general::O_PATH)
        .ok()
        .map(|_| false)
}
