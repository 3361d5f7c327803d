//! The verification; also compiled into the tests of kexec-core.

use super::digest::{Implementation, Secret, Stripes};
use super::layout::{Area, Block, MAX_REGIONS, Report, offset};

/// The regions in use.
pub fn regions(block: &Block) -> &[Area] {
    let count = (block.region_count as usize).min(MAX_REGIONS);
    block.regions.get(..count).unwrap_or(&[])
}

/// The digest of the memory that `areas` name.
///
/// # Safety
/// Every area must be readable memory that nothing writes meanwhile.
#[inline(never)]
unsafe fn digest(secret: &Secret, areas: &[Area]) -> u128 {
    let mut digest = Stripes::new(secret, Implementation::BEST);
    for area in areas {
        let bytes: &[u8] = if area.length == 0 || area.start == 0 {
            &[]
        } else {
            let start = core::ptr::with_exposed_provenance(area.start as usize);
            // SAFETY: readable and unchanging by the contract, not null; the loader refuses
            // regions that wrap or pass isize::MAX.
            unsafe { core::slice::from_raw_parts(start, area.length as usize) }
        };
        digest.region(bytes);
    }
    digest.finish()
}

/// The digest of the memory the block's regions name.
///
/// # Safety
/// Every region must be readable memory that nothing writes meanwhile.
pub unsafe fn of_regions(block: &Block) -> u128 {
    // SAFETY: by the contract.
    unsafe { digest(&block.secret, regions(block)) }
}

/// The digest of the segment that begins at `start` and ends in the block: of its code, and of
/// the block up to [`Block::check`].
///
/// # Safety
/// The segment must be readable memory that nothing writes meanwhile.
pub unsafe fn of_segment(block: &Block, start: *const u8) -> u128 {
    let start = start.expose_provenance() as u64;
    let end = (&raw const *block).expose_provenance() as u64;
    let end = end.wrapping_add(offset::CHECK as u64);
    let segment = Area {
        start,
        length: end.wrapping_sub(start),
    };
    // SAFETY: by the contract.
    unsafe { digest(&block.secret, &[segment]) }
}

/// A number of 128 bits as the block has it.
pub fn number(halves: [u64; 2]) -> u128 {
    let [low, high] = halves;
    u128::from(high) << 64 | u128::from(low)
}

/// How to report a failure; `None` if that is damaged: the two copies must agree.
pub fn report(block: &Block) -> Option<&Report> {
    let (one, other) = (&block.report, &block.inverted);
    let differing = (one.flags ^ other.flags)
        & (one.on_failure ^ other.on_failure)
        & (one.serial_baud ^ other.serial_baud)
        & (one.serial_base ^ other.serial_base);
    (differing == u32::MAX).then_some(one)
}
