//! The states of eight SHA-256 streams, and one ordinary stream made of the first of them.

use super::{BLOCK, Implementation, LANES, STRIPE, as_chunks_mut};

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

/// The words of all lanes. Vertical code has them by word: word *w* of lane *l* is at 8 *w* + *l*.
/// The SHA extensions have them by lane, each in an order of their own.
#[derive(Clone, Debug)]
#[repr(C, align(16))]
pub(crate) struct Words(pub(crate) [u32; 8 * LANES]);

#[cfg(not(purgatory_blob))]
impl Words {
    /// One word of each lane in a row.
    pub(crate) fn rows(&mut self) -> &mut [[u32; LANES]] {
        as_chunks_mut(&mut self.0)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    words: Words,
    implementation: Implementation,
}

impl Lanes {
    pub(crate) fn on(implementation: Implementation) -> Self {
        let words = core::array::from_fn(|place| {
            let number = match implementation {
                #[cfg(target_arch = "x86_64")]
                Implementation::ShaNi => super::x86::number(place),
                _ => place / LANES,
            };
            INITIAL.get(number).copied().unwrap_or(0)
        });
        Self {
            words: Words(words),
            implementation,
        }
    }

    /// The digest of what a lane has seen, its padding included.
    pub(crate) fn digest(&self, lane: usize) -> [u8; 32] {
        let mut digest = [0; 32];
        for (number, to) in as_chunks_mut::<4, _>(&mut digest).iter_mut().enumerate() {
            let place = match self.implementation {
                #[cfg(target_arch = "x86_64")]
                Implementation::ShaNi => super::x86::place(lane, number),
                _ => LANES.wrapping_mul(number).wrapping_add(lane),
            };
            let word = self.words.0.get(place).copied().unwrap_or(0);
            *to = word.to_be_bytes();
        }
        digest
    }

    /// Advances every lane.
    pub(crate) fn advance(&mut self, stripes: &[[u8; STRIPE]]) {
        match self.implementation {
            #[cfg(not(purgatory_blob))]
            Implementation::Portable => super::portable::stripes(self.words.rows(), stripes),
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
                super::portable::one_block(self.lanes.words.rows(), 0, &self.block);
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
