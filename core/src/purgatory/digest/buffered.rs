//! The digest of regions that come in pieces: the loader's.

use super::{Implementation, STRIPE, Streams, as_chunks};

/// A digest being computed: no allocation, about 1 KiB.
///
/// ```
/// use kexec_core::purgatory::Digest;
/// let mut whole = Digest::new();
/// whole.region(b"kernel");
/// let mut pieces = Digest::new();
/// pieces.update(b"ker");
/// pieces.update(b"nel");
/// pieces.end_region();
/// assert_eq!(whole.finish(), pieces.finish());
/// ```
#[derive(Clone, Debug)]
pub struct Digest {
    streams: Streams,
    /// The beginning of a stripe that is not complete yet.
    partial: [u8; STRIPE],
    filled: usize,
    /// Bytes of the current region seen so far.
    length: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Digest {
    /// An empty digest, with the fastest implementation of the running CPU.
    #[must_use]
    pub fn new() -> Self {
        Self::on(Implementation::detect())
    }

    /// An empty digest with a chosen implementation; for measurements and tests.
    ///
    /// An implementation the CPU does not have is replaced by one it has.
    #[must_use]
    pub fn with(implementation: Implementation) -> Self {
        if implementation.is_available() {
            Self::on(implementation)
        } else {
            Self::new()
        }
    }

    fn on(implementation: Implementation) -> Self {
        Self {
            streams: Streams::on(implementation),
            partial: [0; STRIPE],
            filled: 0,
            length: 0,
        }
    }

    /// Hashes one whole region: [`update`](Self::update) and [`end_region`](Self::end_region).
    pub fn region(&mut self, bytes: &[u8]) {
        self.update(bytes);
        self.end_region();
    }

    /// Hashes the next bytes of the current region.
    ///
    /// How a region is cut into calls does not change the digest. Pieces whose length is a
    /// multiple of [`STRIPE`], and large, are fastest: they are hashed where they lie.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if self.filled != 0 {
            let Some(room) = self.partial.get_mut(self.filled..) else {
                return;
            };
            let take = room.len().min(bytes.len());
            let (head, rest) = bytes.split_at_checked(take).unwrap_or((bytes, &[]));
            for (to, from) in room.iter_mut().zip(head) {
                *to = *from;
            }
            bytes = rest;
            self.filled = self.filled.wrapping_add(take);
            if self.filled < STRIPE {
                return;
            }
            self.filled = 0;
            let stripe = self.partial;
            self.streams.stripes(&[stripe]);
        }
        let (stripes, rest) = as_chunks::<STRIPE, _>(bytes);
        self.streams.stripes(stripes);
        for (to, from) in self.partial.iter_mut().zip(rest) {
            *to = *from;
        }
        self.filled = rest.len();
    }

    /// Ends the current region, which may be empty. The next byte begins another one.
    pub fn end_region(&mut self) {
        let tail = self.partial.get(..self.filled).unwrap_or(&[]);
        self.streams.end_region(tail, self.length);
        self.filled = 0;
        self.length = 0;
    }

    /// The digest of the regions ended so far. A region begun and not ended is ended here.
    #[must_use]
    pub fn finish(mut self) -> [u8; 32] {
        if self.length != 0 {
            self.end_region();
        }
        self.streams.finish()
    }
}
