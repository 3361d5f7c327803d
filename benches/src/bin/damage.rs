//! `damage KERNEL INITRD OTHER-KERNEL COUNT`: damages what is loaded in every way that memory is
//! damaged, and counts what the digest misses. The figures are in docs/TESTING.md, "Damage".
//!
//! Every bit of 64 KiB; every page of kernel and initrd zeroed, filled, in the place of the next one,
//! shifted by a byte, a copy of the one before, and the page of another kernel that lay there before;
//! COUNT random damages of one bit to four pages; and COUNT to the purgatory's code and block. A
//! new secret every thousandth time.

use kexec_core::linux::random_secret;
use kexec_core::purgatory::{
    Digest, PARAMETERS_OFFSET, Parameters, SEGMENT_SIZE, Secret, build, layout::offset,
};
use std::process::ExitCode;

const PAGE: usize = 4096;

/// What was tried, and what was missed.
#[derive(Default)]
struct Tally {
    tried: u64,
    missed: u64,
    /// Damages that changed nothing, such as a zeroed page of zeros.
    none: u64,
}

impl Tally {
    fn say(&self, what: &str) {
        let Self {
            tried,
            missed,
            none,
        } = self;
        println!("{what}: {tried} tried, {missed} missed ({none} changed nothing)");
    }
}

/// xorshift64*, Vigna 2016.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound
    }
}

fn digest(bytes: &[u8], secret: &Secret) -> [u8; 16] {
    let mut digest = Digest::new(secret);
    digest.region(bytes);
    digest.finish()
}

fn secret() -> Secret {
    random_secret().expect("random bytes")
}

fn every_bit(bytes: &mut [u8]) -> Tally {
    let secret = secret();
    let sound = digest(bytes, &secret);
    let mut tally = Tally::default();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            tally.tried += 1;
            tally.missed += u64::from(digest(bytes, &secret) == sound);
            bytes[at] ^= 1 << bit;
        }
    }
    tally
}

/// Damages each page; `damage` changes the bytes of at most two pages from the first on.
fn pages(bytes: &mut [u8], damage: &mut dyn FnMut(&mut [u8], usize)) -> Tally {
    let secret = secret();
    let sound = digest(bytes, &secret);
    let mut before = Digest::new(&secret);
    let mut tally = Tally::default();
    for start in (0..bytes.len()).step_by(PAGE) {
        let end = bytes.len().min(start + 2 * PAGE);
        let kept = bytes[start..end].to_vec();
        damage(&mut bytes[..end], start);
        if bytes[start..end] == kept {
            tally.none += 1;
        } else {
            // What comes before is as it was: its digest so far as well.
            let mut whole = before.clone();
            whole.region(&bytes[start..]);
            tally.tried += 1;
            tally.missed += u64::from(whole.finish() == sound);
        }
        bytes[start..end].copy_from_slice(&kept);
        before.update(&bytes[start..bytes.len().min(start + PAGE)]);
    }
    tally
}

/// One random damage of one bit to `most` bytes.
fn damage(bytes: &mut [u8], most: usize, random: &mut Random) {
    // Lengths of all magnitudes are equally likely.
    let longest = random.below(most.min(bytes.len()));
    let length = 1 + random.below(1 + longest);
    let length = length.min(1 << random.below(15));
    let at = random.below(bytes.len() - length + 1);
    let other = random.below(bytes.len() - length + 1);
    match random.below(7) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => {
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
        2 => bytes[at..at + length].fill(if other & 1 == 0 { 0 } else { 0xff }),
        3 => {
            for byte in &mut bytes[at..at + length] {
                *byte = random.next() as u8;
            }
        }
        4 => bytes.copy_within(other..other + length, at),
        // Lines of 64 bytes, as caches have them, in the place of each other.
        5 => {
            let lines = bytes.len() / 64;
            let (one, other) = (random.below(lines) * 64, random.below(lines) * 64);
            for byte in 0..64 {
                bytes.swap(one + byte, other + byte);
            }
        }
        _ => bytes[at..at + length].rotate_left(1),
    }
}

