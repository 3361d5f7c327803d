//! Rules of the source tree that no compiler checks (see ARCHITECTURE.md).

use super::{Result, options, rooms};
use crate::Outcome;
use crate::command::{output, root};
use crate::sealed::is_sealed;
use std::path::Path;
use std::process::Command;

const MOST_LINES: usize = 600;
const MEDIAN_LINES: usize = 150;

/// A rule about text in files: what must not occur, where it may, and why.
struct Rule {
    /// Written in two halves, so that this file does not break its own rules.
    text: (&'static str, &'static str),
    /// File name endings that the rule is about.
    files: &'static [&'static str],
    /// Beginnings of paths where it may occur.
    except: &'static [&'static str],
    why: &'static str,
}

const CODE: &[&str] = &[".rs"];
const ANY: &[&str] = &["", ".rs"];

/// Where unsafe code may be: system calls, the purgatory, the start of a program without libc,
/// the C interface, the promises that only a program can make; and the host tools that trace a
/// program's system calls. The images of decoders, and their call: code without panics of its own.
const UNSAFE_ROOMS: &[&str] = &[
    "core/src/linux/",
    "core/src/purgatory/",
    "core/purgatory/",
    "unpack/src/image.rs",
    "unpack/image/",
    "rt/",
    "ffi/",
    "kexec/src/kept.rs",
    "kexec/src/bus_error.rs",
    "kexec/tests/",
    "examples/rust-init/",
    "differential/",
    "fuzz/targets/src/c_calls.rs",
    "testing/src/settled.rs",
    "benches/src/mapping.rs",
    "benches/src/native.rs",
    "benches/tests/purgatory/",
    "xtask/src/compare/",
];

/// Where code may depend on the architecture it is compiled for: system calls, the start of a
/// program without libc and the memcpy family, the purgatory and its digest, the entry of the images
/// of decoders; and the tools, which are for one host.
const ARCH_ROOMS: &[&str] = &[
    "core/src/linux/arch/",
    "unpack/image/",
    "core/purgatory/",
    "core/src/purgatory/digest/",
    "rt/src/arch/",
    "xtask/src/apt/",
];

/// Where assembly may be: those rooms, the C library's, which has kexec-rt's memcpy family, what
/// runs the purgatory on x86, and payloads of guests.
const ASSEMBLY_ROOMS: &[&str] = &[
    "core/src/linux/arch/",
    "unpack/image/",
    "core/purgatory/",
    "xtask/payloads/",
    "rt/src/arch/",
    "ffi/src/mem.rs",
    "benches/src/native.rs",
    "benches/tests/purgatory/",
];

const RULES: &[Rule] = &[
    Rule {
        text: ("target", "_arch"),
        files: CODE,
        except: ARCH_ROOMS,
        why: "all else compiles and is tested on every host",
    },
    Rule {
        text: ("asm", "!("),
        files: CODE,
        except: ASSEMBLY_ROOMS,
        why: "all else compiles and is tested on every host",
    },
    Rule {
        text: ("unsafe", " {"),
        files: CODE,
        except: UNSAFE_ROOMS,
        why: "unsafe code has its rooms",
    },
    Rule {
        text: ("unsafe", " fn"),
        files: CODE,
        except: UNSAFE_ROOMS,
        why: "unsafe code has its rooms",
    },
    Rule {
        text: ("deb.deb", "ian.org"),
        files: ANY,
        except: &[],
        why: "no host is written down",
    },
    Rule {
        text: ("crates", ".io/api"),
        files: ANY,
        except: &[],
        why: "no host is written down",
    },
    Rule {
        text: ("index.crates", ".io"),
        files: ANY,
        except: &[],
        why: "no host is written down",
    },
    Rule {
        text: ("static.crates", ".io"),
        files: ANY,
        except: &[],
        why: "no host is written down",
    },
    Rule {
        text: ("TO", "DO"),
        files: CODE,
        except: &[],
        why: "nothing is left for later",
    },
    Rule {
        text: ("FIX", "ME"),
        files: CODE,
        except: &[],
        why: "nothing is left for later",
    },
    Rule {
        text: ("todo", "!("),
        files: CODE,
        except: &[],
        why: "nothing is left for later",
    },
    Rule {
        text: ("unimplemented", "!("),
        files: CODE,
        except: &[],
        why: "nothing is left for later",
    },
];

