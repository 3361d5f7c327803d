//! Loading and unloading: the system calls.

use core::ffi::c_int;

use kexec_core::Error;
use kexec_core::linux::{
    BorrowedFd, file_flag_known, kexec_file_load, kexec_file_unload, kexec_load, kexec_unload,
};

use crate::check;
use crate::error::{About, kx_error, plain, report, unknown};
use crate::inspect::kx_segment;
use crate::pointer;
use crate::workspace::{kx_workspace, plan};

/// kexec_file_load: the image is for a crash.
pub const KX_FILE_ON_CRASH: u64 = 2;
/// kexec_file_load: there is no initrd; the library sets it.
pub const KX_FILE_NO_INITRAMFS: u64 = 4;
/// kexec_file_load: print the layout to the kernel's log; since Linux 6.8.
pub const KX_FILE_DEBUG: u64 = 8;
/// kexec_file_load: keep segments out of memory of the contiguous memory allocator (CMA); since
/// Linux 6.17.
pub const KX_FILE_NO_CMA: u64 = 16;
/// kexec_file_load: pass on the running kernel's device tree; since Linux 6.17.
pub const KX_FILE_FORCE_DTB: u64 = 32;

/// Unload by kexec_load(2).
pub const KX_CALL_LOAD: u32 = 1;
/// Unload by kexec_file_load(2).
pub const KX_CALL_FILE_LOAD: u32 = 2;

/// flags of kx_unload() and kx_loaded(): the crash image.
pub const KX_LOADED_CRASH: u32 = 33_554_432;

/// Loads a plan with kexec_load(2). The kernel copies the plan, so all memory then belongs to the
/// caller again. The image stays loaded until the reboot, or kx_unload(). Needs CAP_SYS_BOOT. The
/// image is loaded for the whole system, whichever thread calls. While another call is under way,
/// this one is repeated for up to a second.
///
/// If it fails, the image loaded before stays loaded. A crash image is an exception: once the
/// kernel has begun with a plan of KX_REQUEST_CRASH, the old one is gone, because the new one takes
/// its place, and a refusal leaves none. First use kx_plan() and kx_check(), which find as many
/// errors as possible without a system call.
///
/// Returns 0, -errno of kexec_load (kx_explain(KX_STEP_LOAD)), or KX_E_NULL, KX_E_MISALIGNED,
/// KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED, KX_E_BUSY, KX_E_TOO_MANY_SEGMENTS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_load(workspace: *const kx_workspace, error: *mut kx_error) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let plan = unsafe { plan(workspace) }.about("workspace")?;
        kexec_load(plan.entry, plan.segments(), plan.flags)?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Like kx_load(), for an array of segments that the caller made, with the entry and flags of
/// kexec_load. Only the number of segments is checked.
///
/// Returns 0, -errno of kexec_load, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (also of segments
/// that differ in size), KX_E_TOO_NEW, KX_E_TOO_MANY_SEGMENTS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_load_segments(
    segments: *const kx_segment,
    count: usize,
    entry: u64,
    flags: u64,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let list = unsafe { check::segments(segments, count) }?;
        kexec_load(entry, &list, flags)?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Loads with kexec_file_load(2): the kernel reads, checks and places the files itself. No plan is
/// needed. `initrd` is a descriptor, or -1 for none (kx_join() makes one of several).
/// `command_line` has `length` bytes, and the last one is NUL; `length` may be 0. `flags` are
/// KX_FILE_*. Nobody may have the files open for writing.
///
/// With KX_FILE_ON_CRASH a refusal loses the crash image that was loaded before, once the kernel
/// has begun, as with kx_load(). kx_check_files() finds most of what the kernel refuses. To check
/// first that the files are a kernel and fit the reservation, plan them with kx_plan() and
/// KX_REQUEST_CRASH, and check the plan with kx_check(). A lease (kx_hold()) shows that nobody
/// writes to them.
///
/// Returns 0, -errno of kexec_file_load (kx_explain(KX_STEP_FILE_LOAD)), or KX_E_NULL, KX_E_SIZE,
/// KX_E_MISALIGNED (of `error`), KX_E_COMMAND_LINE_NUL (there is a NUL before the last byte, or the
/// last byte is not NUL), KX_E_UNKNOWN (flags), KX_E_BAD_ARGUMENT (`initrd` is below -1, such as
/// the error of a failed open).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_load_files(
    kernel: c_int,
    initrd: c_int,
    command_line: *const core::ffi::c_char,
    length: usize,
    flags: u64,
    error: *mut kx_error,
) -> c_int {
    const KNOWN: u64 = KX_FILE_ON_CRASH
        | KX_FILE_NO_INITRAMFS
        | KX_FILE_DEBUG
        | KX_FILE_NO_CMA
        | KX_FILE_FORCE_DTB;
    let body = || {
        if flags & !KNOWN != 0 {
            return Err(unknown("flags", flags & !KNOWN));
        }
        // SAFETY: the caller's promise.
        let line = unsafe { pointer::bytes(command_line.cast(), length) }.about("command_line")?;
        if initrd < -1 {
            let what = "initrd must be a descriptor, or -1 for none";
            return Err(Error::BadArgument { what }.into());
        }
        // SAFETY: the caller's promise.
        let kernel = unsafe { BorrowedFd::from_raw(kernel) };
        // SAFETY: the caller's promise.
        let initrd = (initrd >= 0).then(|| unsafe { BorrowedFd::from_raw(initrd) });
        kexec_file_load(&kernel, initrd.as_deref(), line, flags)?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Whether kexec_file_load(2) of the running kernel knows a flag (KX_FILE_*). Loads and unloads
/// nothing, but counts as a load for kernel.kexec_load_limit_reboot.
///
/// Returns 1 or 0; -errno if the kernel does not say: -EPERM if the caller may not load, -ENOSYS
/// if the call is missing, -EBUSY while another call is under way.
#[unsafe(no_mangle)]
pub extern "C" fn kx_knows_file_flag(flag: u64) -> c_int {
    plain(|| Ok(c_int::from(file_flag_known(flag)?)))
}

/// Unloads an image with one of the two calls (KX_CALL_*). Each of them also unloads what the other
/// loaded. `flags` may be KX_LOADED_CRASH. It is not an error if nothing is loaded.
///
/// Returns 0, -errno of the call, or KX_E_MISALIGNED, KX_E_SIZE (of `error`), KX_E_UNKNOWN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_unload(call: u32, flags: u32, error: *mut kx_error) -> c_int {
    let body = || {
        if flags & !KX_LOADED_CRASH != 0 {
            return Err(unknown("flags", flags & !KX_LOADED_CRASH));
        }
        let crash = flags & KX_LOADED_CRASH != 0;
        let unload: fn(bool) -> Result<(), Error> = match call {
            KX_CALL_LOAD => kexec_unload,
            KX_CALL_FILE_LOAD => kexec_file_unload,
            other => return Err(unknown("call", other)),
        };
        unload(crash)?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}
