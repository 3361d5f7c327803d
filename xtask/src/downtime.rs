//! `cargo xtask downtime`: in guests, the time between the old kernel's last line and the new
//! kernel's first, by who verifies the image in between. CPU time of the emulator, that is: the
//! host may be busy with other things.

use crate::Outcome;
use crate::command::{build_kexec, cache, fresh_directory, root, write};
use crate::compare::stats::digits;
use crate::packages::Store;
use crate::vm::guest::{self, Kexec};
use crate::vm::qemu;
use crate::vm::scenario::{Ending, Scenario};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

const SCRIPT: &str = include_str!("../guest/downtime.sh");
const USAGE: &str = "usage: cargo xtask downtime [--write] [MiB...]";

/// The old kernel's last line, and what the new one says when it is itself.
const LEAVES: &str = "Starting new kernel";
const ARRIVED: &str = "Linux version";

/// Who loads, with which options, and what is said of it.
const WAYS: [(&str, bool, &str); 4] = [
    ("libkexec -c", false, "-c"),
    ("libkexec -c -i (not verified)", false, "-c -i"),
    ("libkexec -s (the kernel's own)", false, "-s"),
    ("kexec-tools -c", true, "-c"),
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
        sizes = vec![2, 64];
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
         Written by `cargo xtask downtime --write`. CPU seconds of QEMU from \"{LEAVES}\" to the \
         new kernel's first line on the serial console, one run each: Linux {} into the same, one \
         CPU, by size of an incompressible initrd. QEMU emulates the CPU (TCG, `-cpu max`): every \
         SHA instruction is a call of a C function there, so the figures compare with each other \
         and with no real machine.\n\n\
         | | {} |\n|---|{}\n",
        store.kernel("7.x")?.release,
        columns.join(" | "),
        "---|".repeat(sizes.len())
    ))
}

fn downtime(store: &Store, kexec: &Kexec, options: &'static str, mib: usize) -> Outcome<f64> {
    let scenario = Scenario::new("downtime", "one kexec, timed", "7.x")
        .cpu("max", 1)
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
    Ok(first - left)
}

/// CPU time when the old kernel said its last line, and when the new one said its first.
fn timed(
    store: &Store,
    kexec: &Kexec,
    scenario: &Scenario,
    directory: &Path,
) -> Outcome<(Option<f64>, Option<f64>)> {
    let guest = guest::build(scenario, store, kexec, directory)?;
    let command = qemu::command(scenario, &guest, store, directory)?;
    let (mut left, mut first) = (None, None);
    let log = directory.join("serial.log");
    qemu::run(command, scenario, &log, &mut |line| {
        if line.contains(LEAVES) {
            left = Some(children_cpu());
        } else if left.is_some() && !line.trim().is_empty() {
            first = first.or_else(|| Some(children_cpu()));
        }
    })?;
    Ok((left, first))
}

/// CPU seconds of all our children, threads included (/proc/PID/stat: ppid is the second field
/// behind the name, utime and stime the twelfth and thirteenth, in ticks of 10 ms).
fn children_cpu() -> f64 {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return 0.0;
    };
    let us = std::process::id();
    let ticks = processes.flatten().filter_map(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        (number(1)? == u64::from(us)).then_some(number(11)? + number(12)?)
    });
    ticks.sum::<u64>() as f64 / 100.0
}
