//! The purgatory's digest.

use core::ffi::c_int;

use kexec_core::purgatory::Digest;

use crate::error::{Failure, KX_E_NULL, plain};
use crate::pointer;
use crate::request::kx_bytes;

/// Computes what the purgatory verifies: the digest of `count` regions, into 32 bytes at
/// `digest`. Of a plan's segments, the purgatory aside, it is kx_plan_info.digest.
///
/// Returns 32, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_digest(
    regions: *const kx_bytes,
    count: usize,
    digest: *mut u8,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let regions = unsafe { pointer::array(regions, count) }?;
        if digest.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        let mut sum = Digest::new();
        for region in regions {
            // SAFETY: the caller's promise.
            sum.region(unsafe { pointer::bytes(region.data, region.length) }?);
        }
        // SAFETY: 32 bytes are writable by the caller's promise.
        unsafe { *digest.cast::<[u8; 32]>() = sum.finish() };
        Ok(32)
    })
}
