//! What a refusal of the kernel means on this machine, and what to do.

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

/// The call is not there, or not for this image or these arguments: kexec_load may do it.
pub const KX_REFUSAL_UNSUPPORTED: u32 = 1;
/// A signature was asked for and is missing, broken or not trusted: do not try another way.
pub const KX_REFUSAL_SIGNATURE: u32 = 2;
/// The caller may not, or a policy forbids it.
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

/// Explains a refusal: puts into a buffer of `size` bytes, ending in NUL, what the -errno `code`
/// of a step (KX_STEP_*) means on a machine in the state `machine` knows. KX_EXPLANATION_SIZE
/// bytes always suffice.
///
/// Returns the bytes written, the NUL with them; the bytes needed if `buffer` is NULL and `size`
/// 0; 0 if there is no more to say than kx_strerror() does; or KX_E_NULL, KX_E_MISALIGNED,
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

/// Said after a refusal by a policy that the other call would go around.
pub(crate) const POLICY: &str = "kx_load() would go around that and must not be tried";

/// Bytes that suffice for every explanation.
pub const KX_EXPLANATION_SIZE: usize = 400;

/// Says what kind of refusal (KX_REFUSAL_*) an -errno of kx_load_files() is: only after
/// KX_REFUSAL_UNSUPPORTED is it right to try kx_load().
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
