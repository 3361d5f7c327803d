//! What the words of a line mean to a release of kexec-tools: its options, by the rules of
//! getopt_long(3). Shares nothing with the command's own parser.

use super::Version;

/// An option of kexec-tools: its name, letter, and whether it takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// Without dashes.
    pub long: &'static str,
    /// The letter.
    pub letter: Option<char>,
    /// Whether it takes a value.
    pub value: bool,
    /// What it is another name of.
    pub same: &'static str,
}

const fn flag(long: &'static str, letter: Option<char>) -> Name {
    Name {
        long,
        letter,
        value: false,
        same: long,
    }
}

const fn valued(long: &'static str, same: &'static str) -> Name {
    Name {
        long,
        letter: None,
        value: true,
        same,
    }
}

/// Those of x86-64 (kexec/kexec.h and kexec/arch/i386/include/arch/options.h).
pub const NAMES: &[Name] = &[
    flag("help", Some('h')),
    flag("version", Some('v')),
    flag("force", Some('f')),
    flag("no-checks", Some('i')),
    flag("no-ifdown", Some('x')),
    flag("no-sync", Some('y')),
    flag("load", Some('l')),
    flag("unload", Some('u')),
    flag("exec", Some('e')),
    flag("exec-live-update", None),
    flag("load-preserve-context", None),
    flag("load-jump-back-helper", None),
    flag("load-live-update", None),
    valued("entry", "entry"),
    Name {
        long: "type",
        letter: Some('t'),
        value: true,
        same: "type",
    },
    flag("load-panic", Some('p')),
    valued("mem-min", "mem-min"),
    valued("mem-max", "mem-max"),
    flag("reuseinitrd", None),
    flag("kexec-file-syscall", Some('s')),
    flag("kexec-syscall", Some('c')),
    flag("kexec-syscall-auto", Some('a')),
    flag("debug", Some('d')),
    flag("status", Some('S')),
    flag("print-ckr-size", None),
    flag("hotplug", None),
    flag("reset-vga", None),
    valued("serial", "serial"),
    valued("serial-baud", "serial-baud"),
    flag("console-vga", None),
    flag("console-serial", None),
    flag("elf32-core-headers", None),
    flag("elf64-core-headers", None),
    flag("pass-memmap-cmdline", None),
    flag("noefi", None),
    flag("reuse-video-type", None),
    valued("command-line", "append"),
    valued("append", "append"),
    flag("reuse-cmdline", None),
    valued("initrd", "initrd"),
    valued("ramdisk", "initrd"),
    flag("args-elf", None),
    flag("args-linux", None),
    flag("args-none", None),
    valued("module", "module"),
    flag("real-mode", None),
    flag("entry-32bit", None),
    valued("dtb", "dtb"),
];

/// Those of them that 2.0.25 does not have.
const NEWER: [&str; 2] = ["hotplug", "dtb"];

/// A line's words, understood up to the first mistake.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Options in their order, by the name in [`Name::same`], with their values.
    pub options: Vec<(&'static str, String)>,
    /// What is no option; the first is the kernel.
    pub operands: Vec<String>,
    /// Whether there is a mistake.
    pub mistake: bool,
}

