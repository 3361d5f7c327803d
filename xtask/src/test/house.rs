//! Rules of the source tree that no compiler checks (see ARCHITECTURE.md).

use super::Result;
use crate::Outcome;
use crate::command::{output, root};
use std::path::Path;
use std::process::Command;

const MOST_LINES: usize = 600;
const MEDIAN_LINES: usize = 200;

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
/// the C interface; and the host tools that trace a program's system calls.
const UNSAFE_ROOMS: &[&str] = &[
    "core/src/linux/",
    "core/src/purgatory/",
    "core/purgatory/",
    "rt/",
    "ffi/",
    "kexec/tests/",
    "differential/",
    "benches/src/mapping.rs",
    "benches/src/native.rs",
    "xtask/src/compare/",
];

const RULES: &[Rule] = &[
    Rule {
        text: ("cfg(target", "_arch"),
        files: CODE,
        except: &[
            "core/src/linux/",
            "core/purgatory/",
            "core/src/purgatory/digest",
        ],
        why: "planning compiles and is tested on every host",
    },
    Rule {
        text: ("target_arch", " ="),
        files: CODE,
        except: &[
            "core/src/linux/",
            "core/purgatory/",
            "core/src/purgatory/digest",
            "xtask/",
        ],
        why: "planning compiles and is tested on every host",
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
    let mut problems = Vec::new();
    let mut lengths = Vec::new();
    for name in listed.lines() {
        let Ok(bytes) = std::fs::read(root().join(name)) else {
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
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_places() {
        let text = ["#[cfg(target", "_arch = \"x86_64\")]"].concat();
        assert_eq!(broken("core/src/plan/mod.rs", &text).len(), 2);
        assert!(broken("core/src/linux/arch/mod.rs", &text).is_empty());
        assert!(broken("core/src/plan/mod.rs", &format!("/// {text}")).is_empty());
    }

    #[test]
    fn long_files_and_machine_paths_are_found() {
        assert!(long("x.rs", &"\n".repeat(MOST_LINES + 1)).is_some());
        assert!(long("x.rs", &"\n".repeat(MOST_LINES)).is_none());
        let path = ["cd /ho", "me/someone"].concat();
        assert_eq!(machine_paths("README.md", &path).len(), 1);
    }
}
