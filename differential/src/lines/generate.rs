//! The command lines: the same ones every time.

mod getopt;

use super::kernel::Loaded;
use super::words::NAMES;
use super::{Line, Setup};

/// All lines, each once.
#[must_use]
pub fn all() -> Vec<Line> {
    let mut lines = Vec::new();
    lines.extend(options());
    lines.extend(abbreviations());
    lines.extend(actions());
    lines.extend(getopt::getopt());
    lines.extend(numbers());
    lines.extend(types());
    lines.extend(files());
    lines.extend(states());
    lines.extend(replies());
    lines.extend(command_lines());
    lines.extend(random());
    lines.extend(defaults());
    let mut once = std::collections::BTreeSet::new();
    lines.retain(|line| once.insert(line.clone()));
    lines
}

fn usual(words: &str) -> Line {
    Line::new(Setup::default(), words)
}

/// Lines without the option for a call, where the older release's default shows.
fn defaults() -> Vec<Line> {
    let setup = Setup {
        by_default: true,
        ..Setup::default()
    };
    let words = [
        "-l @kernel",
        "-l @kernel --initrd=@initrd --append=x",
        "-l @kernel --noefi",
        "-p @kernel",
        "@kernel",
        "-f @kernel",
        "-u",
        "-p -u",
        "-e",
        "-S",
    ];
    words.map(|words| Line::new(setup, words)).into()
}

/// A value that an option takes.
const fn value(name: &str) -> &'static str {
    match name.as_bytes() {
        b"entry" => "0",
        b"type" => "bzImage64",
        b"mem-min" => "0x1000000",
        b"mem-max" => "0x13fffffff",
        b"serial" => "ttyS1",
        b"serial-baud" => "9600",
        b"append" | b"command-line" => "quiet",
        b"initrd" | b"ramdisk" => "@initrd",
        b"module" => "@initrd",
        _ => "@dtb",
    }
}

/// Each option with each action and each call, its value by a sign and as the next word.
fn options() -> Vec<Line> {
    let mut lines = Vec::new();
    for name in NAMES {
        let options = if name.value {
            vec![
                format!("--{}={}", name.long, value(name.long)),
                format!("--{} {}", name.long, value(name.long)),
            ]
        } else {
            vec![format!("--{}", name.long)]
        };
        for (number, option) in options.iter().enumerate() {
            for call in ["-a", "-s", "-c"] {
                lines.push(usual(&format!("{call} -l {option} @kernel")));
                if number == 0 {
                    lines.push(usual(&format!("{call} -p @kernel {option}")));
                }
            }
            for action in ["-e", "-u", "-u -p", "-S", "-S -l", "-f @kernel", "@kernel"] {
                if number == 0 {
                    lines.push(usual(&format!("{action} {option}")));
                }
            }
        }
        let wrong = if name.value {
            format!("--{}", name.long)
        } else {
            format!("--{}=x", name.long)
        };
        lines.push(usual(&format!("-l @kernel {wrong}")));
    }
    lines
}

/// Every beginning of every name.
fn abbreviations() -> Vec<Line> {
    let mut lines = Vec::new();
    for name in NAMES {
        for length in 1..name.long.len() {
            let word = &name.long[..length];
            let word = match name.value {
                true => format!("--{word}={}", value(name.long)),
                false => format!("--{word}"),
            };
            lines.push(usual(&format!("-c -l @kernel {word}")));
        }
    }
    lines
}

/// Every order of up to three actions, with a kernel and without.
fn actions() -> Vec<Line> {
    const ACTIONS: [&str; 6] = ["-l", "-p", "-e", "-f", "-u", "-S"];
    let mut lines = vec![usual(""), usual("@kernel")];
    for one in ACTIONS {
        for kernel in ["", " @kernel"] {
            for call in ["-a", "-s", "-c"] {
                lines.push(usual(&format!("{call} {one}{kernel}")));
            }
            for two in ACTIONS {
                lines.push(usual(&format!("{one} {two}{kernel}")));
                lines.push(usual(&format!("-c {one} {two}{kernel}")));
                let three = ACTIONS
                    .iter()
                    .filter(|three| **three != one && **three != two);
                for three in three.filter(|_| one != two) {
                    lines.push(usual(&format!("{one}{}{}{kernel}", &two[1..], &three[1..])));
                }
            }
        }
    }
    for words in ["-e", "-f @kernel", "-l -e", "-fp @kernel"] {
        for more in ["-x", "-y", "-xy", "-x -y -i", "--no-ifdown --no-sync"] {
            lines.push(usual(&format!("{words} {more}")));
        }
    }
    lines
}

