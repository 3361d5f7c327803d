//! `cargo xtask vm`: guests in QEMU that kexec, and what must be seen of them.
//!
//! ```text
//! scenarios.rs ──► guest.rs  initrds inside initrds ─► qemu.rs  a run, its serial log
//!                     │                                   │ FACT lines (facts.rs)
//!                     └───────── what must be ──────────► check.rs  what is wrong
//! ```

pub mod afar;
mod arm64_scenarios;
pub mod check;
pub mod crash_check;
pub mod crash_scenarios;
pub mod disk;
pub mod dump;
pub mod expected;
pub mod facts;
pub mod guest;
mod image_scenarios;
pub mod kdump_scenarios;
pub mod library_scenarios;
pub mod memmap;
mod multiboot_check;
mod multiboot_scenarios;
pub mod qemu;
pub mod scenario;
pub mod scenarios;
pub mod screen_check;
mod state_check;
pub mod system_scenarios;
pub mod trust;
pub mod verdict_check;
pub mod verdict_scenarios;

use crate::Outcome;
use crate::arm64;
use crate::command::{build_examples, build_fork, build_kexec, cache, fork, fresh_directory};
use crate::packages::Store;
use crate::system::System;
use expected::Kexec;
use facts::FACT;
use guest::Guest;
use qemu::End;
use scenario::{Disk, Scenario};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const USAGE: &str =
    "usage: cargo xtask vm [--all | NAME...] [--jobs N] [--kexec PATH|reference] [--keep]";

/// What became of a scenario.
struct Verdict {
    problems: Vec<String>,
    /// Where the machine hung before it was switched on once more.
    hung: Option<&'static str>,
    time: Duration,
    log: PathBuf,
}

/// How many scenarios passed, failed, and were not run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    /// How many were run twice, for they hung.
    pub again: usize,
}

/// How scenarios are run.
pub struct Options {
    pub jobs: usize,
    pub kexec: Kexec,
    /// Keeps initrds after a run that passed.
    pub keep: bool,
    /// Whether no guest has hung yet after a kexec: one is run again, a second one fails.
    pub chance: AtomicBool,
}

/// `cargo xtask vm`
pub fn run(arguments: &[String]) -> Outcome {
    let mut names = Vec::new();
    let (mut all, mut jobs, mut kexec, mut keep) = (false, 2, None, false);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or(USAGE);
        match argument.as_str() {
            "--all" => all = true,
            "--keep" => keep = true,
            "--jobs" => jobs = value()?.parse().map_err(|_| USAGE)?,
            "--kexec" => kexec = Some(value()?.clone()),
            option if option.starts_with('-') => return Err(USAGE.into()),
            name => names.push(name.to_string()),
        }
    }
    if !all && names.is_empty() {
        return list();
    }
    let chosen = choose(&names, all)?;
    let kexec = match kexec.as_deref() {
        Some("reference") => Kexec::Reference,
        Some(path) => Kexec::Ours(path.into()),
        None => Kexec::Ours(build_kexec()?),
    };
    let chance = AtomicBool::new(true);
    let options = Options {
        jobs,
        kexec,
        keep,
        chance,
    };
    let count = run_all(&chosen, &options)?;
    println!(
        "{} passed, {} failed, {} skipped; {} ran twice",
        count.passed, count.failed, count.skipped, count.again
    );
    match count.failed {
        0 => Ok(()),
        failed => Err(format!("{failed} scenarios failed")),
    }
}

fn list() -> Outcome {
    println!("{USAGE}\n");
    for scenario in scenarios::all() {
        let slow = if scenario.slow { " (--slow)" } else { "" };
        println!("  {:24} {}{slow}", scenario.name, scenario.about);
    }
    Ok(())
}

fn choose(patterns: &[String], all: bool) -> Outcome<Vec<Scenario>> {
    let known = scenarios::all();
    for pattern in patterns {
        if !known.iter().any(|scenario| matches(pattern, scenario.name)) {
            return Err(format!(
                "no scenario is called {pattern}; cargo xtask vm lists them"
            ));
        }
    }
    let wanted = |scenario: &Scenario| {
        all || patterns
            .iter()
            .any(|pattern| matches(pattern, scenario.name))
    };
    Ok(known.into_iter().filter(wanted).collect())
}

/// A name against a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|index| rest.get(index..).is_some_and(|end| matches(after, end)))
        }),
    }
}

/// Runs scenarios, some at a time, and reports each as it ends.
pub fn run_all(scenarios: &[Scenario], options: &Options) -> Outcome<Count> {
    let store = Store::open()?;
    if scenarios
        .iter()
        .any(|scenario| !scenario.examples.is_empty())
    {
        build_examples()?;
    }
    if scenarios.iter().any(|scenario| scenario.fork) {
        build_fork()?;
    }
    if scenarios.iter().any(Scenario::wants_system) {
        System::fetch(&store)?;
    }
    let arm64 = match scenarios.iter().any(|one| one.machine.is_arm64()) {
        true => Some(Kexec::Ours(arm64::open(&store)?)),
        false => None,
    };
    let turn = AtomicUsize::new(0);
    let count = Mutex::new(Count::default());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(turn.fetch_add(1, Ordering::Relaxed)) {
                    let skipped = scenario.ours_only && matches!(options.kexec, Kexec::Reference);
                    let verdict =
                        (!skipped).then(|| run_one(scenario, &store, options, arm64.as_ref()));
                    if let Ok(mut count) = count.lock() {
                        report(scenario, verdict, &mut count);
                    }
                }
            });
        }
    });
    count.into_inner().map_err(|error| error.to_string())
}

