//! Signals that programs handle when they read mapped files or write output.

use linux_raw_sys::general as raw;

use super::arch;
use crate::Errno;

/// Sets `handler` for SIGBUS: a mapped page cannot be read because its file was truncated or its disk
/// failed. The handler interrupts the instruction that accessed the page and must not return; if it
/// jumps out, it is called again for the next such page. It applies to the whole process, so it is for
/// programs, not for libraries.
///
/// # Safety
/// `handler` can run at any instruction that accesses a mapped page: it must not use anything that
/// the interrupted code may have been changing (a lock, a `static mut`), may call only what a signal
/// handler may call and, if it jumps out instead of ending the process, must not skip a destructor
/// that must run.
///
/// # Errors
/// The errno of rt_sigaction(2).
pub unsafe fn on_bus_error(handler: extern "C" fn() -> !) -> Result<(), Errno> {
    let handler = handler as *const () as usize;
    // SA_NODEFER: a handler that never returns would leave the signal blocked.
    let action = arch::action(handler, raw::SA_NODEFER as usize);
    // SAFETY: the handler takes no argument, so that it may be called with any, and is the
    // caller's promise.
    unsafe { set(raw::SIGBUS, &action, &mut [0; 4]) }
}

/// A signal that accompanies the errno of a failed write(2), and that ends a process which does not
/// handle it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteSignal {
    /// SIGPIPE: nobody reads the pipe any more (EPIPE).
    BrokenPipe,
    /// SIGXFSZ: the file would be longer than RLIMIT_FSIZE allows (EFBIG).
    FileSize,
}

/// Ignores a signal; when dropped, the signal is handled as before. It applies to the whole
/// process, so it is for programs, not for libraries. A program started by execve(2) before that
/// inherits it.
#[derive(Debug)]
pub struct Ignored {
    number: u32,
    before: Action,
}

/// struct sigaction of the kernel (include/linux/signal_types.h): the handler first; then as
/// [`arch::action`] says.
type Action = [usize; 4];

impl Ignored {
    /// Ignores `signal`.
    ///
    /// # Errors
    /// The errno of rt_sigaction(2).
    pub fn new(signal: WriteSignal) -> Result<Self, Errno> {
        const SIG_IGN: usize = 1;
        let number = match signal {
            WriteSignal::BrokenPipe => raw::SIGPIPE,
            WriteSignal::FileSize => raw::SIGXFSZ,
        };
        let mut before = [0; 4];
        // SAFETY: no handler runs.
        unsafe { set(number, &[SIG_IGN, 0, 0, 0], &mut before) }?;
        Ok(Self { number, before })
    }
}

impl Drop for Ignored {
    fn drop(&mut self) {
        // SAFETY: the kernel returned this action as the previous one.
        let _unchanged = unsafe { set(self.number, &self.before, &mut [0; 4]) };
    }
}

/// rt_sigaction(2).
///
/// # Safety
/// A handler in `action` may run at any instruction.
unsafe fn set(number: u32, action: &Action, before: &mut Action) -> Result<(), Errno> {
    let mask_size = size_of::<raw::kernel_sigset_t>();
    let action = action.as_ptr() as usize;
    let before = before.as_mut_ptr() as usize;
    let arguments = [number as usize, action, before, mask_size, 0, 0];
    // SAFETY: the kernel reads one struct sigaction at `action` and writes one to `before`; the
    // handler is the caller's promise.
    arch::result(unsafe { arch::syscall(raw::__NR_rt_sigaction, arguments) }).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only with SIGXFSZ: the standard library changes the handling of SIGPIPE.
    #[test]
    fn the_handling_before_comes_back() {
        let now = || {
            let mut before = [0; 4];
            // SAFETY: SIGXFSZ is ignored for a moment, and then handled as before.
            unsafe { set(raw::SIGXFSZ, &[1, 0, 0, 0], &mut before) }.unwrap();
            // SAFETY: as it was.
            unsafe { set(raw::SIGXFSZ, &before, &mut [0; 4]) }.unwrap();
            before[0]
        };
        assert_eq!(now(), 0);
        let ignored = Ignored::new(WriteSignal::FileSize).unwrap();
        assert_eq!(now(), 1);
        drop(ignored);
        assert_eq!(now(), 0);
    }
}