/// Numbers of all forms for all options that take one.
fn numbers() -> Vec<Line> {
    const NUMBERS: [&str; 32] = [
        "0",
        "1",
        "16777216",
        "0x1000000",
        "0X1000000",
        "0x",
        "0x1000000x",
        "x",
        "-1",
        "+1",
        "-0x1000000",
        "+0x1000000",
        " 16",
        "16 ",
        "\t0x10",
        "0100000000",
        "08",
        "0b1000",
        "0b2",
        "0b",
        "",
        " ",
        "1e6",
        "1k",
        "1_000",
        "--1",
        "+-1",
        "18446744073709551615",
        "18446744073709551616",
        "0xfffffffffffffffff",
        "9600",
        "115200",
    ];
    const PORTS: [&str; 14] = [
        "ttyS0", "ttyS1", "ttyS2", "ttys0", "0x3f8", "0X3f8", "3f8", "0x", "0x3f8,", "0x10000",
        "0xffff", "0x 3f8", "0x0x3f8", "0x-1",
    ];
    const RATES: [&str; 9] = [
        "4800", "19200", "38400", "57600", "57601", "230400", "0x2580", "9600n8", "28800",
    ];
    let mut lines = Vec::new();
    let mut push = |option: &str, number: &str| {
        for call in ["-c", "-a"] {
            lines.push(Line {
                setup: Setup::default(),
                words: [call, "-l", "@kernel", &format!("--{option}={number}")]
                    .map(String::from)
                    .into(),
            });
        }
    };
    for number in NUMBERS {
        for option in ["mem-min", "mem-max", "entry", "serial-baud"] {
            push(option, number);
        }
    }
    PORTS.iter().for_each(|port| push("serial", port));
    RATES.iter().for_each(|rate| push("serial-baud", rate));
    for words in [
        "-c -l @kernel --mem-min=0x1000000 --mem-max=0x2000000",
        "-c -l @kernel --mem-min=0x100000000",
        "-c -l @kernel --mem-min=0x200000000",
        "-c -l @kernel --mem-max=0xfffff",
        "-c -l @kernel --mem-min=2 --mem-max=1",
        "-p -c @kernel --mem-min=0x70000000",
        "-l @kernel --mem-max=0xfffff",
        "--serial=x --mem-min=zz -l @kernel",
        "--serial=x -h",
        "--serial=x -S",
        "--serial=x -e",
        "--serial=x -u",
        "--serial=x -p",
        "--serial=x -l @missing",
    ] {
        lines.push(usual(words));
    }
    lines
}

/// Types, of files of several types.
fn types() -> Vec<Line> {
    const TYPES: [&str; 14] = [
        "bzImage64",
        "bzImage",
        "elf-x86_64",
        "elf-x86",
        "multiboot-x86",
        "multiboot2-x86",
        "nbi-x86",
        "beoboot-x86",
        "uki",
        "vmlinux",
        "Image",
        "bzimage64",
        "help",
        "zImage",
    ];
    let mut lines = Vec::new();
    for kind in TYPES {
        for call in ["-a", "-s", "-c"] {
            lines.push(usual(&format!("{call} -t {kind} -l @kernel")));
        }
        lines.push(usual(&format!("-c --type={kind} -l @vmlinux")));
        lines.push(usual(&format!("-c --type={kind} -l @junk")));
    }
    lines
}

/// Files that are missing, empty or something else, in each role.
fn files() -> Vec<Line> {
    const FILES: [&str; 8] = [
        "missing",
        "empty",
        "junk",
        "xz",
        "cut",
        "directory",
        "initrd",
        "vmlinux",
    ];
    let mut lines = Vec::new();
    for call in ["-a", "-s", "-c"] {
        for file in FILES {
            lines.push(usual(&format!("{call} -l @{file}")));
            lines.push(usual(&format!("{call} -p @{file}")));
            for role in ["initrd", "dtb"] {
                lines.push(usual(&format!("{call} -l @kernel --{role}=@{file}")));
            }
        }
        for kind in ["--args-linux", "--args-elf", "--args-none"] {
            lines.push(usual(&format!("{call} -l @vmlinux {kind}")));
        }
        lines.push(usual(&format!("{call} -l @old")));
        lines.push(usual(&format!("{call} -l @missing --initrd=@missing")));
    }
    lines
}

/// What is loaded, reserved and known, with every action.
fn states() -> Vec<Line> {
    let mut lines = Vec::new();
    for (kernel, crash) in [(false, false), (false, true), (true, false)] {
        for reserved in [true, false] {
            for hotplug in [true, false] {
                let loaded = Loaded { kernel, crash };
                let setup = Setup {
                    reserved,
                    hotplug,
                    loaded,
                    ..Setup::default()
                };
                for words in [
                    "-e",
                    "-u",
                    "-S",
                    "-S -l",
                    "-S -p",
                    "-p -u",
                    "-l @kernel",
                    "-p @kernel",
                    "-p",
                    "-e -p",
                    "-f @kernel",
                    "-p --hotplug @kernel",
                    "-c -p --hotplug @kernel",
                    "-S --hotplug",
                    "--print-ckr-size",
                    "-c -p @kernel",
                    "-p @missing",
                    "-p --serial=x @kernel",
                    "@kernel",
                ] {
                    if hotplug || words.contains("hotplug") {
                        lines.push(Line::new(setup, words));
                    }
                }
            }
        }
    }
    let setup = Setup {
        readable: false,
        ..Setup::default()
    };
    for words in [
        "-e",
        "-S",
        "-S -l",
        "-f @kernel",
        "-p @kernel",
        "@kernel",
        "-u",
    ] {
        lines.push(Line::new(setup, words));
    }
    lines
}