impl Words {
    /// Understands them.
    #[must_use]
    pub fn new(version: Version, words: &[String]) -> Self {
        let mut parsed = Self::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if word == "--" {
                parsed.operands.extend(words.map(String::from));
                return parsed;
            }
            let done = match word.strip_prefix("--") {
                Some(long) => parsed.long(version, long, &mut words),
                None => match word.strip_prefix('-') {
                    Some(letters) if !letters.is_empty() => parsed.letters(letters, &mut words),
                    _ => {
                        parsed.operands.push(word.into());
                        Some(())
                    }
                },
            };
            if done.is_none() {
                parsed.mistake = true;
                return parsed;
            }
        }
        parsed
    }

    fn long<'a>(
        &mut self,
        version: Version,
        word: &str,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> Option<()> {
        let (typed, given) = match word.split_once('=') {
            Some((typed, value)) => (typed, Some(value)),
            None => (word, None),
        };
        let name = find(version, typed)?;
        let value = match (name.value, given) {
            (true, Some(value)) => value,
            (true, None) => words.next()?,
            (false, None) => "",
            (false, Some(_)) => return None,
        };
        self.options.push((name.same, value.into()));
        Some(())
    }

    fn letters<'a>(
        &mut self,
        letters: &str,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> Option<()> {
        for (at, letter) in letters.char_indices() {
            let name = NAMES.iter().find(|name| name.letter == Some(letter))?;
            if !name.value {
                self.options.push((name.same, String::new()));
                continue;
            }
            let rest = &letters[at + 1..];
            let value = if rest.is_empty() { words.next()? } else { rest };
            self.options.push((name.same, value.into()));
            break;
        }
        Some(())
    }

    /// Whether an option was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(long, _)| *long == name)
    }

    /// Whether one of them was.
    #[must_use]
    pub fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// The values an option was given.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let of = move |(long, _): &&(&str, String)| *long == name;
        self.options
            .iter()
            .filter(of)
            .map(|(_, value)| value.as_str())
    }

    /// The last value, which counts.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last()
    }

    /// Which of these options is the last.
    #[must_use]
    pub fn last(&self, names: &[&str]) -> Option<&'static str> {
        let of = self.options.iter().filter(|(long, _)| names.contains(long));
        of.map(|(long, _)| *long).next_back()
    }

    /// Where the last one of an option stands among the options.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.options.iter().rposition(|(long, _)| *long == name)
    }

    /// The kernel.
    #[must_use]
    pub fn kernel(&self) -> Option<&str> {
        self.operands.first().map(String::as_str)
    }
}

/// The option that a name, whole or cut short, means.
#[must_use]
pub fn find(version: Version, typed: &str) -> Option<&'static Name> {
    let has = |name: &&Name| version == Version::Newest || !NEWER.contains(&name.long);
    let names = || NAMES.iter().filter(has);
    if let Some(name) = names().find(|name| name.long == typed) {
        return Some(name);
    }
    let mut begins = names().filter(|name| name.long.starts_with(typed));
    let first = begins.next()?;
    begins
        .all(|other| other.same == first.same)
        .then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::{Line, Setup};

    fn words(line: &str) -> Words {
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        Words::new(Version::Newest, &words)
    }

    #[test]
    fn understands_what_the_reference_does() {
        let line = words("-lt bz k --com=a=b --ram i -- -p");
        let options: Vec<(&str, &str)> = line
            .options
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(
            options,
            [
                ("load", ""),
                ("type", "bz"),
                ("append", "a=b"),
                ("initrd", "i")
            ]
        );
        assert_eq!(line.operands, ["k", "-p"]);
        assert!(!line.mistake);
        for wrong in ["--re", "-Z", "--load=x", "--initrd", "--no-cma", "-lt"] {
            assert!(words(wrong).mistake, "{wrong}");
        }
        assert!(words("--f").has("force") && words("--no-c").has("no-checks"));
    }

    #[test]
    fn understands_what_the_older_one_does() {
        let older = |word: &str| Words::new(Version::Older, &[word.into()]);
        assert!(older("--h").has("help") && older("--d").has("debug"));
        assert!(words("--h").mistake && words("--d").mistake);
        for newer in ["--hotplug", "--ho", "--dtb=x", "--dt=x"] {
            assert!(older(newer).mistake && !words(newer).mistake, "{newer}");
        }
    }

    #[test]
    fn the_older_one_gets_the_newer_default() {
        let given = |words: &str, version| {
            let line = Line::new(Setup::default(), words);
            line.given_to(version).words.join(" ")
        };
        assert_eq!(given("-l k", Version::Older), "-a -l k");
        assert_eq!(given("-l k", Version::Newest), "-l k");
        for named in ["-ls k", "-l k -c", "--kexec-syscall-auto -l k"] {
            assert_eq!(given(named, Version::Older), named);
        }
        let setup = Setup {
            by_default: true,
            ..Setup::default()
        };
        let line = Line::new(setup, "-l k");
        assert_eq!(line.given_to(Version::Older), line);
    }
}
