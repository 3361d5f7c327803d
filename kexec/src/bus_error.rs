//! Mapped files that can no longer be read (SIGBUS).

use core::sync::atomic::{AtomicU8, Ordering};

use kexec_core::linux::{exit, loaded, on_bus_error};
use kexec_core::machine::Known;

use crate::out::complain;
use kexec_cli::failure::code;

/// Whether a crash kernel was loaded before this load began: a [`Known`].
static BEFORE: AtomicU8 = AtomicU8::new(Known::No as u8);

/// Sets a handler that ends the command with a message if a mapped page cannot be read.
#[allow(unsafe_code)]
pub fn prepare() {
    // If this fails, SIGBUS kills the command as usual.
    // SAFETY: `unreadable` makes system calls on memory of its own and an atomic, and ends the
    // process; it runs no code that takes a lock.
    let _without = unsafe { on_bus_error(unreadable) };
}

/// Stores whether a crash kernel is loaded, which the kernel removes when another one is loaded.
pub fn replaces_crash_kernel(before: Known) {
    BEFORE.store(before as u8, Ordering::Relaxed);
}

/// Reports that the running kernel removed the old crash kernel and has no new one or, if the kernel
/// was `asked` for another, that this is unknown.
pub fn warn_if_lost(asked: bool) {
    let before = BEFORE.load(Ordering::Relaxed);
    let now = loaded(true);
    if before == Known::No as u8 || now == Ok(true) {
    } else if before == Known::Yes as u8 && now == Ok(false) {
        complain!(
            "WARNING: no crash kernel is loaded any more: the running kernel removed the old one \
             before it refused the new one"
        );
    } else if asked {
        complain!(
            "WARNING: a crash kernel that was loaded before may be lost, for the running kernel \
             removes the old one before it looks at the new one: {}",
            if now == Ok(false) {
                "none is loaded now"
            } else {
                "/sys/kernel/kexec_crash_loaded cannot be read"
            }
        );
    }
}

/// A mapped file cannot be read. Nothing new was loaded: kexec_load reads what the digest has
/// read, and gives EFAULT, not this. An earlier call may have removed the old crash kernel.
extern "C" fn unreadable() -> ! {
    complain!("a file was cut short, or its disk failed, while it was read; nothing was loaded");
    warn_if_lost(true);
    exit(code::FAILED)
}
