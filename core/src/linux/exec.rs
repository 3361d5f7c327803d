//! Starting the loaded kernel: reboot(2) with LINUX_REBOOT_CMD_KEXEC.

use core::convert::Infallible;

use linux_raw_sys::general as raw;

use super::arch;
use super::load::retry_busy;
use crate::Errno;
use crate::error::{Error, Result};

/// sync(2): waits until all file systems are written. The kexec path of reboot(2) does not.
pub fn sync() {
    // SAFETY: sync(2) has no arguments.
    unsafe { arch::syscall(raw::__NR_sync, [0; 6]) };
}

/// Starts the loaded kernel at once: processes get no signal, and file systems are neither unmounted
/// nor [`sync`]ed. Returns only if it fails.
///
/// # Errors
/// [`Error::Syscall`] with reboot(2)'s errno; it gives EINVAL when nothing is loaded and in
/// every PID namespace but the first, and EBUSY while another kexec call is in progress, which is
/// returned only after one second of retries.
pub fn reboot_kexec() -> Result<Infallible> {
    let arguments = [
        raw::LINUX_REBOOT_MAGIC1 as usize,
        raw::LINUX_REBOOT_MAGIC2 as usize,
        raw::LINUX_REBOOT_CMD_KEXEC as usize,
        0,
        0,
        0,
    ];
    let returned = retry_busy(|| {
        // SAFETY: this command takes no pointer.
        unsafe { arch::syscall(raw::__NR_reboot, arguments) }
    });
    Err(Error::Syscall {
        call: "reboot",
        // On success the call does not return; a kernel that returns 0 did nothing.
        errno: returned.err().unwrap_or(Errno::EINVAL),
    })
}
