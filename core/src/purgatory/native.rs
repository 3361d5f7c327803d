//! The digest as the purgatory computes it, run in this process: by the very code that will
//! verify it.
//!
//! It is slower than [`Digest`](super::Digest) where there is AVX2 and no SHA extensions, and it
//! cannot be stopped half way; but a program that needs nothing else has no second copy of the
//! digest in it, some 5 KiB.

use super::layout::{Area, MAX_REGIONS};

/// Where the function lies in the blob.
#[cfg(target_arch = "x86_64")]
const DIGEST_REGIONS: usize = include!(concat!(env!("OUT_DIR"), "/purgatory.digest"));

/// The digest over `regions`, in order; `None` for more than [`MAX_REGIONS`].
#[must_use]
pub fn digest_as_purgatory<'a>(regions: impl Iterator<Item = &'a [u8]>) -> Option<[u8; 32]> {
    let mut areas = [Area::NONE; MAX_REGIONS];
    let mut count: u32 = 0;
    let mut places = areas.iter_mut();
    for region in regions {
        *places.next()? = Area {
            start: region.as_ptr().expose_provenance() as u64,
            length: region.len() as u64,
        };
        count = count.wrapping_add(1);
    }
    Some(run(areas, count))
}

#[cfg(target_arch = "x86_64")]
fn run(regions: [Area; MAX_REGIONS], region_count: u32) -> [u8; 32] {
    use super::layout::Block;

    type DigestRegions = unsafe extern "sysv64" fn(&Block, &mut [u8; 32]);
    let block = Block {
        region_count,
        regions,
        ..Block::EMPTY
    };
    let mut digest = [0; 32];
    let code = super::blob().as_ptr().wrapping_add(DIGEST_REGIONS);
    // SAFETY: the function begins there, has this signature (core/purgatory/src/main.rs), and
    // lies in executable memory, for the blob is in a text section.
    let digest_regions = unsafe { core::mem::transmute::<*const u8, DigestRegions>(code) };
    // SAFETY: the areas are slices that are borrowed meanwhile; it writes to `digest` alone.
    unsafe { digest_regions(&block, &mut digest) };
    digest
}

/// Elsewhere the blob's code does not run; the digest is the same.
#[cfg(not(target_arch = "x86_64"))]
fn run(regions: [Area; MAX_REGIONS], region_count: u32) -> [u8; 32] {
    let mut digest = super::Digest::new();
    for area in regions.iter().take(region_count as usize) {
        let start = core::ptr::with_exposed_provenance(area.start as usize);
        // SAFETY: made of a slice that is borrowed meanwhile.
        digest.region(unsafe { core::slice::from_raw_parts(start, area.length as usize) });
    }
    digest.finish()
}
