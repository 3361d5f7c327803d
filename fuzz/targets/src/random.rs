//! Pseudo-random numbers and mutations for the stable runner, the same in every run.

/// xorshift64*.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`; 0 below 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((self.number() >> 16) as usize)
            .checked_rem(bound)
            .unwrap_or(0)
    }

    /// So many bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.number() as u8).collect()
    }

    /// Inputs of some lengths, for targets whose inputs have a structure.
    #[must_use]
    pub fn inputs(seed: u64, lengths: &[usize], of_each: usize) -> Vec<Vec<u8>> {
        let mut random = Self::new(seed);
        let lengths = lengths
            .iter()
            .flat_map(|&length| std::iter::repeat_n(length, of_each));
        lengths.map(|length| random.bytes(length)).collect()
    }
}

/// Numbers at which things change.
const EDGES: [u64; 12] = [
    0,
    1,
    0xfff,
    0x1000,
    0x10_0000,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 32,
    1 << 46,
    1 << 52,
    u64::MAX >> 1,
    u64::MAX,
];

/// Changes `input` in a few places; `other` is another input to take parts of.
pub fn mutate(random: &mut Random, input: &mut Vec<u8>, other: &[u8], longest: usize) {
    for _ in 0..=random.below(4) {
        let at = random.below(input.len());
        match random.below(9) {
            0 => flip(input, at, 1 << random.below(8)),
            1 => flip(input, at, random.number() as u8),
            2 => input.truncate(at),
            3 => input.insert(at.min(input.len()), random.number() as u8),
            4 => {
                let end = input.len().min(at + 1 + random.below(16));
                input.drain(at..end);
            }
            5 => {
                let edge = EDGES[random.below(EDGES.len())];
                let edge = edge.wrapping_add(random.below(3) as u64).wrapping_sub(1);
                overwrite(input, at, &edge.to_le_bytes()[..1 << random.below(4)]);
            }
            6 => {
                let from = random.below(other.len());
                let end = other.len().min(from + 1 + random.below(64));
                overwrite(input, at, &other[from..end]);
            }
            7 => {
                let from = random.below(other.len());
                let end = other.len().min(from + 1 + random.below(64));
                let part = other[from..end].iter().copied();
                input.splice(at..at, part);
            }
            _ => {
                let length = 1 + random.below(24);
                let bytes = random.bytes(length);
                input.extend(bytes);
            }
        }
    }
    input.truncate(longest);
}

fn flip(input: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bits;
    }
}

fn overwrite(input: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in input.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}
