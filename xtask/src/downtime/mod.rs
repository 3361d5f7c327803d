//! `cargo xtask downtime`: in guests, the time between the old kernel's last line and the new
//! kernel's first, by who verifies the image in between; and what loading it cost before. CPU time
//! of the emulator, that is: the host may be busy with other things.

mod page;
mod printed;

use crate::Outcome;
use crate::command::{build_kexec, cache, fresh_directory, root, write};
use crate::packages::Store;
use crate::sealed::seal;
use crate::vm::expected::Kexec;
use crate::vm::guest::{self, Guest};
use crate::vm::qemu;
use crate::vm::scenario::{Ending, Scenario};
use std::path::Path;
use std::time::Duration;

const SCRIPT: &str = include_str!("../../guest/downtime.sh");
const USAGE: &str = "usage: cargo xtask downtime [--repeat N] [--write] [MiB...] (5 times 2 64 300)
       cargo xtask downtime --from FILE [--from FILE...] [--write]
  --from  the samples that an earlier run printed, in place of a new run; only whole rounds count";

/// The first and the last line of libkexec's purgatory, which it says only if asked.
const PURGATORY: &str = "libkexec purgatory";
const STARTING: &str = "purgatory: starting";
/// The old kernel's last line, and what the new one says when it is itself.
const LEAVES: &str = "Starting new kernel";
const ARRIVED: &str = "Linux version";
/// What the script says before and after the load; then its wall time in seconds follows.
const LOADING: &str = "LOADING";
const LOADED: &str = "LOADED ";

/// Who loads, with which options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ours,
    OursUnverified,
    /// The new kernel does not unpack itself.
    OursUnpacked,
    /// With the purgatory's own lines on the serial console.
    OursSpoken,
    /// kexec_file_load: the kernel's own digest and purgatory, whoever asks.
    File,
    Reference,
    ReferenceUnverified,
}

impl Way {
    /// Those that are compared.
    const COMPARED: [Self; 6] = [
        Self::Ours,
        Self::OursUnpacked,
        Self::OursUnverified,
        Self::File,
        Self::Reference,
        Self::ReferenceUnverified,
    ];
    const ALL: [Self; 7] = [
        Self::Ours,
        Self::OursUnpacked,
        Self::OursUnverified,
        Self::File,
        Self::Reference,
        Self::ReferenceUnverified,
        Self::OursSpoken,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Ours => "libkexec -c",
            Self::OursUnpacked => "libkexec -c --unpacked",
            Self::OursUnverified => "libkexec -c -i (not verified)",
            Self::OursSpoken => "libkexec -c --console-serial",
            Self::File => "libkexec -s (the kernel's own)",
            Self::Reference => "kexec-tools -c",
            Self::ReferenceUnverified => "kexec-tools -c -i (not verified)",
        }
    }

    /// Words of the first kernel's command line, which the script reads.
    const fn words(self) -> &'static str {
        match self {
            Self::Ours => "by=ours with=-c",
            Self::OursUnpacked => "by=ours with=-c,--unpacked",
            Self::OursUnverified => "by=ours with=-ci",
            Self::OursSpoken => "by=ours with=-c,--console-serial",
            Self::File => "by=ours with=-s",
            Self::Reference => "by=reference with=-c",
            Self::ReferenceUnverified => "by=reference with=-ci",
        }
    }
}

/// CPUs: what QEMU calls them, and what is said of them.
const CPUS: [(&str, &str); 1] = [("max", "with SHA-NI")];

/// One load and one kexec, in seconds.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// CPU time of QEMU between the two lines.
    downtime: f64,
    /// Of that, until the purgatory's first line, and from there to its last: where it speaks.
    before: f64,
    purgatory: f64,
    /// CPU time of QEMU for the load.
    load_cpu: f64,
    /// The load by the guest's clock.
    load_wall: f64,
}

/// All samples of one way with one CPU and one initrd.
#[derive(Debug)]
struct Series {
    cpu: &'static str,
    mib: usize,
    way: Way,
    samples: Vec<Sample>,
}

/// `cargo xtask downtime`
pub fn run(arguments: &[String]) -> Outcome {
    let (mut sizes, mut repeat, mut written) = (Vec::new(), 5_usize, false);
    let mut all = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => written = true,
            "--repeat" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                repeat = number.filter(|&number| number > 0).ok_or(USAGE)?;
            }
            "--from" => {
                let path = arguments.next().ok_or(USAGE)?;
                let text = std::fs::read_to_string(path).map_err(|why| format!("{path}: {why}"))?;
                printed::add(&text, &mut all).map_err(|why| format!("{path}: {why}"))?;
            }
            number => sizes.push(number.parse().map_err(|_| USAGE)?),
        }
    }
    let store = Store::open()?;
    if all.is_empty() {
        if sizes.is_empty() {
            sizes = vec![2, 64, 300];
        }
        let ours = Kexec::Ours(build_kexec()?);
        for &mib in &sizes {
            measure(&store, &ours, mib, repeat, &mut all)?;
        }
    }
    sizes = all.iter().map(|series| series.mib).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let text = page::page(&store.kernel("7.x")?.release, &sizes, &all);
    println!("{text}");
    match written {
        true => write(&root().join("docs/downtime.md"), seal(&text).as_bytes()),
        false => Ok(()),
    }
}