fn report(scenario: &Scenario, verdict: Option<Outcome<Verdict>>, count: &mut Count) {
    let name = scenario.name;
    match verdict {
        None => {
            count.skipped += 1;
            println!("SKIPPED {name}: Debian's kexec-tools cannot do this");
        }
        Some(Err(error)) => {
            count.failed += 1;
            println!("FAIL    {name}: {error}");
        }
        Some(Ok(verdict)) => {
            let seconds = verdict.time.as_secs();
            if let Some(hung) = verdict.hung {
                count.again += 1;
                println!(
                    "AGAIN   {name}: it hung {hung}; log: {}.stuck",
                    verdict.log.display()
                );
            }
            if verdict.problems.is_empty() {
                count.passed += 1;
                println!("PASS    {name} ({} hops, {seconds} s)", scenario.hops.len());
                return;
            }
            count.failed += 1;
            println!(
                "FAIL    {name} ({seconds} s), log: {}",
                verdict.log.display()
            );
            for problem in &verdict.problems {
                println!("        {problem}");
            }
        }
    }
}

fn run_one(
    scenario: &Scenario,
    store: &Store,
    options: &Options,
    arm64: Option<&Kexec>,
) -> Outcome<Verdict> {
    let start = Instant::now();
    let directory = cache().join("vm").join(scenario.name);
    fresh_directory(&directory)?;
    let fork = Kexec::Ours(fork());
    let kexec = match arm64 {
        Some(kexec) if scenario.machine.is_arm64() => kexec,
        _ if scenario.fork => &fork,
        _ => &options.kexec,
    };
    let guest = guest::build(scenario, store, kexec, &directory)?;
    let log = directory.join("serial.log");
    let (mut end, mut lines) = attempt(scenario, &guest, store, &log)?;
    let mut hung = None;
    if end == End::Limit {
        let began = lines.iter().any(|line| line.contains(FACT));
        hung = match began {
            // Nothing of this project has run yet: firmware or QEMU, see docs/TESTING.md.
            false => Some("before any kexec"),
            true => {
                let first = options.chance.swap(false, Ordering::Relaxed);
                first.then_some("after its first kernel had begun")
            }
        };
    }
    if hung.is_some() {
        let kept = log.with_extension("log.stuck");
        std::fs::rename(&log, &kept).map_err(|error| format!("{}: {error}", kept.display()))?;
        (end, lines) = attempt(scenario, &guest, store, &log)?;
    }
    let mut unread = None;
    let saves = matches!(scenario.disk, Some(Disk::Kdump(_)));
    if let (true, Some(disk), Some(first)) = (saves, &guest.disk, guest.hops.first()) {
        match dump::look(disk, &first.kernel, store, &directory) {
            Ok(seen) => lines.extend(seen),
            Err(error) => unread = Some(error),
        }
    }
    if let (true, Kexec::Ours(kexec)) = (scenario.afar, &options.kexec) {
        match afar::look(&lines, &guest, kexec, store, &directory) {
            Ok(seen) => lines.extend(seen),
            Err(error) => unread = Some(error),
        }
    }
    let mut problems = check::problems(scenario, &guest, &end, &lines);
    problems.extend(unread);
    if problems.is_empty() && !options.keep {
        discard(&directory)?;
    }
    Ok(Verdict {
        problems,
        hung,
        time: start.elapsed(),
        log,
    })
}

/// Runs a guest once: how it ended, and all it said.
fn attempt(
    scenario: &Scenario,
    guest: &Guest,
    store: &Store,
    log: &Path,
) -> Outcome<(End, Vec<String>)> {
    let directory = log.parent().ok_or("a log without a directory")?;
    let qemu = qemu::command(scenario, guest, store, directory)?;
    let mut lines = Vec::new();
    let end = qemu::run(qemu, scenario, log, &mut |line| {
        lines.push(line.to_string())
    })?;
    Ok((end, lines))
}

/// Removes initrds and disks: they are large, and made again by the next run.
fn discard(directory: &Path) -> Outcome {
    let entries = std::fs::read_dir(directory).map_err(|error| error.to_string())?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("initrd.") || name == "disk.img" {
            std::fs::remove_file(entry.path()).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose() {
        assert!(matches("bios-*", "bios-pairs"));
        assert!(matches("*", ""));
        assert!(matches("*-6g-*", "bios-6g-high"));
        assert!(!matches("bios", "bios-pairs"));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = scenarios::all().iter().map(|one| one.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
