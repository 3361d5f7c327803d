//! The digest of regions that come in pieces: the loader's.

use super::{Implementation, STRIPE, Secret, Stripes};

/// A digest being computed: no allocation, less than 256 bytes.
///
/// ```
/// use kexec_core::purgatory::{DEFAULT_SECRET, Digest};
/// let mut whole = Digest::new(&DEFAULT_SECRET);
/// whole.region(b"kernel");
/// let mut pieces = Digest::new(&DEFAULT_SECRET);
/// pieces.update(b"ker");
/// pieces.update(b"nel");
/// pieces.end_region();
/// assert_eq!(whole.finish(), pieces.finish());
/// ```
#[derive(Clone, Debug)]
pub struct Digest<'s> {
    stripes: Stripes<'s>,
    /// The beginning of an incomplete stripe.
    partial: [u8; STRIPE],
    filled: usize,
    /// Bytes of the current region seen so far.
    length: u64,
}

impl<'s> Digest<'s> {
    /// An empty digest.
    #[must_use]
    pub fn new(secret: &'s Secret) -> Self {
        Self::with(Implementation::BEST, secret)
    }

    /// An empty digest with a chosen implementation; for measurements and tests.
    #[must_use]
    pub fn with(implementation: Implementation, secret: &'s Secret) -> Self {
        Self {
            stripes: Stripes::new(secret, implementation),
            partial: [0; STRIPE],
            filled: 0,
            length: 0,
        }
    }

    /// Digests one whole region: [`update`](Self::update) and [`end_region`](Self::end_region).
    pub fn region(&mut self, bytes: &[u8]) {
        self.update(bytes);
        self.end_region();
    }

    /// Digests the next bytes of the current region.
    ///
    /// How a region is divided into calls does not change the digest. Large pieces whose length is a
    /// multiple of [`STRIPE`] are fastest: they are digested without a copy.
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
            self.stripes.advance(&self.partial);
        }
        let whole = bytes.len() & !(STRIPE - 1);
        let (stripes, rest) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        self.stripes.advance(stripes);
        for (to, from) in self.partial.iter_mut().zip(rest) {
            *to = *from;
        }
        self.filled = rest.len();
    }

    /// Ends the current region, which may be empty. The next byte begins another one.
    pub fn end_region(&mut self) {
        let rest = self.partial.get(..self.filled).unwrap_or_default();
        self.stripes.end_region(rest, self.length);
        self.filled = 0;
        self.length = 0;
    }

    /// The digest of the regions ended so far, in XXH3-128's canonical form. A region that was not
    /// ended is ended here.
    #[must_use]
    pub fn finish(mut self) -> [u8; 16] {
        if self.length != 0 {
            self.end_region();
        }
        self.stripes.finish().to_be_bytes()
    }
}
