//! What `target/release/kexec` must not have: a loader, libraries, an allocator, a panic.

use super::Result;
use crate::Outcome;
use crate::command::{build_kexec, read};
use crate::elf::{Elf, Segment};

/// Parts of symbol names (mangled or not) that show what was linked in.
const UNWANTED: &[(&str, &str)] = &[
    ("panicking", "a panic"),
    ("panic_fmt", "a panic"),
    ("unwrap_failed", "a panic"),
    ("expect_failed", "a panic"),
    ("__rust_alloc", "an allocator"),
    ("__rg_alloc", "an allocator"),
    ("5alloc", "the alloc crate"),
    ("malloc", "an allocator"),
    ("_Unwind", "an unwinder"),
    ("__libc", "a C library"),
];

type Rule = (&'static str, fn(&Segment) -> bool);

const SEGMENTS: &[Rule] = &[
    ("an interpreter", Segment::is_interpreter),
    ("a dynamic section", Segment::is_dynamic),
    ("thread-local storage", Segment::is_tls),
    ("an executable stack", Segment::is_executable_stack),
    (
        "memory both writable and executable",
        Segment::is_writable_and_executable,
    ),
];

/// The step.
pub fn run() -> Outcome<Result> {
    let path = build_kexec()?;
    let elf = Elf::read(&read(&path)?)?;
    if elf.symbols.is_empty() {
        return Err("the release build has no symbols to check: strip must be off".into());
    }
    let problems = problems(&elf);
    if problems.is_empty() {
        println!(
            "{} symbols, {} segments",
            elf.symbols.len(),
            elf.segments.len()
        );
        return Ok(Result::Passed);
    }
    Err(format!("{}:\n  {}", path.display(), problems.join("\n  ")))
}

fn problems(elf: &Elf) -> Vec<String> {
    let mut problems = Vec::new();
    for (what, has) in SEGMENTS {
        if elf.segments.iter().any(has) {
            problems.push(format!("has {what}"));
        }
    }
    for symbol in &elf.symbols {
        if !symbol.defined {
            problems.push(format!("needs {}", symbol.name));
        }
        for (part, what) in UNWANTED {
            if symbol.name.contains(part) {
                problems.push(format!("has {what}: {}", symbol.name));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checks can fail: an ordinary Rust program has all that ours must not have.
    #[test]
    fn an_ordinary_program_is_refused() {
        let path = std::env::current_exe().unwrap();
        let elf = Elf::read(&std::fs::read(path).unwrap()).unwrap();
        let problems = problems(&elf).join("\n");
        for what in [
            "an interpreter",
            "a dynamic section",
            "a panic",
            "an allocator",
            "needs ",
        ] {
            assert!(problems.contains(what), "{what}");
        }
    }
}
