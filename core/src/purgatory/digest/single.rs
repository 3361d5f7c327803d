//! One ordinary SHA-256 stream (FIPS 180-4): the tails, and the hash over the lanes.
//!
//! It sees a few KiB at most, so it is written for size.

#[cfg(not(purgatory_blob))]
use super::vertical::compress_one;
#[cfg(purgatory_blob)]
use super::x86::compress_one;
use super::{BLOCK, INITIAL};

#[derive(Clone, Debug)]
pub(crate) struct Sha256 {
    state: [u32; 8],
    block: [u8; BLOCK],
    length: u64,
}

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self {
            state: INITIAL,
            block: [0; BLOCK],
            length: 0,
        }
    }

    #[inline(never)]
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.push(*byte);
        }
    }

    fn push(&mut self, byte: u8) {
        let place = (self.length as usize) % BLOCK;
        if let Some(to) = self.block.get_mut(place) {
            *to = byte;
        }
        self.length = self.length.wrapping_add(1);
        if place == BLOCK - 1 {
            compress_one(&mut self.state, &self.block);
        }
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        let bits = self.length.wrapping_mul(8).to_be_bytes();
        self.push(0x80);
        while (self.length as usize) % BLOCK != BLOCK - 8 {
            self.push(0);
        }
        self.update(&bits);
        let mut digest = [0; 32];
        for (to, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *to = word.to_be_bytes();
        }
        digest
    }
}
