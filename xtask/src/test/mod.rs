//! `cargo xtask test`: named steps, each of which runs alone. To add one, write a function
//! and an entry in `STEPS`.

mod binary;
mod budget;
mod hosts;
mod house;
mod licences;
mod little_memory;
mod msrv;
mod options;
mod package;
mod readme;
mod rooms;
mod steps;

use crate::Outcome;
use std::time::Instant;

/// What a step came to.
pub enum Result {
    /// It ran, and all was well.
    Passed,
    /// Something this machine lacks kept it from running: not a pass.
    Skipped(String),
}

/// Which runs include a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Every run: no network, no guest, a few seconds when warm.
    Always,
    /// `--quick` only: a short form of a step that other runs include whole.
    Quick,
    /// Every run but `--quick`.
    Usual,
    /// `--slow` only: what takes too long for every change.
    Slow,
}

/// How much of the steps a run includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Quick,
    Usual,
    Slow,
}

impl Extent {
    const fn includes(self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Quick => matches!(self, Self::Quick),
            When::Usual => !matches!(self, Self::Quick),
            When::Slow => matches!(self, Self::Slow),
        }
    }
}

/// A step: its name, what it shows, which runs include it, and its function. An error is a
/// failure.
pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub when: When,
    pub run: fn() -> Outcome<Result>,
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "formatting",
        when: When::Always,
        run: steps::fmt,
    },
    Step {
        name: "house",
        about: "rules of the source tree",
        when: When::Always,
        run: house::run,
    },
    Step {
        name: "licences",
        about: "licences of dependencies, and what ships",
        when: When::Always,
        run: licences::run,
    },
    Step {
        name: "clippy",
        about: "lints, warnings denied",
        when: When::Always,
        run: steps::clippy,
    },
    Step {
        name: "lib",
        about: "unit tests of core and the command, no network",
        when: When::Quick,
        run: steps::lib,
    },
    Step {
        name: "unit",
        about: "cargo test: unit and integration tests",
        when: When::Usual,
        run: steps::unit,
    },
    Step {
        name: "fuzz",
        about: "the fuzz targets over their seeds and mutations, on stable Rust",
        when: When::Usual,
        run: steps::fuzz,
    },
    Step {
        name: "doc",
        about: "rustdoc, warnings denied",
        when: When::Usual,
        run: steps::doc,
    },
    Step {
        name: "build",
        about: "the release build",
        when: When::Usual,
        run: steps::build,
    },
    Step {
        name: "msrv",
        about: "the oldest Rust that builds what ships: Debian's, unpacked",
        when: When::Usual,
        run: msrv::run,
    },
    Step {
        name: "hosts",
        about: "builds and unit tests for arm64 and riscv64, under QEMU's user mode",
        when: When::Usual,
        run: hosts::run,
    },
    Step {
        name: "package",
        about: "cargo package of the crates for others: each tarball builds alone",
        when: When::Usual,
        run: package::run,
    },
    Step {
        name: "dist",
        about: "the source tarball builds and installs without network",
        when: When::Usual,
        run: steps::dist,
    },
    Step {
        name: "binary",
        about: "what is in target/release/kexec, and what is not",
        when: When::Usual,
        run: binary::run,
    },
    Step {
        name: "differential",
        about: "against kexec-tools on fake machines",
        when: When::Usual,
        run: steps::differential,
    },
    Step {
        name: "lines",
        about: "command lines of kexec-tools 2.0.32 and 2.0.25, and ours: calls and exit codes",
        when: When::Usual,
        run: steps::lines,
    },
    Step {
        name: "budget",
        about: "sizes, system calls, memory and instructions against budget/limits.txt",
        when: When::Usual,
        run: budget::run,
    },
    Step {
        name: "readme",
        about: "every command of README.md and docs/guide.md",
        when: When::Usual,
        run: readme::run,
    },
    Step {
        name: "demo",
        about: "the demonstration",
        when: When::Usual,
        run: steps::demo,
    },
    Step {
        name: "vm",
        about: "guest scenarios: at least one of each family and path",
        when: When::Usual,
        run: steps::vm,
    },
    Step {
        name: "vm-slow",
        about: "the rest of the guest scenarios",
        when: When::Slow,
        run: steps::vm_slow,
    },
];

const USAGE: &str = "usage: cargo xtask test [--quick | --slow | --list | STEP...]
  --quick  fmt, house, licences, clippy and unit tests: no network, no guests
  --slow   every step, also those that take too long for every change";

/// `cargo xtask test`
pub fn run(arguments: &[String]) -> Outcome {
    let mut extent = Extent::Usual;
    let mut chosen = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--list" => return list(),
            "--quick" => extent = Extent::Quick,
            "--slow" => extent = Extent::Slow,
            name => {
                let step = STEPS.iter().find(|step| step.name == name);
                chosen.push(step.ok_or_else(|| format!("no step {name}\n{USAGE}"))?);
            }
        }
    }
    if chosen.is_empty() {
        chosen.extend(STEPS.iter().filter(|step| extent.includes(step.when)));
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut lines = Vec::new();
    let begin = Instant::now();
    for (index, step) in chosen.iter().enumerate() {
        println!(
            "\n=== step {} of {}, {} s: {}: {}",
            index + 1,
            chosen.len(),
            begin.elapsed().as_secs(),
            step.name,
            step.about
        );
        let start = Instant::now();
        let outcome = (step.run)();
        let seconds = start.elapsed().as_secs();
        let line = match outcome {
            Ok(Result::Passed) => {
                passed += 1;
                format!("passed   {:12} {seconds:4} s", step.name)
            }
            Ok(Result::Skipped(why)) => {
                skipped += 1;
                format!("SKIPPED  {:12} {why}", step.name)
            }
            Err(why) => {
                failed += 1;
                format!("FAILED   {:12} {why}", step.name)
            }
        };
        println!("{line}");
        lines.push(line);
    }
    println!(
        "\n{}\ntook     {:12} {:4} s\n",
        lines.join("\n"),
        "",
        begin.elapsed().as_secs()
    );
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    match failed + skipped {
        0 => Ok(()),
        _ => Err(format!("{failed} steps failed, {skipped} were skipped")),
    }
}

fn list() -> Outcome {
    for step in STEPS {
        let when = match step.when {
            When::Always => "",
            When::Quick => " (--quick only)",
            When::Usual => " (not with --quick)",
            When::Slow => " (--slow only)",
        };
        println!("  {:12} {}{when}", step.name, step.about);
    }
    println!("\n{USAGE}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_is_a_part_and_slow_is_everything() {
        let of = |extent: Extent| -> Vec<&str> {
            let steps = STEPS.iter().filter(|step| extent.includes(step.when));
            steps.map(|step| step.name).collect()
        };
        assert_eq!(
            of(Extent::Quick),
            ["fmt", "house", "licences", "clippy", "lib"]
        );
        let usual = of(Extent::Usual);
        assert!(usual.contains(&"unit") && usual.contains(&"vm") && !usual.contains(&"lib"));
        let slow = of(Extent::Slow);
        assert!(usual.iter().all(|name| slow.contains(name)));
        assert!(slow.contains(&"vm-slow") && !usual.contains(&"vm-slow"));
    }
}
