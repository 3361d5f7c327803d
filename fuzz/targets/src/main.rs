//! The stable runner: the seeds of each target, and mutations of them, the same in every run.
//!
//! `kexec-fuzz [--all] [--count N] [--seed N] [--write DIRECTORY] [TARGET...]`. A finding's input
//! is shown in hexadecimal, the first of each place in the source.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use kexec_fuzz::random::{Random, mutate};
use kexec_fuzz::{TARGETS, Target};

const USAGE: &str =
    "usage: kexec-fuzz [--list] [--all] [--count N] [--seed N] [--write DIRECTORY] [TARGET...]";

/// How many inputs are kept to be mutated, beside the seeds.
const POOL: usize = 512;

thread_local! {
    static CURRENT: RefCell<Current> = const {
        RefCell::new(Current { target: "", input: Vec::new(), places: BTreeMap::new() })
    };
}

/// What is run, and where findings were made, how often.
struct Current {
    target: &'static str,
    input: Vec<u8>,
    places: BTreeMap<String, u64>,
}

struct Arguments {
    /// Whether to go on after a finding.
    all: bool,
    count: u64,
    seed: u64,
    write: Option<String>,
    targets: Vec<&'static Target>,
}

fn arguments() -> Result<Arguments, String> {
    let mut all = Arguments {
        all: false,
        count: 10_000,
        seed: 1,
        write: None,
        targets: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| format!("{word} needs a value\n{USAGE}"))
        };
        let number = |text: String| text.parse::<u64>().map_err(|why| format!("{text}: {why}"));
        match word.as_str() {
            "--count" => all.count = number(value()?)?,
            "--seed" => all.seed = number(value()?)?,
            "--write" => all.write = Some(value()?),
            "--all" => all.all = true,
            "--list" => {
                for target in TARGETS {
                    println!("{:12} {}", target.name, target.about);
                }
                return Ok(all);
            }
            name => {
                let target = TARGETS.iter().find(|target| target.name == name);
                all.targets
                    .push(target.ok_or_else(|| format!("no target {name}\n{USAGE}"))?);
            }
        }
    }
    if all.targets.is_empty() {
        all.targets.extend(TARGETS);
    }
    Ok(all)
}

/// Writes the corpus of a target as files, for libFuzzer.
fn write(directory: &str, target: &Target) -> Result<(), String> {
    let directory = Path::new(directory).join(target.name);
    let passed = |why: std::io::Error| format!("{}: {why}", directory.display());
    std::fs::create_dir_all(&directory).map_err(passed)?;
    for (number, input) in target.corpus().iter().enumerate() {
        std::fs::write(directory.join(format!("seed-{number:03}")), input).map_err(passed)?;
    }
    Ok(())
}

/// Runs a target; the number of findings.
fn run(target: &'static Target, arguments: &Arguments) -> u64 {
    let start = Instant::now();
    let seeds = target.corpus();
    let mut random = Random::new(arguments.seed);
    let mut pool = seeds.clone();
    let (mut done, mut findings) = (0_u64, 0_u64);
    let mut one = |input: &[u8]| {
        CURRENT.with_borrow_mut(|current| {
            current.target = target.name;
            current.input.clear();
            current.input.extend_from_slice(input);
        });
        done += 1;
        if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
            findings += 1;
        }
        findings == 0 || arguments.all
    };
    let mut go_on = seeds.iter().all(|input| one(input));
    for _ in 0..arguments.count {
        if !go_on {
            break;
        }
        let mut input = pool[random.below(pool.len())].clone();
        let other = random.below(pool.len());
        mutate(&mut random, &mut input, &pool[other], target.longest);
        go_on = one(&input);
        // Some mutants are mutated on.
        if random.below(16) == 0 {
            if pool.len() < seeds.len() + POOL {
                pool.push(input);
            } else {
                let at = seeds.len() + random.below(POOL);
                pool[at] = input;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{:12} {done:9} inputs {seconds:7.1} s {findings:6} findings",
        target.name
    );
    CURRENT.with_borrow_mut(|current| {
        for (place, count) in std::mem::take(&mut current.places) {
            println!("{count:9} at {place}");
        }
    });
    findings
}

/// Says which input it was, beside what the panic says; once for each place.
fn tell_findings() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        CURRENT.with_borrow_mut(|current| {
            let count = current.places.entry(place).or_default();
            *count += 1;
            if *count == 1 {
                usual(info);
                let hex: String = current
                    .input
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                eprintln!(
                    "finding of the target {}, {} bytes: {hex}",
                    current.target,
                    hex.len() / 2
                );
            }
        });
    }));
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    tell_findings();
    let mut findings = 0;
    for target in &arguments.targets {
        if let Some(directory) = &arguments.write {
            if let Err(why) = write(directory, target) {
                eprintln!("{why}");
                return ExitCode::FAILURE;
            }
        } else {
            findings += run(target, &arguments);
        }
    }
    if findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
