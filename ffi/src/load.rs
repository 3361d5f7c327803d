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

/// kexec_file_load: the image for a crash.
pub const KX_FILE_ON_CRASH: u64 = 2;
/// kexec_file_load: there is no initrd; set by itself.
pub const KX_FILE_NO_INITRAMFS: u64 = 4;
/// kexec_file_load: print the layout to the kernel's log; since Linux 6.8.
pub const KX_FILE_DEBUG: u64 = 8;
/// kexec_file_load: take no memory of the contiguous memory allocator; since Linux 6.17.
pub const KX_FILE_NO_CMA: u64 = 16;
/// kexec_file_load: hand the running kernel's device tree on; since Linux 6.17.
pub const KX_FILE_FORCE_DTB: u64 = 32;

/// Unload by kexec_load(2).
pub const KX_CALL_LOAD: u32 = 1;
/// Unload by kexec_file_load(2).
pub const KX_CALL_FILE_LOAD: u32 = 2;

/// flags of kx_unload() and kx_loaded(): the crash image.
pub const KX_LOADED_CRASH: u32 = 33_554_432;

/// Hands a plan to the kernel by kexec_load(2), which copies it: all memory is the caller's
/// again. It stays loaded until the reboot, or kx_unload(). Needs CAP_SYS_BOOT; it is the
/// whole system's, whichever thread calls. When another call is under way it is made again for
/// up to a second.
///
/// What was loaded before stays when this fails, but not a crash image: once the kernel has begun
/// with a plan of KX_REQUEST_CRASH, the old one is gone (it lay where the new one goes), and a
/// refusal leaves none. kx_plan() and kx_check() find what can be found first, without a system
/// call.
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

/// As kx_load(), of an array of segments of the caller's own making, with kexec_load's entry
/// and flags. Nothing is checked but their number.
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

/// Loads by kexec_file_load(2): the kernel reads, checks and places the files itself. No plan is
/// needed. `initrd` is a descriptor, or -1 for none (kx_join() makes one of several).
/// `command_line` has `length` bytes, of which the last is NUL, or none at all. `flags` are
/// KX_FILE_*. Nobody may have the files open for writing.
///
/// With KX_FILE_ON_CRASH a refusal costs the crash image that was loaded before, once the kernel
/// has begun: as is said of kx_load(). kx_check_files() finds most of what it refuses; the same files planned by kx_plan() with KX_REQUEST_CRASH,
/// and kx_check() of the plan, show first whether they are a kernel and fit the reservation; that
/// nobody writes to them a lease shows (kx_hold()).
///
/// Returns 0, -errno of kexec_file_load (kx_explain(KX_STEP_FILE_LOAD)), or KX_E_NULL,
/// KX_E_SIZE, KX_E_MISALIGNED (of `error`), KX_E_COMMAND_LINE_NUL (there is one before the last
/// byte, or none there), KX_E_UNKNOWN (flags), KX_E_BAD_ARGUMENT (`initrd` is below -1: an error
/// of who opened it).
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
            let what = "an initrd is a descriptor, or -1 for none";
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

/// Whether the running kernel's kexec_file_load(2) knows a flag (KX_FILE_*). Loads and unloads
/// nothing, but counts as a load for kernel.kexec_load_limit_reboot.
///
/// Returns 1 or 0; -errno where the kernel does not say: -EPERM to who may not load, -ENOSYS
/// without the call, -EBUSY while another call is under way.
#[unsafe(no_mangle)]
pub extern "C" fn kx_knows_file_flag(flag: u64) -> c_int {
    plain(|| Ok(c_int::from(file_flag_known(flag)?)))
}

/// Unloads what is loaded, by one of the two calls (KX_CALL_*), both of which unload either
/// kind; `flags` may be KX_LOADED_CRASH. Nothing loaded is no error.
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
