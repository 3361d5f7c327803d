//! A mapped file that cannot be read any more (SIGBUS).

use core::sync::atomic::{AtomicBool, Ordering};

use kexec_core::linux::{exit, loaded, on_bus_error};

use crate::failure::code;
use crate::out::complain;

/// Whether a crash kernel was loaded before this load began.
static REPLACES: AtomicBool = AtomicBool::new(false);

/// Ends the command with a message where a mapped page cannot be had.
#[allow(unsafe_code)]
pub fn prepare() {
    // Without it the kernel ends the command, as any other program.
    // SAFETY: `unreadable` makes system calls on memory of its own and an atomic, and ends the
    // process; it runs no code that takes a lock.
    let _without = unsafe { on_bus_error(unreadable) };
}

/// Notes that a crash kernel is loaded that the kernel removes when it is asked for another.
pub fn replaces_crash_kernel() {
    REPLACES.store(true, Ordering::Relaxed);
}

/// Says it where the running kernel removed the old crash kernel and has no new one.
pub fn warn_if_lost() {
    if REPLACES.load(Ordering::Relaxed) && loaded(true) == Ok(false) {
        complain!(
            "WARNING: no crash kernel is loaded any more: the running kernel removed the old one \
             before it refused the new one"
        );
    }
}

/// A mapped file cannot be read. Nothing new was loaded: kexec_load reads what the digest has
/// read, and gives EFAULT, not this. But a call before may have cost the old crash kernel.
extern "C" fn unreadable() -> ! {
    complain!("a file was cut short, or its disk failed, while it was read; nothing was loaded");
    warn_if_lost();
    exit(code::FAILED)
}