/// Every way with every CPU once a round, so that what else the host does meets all of them.
fn measure(
    store: &Store,
    ours: &Kexec,
    mib: usize,
    repeat: usize,
    all: &mut Vec<Series>,
) -> Outcome {
    let scenario = |cpu| {
        Scenario::new("downtime", "one kexec, timed", "7.x")
            .cpu(cpu, 1)
            .memory(3072)
            .hop("", "7.x")
            // Without KASLR: where the kernel unpacks itself to, and so what it costs, is no dice.
            .with("nokaslr earlyprintk=serial,ttyS0,115200 ignore_loglevel")
            .payload(mib)
            .script(SCRIPT)
            .hurried()
            .both()
            .ends(Ending::Shows(ARRIVED, Duration::from_millis(10)))
    };
    let directory = cache().join("downtime");
    fresh_directory(&directory)?;
    let mut guest = guest::build(&scenario(CPUS[0].0), store, ours, &directory)?;
    let first_line = guest.hops.first().map(|hop| hop.command_line.clone());
    let first_line = first_line.ok_or("a guest without a kernel")?;
    let first = all.len();
    for (_, cpu) in CPUS {
        let samples = Vec::new;
        all.extend(Way::ALL.map(|way| Series {
            cpu,
            mib,
            way,
            samples: samples(),
        }));
    }
    for round in 1..=repeat {
        for series in all.iter_mut().skip(first) {
            let cpu = CPUS.iter().find(|(_, name)| *name == series.cpu);
            let scenario = scenario(cpu.map_or("max", |(cpu, _)| cpu));
            if let Some(hop) = guest.hops.first_mut() {
                hop.command_line = format!("{first_line} {}", series.way.words());
            }
            let sample = sample(store, &scenario, &guest, &directory)?;
            eprintln!(
                "{mib} MiB, round {round}, {}, {}: {sample:.3?}",
                series.cpu,
                series.way.name()
            );
            series.samples.push(sample);
        }
    }
    fresh_directory(&directory)
}

fn sample(store: &Store, scenario: &Scenario, guest: &Guest, directory: &Path) -> Outcome<Sample> {
    let mut command = qemu::command(scenario, guest, store, directory)?;
    // Whoever touched more of the guest's memory before has less to wait for the host's pages then.
    command.arg("-mem-prealloc");
    let (mut loading, mut loaded, mut left, mut first) = (None, None, None, None);
    let (mut entered, mut starting, mut wall) = (None, None, None);
    let log = directory.join("serial.log");
    qemu::run(command, scenario, &log, &mut |line| {
        if line.contains(LOADING) {
            loading = Some(children_cpu());
        } else if let Some((_, seconds)) = line.split_once(LOADED) {
            loaded = Some(children_cpu());
            wall = seconds.trim().parse().ok();
        } else if line.contains(LEAVES) {
            left = Some(children_cpu());
        } else if line.contains(PURGATORY) {
            entered = Some(children_cpu());
        } else if line.contains(STARTING) {
            starting = Some(children_cpu());
        } else if line.contains("purgatory: ") {
            // What it verifies.
        } else if left.is_some() && !line.trim().is_empty() {
            first = first.or_else(|| Some(children_cpu()));
        }
    })?;
    match (loading, loaded, wall, left, first) {
        (Some(loading), Some(loaded), Some(load_wall), Some(left), Some(first)) => Ok(Sample {
            downtime: first - left,
            before: entered.map_or(f64::NAN, |entered| entered - left),
            purgatory: match (entered, starting) {
                (Some(entered), Some(starting)) => starting - entered,
                _ => f64::NAN,
            },
            load_cpu: loaded - loading,
            load_wall,
        }),
        _ => Err(format!(
            "the load or the new kernel was not seen: {}",
            log.display()
        )),
    }
}

/// CPU seconds of all our children, threads included: /proc/PID/stat has the parent as the
/// second field after the name, /proc/PID/task/TID/schedstat begins with nanoseconds.
fn children_cpu() -> f64 {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return 0.0;
    };
    let us = std::process::id().to_string();
    let ours = processes.flatten().map(|process| process.path());
    let ours = ours.filter(|path| {
        let stat = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(") ").map(|(_, fields)| fields);
        fields.and_then(|fields| fields.split(' ').nth(1)) == Some(us.as_str())
    });
    let threads = ours.flat_map(|path| std::fs::read_dir(path.join("task")).into_iter().flatten());
    let times = threads.flatten().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    times.sum::<u64>() as f64 / 1e9
}
