//! Whether an image is loaded.

use super::file::read_file;
use crate::Errno;
use crate::cstr;

/// Reads /sys/kernel/kexec/{loaded,crash_loaded}, on older kernels
/// /sys/kernel/kexec_{loaded,crash_loaded}.
///
/// # Errors
/// ENOENT if /sys is not mounted or the kernel has no kexec; ENODATA if the file contains neither 0
/// nor 1; else the kernel's errno. The state is then unknown.
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
    for path in [new, old] {
        match read_file(path, &mut buffer) {
            // Not `machine::flag`: programs that must be tiny use this function.
            Ok([digit @ (b'0' | b'1')] | [digit @ (b'0' | b'1'), b'\n']) => {
                return Ok(*digit == b'1');
            }
            Ok(_) => return Err(Errno::ENODATA),
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::ENOENT)
}

/// Whether the running kernel hands state over to the next one (kexec handover, KHO), and that state is
/// final: kexec_load(2) would lose it. Kernels before 6.19 show this, to root, in debugfs; false for all others.
#[must_use]
pub fn handover_is_final() -> bool {
    let mut buffer = [0_u8; 16];
    let contents = read_file(cstr!("/sys/kernel/debug/kho/out/finalize"), &mut buffer);
    contents.is_ok_and(|contents| contents.starts_with(b"1"))
}

/// Whether this kernel has kexec: `Ok(false)` only if /sys is mounted and has no file for
/// kexec.
///
/// # Errors
/// The errno because of which it is unknown: ENOENT if /sys is not mounted.
pub fn kernel_has_kexec() -> Result<bool, Errno> {
    match loaded(false) {
        // The file exists, even if its contents are invalid.
        Ok(_) | Err(Errno::ENODATA) => Ok(true),
        Err(Errno::ENOENT) => {
            super::open(cstr!("/sys/kernel"), linux_raw_sys::general::O_PATH).map(|_| false)
        }
        Err(errno) => Err(errno),
    }
}
