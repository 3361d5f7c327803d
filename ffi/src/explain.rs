//! The meaning of the kernel's refusal on this machine, and what to do.

use core::ffi::{c_char, c_int};
use core::fmt::Write;

use kexec_core::Errno;
use kexec_core::refusal::{Class, Refusal, Step};

use crate::advice;
use crate::code::{KX_E_BAD_ARGUMENT, KX_E_UNKNOWN};
use crate::error::{Failure, plain};
use crate::machine::{kx_machine, shared};
use crate::text;

/// step: kexec_load(2).
pub const KX_STEP_LOAD: u32 = 1;
/// step: kexec_file_load(2).
pub const KX_STEP_FILE_LOAD: u32 = 2;
/// step: reboot(2).
pub const KX_STEP_EXEC: u32 = 3;
/// step: kexec_load(2) of a crash kernel.
pub const KX_STEP_CRASH_LOAD: u32 = 4;
/// step: kexec_file_load(2) of a crash kernel.
pub const KX_STEP_CRASH_FILE_LOAD: u32 = 5;

/// The call is missing, or does not support this image or these arguments: kexec_load may.
pub const KX_REFUSAL_UNSUPPORTED: u32 = 1;
/// A signature was required and is missing, invalid or not trusted: do not try another way.
pub const KX_REFUSAL_SIGNATURE: u32 = 2;
/// The caller lacks a privilege, or a policy forbids the call.
pub const KX_REFUSAL_FORBIDDEN: u32 = 3;
/// Anything else.
pub const KX_REFUSAL_OTHER: u32 = 4;

fn errno(code: c_int) -> Result<Errno, Failure> {
    match code {
        -4095..=-1 => u16::try_from(code.wrapping_neg()).ok().map(Errno),
        _ => None,
    }
    .ok_or(Failure::Own(KX_E_BAD_ARGUMENT))
}

/// Explains a refusal: writes the meaning of the -errno `code` of a step (KX_STEP_*), on a machine
/// in the state that `machine` describes, to a buffer of `size` bytes. The text ends in NUL.
/// KX_EXPLANATION_SIZE bytes always suffice.
///
/// Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
/// 0; 0 if there is nothing to add to kx_strerror(); or KX_E_NULL, KX_E_MISALIGNED,
/// KX_E_NOT_INITIALISED, KX_E_UNKNOWN (step), KX_E_BAD_ARGUMENT (not an -errno), KX_E_BUFFER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_explain(
    step: u32,
    code: c_int,
    machine: *const kx_machine,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        let step = match step {
            KX_STEP_LOAD => Step::Load,
            KX_STEP_FILE_LOAD => Step::FileLoad,
            KX_STEP_EXEC => Step::Exec,
            KX_STEP_CRASH_LOAD => Step::CrashLoad,
            KX_STEP_CRASH_FILE_LOAD => Step::CrashFileLoad,
            _ => return Err(Failure::Own(KX_E_UNKNOWN)),
        };
        match Refusal::explain(step, errno(code)?, &machine.kexec) {
            None => Ok(0),
            // SAFETY: the caller's promise.
            Some(refusal) => unsafe {
                text::put(buffer, size, |out: &mut dyn Write| {
                    refusal.write(out, advice::words, POLICY)
                })
            },
        }
    })
}

/// Added after a refusal by a policy that the other call would bypass.
pub(crate) const POLICY: &str = "kx_load() would bypass that and must not be tried";

/// Bytes that suffice for every explanation.
pub const KX_EXPLANATION_SIZE: usize = 400;

/// Classifies a refusal, an -errno of kx_load_files(). Try kx_load() only after
/// KX_REFUSAL_UNSUPPORTED.
///
/// Returns KX_REFUSAL_*, or KX_E_BAD_ARGUMENT (not an -errno).
#[unsafe(no_mangle)]
pub extern "C" fn kx_refusal(code: c_int) -> c_int {
    plain(|| {
        let class = match Class::of(errno(code)?) {
            Class::Unsupported => KX_REFUSAL_UNSUPPORTED,
            Class::Signature => KX_REFUSAL_SIGNATURE,
            Class::Forbidden => KX_REFUSAL_FORBIDDEN,
            _ => KX_REFUSAL_OTHER,
        };
        Ok(class as c_int)
    })
}