/// The step.
pub fn run() -> Outcome<Result> {
    let listed = output(Command::new("git").current_dir(root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let table = std::fs::read_to_string(root().join(options::TABLE))
        .map_err(|why| format!("{}: {why}", options::TABLE))?;
    let option_words = options::words(&table);
    let mut problems = Vec::new();
    let mut lengths = Vec::new();
    let mut sources = Vec::new();
    for name in listed.lines() {
        let path = root().join(name);
        // A link leads to a file that is listed itself.
        if path.is_symlink() {
            continue;
        }
        let Ok(bytes) = std::fs::read(path) else {
            continue;
        };
        let Ok(text) = String::from_utf8(bytes) else {
            problems.push(format!("{name}: not text; binaries are built, not kept"));
            continue;
        };
        if is_code(name) {
            lengths.push(text.lines().count());
            problems.extend(long(name, &text));
        }
        problems.extend(broken(name, &text));
        problems.extend(machine_paths(name, &text));
        problems.extend(figures(name, &text));
        problems.extend(options::problems(name, &text, &option_words));
        sources.extend(rooms::source(name, &text));
    }
    let architecture = std::fs::read_to_string(root().join("ARCHITECTURE.md"))
        .map_err(|why| format!("ARCHITECTURE.md: {why}"))?;
    problems.extend(rooms::problems(&sources, &architecture));
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    println!("{} source files, median {median} lines", lengths.len());
    if median > MEDIAN_LINES {
        problems.push(format!(
            "the median file has {median} lines, more than {MEDIAN_LINES}"
        ));
    }
    match problems.as_slice() {
        [] => Ok(Result::Passed),
        some => Err(some.join("\n  ")),
    }
}

fn is_code(name: &str) -> bool {
    let extension = Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str());
    matches!(extension, Some("rs" | "c" | "h" | "S" | "sh"))
}

/// What a generator writes for others to read in one piece; its sources are held to the rule.
const GENERATED: &[&str] = &["include/libkexec.h"];

fn long(name: &str, text: &str) -> Option<String> {
    if GENERATED.contains(&name) {
        return None;
    }
    let lines = text.lines().count();
    (lines > MOST_LINES).then(|| format!("{name}: {lines} lines, more than {MOST_LINES}"))
}

fn broken(name: &str, text: &str) -> Vec<String> {
    let about = |rule: &&Rule| {
        rule.files.iter().any(|ending| name.ends_with(ending))
            && !rule.except.iter().any(|place| name.starts_with(place))
    };
    let mut problems = Vec::new();
    for rule in RULES.iter().filter(about) {
        let unwanted = [rule.text.0, rule.text.1].concat();
        for (index, line) in text.lines().enumerate() {
            if line.contains(&unwanted) && !line.trim_start().starts_with("//") {
                problems.push(format!("{name}:{}: {unwanted}: {}", index + 1, rule.why));
            }
        }
    }
    problems
}

/// The place this tree happens to be in, and people's homes, mean nothing elsewhere.
fn machine_paths(name: &str, text: &str) -> Vec<String> {
    let here = root().display().to_string();
    let unwanted = [here, ["/ro", "ot/"].concat(), ["/ho", "me/"].concat()];
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(path) = unwanted.iter().find(|path| line.contains(path.as_str())) {
            problems.push(format!(
                "{name}:{}: {path} is a place on one machine",
                index + 1
            ));
        }
    }
    problems
}

/// Pages whose figures a command wrote.
const WRITTEN: &[&str] = &["docs/benchmarks.md", "docs/downtime.md"];

/// What figures of speed are given in. Seconds are not among them: limits are in seconds too.
const UNITS: &[&str] = &[
    "ms",
    "µs",
    "ns",
    "GB/s",
    "MB/s",
    "GiB/s",
    "MiB/s",
    "% faster",
    "% slower",
    "% less",
    "× faster",
    "× less",
    "× slower",
    "times faster",
    "times less",
    "times slower",
    "times as",
];

/// Figures of speed stand in the pages that a command writes, nowhere else, and these are as the
/// command wrote them.
fn figures(name: &str, text: &str) -> Vec<String> {
    if WRITTEN.contains(&name) {
        let problem = format!("{name}: not as a command wrote it; figures are not edited by hand");
        return if is_sealed(text) {
            Vec::new()
        } else {
            vec![problem]
        };
    }
    if !name.ends_with(".md") && name != "kexec/kexec.8" {
        return Vec::new();
    }
    let lines = text.lines().enumerate();
    let with = lines.filter(|(_, line)| UNITS.iter().any(|unit| is_measured(line, unit)));
    with.map(|(index, line)| {
        format!(
            "{name}:{}: a figure of speed outside the pages that commands write ({}): {line}",
            index + 1,
            WRITTEN.join(", ")
        )
    })
    .collect()
}

/// Whether a line has a number followed by this unit, or a rate (`…/s`) even without one.
fn is_measured(line: &str, unit: &str) -> bool {
    line.match_indices(unit).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + unit.len()..]);
        let counted = before
            .trim_end()
            .ends_with(|last: char| last.is_ascii_digit());
        let ends = !after.starts_with(char::is_alphanumeric);
        ends && (counted || unit.ends_with("/s"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_places() {
        let text = ["#[cfg(target", "_arch = \"x86_64\")]"].concat();
        assert_eq!(broken("core/src/plan/mod.rs", &text).len(), 1);
        assert_eq!(broken("core/src/linux/load.rs", &text).len(), 1);
        assert!(broken("core/src/linux/arch/mod.rs", &text).is_empty());
        let text = ["global_asm", "!(\"nop\");"].concat();
        assert_eq!(broken("rt/src/start.rs", &text).len(), 1);
        assert!(broken("rt/src/arch/mem.rs", &text).is_empty());
        assert!(broken("core/src/plan/mod.rs", &format!("/// {text}")).is_empty());
    }

    #[test]
    fn figures_of_speed_stand_where_commands_write_them() {
        for line in [
            "takes 5 ms",
            "0.3 GB/s",
            "| | GB/s |",
            "20 times less CPU",
            "3 % slower",
        ] {
            assert_eq!(figures("README.md", line).len(), 1, "{line}");
        }
        for line in [
            "every 5 days",
            "64 msgs",
            "forms",
            "at 115200 baud",
            "many times",
        ] {
            assert!(figures("README.md", line).is_empty(), "{line}");
        }
        assert!(figures("src/x.rs", "takes 5 ms").is_empty());
        assert_eq!(figures("docs/downtime.md", "| 1.5 |\n").len(), 1);
        assert!(figures("docs/downtime.md", &crate::sealed::seal("| 1.5 |\n")).is_empty());
    }

    #[test]
    fn long_files_and_machine_paths_are_found() {
        assert!(long("x.rs", &"\n".repeat(MOST_LINES + 1)).is_some());
        assert!(long("x.rs", &"\n".repeat(MOST_LINES)).is_none());
        let path = ["cd /ho", "me/someone"].concat();
        assert_eq!(machine_paths("README.md", &path).len(), 1);
    }
}
