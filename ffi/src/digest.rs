//! The purgatory's digest.

use core::ffi::c_int;

use kexec_core::purgatory::{DEFAULT_SECRET, Digest, SECRET_SIZE, Secret};

use crate::bytes::kx_bytes;
use crate::code::KX_E_NULL;
use crate::error::{Failure, plain};
use crate::pointer;

/// Size of a digest in bytes.
pub const KX_DIGEST_SIZE: usize = 16;
/// Size of the digest's secret (its key) in bytes.
pub const KX_SECRET_SIZE: usize = 192;

const _: () = assert!(KX_SECRET_SIZE == SECRET_SIZE);

/// Computes the digest that the purgatory verifies: of `count` regions, keyed with the
/// KX_SECRET_SIZE bytes at `secret` (NULL: the default). It is written to the KX_DIGEST_SIZE bytes
/// at `digest`. For a plan's segments without the purgatory, and the secret of its request, it is
/// kx_plan_info.digest.
///
/// Returns KX_DIGEST_SIZE, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_digest(
    regions: *const kx_bytes,
    count: usize,
    secret: *const u8,
    digest: *mut u8,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let regions = unsafe { pointer::array(regions, count) }?;
        if digest.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        let secret = if secret.is_null() {
            DEFAULT_SECRET
        } else {
            // SAFETY: as many bytes are readable by the caller's promise.
            unsafe { *secret.cast::<Secret>() }
        };
        let mut sum = Digest::new(&secret);
        for region in regions {
            // SAFETY: the caller's promise.
            sum.region(unsafe { pointer::bytes(region.data, region.length) }?);
        }
        // SAFETY: as many bytes are writable by the caller's promise.
        unsafe { *digest.cast::<[u8; KX_DIGEST_SIZE]>() = sum.finish() };
        Ok(KX_DIGEST_SIZE as c_int)
    })
}