fn random_damage(
    sound: &[u8],
    count: u64,
    most: usize,
    random: &mut Random,
    noticed: &mut dyn FnMut(&[u8], bool) -> bool,
) -> Tally {
    let mut tally = Tally::default();
    let mut bytes = sound.to_vec();
    for number in 0..count {
        if number % 1000 == 0 {
            noticed(sound, true);
        }
        damage(&mut bytes, most, random);
        if bytes == sound {
            tally.none += 1;
        } else {
            tally.tried += 1;
            tally.missed += u64::from(!noticed(&bytes, false));
            bytes.copy_from_slice(sound);
        }
    }
    tally
}

fn segment(secret: &Secret) -> Vec<u8> {
    let parameters = Parameters {
        secret,
        skip_verify: true,
        ..Parameters::default()
    };
    let mut segment = vec![0; SEGMENT_SIZE];
    build(&parameters, &mut segment).expect("a segment");
    segment
}

/// Whether the purgatory takes a segment, by what it does: the digest with the secret that it has itself.
fn is_taken(segment: &[u8]) -> bool {
    let (covered, check) = segment.split_at(PARAMETERS_OFFSET + offset::CHECK);
    let secret = covered[PARAMETERS_OFFSET + offset::SECRET..].first_chunk();
    let sum = digest(covered, secret.expect("a secret"));
    check == u128::from_be_bytes(sum).to_le_bytes()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kernel, initrd, other, count] = arguments.as_slice() else {
        eprintln!("usage: damage KERNEL INITRD OTHER-KERNEL COUNT");
        return ExitCode::from(2);
    };
    let read = |path: &String| std::fs::read(path).expect("a file");
    let count: u64 = count.parse().expect("a count");
    let mut loaded = read(kernel);
    let other = read(other);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut missed = 0;
    let mut say = |what: &str, tally: Tally| {
        tally.say(what);
        missed += tally.missed;
    };

    let mut bits = loaded[..64 << 10].to_vec();
    say("every bit of 64 KiB of a kernel", every_bit(&mut bits));
    bits.fill(0);
    say("every bit of 64 KiB of zeros", every_bit(&mut bits));

    let part = loaded[1 << 20..(1 << 20) + 5 * PAGE].to_vec();
    let (mut key, mut sound) = (secret(), [0; 16]);
    let tally = random_damage(&part, count, 4 * PAGE, &mut random, &mut |bytes, fresh| {
        if fresh {
            key = secret();
            sound = digest(bytes, &key);
        }
        digest(bytes, &key) != sound
    });
    say("random damage of one bit to four pages", tally);

    let sound = segment(&secret());
    let tally = random_damage(&sound, count, PAGE, &mut random, &mut |bytes, _| {
        !is_taken(bytes)
    });
    say("random damage to code and block", tally);

    loaded.extend(read(initrd));
    let mut page = |what: &str, damage: &mut dyn FnMut(&mut [u8], usize)| {
        let tally = pages(&mut loaded, damage);
        say(&format!("every page of kernel and initrd {what}"), tally);
    };
    let end = |bytes: &[u8], start: usize| bytes.len().min(start + PAGE);
    page("zeroed", &mut |bytes, start| {
        let end = end(bytes, start);
        bytes[start..end].fill(0);
    });
    page("filled with ones", &mut |bytes, start| {
        let end = end(bytes, start);
        bytes[start..end].fill(0xff);
    });
    page("exchanged with the next", &mut |bytes, start| {
        let length = (bytes.len() - start) / 2;
        bytes[start..].rotate_left(length);
    });
    page("shifted by a byte", &mut |bytes, start| {
        let end = end(bytes, start);
        bytes[start..end].rotate_right(1);
    });
    page("a copy of the one before", &mut |bytes, start| {
        if let Some(from) = start.checked_sub(PAGE) {
            let length = PAGE.min(bytes.len() - start);
            bytes.copy_within(from..from + length, start);
        }
    });
    page("of another load", &mut |bytes, start| {
        let stale = other.get(start..).unwrap_or_default();
        let length = PAGE.min(bytes.len() - start).min(stale.len());
        bytes[start..start + length].copy_from_slice(&stale[..length]);
    });
    match missed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
