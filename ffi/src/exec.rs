//! Starting the loaded image.

use core::ffi::c_int;

use kexec_core::linux::{interfaces_down, loaded, reboot_kexec, sync};
use kexec_core::{Errno, Error};

use crate::code::Code;
use crate::error::{count, kx_error, report, report_call};

/// Waits until all file systems are written: sync(2). kx_exec() does not do this.
///
/// Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn kx_sync() -> c_int {
    sync();
    0
}

/// Takes all network interfaces except loopback down, so that no device writes into the new
/// kernel's memory. An interface that cannot be taken down is not an error.
///
/// Returns the number of requests that the kernel accepted; -errno of socket, sendto or recvfrom
/// (-EAFNOSUPPORT without a network); or KX_E_MISALIGNED, KX_E_SIZE (of `error`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_interfaces_down(error: *mut kx_error) -> c_int {
    let body = || count(interfaces_down()?);
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Starts the loaded image at once: no process is notified, no file system is unmounted or written.
/// Does not return on success. Needs CAP_SYS_BOOT.
///
/// Returns -errno of reboot(2) (kx_explain(KX_STEP_EXEC)); if nothing is loaded
/// KX_E_NOTHING_LOADED, or -EINVAL if /sys does not show that; or KX_E_MISALIGNED, KX_E_SIZE (of
/// `error`).
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
