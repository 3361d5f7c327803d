//! `cargo xtask compare`: our command, Debian's kexec-tools and OpenSSL's digest over the same
//! files, taking turns in one run.

mod decompression;
pub mod files;
pub mod filter;
pub mod measure;
mod native;
mod page;
mod page_native;
mod plot;
pub mod stats;
pub mod subject;
pub mod trace;

use crate::Outcome;
use crate::command::{cargo, on_path, root, run as run_command, target, write};
use crate::sealed::seal;
use files::MIB;
use measure::{Cost, run as measure};
use std::collections::BTreeMap;
use std::path::Path;
use subject::{Programs, Subject};
use trace::{Trace, trace};

const USAGE: &str = "usage: cargo xtask compare [--rounds N] [--write] (N from 2)";

/// Sizes of initrds in the table, in MiB.
const SIZES: [u64; 4] = [2, 64, 300, 512];
/// Sizes of initrds in the plot, in MiB: files with a hole, that take no room on the disk.
const SPARSE: [u64; 7] = [1, 4, 16, 64, 256, 1024, 4096];
/// kexec-tools reads an initrd into memory of its own; larger ones are not asked of it.
const REFERENCE_LIMIT: u64 = 1024;
const SPARSE_ROUNDS: usize = 3;

/// What one subject did with one initrd, round by round.
#[derive(Debug, Default)]
pub struct Series {
    pub costs: Vec<Cost>,
    pub trace: Trace,
}

impl Series {
    /// CPU time of each round, in seconds.
    pub fn cpu(&self) -> Vec<f64> {
        self.costs.iter().map(|cost| cost.cpu).collect()
    }

    /// Wall time of each round, in seconds.
    pub fn wall(&self) -> Vec<f64> {
        self.costs.iter().map(|cost| cost.wall).collect()
    }
}

/// What was measured, by size of the initrd in MiB.
pub type Table = BTreeMap<u64, BTreeMap<Subject, Series>>;

/// Everything measured.
#[derive(Debug)]
pub struct Results {
    pub kernel_release: String,
    pub kernel_bytes: u64,
    pub rounds: usize,
    /// Warm page cache.
    pub warm: Table,
    /// Cold page cache, the largest initrd only.
    pub cold: Table,
    /// Files with a hole, warm.
    pub sparse: Table,
    /// Ways to get at a file's bytes: the largest initrd.
    pub mapping: Vec<Way>,
    /// The purgatory's code in user space.
    pub native: native::Native,
    /// Beside the kernel's decompression.
    pub decompression: decompression::Decompression,
}

/// A way to get at a file's bytes, and what it cost.
#[derive(Debug)]
pub struct Way {
    pub about: &'static str,
    /// In the page cache as reading leaves it.
    pub warm: Series,
    /// In the page cache as writing in small pieces leaves it.
    pub written: Series,
    pub cold: Series,
}

/// `cargo xtask compare`
pub fn run(arguments: &[String]) -> Outcome {
    let (mut rounds, mut written) = (9, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => written = true,
            "--rounds" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                rounds = number.filter(|&number| number > 1).ok_or(USAGE)?;
            }
            _ => return Err(USAGE.into()),
        }
    }
    let results = results(rounds)?;
    let text = page::page(&results);
    println!("{text}");
    if written {
        let page = seal(&text);
        write(&root().join("docs/benchmarks.md"), page.as_bytes())?;
        let drawing = plot::plot(&results.sparse);
        write(&root().join("docs/benchmarks.svg"), drawing.as_bytes())?;
    }
    Ok(())
}

