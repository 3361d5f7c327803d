//! Starting what is loaded: reboot(2) with LINUX_REBOOT_CMD_KEXEC.

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

/// Starts the loaded kernel at once: no process is told, no file system unmounted or
/// [`sync`]ed. Comes back only when it fails.
///
/// # Errors
/// [`Error::Syscall`] with reboot(2)'s errno; it gives EINVAL when nothing is loaded and in
/// every PID namespace but the first, and EBUSY while another kexec call is under way, here only
/// after a second of trying.
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
        // On success there is no return; a kernel that returned 0 all the same did nothing.
        errno: returned.err().unwrap_or(Errno::EINVAL),
    })
}