/// Lines with another result of the system call.
fn replies() -> Vec<Line> {
    const ERRNOS: [i32; 10] = [
        libc::ENOSYS,
        libc::EINVAL,
        libc::ENOEXEC,
        libc::EOPNOTSUPP,
        libc::EPERM,
        libc::EKEYREJECTED,
        libc::ENOMEM,
        libc::EADDRNOTAVAIL,
        libc::EBUSY,
        libc::EBADMSG,
    ];
    let mut lines = Vec::new();
    for errno in ERRNOS {
        for (file_load, load) in [(errno, 0), (0, errno), (errno, errno)] {
            let setup = Setup {
                file_load,
                load,
                ..Setup::default()
            };
            let both = file_load != 0 && load != 0;
            for words in [
                "-l @kernel",
                "-s -l @kernel",
                "-c -l @kernel",
                "-u",
                "-s -u",
                "-c -u",
                "-p @kernel",
                "-f @kernel",
            ] {
                let asks = match words.split(' ').next() {
                    Some("-s") => file_load != 0 && !both,
                    Some("-c") => load != 0 && !both,
                    _ => true,
                };
                if asks {
                    lines.push(Line::new(setup, words));
                }
            }
        }
    }
    lines
}

/// Command lines and what changes them.
fn command_lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for call in ["-a", "-s", "-c"] {
        for words in [
            "--reuse-cmdline",
            "--reuse-cmdline --append=more",
            "--append=more --reuse-cmdline",
            "--append=x --noefi",
            "--noefi --append=x",
            "--append=x --reuse-video-type",
            "--append=x --pass-memmap-cmdline",
            "--append=x --reset-vga",
            "--initrd=@initrd --noefi",
            "--reuse-cmdline --noefi",
        ] {
            for action in ["-l", "-p"] {
                lines.push(usual(&format!("{call} {action} @kernel {words}")));
            }
        }
        let long = |length: usize| format!("{call} -l @kernel --append={}", "x".repeat(length));
        for length in [100, 2000, 2046, 2047, 2048] {
            lines.push(usual(&long(length)));
        }
    }
    lines
}

/// Options at random, of which many go together.
fn random() -> Vec<Line> {
    const LINES: usize = 400;
    const WORDS: [&str; 42] = [
        "-l",
        "-l",
        "-l",
        "-p",
        "-f",
        "-e",
        "-u",
        "-S",
        "-a",
        "-s",
        "-c",
        "-c",
        "-d",
        "-x",
        "-y",
        "-i",
        "-t bzImage64",
        "--append=a",
        "--command-line b",
        "--reuse-cmdline",
        "--initrd=@initrd",
        "--ramdisk=@initrd2",
        "--mem-min=0x1000000",
        "--mem-max=0x7fffffff",
        "--noefi",
        "--entry-32bit",
        "--real-mode",
        "--reset-vga",
        "--console-vga",
        "--console-serial",
        "--serial=ttyS1",
        "--serial-baud=115200",
        "--hotplug",
        "--pass-memmap-cmdline",
        "--elf64-core-headers",
        "--module=m",
        "--args-linux",
        "--entry=0",
        "--reuse-video-type",
        "--dtb=@dtb",
        "--no-sync",
        "--no-ifdown",
    ];
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut lines = Vec::new();
    for _ in 0..LINES {
        let mut words = Vec::new();
        for _ in 0..1 + random.below(6) {
            words.push(WORDS[random.below(WORDS.len())]);
        }
        if random.below(8) != 0 {
            words.insert(random.below(words.len() + 1), "@kernel");
        }
        let loaded = Loaded {
            kernel: random.below(2) == 0,
            crash: random.below(2) == 0,
        };
        let setup = Setup {
            reserved: random.below(4) != 0,
            hotplug: random.below(4) != 0,
            loaded,
            ..Setup::default()
        };
        lines.push(Line::new(setup, &words.join(" ")));
    }
    lines
}

/// Numbers by no rule, the same every time (xorshift).
struct Random(u64);

impl Random {
    const fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_enough_lines_and_always_the_same() {
        let lines = super::all();
        assert!(lines.len() >= 900, "{}", lines.len());
        assert_eq!(lines, super::all());
    }
}
