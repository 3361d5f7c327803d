//! Whether something is loaded.

use core::ffi::c_int;

use kexec_core::linux::{kernel_has_kexec, loaded};

use crate::code::KX_E_UNKNOWN;
use crate::error::{Failure, plain};
use crate::load::KX_LOADED_CRASH;

/// Whether an image is loaded, or with KX_LOADED_CRASH in `flags` a crash image; reads /sys.
///
/// Returns 1 or 0, -errno (-ENOENT: no /sys, or a kernel without kexec), or KX_E_UNKNOWN
/// (flags).
#[unsafe(no_mangle)]
pub extern "C" fn kx_loaded(flags: u32) -> c_int {
    plain(|| {
        if flags & !KX_LOADED_CRASH != 0 {
            return Err(Failure::Own(KX_E_UNKNOWN));
        }
        Ok(c_int::from(loaded(flags & KX_LOADED_CRASH != 0)?))
    })
}

/// Whether the running kernel supports kexec; reads /sys.
///
/// Returns 1 or 0, or -errno if that is not known (-ENOENT: /sys is not mounted).
#[unsafe(no_mangle)]
pub extern "C" fn kx_has_kexec() -> c_int {
    plain(|| Ok(c_int::from(kernel_has_kexec()?)))
}