fn results(rounds: usize) -> Outcome<Results> {
    if !on_path("zstd") {
        return Err("zstd is not installed".into());
    }
    let programs = Programs::new()?;
    let (kernel, kernel_release) = files::kernel()?;
    let mut warm = Table::new();
    for mib in SIZES {
        eprintln!("initrd of {mib} MiB, {rounds} rounds");
        let initrd = files::random(mib)?;
        let table = warm.entry(mib).or_default();
        rounds_of(&programs, &kernel, &initrd, rounds, false, table)?;
        for subject in Subject::ALL {
            if subject.is_a_load() {
                let command = programs.command(subject, &kernel, &initrd)?;
                table.entry(subject).or_default().trace = trace(command)?;
            }
        }
    }
    let mut cold = Table::new();
    let largest = SIZES[SIZES.len() - 1];
    let cold_rounds = rounds.min(3);
    eprintln!("initrd of {largest} MiB, not in the page cache, {cold_rounds} rounds");
    let table = cold.entry(largest).or_default();
    let initrd = files::random(largest)?;
    rounds_of(&programs, &kernel, &initrd, cold_rounds, true, table)?;
    let mapping = ways(&initrd, rounds)?;
    let mut sparse = Table::new();
    for mib in SPARSE {
        eprintln!("sparse initrd of {mib} MiB");
        let initrd = files::sparse(mib)?;
        let table = sparse.entry(mib).or_default();
        rounds_of(&programs, &kernel, &initrd, SPARSE_ROUNDS, false, table)?;
        files::cool(&initrd)?;
    }
    Ok(Results {
        kernel_release,
        kernel_bytes: std::fs::metadata(&kernel)
            .map_err(|error| error.to_string())?
            .len(),
        rounds,
        warm,
        cold,
        sparse,
        mapping,
        native: native::measure(rounds)?,
        decompression: decompression::run(&kernel, rounds)?,
    })
}

/// Every subject once a round, each round beginning with another one.
fn rounds_of(
    programs: &Programs,
    kernel: &Path,
    initrd: &Path,
    rounds: usize,
    cold: bool,
    table: &mut BTreeMap<Subject, Series>,
) -> Outcome {
    let size = std::fs::metadata(initrd)
        .map_err(|error| error.to_string())?
        .len();
    let mut subjects = Subject::ALL.to_vec();
    if size > REFERENCE_LIMIT * MIB {
        subjects.retain(|subject| {
            !matches!(subject, Subject::Reference | Subject::ReferenceUnverified)
        });
    }
    // As a reader leaves them: what has just been written may lie in single pages.
    files::cool(kernel)?;
    files::cool(initrd)?;
    files::warm(kernel)?;
    files::warm(initrd)?;
    for _ in 0..rounds {
        for subject in &subjects {
            if cold {
                files::cool(kernel)?;
                files::cool(initrd)?;
            }
            let cost = measure(programs.command(*subject, kernel, initrd)?)?;
            table.entry(*subject).or_default().costs.push(cost);
        }
        subjects.rotate_left(1);
    }
    Ok(())
}

/// The digest of a file by each way of `benches::mapping`: in the page cache as reading and as writing
/// in small pieces leaves it, and not in it.
fn ways(file: &Path, rounds: usize) -> Outcome<Vec<Way>> {
    eprintln!("ways to get at {}", file.display());
    run_command(cargo().args(["build", "--quiet", "--release", "--package", "benches"]))?;
    let mut ways: Vec<(&str, Way)> = benches::mapping::STRATEGIES
        .iter()
        .map(|&(name, about)| {
            let way = Way {
                about,
                warm: Series::default(),
                written: Series::default(),
                cold: Series::default(),
            };
            (name, way)
        })
        .collect();
    let written = files::written(file)?;
    for _ in 0..rounds {
        for (name, way) in &mut ways {
            for state in 0..3 {
                let file = if state == 1 { &written } else { file };
                match state {
                    0 => files::warm(file)?,
                    1 => {}
                    _ => files::cool(file)?,
                }
                let mut command = std::process::Command::new(target().join("release/mapping"));
                command.arg(file).arg(*name);
                let series = match state {
                    0 => &mut way.warm,
                    1 => &mut way.written,
                    _ => &mut way.cold,
                };
                series.costs.push(measure(command)?);
            }
        }
    }
    std::fs::remove_file(&written).map_err(|error| error.to_string())?;
    Ok(ways.into_iter().map(|(_, way)| way).collect())
}
