//! The digest of whole regions: all that the purgatory needs of it.

use super::lanes::{Lanes, Sha256};
use super::{BLOCK, DOMAIN, Implementation, LANES, STRIPE, as_chunks_mut};

/// The streams of a digest.
#[derive(Clone, Debug)]
pub struct Streams {
    lanes: Lanes,
    /// Blocks each lane has seen.
    blocks: u64,
    tail: Sha256,
}

impl Streams {
    /// No region yet; what computes the lanes is chosen by the caller, who knows the CPU has it.
    pub(crate) fn on(implementation: Implementation) -> Self {
        Self {
            lanes: Lanes::on(implementation),
            blocks: 0,
            tail: Sha256::new(),
        }
    }

    /// The next whole stripes of a region.
    pub(crate) fn stripes(&mut self, stripes: &[[u8; STRIPE]]) {
        self.blocks = self.blocks.wrapping_add(stripes.len() as u64);
        self.lanes.advance(stripes);
    }

    /// What the stripes have left of a region, and its length.
    pub(crate) fn end_region(&mut self, rest: &[u8], length: u64) {
        self.tail.update(rest);
        self.tail.update(&length.to_le_bytes());
    }

    /// The digest of the regions.
    pub(crate) fn finish(&mut self) -> [u8; 32] {
        // All lanes are equally long, a whole number of blocks: their padding is the same.
        let bits = self.blocks.wrapping_mul(512).to_be_bytes();
        let mut stripe = [0; STRIPE];
        for block in as_chunks_mut::<BLOCK, _>(&mut stripe) {
            if let Some(first) = block.first_mut() {
                *first = 0x80;
            }
            if let Some(last) = block.last_chunk_mut::<8>() {
                *last = bits;
            }
        }
        self.lanes.advance(core::slice::from_ref(&stripe));
        let mut last = Sha256::new();
        last.update(&DOMAIN);
        for lane in 0..LANES {
            last.update(&self.lanes.digest(lane));
        }
        last.update(&self.tail.finish());
        last.finish()
    }
}
