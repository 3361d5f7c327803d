//! Which system call loads, and which one may follow if it is refused.

use core::ffi::c_int;

use kexec_core::Errno;
use kexec_core::route::{Call, Method, Route};

use crate::code::{
    KX_E_BAD_ARGUMENT, KX_E_COMMAND_LINE_TOO_LONG, KX_E_COPY_TOO_LARGE, KX_E_NOT_BOOTABLE,
    KX_E_NOT_THIS_FORMAT, KX_E_UNKNOWN,
};
use crate::error::{Failure, plain};
use crate::load::{KX_CALL_FILE_LOAD, KX_CALL_LOAD};
use crate::machine::{kx_machine, shared};

/// flags of kx_route(): only kexec_file_load(2) may be made.
pub const KX_ROUTE_ONLY_FILE_LOAD: u32 = 1;
/// flags of kx_route(): only kexec_load(2) may be made.
pub const KX_ROUTE_ONLY_LOAD: u32 = 2;
/// flags of kx_route(): kexec_load(2) comes first, because the caller asks for something that
/// kexec_file_load(2) cannot do (a console of the purgatory, limits for addresses).
pub const KX_ROUTE_LOAD_FIRST: u32 = 4;

/// Chooses the call to make next (KX_CALL_*). `flags` are KX_ROUTE_*; 0 is the policy of the kexec
/// command: first kexec_file_load(2), with which the kernel checks signatures, then kexec_load(2)
/// if the first one is missing or does not support the image. Before the first call, `call` and
/// `code` are 0. After a failure they are the call and its return value: the -errno of kx_load() or
/// kx_load_files(), or, with KX_CALL_FILE_LOAD, the return value of kx_check_files() or kx_join().
/// Of these, KX_E_NOT_BOOTABLE, KX_E_NOT_THIS_FORMAT, KX_E_COMMAND_LINE_TOO_LONG and
/// KX_E_COPY_TOO_LARGE lead to kexec_load.
///
/// A load that policy forbids must not be retried with the other call: after a refused signature,
/// or under a lockdown that `machine` knows of, the next call is never kexec_load. If kexec_load is
/// forbidden as by a lockdown that `machine` does not know of, the next call is kexec_file_load.
///
/// For a crash image, the kernel may have freed the old one before it refused the new one: check
/// with kx_check_files() or kx_check() before either call.
///
/// Returns KX_CALL_LOAD, KX_CALL_FILE_LOAD, or 0 if no call may be made; or KX_E_NULL,
/// KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_UNKNOWN (flags, call), KX_E_BAD_ARGUMENT (both
/// KX_ROUTE_ONLY_LOAD and KX_ROUTE_ONLY_FILE_LOAD; a `code` that is no failure, or without a call).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_route(
    flags: u32,
    call: u32,
    code: c_int,
    machine: *const kx_machine,
) -> c_int {
    plain(|| {
        // SAFETY: `machine` is NULL or readable, and `shared` checks the rest.
        let state = unsafe { shared(machine) }?.kexec;
        let method = method(flags)?;
        let prefers_load = flags & KX_ROUTE_LOAD_FIRST != 0;
        let route = Route::new(method, prefers_load, state.lockdown);
        let next = match (call, code) {
            (0, 0) => Some(route.first()),
            (0, _) | (_, 0..) => return Err(Failure::Own(KX_E_BAD_ARGUMENT)),
            (_, code) => {
                let failed = match call {
                    KX_CALL_LOAD => Call::Load,
                    KX_CALL_FILE_LOAD => Call::FileLoad,
                    _ => return Err(Failure::Own(KX_E_UNKNOWN)),
                };
                match errno(code) {
                    Some(errno) => route.after(failed, errno, &state),
                    None => route
                        .second()
                        .filter(|_| failed == Call::FileLoad && route.first() == failed)
                        .filter(|_| is_unfit(code)),
                }
            }
        };
        let number = match next {
            None => 0,
            Some(Call::Load) => KX_CALL_LOAD,
            Some(Call::FileLoad) => KX_CALL_FILE_LOAD,
        };
        Ok(number as c_int)
    })
}

fn method(flags: u32) -> Result<Method, Failure> {
    const ONLY: u32 = KX_ROUTE_ONLY_FILE_LOAD | KX_ROUTE_ONLY_LOAD;
    if flags & !(ONLY | KX_ROUTE_LOAD_FIRST) != 0 {
        return Err(Failure::Own(KX_E_UNKNOWN));
    }
    match flags & ONLY {
        0 => Ok(Method::Auto),
        KX_ROUTE_ONLY_FILE_LOAD => Ok(Method::File),
        KX_ROUTE_ONLY_LOAD => Ok(Method::Load),
        _ => Err(Failure::Own(KX_E_BAD_ARGUMENT)),
    }
}

fn errno(code: c_int) -> Option<Errno> {
    let number = u16::try_from(code.wrapping_neg()).ok();
    number.filter(|number| *number < 4096).map(Errno)
}

/// Errors found before kexec_file_load was called, none of which is a matter of policy.
const fn is_unfit(code: c_int) -> bool {
    matches!(
        code,
        KX_E_NOT_BOOTABLE | KX_E_NOT_THIS_FORMAT | KX_E_COMMAND_LINE_TOO_LONG | KX_E_COPY_TOO_LARGE
    )
}
