//! Starting what is loaded.

use core::ffi::c_int;

use kexec_core::linux::{interfaces_down, loaded, reboot_kexec, sync};
use kexec_core::{Errno, Error};

use crate::code::Code;
use crate::error::{count, kx_error, report, report_call};

/// Waits until all file systems are written: sync(2). kx_exec() does not.
///
/// Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn kx_sync() -> c_int {
    sync();
    0
}

/// Takes all network interfaces but loopback down, so that no device writes into the new
/// kernel's memory. One that cannot be taken down is no error.
///
/// Returns how many requests the kernel took; -errno of socket, sendto or recvfrom
/// (-EAFNOSUPPORT without a network); or KX_E_MISALIGNED, KX_E_SIZE (of `error`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_interfaces_down(error: *mut kx_error) -> c_int {
    let body = || count(interfaces_down()?);
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Starts what is loaded, at once: no process is told, no file system is unmounted or written.
/// Does not return when it succeeds. Needs CAP_SYS_BOOT.
///
/// Returns -errno of reboot(2) (kx_explain(KX_STEP_EXEC)); KX_E_NOTHING_LOADED, or -EINVAL where
/// /sys does not say so; or KX_E_MISALIGNED, KX_E_SIZE (of `error`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_exec(error: *mut kx_error) -> c_int {
    let body = || match reboot_kexec() {
        Err(Error::Syscall { errno, .. })
            if errno == Errno::EINVAL && loaded(false) == Ok(false) =>
        {
            (Code::of(Error::NothingLoaded), "")
        }
        Err(refused) => (Code::of(refused), "reboot"),
        Ok(never) => match never {},
    };
    // SAFETY: the caller's promise.
    unsafe { report_call(error, body) }
}
