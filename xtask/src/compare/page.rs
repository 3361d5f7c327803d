//! docs/benchmarks.md.

use super::files::MIB;
use super::stats::{Spread, digits};
use super::subject::Subject;
use super::{Results, Series, Table, Way};
use std::collections::BTreeMap;
use std::fmt::Write;

type Row = BTreeMap<Subject, Series>;

fn milliseconds(seconds: &[f64]) -> String {
    let values: Vec<f64> = seconds.iter().map(|seconds| seconds * 1e3).collect();
    Spread::of(&values).to_string()
}

/// The page. Writing to a string cannot fail.
pub fn page(results: &Results) -> String {
    let mut text = String::new();
    head(&mut text, results);
    text.push_str("## CPU time of a whole preparation\n\n");
    text.push_str(
        "User and system, fork to exit, in ms. The files lie in the page cache as reading them from \
         the disk leaves them.\n\n",
    );
    times(&mut text, &results.warm, Series::cpu);
    text.push_str("\n## Ratios\n\nOf each round's pair, CPU time.\n\n");
    ratios(&mut text, &results.warm);
    text.push_str("\n## System calls and memory\n\n");
    text.push_str(
        "Counted by ptrace(2); memory by /proc/PID/smaps_rollup at the call of kexec_load(2): \
         what is the process's own, and all it has mapped. What is mapped of the files is page cache, \
         which the kernel takes back when it wants memory: of 128 MiB loaded in 24 MiB of memory, no \
         more than that is ever resident (budget/limits.txt, little-memory). kexec-tools runs by its dynamic \
         loader, whose calls and pages are counted with it. A machine with EFI costs three calls more \
         for each of the five files in which the kernel gives a runtime region; \
         budget/limits.txt has what a machine of sixteen comes to.\n\n",
    );
    counts(&mut text, &results.warm);
    text.push_str("\n## Not in the page cache\n\n3 rounds. Wall time in ms.\n\n");
    times(&mut text, &results.cold, Series::wall);
    text.push_str("\nThe same runs' CPU time in ms.\n\n");
    times(&mut text, &results.cold, Series::cpu);
    ways(&mut text, &results.mapping);
    super::page_native::section(&mut text, &results.native);
    super::decompression::section(&mut text, &results.decompression);
    text.push_str("\n## By size of the initrd\n\n");
    text.push_str(
        "Files with a hole, in the page cache, 3 rounds; CPU time in ms. With verification the cost grows \
         with the bytes that are loaded; without, it does not grow.\n\n\
         ![CPU time by size of the initrd](benchmarks.svg)\n\n",
    );
    times(&mut text, &results.sparse, Series::cpu);
    text
}

fn head(text: &mut String, results: &Results) {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(": "))
        .map_or("an unknown CPU", |(_, model)| model);
    let extensions: Vec<&str> = ["sha_ni", "avx2"]
        .into_iter()
        .filter(|flag| cpu.split_whitespace().any(|word| word == *flag))
        .collect();
    let cpus = cpu
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let running = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let _ = write!(
        text,
        "# Benchmarks\n\n\
         Written by `cargo xtask compare --write`; no figure here is from anywhere else. The \
         kernel is Debian's {} ({} bytes), the initrds are pseudo-random. Every program ran \
         once a round, {} rounds, the order moving by one each round; given are the median and \
         the quartiles. kexec_load(2) was answered with 0 by a seccomp filter: its copying is in \
         no figure. OpenSSL and xxhsum, XXH3-128 by its author, digest the kernel and the initrd.\n\n\
         Measured on: {model} ({}), {cpus} CPUs, a guest of a shared machine, Linux {}.\n\n",
        results.kernel_release,
        results.kernel_bytes,
        results.rounds,
        extensions.join(", "),
        running.trim(),
    );
}

