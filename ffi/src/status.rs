//! Whether something is loaded.

use core::ffi::c_int;

use kexec_core::linux::{kernel_has_kexec, loaded};

use crate::error::{Failure, KX_E_UNKNOWN, plain};
use crate::load::KX_CRASH;
use crate::machine_info::{KX_NO, KX_UNKNOWN, KX_YES};

/// Whether an image, or with KX_CRASH in `flags` a crash image, is loaded; reads /sys.
///
/// Returns 1 or 0, -errno (-ENOENT: no /sys, or a kernel without kexec), or KX_E_UNKNOWN
/// (flags).
#[unsafe(no_mangle)]
pub extern "C" fn kx_loaded(flags: u32) -> c_int {
    plain(|| {
        if flags & !KX_CRASH != 0 {
            return Err(Failure::Own(KX_E_UNKNOWN));
        }
        Ok(c_int::from(loaded(flags & KX_CRASH != 0)?))
    })
}

/// Whether the running kernel has kexec: KX_YES, KX_NO, or KX_UNKNOWN without /sys. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn kx_has_kexec() -> c_int {
    let answer = match kernel_has_kexec() {
        None => KX_UNKNOWN,
        Some(false) => KX_NO,
        Some(true) => KX_YES,
    };
    answer as c_int
}
