//! docs/benchmarks.md: the purgatory's code.

use super::files::MIB;
use super::native::{MODES, Native};
use super::stats::{Spread, digits};
use std::fmt::Write;

/// What a mode is called in tables.
fn named(mode: &str) -> &'static str {
    match mode {
        "with" => "SHA-NI",
        _ => "no SHA-NI",
    }
}

/// The section. Writing to a string cannot fail.
pub fn section(text: &mut String, native: &Native) {
    text.push_str(
        "\n## The purgatory's digest\n\n\
         The purgatory's machine code as shipped, mapped and run in user space from the call that its \
         assembly makes to the return: it digests itself and one region, and compares. The same process \
         measures, in turn and over the same bytes: a plain read (sixteen-byte loads that are added up), \
         which is the speed of memory for a program that does nothing else; OpenSSL's `SHA256()`; \
         kexec-tools' sha256.c as Debian's source package builds it for its purgatory; and the loader's \
         forms of the digest, built from the same source. The figures are GB/s of CPU time. The smaller \
         region stays in the caches. The larger region is at least four times the size of the last-level \
         cache, and is in huge pages if the kernel provides them. The purgatory uses the same code on \
         every CPU. OpenSSL runs once with its default choice, and once without SHA extensions \
         (OPENSSL_ia32cap).\n\n",
    );
    let sizes = native.sizes();
    let columns: Vec<String> = sizes
        .iter()
        .map(|bytes| format!("{} MiB", bytes / MIB))
        .collect();
    let head = |text: &mut String, first: &str| {
        let _ = write!(
            text,
            "| {first} | {} |\n|---|{}\n",
            columns.join(" | "),
            "---|".repeat(columns.len())
        );
    };
    head(text, "GB/s");
    for (mode, ..) in MODES {
        for subject in native.subjects(mode) {
            let cells: Vec<String> = sizes
                .iter()
                .map(|bytes| cell(native.speeds(mode, *bytes, subject)))
                .collect();
            let _ = writeln!(
                text,
                "| {subject}, {} | {} |",
                named(mode),
                cells.join(" | ")
            );
        }
    }
    text.push_str("\nRatios of each round's pair:\n\n");
    head(text, "");
    for (mode, other) in [
        ("with", "plain-read"),
        ("with", "openssl"),
        ("without", "openssl"),
        ("with", "kexec-tools"),
    ] {
        let cells: Vec<String> = sizes
            .iter()
            .map(|bytes| {
                let ours = native.speeds(mode, *bytes, "purgatory");
                let theirs = native.speeds(mode, *bytes, other);
                match ours.is_empty() || theirs.is_empty() {
                    true => "–".into(),
                    false => Spread::ratio(ours, theirs).to_string(),
                }
            })
            .collect();
        let _ = writeln!(
            text,
            "| purgatory / {other}, {} | {} |",
            named(mode),
            cells.join(" | ")
        );
    }
    steps(text, native);
}

fn cell(speeds: &[f64]) -> String {
    match speeds {
        [] => "–".into(),
        some => Spread::of(some).to_string(),
    }
}

fn steps(text: &mut String, native: &Native) {
    text.push_str(
        "\nInstructions of the same code, counted one by one with the CPU's trap flag; each \
         repetition of a string instruction counts as one. The assembly around the call is not counted: \
         a few hundred instructions in every case. There is a fixed part, the end of the digest, and a \
         part that grows with the bytes:\n\n\
         | | not verified | a region of 4 KiB | every further byte |\n|---|---|---|---|\n",
    );
    for (mode, ..) in MODES {
        let of: Vec<_> = native.steps.iter().filter(|one| one.mode == mode).collect();
        let [none, small, large] = of.as_slice() else {
            continue;
        };
        let each = large.instructions.saturating_sub(small.instructions) as f64
            / large.bytes.saturating_sub(small.bytes).max(1) as f64;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            named(mode),
            none.instructions,
            small.instructions,
            digits(each)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_of_what_the_program_prints() {
        let mut native = Native::default();
        for (mode, ours) in [("with", "3.0"), ("without", "0.6")] {
            for line in [
                format!("1048576 0 purgatory {ours}"),
                "1048576 0 openssl 1.5".into(),
                "1048576 0 kexec-tools 0.3".into(),
                "0 instructions 1000".into(),
                "4096 instructions 70000".into(),
                "266240 instructions 856432".into(),
            ] {
                native.take(mode, &line).unwrap();
            }
        }
        let mut text = String::new();
        section(&mut text, &native);
        for line in [
            "| GB/s | 1 MiB |",
            "| purgatory, SHA-NI | 3.00 (3.00–3.00) |",
            "| purgatory / openssl, SHA-NI | 2.00 (2.00–2.00) |",
            "| purgatory / openssl, no SHA-NI | 0.40 (0.40–0.40) |",
            "| SHA-NI | 1000 | 70000 | 3.00 |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let mut empty = String::new();
        section(&mut empty, &Native::default());
        assert!(empty.contains("| purgatory / openssl, SHA-NI |  |"));
    }
}