fn times(text: &mut String, table: &Table, values: fn(&Series) -> Vec<f64>) {
    subjects(text, "initrd");
    for (mib, row) in table {
        let _ = write!(text, "| {mib} MiB |");
        for subject in Subject::ALL {
            let shown = row
                .get(&subject)
                .map_or("–".into(), |series| milliseconds(&values(series)));
            let _ = write!(text, " {shown} |");
        }
        text.push('\n');
    }
}

fn subjects(text: &mut String, first: &str) {
    let names = Subject::ALL.map(Subject::name);
    let _ = write!(
        text,
        "| {first} | {} |\n|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
}

/// What is compared with what.
const RATIOS: [(&str, Subject, Subject); 5] = [
    ("libkexec / openssl", Subject::Ours, Subject::OpenSsl),
    ("libkexec / xxhsum", Subject::Ours, Subject::XxhSum),
    ("kexec-tools / libkexec", Subject::Reference, Subject::Ours),
    (
        "kexec-tools -i / libkexec -i",
        Subject::ReferenceUnverified,
        Subject::OursUnverified,
    ),
    (
        "kexec-tools / openssl",
        Subject::Reference,
        Subject::OpenSsl,
    ),
];

fn ratios(text: &mut String, table: &Table) {
    let names = RATIOS.map(|(name, _, _)| name);
    let _ = write!(
        text,
        "| initrd | {} |\n|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for (mib, row) in table {
        let _ = write!(text, "| {mib} MiB |");
        for (_, of, to) in RATIOS {
            let _ = write!(text, " {} |", ratio(row, of, to));
        }
        text.push('\n');
    }
}

fn ratio(row: &Row, of: Subject, to: Subject) -> String {
    match (row.get(&of), row.get(&to)) {
        (Some(of), Some(to)) => Spread::ratio(&of.cpu(), &to.cpu()).to_string(),
        _ => "–".into(),
    }
}

fn counts(text: &mut String, table: &Table) {
    text.push_str(
        "| initrd | | system calls | bytes read(2) | own memory, KiB | resident, MiB |\n\
         |---|---|---|---|---|---|\n",
    );
    for (mib, row) in table {
        for (subject, series) in row.iter().filter(|(subject, _)| subject.is_a_load()) {
            let trace = &series.trace;
            let _ = writeln!(
                text,
                "| {mib} MiB | {} | {} | {} | {} | {} |",
                subject.name(),
                trace.total(),
                trace.read,
                trace.memory.private >> 10,
                digits(trace.memory.resident as f64 / MIB as f64),
            );
        }
    }
}

fn ways(text: &mut String, ways: &[Way]) {
    text.push_str(
        "\n## Ways to get at the bytes\n\n\
         The digest of the 512 MiB initrd alone, in ms, by the ways there are to get at the bytes \
         of a file, in turn. CPU time is of user and system. \"Read\" is the page cache as reading the \
         file from the disk leaves it, in large folios where the file system has them; \"written\" \
         as writing it page by page does; \"cold\" is without the page cache.\n\n\
         What lasts: on large folios, mapping costs next to nothing, and read(2) a copy of each \
         byte; on single pages both cost about the same. And the process is not done \
         then: kexec_load(2) copies from the mapping, whose pages are there after a digest of it and have to be \
         mapped after read(2). What fills the page tables in windows (POPULATE) gains nothing that \
         is steady. Two threads cost the same CPU time and would need stacks, clone and futex by \
         hand, for a fraction of a second before anything goes down. The command maps, \
         with MADV_SEQUENTIAL.\n\n\
         | way | CPU, read | CPU, written | CPU, cold | wall, read | wall, cold |\n\
         |---|---|---|---|---|---|\n",
    );
    for way in ways {
        let figures = [
            way.warm.cpu(),
            way.written.cpu(),
            way.cold.cpu(),
            way.warm.wall(),
            way.cold.wall(),
        ];
        let shown = figures.map(|values| milliseconds(&values));
        let _ = writeln!(text, "| {} | {} |", way.about, shown.join(" | "));
    }
}
