//! `cargo xtask test`: named steps, each of which runs alone. To add one, write a function
//! and a line in `STEPS`.

mod binary;
mod budget;
mod house;
mod little_memory;
mod readme;
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

/// A step: what it is called, what it shows, and what does it. An error is a failure.
pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn() -> Outcome<Result>,
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "formatting",
        run: steps::fmt,
    },
    Step {
        name: "house",
        about: "rules of the source tree",
        run: house::run,
    },
    Step {
        name: "clippy",
        about: "lints, warnings denied",
        run: steps::clippy,
    },
    Step {
        name: "unit",
        about: "cargo test: unit and integration tests",
        run: steps::unit,
    },
    Step {
        name: "doc",
        about: "rustdoc, warnings denied",
        run: steps::doc,
    },
    Step {
        name: "build",
        about: "the release build",
        run: steps::build,
    },
    Step {
        name: "binary",
        about: "what is in target/release/kexec, and what is not",
        run: binary::run,
    },
    Step {
        name: "differential",
        about: "against kexec-tools on fake machines",
        run: steps::differential,
    },
    Step {
        name: "budget",
        about: "sizes, system calls, memory and instructions against budget/limits.txt",
        run: budget::run,
    },
    Step {
        name: "readme",
        about: "every command of README.md",
        run: readme::run,
    },
    Step {
        name: "demo",
        about: "the demonstration",
        run: steps::demo,
    },
    Step {
        name: "vm",
        about: "every guest scenario",
        run: steps::vm,
    },
];

const USAGE: &str = "usage: cargo xtask test [--list | STEP...]";

/// `cargo xtask test`
pub fn run(arguments: &[String]) -> Outcome {
    if arguments.iter().any(|argument| argument == "--list") {
        for step in STEPS {
            println!("  {:12} {}", step.name, step.about);
        }
        return Ok(());
    }
    let mut chosen = Vec::new();
    for name in arguments {
        let step = STEPS.iter().find(|step| step.name == name);
        chosen.push(step.ok_or_else(|| format!("no step {name}\n{USAGE}"))?);
    }
    if chosen.is_empty() {
        chosen.extend(STEPS);
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut lines = Vec::new();
    for step in chosen {
        println!("\n=== {}: {}", step.name, step.about);
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
    println!("\n{}\n", lines.join("\n"));
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    match failed + skipped {
        0 => Ok(()),
        _ => Err(format!("{failed} steps failed, {skipped} were skipped")),
    }
}
