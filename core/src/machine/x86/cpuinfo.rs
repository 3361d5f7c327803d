//! /proc/cpuinfo: the first CPU's flags (arch/x86/kernel/cpu/proc.c).

/// The longest flag looked for is shorter than this; longer ones are truncated and match nothing.
const WORD: usize = 16;

/// Looks for a few words in the first line that starts with "flags". The line can be
/// longer than 2 KiB; it is read word by word.
#[derive(Clone, Debug)]
pub struct CpuFlags {
    place: Place,
    word: [u8; WORD],
    length: usize,
    /// `la57`: 5-level page tables are in use. The kernel clears it when it runs with four
    /// (`no5lvl`, or a kernel without support), even if the CPU supports five.
    pub la57: bool,
    /// `pdpe1gb`: the CPU supports pages of 1 GiB, whether or not the kernel uses them.
    pub gbpages: bool,
    /// `hypervisor`: this is a guest.
    pub guest: bool,
    /// `sev`, `sev_es`, `sev_snp` or `tdx_guest`: memory can be encrypted for one guest, and is if this is
    /// a guest.
    pub encryption: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the first word of a line.
    Key,
    /// In another line.
    OtherLine,
    /// After "flags".
    Flags,
    /// After the line.
    Done,
}

impl CpuFlags {
    /// At the start of the file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            place: Place::Key,
            word: [0; WORD],
            length: 0,
            la57: false,
            gbpages: false,
            guest: false,
            encryption: false,
        }
    }

    /// Whether the line was read to its end: otherwise no flag is known.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.place, Place::Done)
    }

    /// Takes the next piece of the file, of any size. Returns whether the line has ended and no more
    /// needs to be read.
    pub fn feed(&mut self, piece: &[u8]) -> bool {
        for &byte in piece {
            match (self.place, byte) {
                (Place::Done, _) => break,
                (Place::OtherLine, b'\n') => self.place = Place::Key,
                (Place::OtherLine, _) => {}
                (_, b' ' | b'\t' | b':' | b'\n') => self.word_ends(byte),
                _ => {
                    // One place past the word is kept free: a word that fills it is too long.
                    if let Some(slot) = self.word.get_mut(self.length) {
                        *slot = byte;
                        self.length = self.length.saturating_add(1);
                    }
                }
            }
        }
        self.place == Place::Done
    }

    /// Ends the file: the last word need not be followed by anything.
    pub fn finish(&mut self) {
        self.feed(b"\n");
    }

    fn word_ends(&mut self, byte: u8) {
        let word = self.word.get(..self.length).unwrap_or_default();
        self.length = 0;
        if self.place == Place::Key {
            self.place = match word {
                b"flags" => Place::Flags,
                _ => Place::OtherLine,
            };
            if byte == b'\n' {
                self.place = Place::Key;
            }
            return;
        }
        match word {
            b"la57" => self.la57 = true,
            b"pdpe1gb" => self.gbpages = true,
            b"hypervisor" => self.guest = true,
            b"sev" | b"sev_es" | b"sev_snp" | b"tdx_guest" => self.encryption = true,
            _ => {}
        }
        if byte == b'\n' {
            self.place = Place::Done;
        }
    }
}

impl Default for CpuFlags {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;

    fn read(text: &str, size: usize) -> (bool, bool) {
        let mut flags = CpuFlags::new();
        for piece in text.as_bytes().chunks(size) {
            if flags.feed(piece) {
                break;
            }
        }
        flags.finish();
        (flags.la57, flags.gbpages)
    }

    fn cpuinfo(flags: &str) -> String {
        format!(
            "processor\t: 0\nmodel name\t: A CPU with la57 and flags\t: pdpe1gb\nfpu\t\t: yes\n\n\
             flags\t\t: fpu vme {flags}\nvmx flags\t: vnmi\nbugs\t\t: la57\n\nprocessor\t: 1\n\
             flags\t\t: la57 pdpe1gb\n"
        )
    }

    #[test]
    fn finds_whole_words_in_the_first_flags_line_only() {
        let long: String = (0..400).map(|n| format!("flag_number_{n} ")).collect();
        for (flags, found) in [
            (String::new(), (false, false)),
            (String::from("la57 x"), (true, false)),
            (String::from("la57x xla57 pdpe1gb_x la5 7"), (false, false)),
            (format!("{long} la57 pdpe1gb"), (true, true)),
            (format!("pdpe1gb {long}"), (false, true)),
        ] {
            let text = cpuinfo(&flags);
            for size in [1, 2, 3, 7, 64, 4096, 1 << 20] {
                assert_eq!(read(&text, size), found, "{flags} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_file_that_ends_early() {
        assert_eq!(read("flags : pdpe1gb", 5), (false, true));
        assert_eq!(read("flags\nla57\n", 5), (false, false));
        assert_eq!(read("", 5), (false, false));
        assert_eq!(read("\n\n\0\u{ff}flags: la57", 2), (false, false));
    }
}
