//! `cargo xtask downtime`: in guests, the time between the old kernel's last line and the new
//! kernel's first, by who verifies the image in between.

use crate::Outcome;
use crate::command::{build_kexec, cache, fresh_directory, root, write};
use crate::compare::stats::digits;
use crate::packages::Store;
use crate::vm::guest::{self, Kexec};
use crate::vm::qemu;
use crate::vm::scenario::{Ending, Scenario};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const SCRIPT: &str = include_str!("../guest/downtime.sh");
const USAGE: &str = "usage: cargo xtask downtime [--write] [MiB...]";

/// The old kernel's last line, and what the new one says when it is itself.
const LEAVES: &str = "Starting new kernel";
const ARRIVED: &str = "Linux version";

/// Who loads, with which options, and what is said of it.
const WAYS: [(&str, bool, &str); 5] = [
    ("libkexec -c", false, "-c"),
    ("libkexec -c -i (not verified)", false, "-c -i"),
    ("libkexec -s (the kernel's own)", false, "-s"),
    ("kexec-tools -c", true, "-c"),
    ("kexec-tools -c -i (not verified)", true, "-c -i"),
];

/// `cargo xtask downtime`
pub fn run(arguments: &[String]) -> Outcome {
    let mut sizes = Vec::new();
    let mut written = false;
    for argument in arguments {
        match argument.as_str() {
            "--write" => written = true,
            number => sizes.push(number.parse::<usize>().map_err(|_| USAGE)?),
        }
    }
    if sizes.is_empty() {
        sizes = vec![2, 64, 300];
    }
    let (ours, store) = (Kexec::Ours(build_kexec()?), Store::open()?);
    let mut text = head(&store, &sizes)?;
    for (name, reference, options) in WAYS {
        let kexec = if reference { &Kexec::Reference } else { &ours };
        let _ = write!(text, "| {name} |");
        for mib in &sizes {
            let seconds = downtime(&store, kexec, options, *mib)?;
            eprintln!("{name}, {mib} MiB: {} s", digits(seconds));
            let _ = write!(text, " {} |", digits(seconds));
        }
        text.push('\n');
    }
    println!("{text}");
    match written {
        true => write(&root().join("docs/downtime.md"), text.as_bytes()),
        false => Ok(()),
    }
}

fn head(store: &Store, sizes: &[usize]) -> Outcome<String> {
    let columns: Vec<String> = sizes.iter().map(|mib| format!("{mib} MiB")).collect();
    Ok(format!(
        "# Downtime\n\n\
         Written by `cargo xtask downtime --write`. Seconds from \"{LEAVES}\" to the new kernel's \
         first line on the serial console, by the host's clock, one run each: Linux {} into the \
         same, with 300 MiB or less of incompressible initrd. QEMU emulates the CPU (TCG, `-cpu \
         max`: SHA extensions are there, and slow), so the figures compare with each other and \
         with nothing else. The decompressor's own line comes first of all.\n\n\
         | | {} |\n|---|{}\n",
        store.kernel("7.x")?.release,
        columns.join(" | "),
        "---|".repeat(sizes.len())
    ))
}

fn downtime(store: &Store, kexec: &Kexec, options: &'static str, mib: usize) -> Outcome<f64> {
    let scenario = Scenario::new("downtime", "one kexec, timed", "7.x")
        .memory(3072)
        .hop(options, "7.x")
        .with("earlyprintk=serial,ttyS0,115200 ignore_loglevel")
        .payload(mib)
        .script(SCRIPT)
        .ends(Ending::Shows(ARRIVED, Duration::from_millis(10)));
    let directory = cache().join("downtime");
    fresh_directory(&directory)?;
    let (left, first) = timed(store, kexec, &scenario, &directory)?;
    let times = left.zip(first);
    let (left, first) = times.ok_or_else(|| {
        let log = directory.join("serial.log");
        format!("the new kernel was not seen: {}", log.display())
    })?;
    Ok(first.duration_since(left).as_secs_f64())
}

/// When the old kernel said its last line, and the new one its first.
fn timed(
    store: &Store,
    kexec: &Kexec,
    scenario: &Scenario,
    directory: &Path,
) -> Outcome<(Option<Instant>, Option<Instant>)> {
    let guest = guest::build(scenario, store, kexec, directory)?;
    let command = qemu::command(scenario, &guest, store, directory)?;
    let (mut left, mut first) = (None, None);
    let log = directory.join("serial.log");
    qemu::run(command, scenario, &log, &mut |line| {
        let now = Instant::now();
        if line.contains(LEAVES) {
            left = Some(now);
        } else if left.is_some() && !line.trim().is_empty() {
            first = first.or(Some(now));
        }
    })?;
    Ok((left, first))
}
