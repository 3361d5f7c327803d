//! The verification; also compiled into the tests of kexec-core.

use super::digest::{Implementation, Streams, as_chunks, ymm_is_saved};
use super::layout::{Area, Block, MAX_REGIONS, USE_AVX2, USE_SHA};

/// The regions in use.
pub fn regions(block: &Block) -> &[Area] {
    let count = (block.region_count as usize).min(MAX_REGIONS);
    block.regions.get(..count).unwrap_or(&[])
}

/// The fastest code for the CPU, by what the loader says of it.
///
/// # Safety
/// CR4.OSXSAVE must be set if the loader says AVX2.
unsafe fn implementation(block: &Block) -> Implementation {
    if block.flags & USE_SHA != 0 {
        return Implementation::ShaNi;
    }
    // SAFETY: by the contract.
    if block.flags & USE_AVX2 != 0 && unsafe { ymm_is_saved() } {
        return Implementation::Avx2;
    }
    Implementation::Sse2
}

/// The digest of the memory the block's regions name.
///
/// # Safety
/// The CPU must have what the block says, with CR4.OSXSAVE set if that is AVX2. Every region must be readable memory that nothing writes meanwhile.
pub unsafe fn digest(block: &Block) -> [u8; 32] {
    // SAFETY: by the contract.
    let mut digest = Streams::on(unsafe { implementation(block) });
    for area in regions(block) {
        let bytes: &[u8] = if area.length == 0 || area.start == 0 {
            &[]
        } else {
            let start = core::ptr::with_exposed_provenance(area.start as usize);
            // SAFETY: readable and unchanging by the contract, not null; the loader refuses
            // regions that wrap or pass isize::MAX.
            unsafe { core::slice::from_raw_parts(start, area.length as usize) }
        };
        let (stripes, rest) = as_chunks(bytes);
        digest.stripes(stripes);
        digest.end_region(rest, bytes.len() as u64);
    }
    digest.finish()
}
