//! Signals that come of files: of mapped pages that cannot be had, and of limits.

use linux_raw_sys::general as raw;

use super::arch;
use crate::Errno;

/// Has `handler` called when a mapped page cannot be had: its file was cut short, or its disk
/// failed (SIGBUS). The handler runs in place of the instruction that looked at the page and
/// must not come back; where it jumps out, the next such page calls it again. It is the whole
/// process's, so it is for programs, not for libraries.
///
/// # Safety
/// `handler` does what it does at any instruction that looks at a mapped page: it uses nothing
/// that code may have been changing there (a lock, a `static mut`), calls what a signal handler
/// may call, and where it jumps out instead of ending the process, skips no destructor that
/// must run.
///
/// # Errors
/// The errno of rt_sigaction(2).
pub unsafe fn on_bus_error(handler: extern "C" fn() -> !) -> Result<(), Errno> {
    let handler = handler as *const () as usize;
    // struct sigaction of the kernel (include/linux/signal_types.h): handler, flags, restorer,
    // mask. x86 refuses to deliver without a restorer; what never returns never gets there.
    // What never returns never has the signal unblocked either: it stays so all the time.
    let flags = (raw::SA_RESTORER | raw::SA_NODEFER) as usize;
    let action: [usize; 4] = [handler, flags, handler, 0];
    let mask_size = size_of::<raw::kernel_sigset_t>();
    let action = &raw const action as usize;
    let arguments = [raw::SIGBUS as usize, action, 0, mask_size, 0, 0];
    // SAFETY: the kernel reads one struct sigaction at `action`; the handler it names takes no
    // argument, so that it may be called with any, and is the caller's promise.
    arch::result(unsafe { arch::syscall(raw::__NR_rt_sigaction, arguments) }).map(|_| ())
}

/// Has a write past RLIMIT_FSIZE fail with EFBIG instead of ending the process (SIGXFSZ): the signal
/// is ignored, or, with `false`, ends the process again. It is the whole process's, so it is for
/// programs, not for libraries; and execve(2) hands on what is ignored.
///
/// # Errors
/// The errno of rt_sigaction(2).
pub fn ignore_file_size_limit(ignore: bool) -> Result<(), Errno> {
    // SIG_IGN and SIG_DFL, which are no functions.
    let action: [usize; 4] = [usize::from(ignore), 0, 0, 0];
    let mask_size = size_of::<raw::kernel_sigset_t>();
    let action = &raw const action as usize;
    let arguments = [raw::SIGXFSZ as usize, action, 0, mask_size, 0, 0];
    // SAFETY: the kernel reads one struct sigaction at `action`, which names no handler.
    arch::result(unsafe { arch::syscall(raw::__NR_rt_sigaction, arguments) }).map(|_| ())
}
