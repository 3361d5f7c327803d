//! The runtime of a static program without libc: the entry point, the memcpy family, the
//! panic handler, and static memory that is handed out once.
//!
//! A program names its main function with [`entry!`], and its build script passes on the
//! linker arguments of this crate's: see examples/rust-init in the source of libkexec, which is a whole
//! program, and `docs/init.md` there.
#![no_std]

mod arch;
mod once;
mod panic;
mod start;

pub use kexec_core::linux::Environment;
pub use once::Once;
pub use start::{Arguments, start};

/// Names the function a program starts with: `fn(Arguments, Environment) -> u8`, which returns
/// the exit code.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        /// # Safety
        /// For `_start` only, which passes the stack as the kernel left it, once.
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn kexec_rt_main(stack: *const usize) -> ! {
            // SAFETY: the caller guarantees it.
            unsafe { $crate::start(stack, $main) }
        }
    };
}
