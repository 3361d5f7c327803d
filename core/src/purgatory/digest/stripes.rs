//! The digest of whole regions: the part that the purgatory needs.
//!
//! Names, constants and order of the steps are those of doc/xxhash_spec.md.

use super::{
    Accumulators, BLOCK, Implementation, PRIME32_1, SECRET_SIZE, STRIPE, Secret, TRAILER, portable,
    word,
};

const PRIME32_2: u64 = 0x85eb_ca77;
const PRIME32_3: u64 = 0xc2b2_ae3d;
const PRIME64_1: u64 = 0x9e37_79b1_85eb_ca87;
const PRIME64_2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME64_3: u64 = 0x1656_67b1_9e37_79f9;
const PRIME64_4: u64 = 0x85eb_ca77_c2b2_ae63;
const PRIME64_5: u64 = 0x27d4_eb2f_1656_67c5;
const PRIME_MX1: u64 = 0x1656_6791_9e37_79f9;

/// Bytes of the secret that stripes are keyed from before it is used again.
const KEYS: usize = 8 * BLOCK;

/// A digest being computed.
#[derive(Clone, Debug)]
pub(crate) struct Stripes<'s> {
    accumulators: Accumulators,
    secret: &'s Secret,
    implementation: Implementation,
    /// Byte of the secret that the next stripe is keyed from.
    key: usize,
    /// Bytes of the message so far.
    length: u64,
    /// Regions so far.
    regions: u64,
}

impl<'s> Stripes<'s> {
    pub(crate) fn new(secret: &'s Secret, implementation: Implementation) -> Self {
        Self {
            accumulators: Accumulators([
                PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5,
                PRIME32_1,
            ]),
            secret,
            implementation,
            key: 0,
            length: 0,
            regions: 0,
        }
    }

    /// Adds at most as many stripes as there are keys for, from the secret's byte `key` on.
    fn accumulate(&mut self, bytes: &[u8], key: usize) {
        let (accumulators, secret) = (&mut self.accumulators, self.secret);
        match self.implementation {
            #[cfg(target_arch = "x86_64")]
            Implementation::Sse2 => super::sse2::stripes(accumulators, bytes, secret, key),
            #[cfg(any(not(purgatory_blob), not(target_arch = "x86_64")))]
            Implementation::Portable => portable::stripes(accumulators, bytes, secret, key),
        }
    }

    fn scramble(&mut self) {
        let (accumulators, secret) = (&mut self.accumulators, self.secret);
        match self.implementation {
            #[cfg(target_arch = "x86_64")]
            Implementation::Sse2 => super::sse2::scramble(accumulators, secret),
            #[cfg(any(not(purgatory_blob), not(target_arch = "x86_64")))]
            Implementation::Portable => portable::scramble(accumulators, secret),
        }
    }

    /// The next bytes of the message: whole stripes.
    #[inline(never)]
    pub(crate) fn advance(&mut self, mut bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        while !bytes.is_empty() {
            let room = KEYS.wrapping_sub(self.key).wrapping_mul(STRIPE / 8);
            let take = room.min(bytes.len());
            let (now, rest) = bytes.split_at_checked(take).unwrap_or((bytes, &[]));
            self.accumulate(now, self.key);
            self.key = self.key.wrapping_add(take / (STRIPE / 8));
            if self.key == KEYS {
                self.scramble();
                self.key = 0;
            }
            bytes = rest;
        }
    }

    /// A whole region.
    #[cfg(any(purgatory_blob, test))]
    pub(crate) fn region(&mut self, bytes: &[u8]) {
        let whole = bytes.len() & !(STRIPE - 1);
        let (stripes, rest) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        self.advance(stripes);
        self.end_region(rest, bytes.len() as u64);
    }

    /// Ends a region of `length` bytes with the rest after its whole stripes: fewer bytes than a
    /// stripe.
    pub(crate) fn end_region(&mut self, rest: &[u8], length: u64) {
        let mut end = [0; 2 * STRIPE];
        for (to, from) in end.iter_mut().zip(rest) {
            *to = *from;
        }
        if let Some(to) = end.get_mut(STRIPE..).and_then(<[u8]>::first_chunk_mut) {
            *to = length.to_le_bytes();
        }
        self.advance(&end);
        self.regions = self.regions.wrapping_add(1);
    }

    /// Sums up the accumulators, keyed from the secret's byte `key` on.
    #[inline(never)]
    fn merge(&self, key: usize, start: u64) -> u64 {
        let mut result = start;
        let mut key = key;
        for pair in self.accumulators.0.chunks_exact(2) {
            if let [one, two] = pair {
                let one = one ^ word(self.secret, key);
                let two = two ^ word(self.secret, key.wrapping_add(8));
                let product = u128::from(one).wrapping_mul(u128::from(two));
                result = result.wrapping_add(product as u64 ^ (product >> 64) as u64);
            }
            key = key.wrapping_add(16);
        }
        result ^= result >> 37;
        result = result.wrapping_mul(PRIME_MX1);
        result ^ result >> 32
    }

    /// The digest of the regions: the number whose big-endian bytes are XXH3-128's canonical
    /// form.
    pub(crate) fn finish(&mut self) -> u128 {
        let mut trailer = [0; TRAILER];
        if let Some(to) = trailer.first_chunk_mut() {
            *to = self.regions.to_le_bytes();
        }
        self.end(&trailer)
    }

    /// Ends the message with its last stripes.
    fn end(&mut self, stripes: &[u8]) -> u128 {
        let most = stripes.len().saturating_sub(STRIPE);
        let (most, last) = stripes.split_at_checked(most).unwrap_or_default();
        self.advance(most);
        // The last stripe of the message has a key of its own, and no scrambling follows.
        self.accumulate(last, SECRET_SIZE - STRIPE - 7);
        let length = self.length.wrapping_add(STRIPE as u64);
        let low = self.merge(11, length.wrapping_mul(PRIME64_1));
        let high = self.merge(SECRET_SIZE - STRIPE - 11, !length.wrapping_mul(PRIME64_2));
        u128::from(high) << 64 | u128::from(low)
    }

    /// XXH3-128 of a message of whole stripes, four at least.
    #[cfg(test)]
    pub(crate) fn of_message(mut self, message: &[u8]) -> u128 {
        self.end(message)
    }
}
