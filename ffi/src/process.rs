//! What a process 1, or another program without libc, also needs.

use core::ffi::{c_char, c_int};

use kexec_core::Error;
use kexec_core::linux::{mount, on_bus_error};

use crate::code::{Code, KX_E_NULL};
use crate::error::{About, kx_error, report};
use crate::pointer;

/// Mounts a file system of a type on a directory: kx_mount("proc", "/proc", "proc", &error). If one
/// is already mounted there, that is not an error.
///
/// Returns 0, -errno of mount, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (of `error`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_mount(
    source: *const c_char,
    target: *const c_char,
    kind: *const c_char,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let source = unsafe { pointer::string(source) }.about("source")?;
        // SAFETY: the caller's promise.
        let target = unsafe { pointer::string(target) }.about("target")?;
        // SAFETY: the caller's promise.
        let kind = unsafe { pointer::string(kind) }.about("kind")?;
        mount(source, target, kind)?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// The function that kx_on_bus_error() calls instead of the instruction that accessed the page. It
/// must not return. It may end the process, call what a signal handler may call, or leave with
/// longjmp(). This works each time, because the signal stays unblocked.
pub type kx_bus_error = Option<unsafe extern "C" fn()>;

/// Sets `handler` to be called when a page of a mapped file is not available: the file was
/// truncated, or its disk failed (SIGBUS). The handler applies to the whole process, so setting it
/// is up to the program, not to a library that it uses; with libc, sigaction does the same. A
/// `handler` of type kx_bus_error never returns.
///
/// Returns 0, -errno of rt_sigaction, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (of `error`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_on_bus_error(handler: kx_bus_error, error: *mut kx_error) -> c_int {
    let body = || {
        let handler = handler.ok_or(Code(KX_E_NULL)).about("handler")?;
        // SAFETY: the same function but for the promise that it does not return, which is the
        // caller's.
        let handler = unsafe {
            core::mem::transmute::<unsafe extern "C" fn(), extern "C" fn() -> !>(handler)
        };
        // SAFETY: the caller's promise.
        unsafe { on_bus_error(handler) }.map_err(|errno| Error::Syscall {
            call: "rt_sigaction",
            errno,
        })?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}
