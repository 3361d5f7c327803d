//! The verification; also compiled into the tests of kexec-core.

use super::digest::{Implementation, Streams};
use super::layout::{Area, Block, MAX_REGIONS};

/// The regions in use.
pub fn regions(block: &Block) -> &[Area] {
    let count = (block.region_count as usize).min(MAX_REGIONS);
    block.regions.get(..count).unwrap_or(&[])
}

/// The digest of the memory the block's regions name.
///
/// # Safety
/// Every region must be readable memory that nothing writes meanwhile.
pub unsafe fn digest(block: &Block) -> [u8; 32] {
    let mut digest = Streams::on(Implementation::detect());
    for area in regions(block) {
        let bytes: &[u8] = if area.length == 0 || area.start == 0 {
            &[]
        } else {
            let start = core::ptr::with_exposed_provenance(area.start as usize);
            // SAFETY: readable and unchanging by the contract, not null; the loader refuses
            // regions that wrap or pass isize::MAX.
            unsafe { core::slice::from_raw_parts(start, area.length as usize) }
        };
        let (stripes, rest) = bytes.as_chunks();
        digest.stripes(stripes);
        digest.end_region(rest, bytes.len() as u64);
    }
    digest.finish()
}
