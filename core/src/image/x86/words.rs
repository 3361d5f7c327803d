//! The words of a command line that a bzImage's decompressor obeys (arch/x86/boot/compressed/kaslr.c and
//! cmdline.c).

/// What a command line says of the place of the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// `nokaslr`: no address is drawn.
    pub nokaslr: bool,
    /// `mem=`, and `memmap=` with a size alone: the kernel's memory ends here; the lowest, if several.
    pub limit: Option<u64>,
    /// `memmap=` with ranges, or huge pages of 1 GiB: memory to keep off.
    pub avoids: bool,
    /// `no5lvl`: 4-level page tables.
    pub no5lvl: bool,
    /// `mem_encrypt=on`.
    pub mem_encrypt: bool,
}

impl Words {
    /// Of a command line. White space ends a word, also between quotes.
    #[must_use]
    pub fn of(line: &[u8]) -> Self {
        let mut words = Self::default();
        let (mut gigantic, mut pages) = (false, false);
        for word in line.split(|byte| *byte <= b' ') {
            match word {
                b"nokaslr" => words.nokaslr = true,
                b"no5lvl" => words.no5lvl = true,
                b"mem_encrypt=on" => words.mem_encrypt = true,
                b"hugepagesz=1G" | b"default_hugepagesz=1G" => gigantic = true,
                _ => {}
            }
            pages |= word.starts_with(b"hugepages=");
            let memmap = word.strip_prefix(b"memmap=");
            for value in memmap.unwrap_or_default().split(|byte| *byte == b',') {
                match memparse(value) {
                    Some((size, b"")) => words.limit_to(size),
                    Some((_, _)) => words.avoids = true,
                    // `exactmap`, `nopentium`, and nothing.
                    None => {}
                }
            }
            if let Some((size, _)) = word.strip_prefix(b"mem=").and_then(memparse) {
                words.limit_to(size);
            }
        }
        words.avoids |= gigantic && pages;
        words
    }

    fn limit_to(&mut self, size: u64) {
        if size != 0 {
            self.limit = Some(self.limit.map_or(size, |limit| limit.min(size)));
        }
    }
}

/// A size as the kernel reads it (lib/cmdline.c, memparse), and the rest; `None` without a digit.
fn memparse(text: &[u8]) -> Option<(u64, &[u8])> {
    let (radix, mut rest) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', b'0'..=b'7', ..] => (8, text),
        _ => (10, text),
    };
    let (digits, mut value) = (rest.len(), 0_u64);
    while let [first, after @ ..] = rest {
        let Some(digit) = char::from(*first).to_digit(radix) else {
            break;
        };
        value = value.wrapping_mul(radix.into()).wrapping_add(digit.into());
        rest = after;
    }
    if rest.len() == digits {
        return None;
    }
    let shift = match rest.first().map(u8::to_ascii_uppercase) {
        Some(b'K') => 10,
        Some(b'M') => 20,
        Some(b'G') => 30,
        Some(b'T') => 40,
        Some(b'P') => 50,
        Some(b'E') => 60,
        _ => return Some((value, rest)),
    };
    Some((value.wrapping_shl(shift), rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decompressors_words() {
        let none = Words::default();
        assert_eq!(
            Words::of(b"ro quiet xnokaslr nokaslr=1 no5lvl= mem_encrypt=off"),
            none
        );
        let words = Words::of(b"nokaslr\tno5lvl mem_encrypt=on");
        assert!(words.nokaslr && words.no5lvl && words.mem_encrypt);
        // As in the kernel: also after `--`, which is for init.
        assert!(Words::of(b"-- nokaslr").nokaslr);
        for (line, limit, avoids) in [
            (&b"mem=512M"[..], Some(512 << 20), false),
            (b"mem=4G mem=0x10000000", Some(256 << 20), false),
            (b"mem=nopentium mem=0 memmap=exactmap", None, false),
            (b"memmap=1G", Some(1 << 30), false),
            (b"memmap=64K$0x10000", None, true),
            (b"memmap=exactmap,640K@0,2g", Some(2 << 30), true),
            (b"memmap=010", Some(8), false),
            (b"hugepagesz=1G hugepages=4", None, true),
            (b"default_hugepagesz=1G", None, false),
            (b"hugepagesz=2M hugepages=4", None, false),
        ] {
            let words = Words::of(line);
            assert_eq!((words.limit, words.avoids), (limit, avoids), "{line:?}");
        }
    }
}
