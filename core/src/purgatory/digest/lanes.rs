//! The states of eight SHA-256 streams, and one ordinary stream made of the first of them.

use super::{BLOCK, Implementation, LANES, STRIPE};

/// SHA-256 initial state (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The words of all lanes. Vertical code has them by word: word *w* of lane *l* is `[w][l]`.
/// The SHA extensions have them by lane.
#[derive(Clone, Debug)]
#[repr(C, align(16))]
pub(crate) struct Words(pub(crate) [[u32; LANES]; 8]);

#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    implementation: Implementation,
    words: Words,
}

impl Lanes {
    pub(crate) fn on(implementation: Implementation) -> Self {
        let mut new = Self {
            implementation,
            words: Words([[0; LANES]; 8]),
        };
        for lane in 0..LANES {
            for (number, initial) in INITIAL.iter().enumerate() {
                if let Some(word) = new.word(lane, number) {
                    *word = *initial;
                }
            }
        }
        new
    }

    #[inline(never)]
    fn word(&mut self, lane: usize, number: usize) -> Option<&mut u32> {
        let (row, column) = match self.implementation {
            #[cfg(target_arch = "x86_64")]
            Implementation::ShaNi => (lane, *super::x86::ORDER.get(number)?),
            _ => (number, lane),
        };
        self.words.0.get_mut(row)?.get_mut(column)
    }

    /// The digest of what a lane has seen, its padding included.
    pub(crate) fn digest(&mut self, lane: usize) -> [u8; 32] {
        let mut digest = [0; 32];
        for (number, to) in digest.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            if let Some(word) = self.word(lane, number) {
                *to = word.to_be_bytes();
            }
        }
        digest
    }

    /// Advances every lane.
    pub(crate) fn advance(&mut self, stripes: &[[u8; STRIPE]]) {
        match self.implementation {
            #[cfg(not(purgatory_blob))]
            Implementation::Portable => super::vertical::portable(&mut self.words.0, stripes),
            #[cfg(target_arch = "x86_64")]
            _ => super::x86::stripes(self.implementation, &mut self.words, stripes),
        }
    }
}

/// One ordinary SHA-256 stream (FIPS 180-4): the tails, and the hash over the lanes.
///
/// It sees a few KiB at most, so it is written for size.
#[derive(Clone, Debug)]
pub(crate) struct Sha256 {
    /// Lane 0 of it.
    lanes: Lanes,
    block: [u8; BLOCK],
    length: u64,
}

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(not(purgatory_blob))]
            lanes: Lanes::on(Implementation::Portable),
            #[cfg(purgatory_blob)]
            lanes: Lanes::on(Implementation::Sse2),
            block: [0; BLOCK],
            length: 0,
        }
    }

    #[inline(never)]
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let place = (self.length as usize) % BLOCK;
            if let Some(to) = self.block.get_mut(place) {
                *to = *byte;
            }
            self.length = self.length.wrapping_add(1);
            if place == BLOCK - 1 {
                #[cfg(not(purgatory_blob))]
                super::vertical::one_block(&mut self.lanes.words.0, 0, &self.block);
                #[cfg(purgatory_blob)]
                super::x86::one_block(&mut self.lanes.words, &self.block);
            }
        }
    }

    #[inline(never)]
    pub(crate) fn finish(&mut self) -> [u8; 32] {
        let bits = self.length.wrapping_mul(8).to_be_bytes();
        let mut padding = 0x80;
        while {
            self.update(&[padding]);
            padding = 0;
            (self.length as usize) % BLOCK != BLOCK - 8
        } {}
        self.update(&bits);
        self.lanes.digest(0)
    }
}
