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
        "User and system time, from fork to exit, in ms. The files are in the page cache, in the state \
         in which reading from a disk leaves them.\n\n",
    );
    times(&mut text, &results.warm, Series::cpu);
    text.push_str("\n## Ratios\n\nCPU time, of the pair of each round.\n\n");
    ratios(&mut text, &results.warm);
    text.push_str("\n## System calls and memory\n\n");
    text.push_str(
        "System calls are counted by ptrace(2). Memory is read from /proc/PID/smaps_rollup at the call of \
         kexec_load(2): the process's own memory, and everything it has mapped. The mapped part of the \
         files is page cache, which the kernel reclaims when it needs memory: when 128 MiB are loaded \
         in 24 MiB of memory, no more than 24 MiB is ever resident (budget/limits.txt, little-memory). \
         kexec-tools runs by its dynamic loader, whose calls and pages are included. A machine with EFI \
         needs three more calls for each of the five files that describe a runtime region; \
         budget/limits.txt has the total for a machine with sixteen regions.\n\n",
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
         with the number of loaded bytes; without verification it is constant.\n\n\
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
         `cargo xtask compare --write` writes this page; every figure is from that command. The \
         kernel is Debian's {} ({} bytes), the initrds are pseudo-random. Every program ran \
         once per round in {} rounds, in an order that moves by one in each round. The figures are \
         the median and the quartiles. A seccomp filter makes kexec_load(2) return 0, so its copying is \
         in no figure. OpenSSL and xxhsum (XXH3-128 by its author) digest the kernel and the initrd.\n\n\
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
        "\n## Ways to read the bytes\n\n\
         The digest of the 512 MiB initrd alone, in ms, for each way to read the bytes of a file, in \
         turn. CPU time is user and system time. \"Read\" is the page cache after the file was read from \
         the disk, in large folios if the file system has them. \"Written\" is the page cache after the \
         file was written page by page. \"Cold\" is without the page cache.\n\n\
         The following results are stable. On large folios, mapping costs almost nothing, while \
         read(2) costs a copy of each byte; on single pages both cost about the same. The digest is not \
         the last step: kexec_load(2) copies from the mapping, whose pages are mapped after a digest of it, but \
         must still be mapped after read(2). Filling the page tables in windows (POPULATE) has no steady \
         advantage. Two threads cost the same CPU time and would need hand-written stacks, clone and \
         futex, to save a fraction of a second while the system still runs. The command uses mmap with \
         MADV_SEQUENTIAL.\n\n\
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
