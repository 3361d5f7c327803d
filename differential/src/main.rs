//! Compares kexec-tools and libkexec on fake machines; see the library.

use differential::image::Image;
use differential::lines::callers::{CALLERS, Caller};
use differential::lines::rules::RULES;
use differential::lines::{self, Line, Setup, Version};
use differential::run::{Comparison, Report};
use differential::trace::{self, Program};
use differential::{Outcome, document, machines};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: differential [--control | --write] [KERNEL...]
       differential --lines [--control] [WORD...]

Loads a synthetic kernel, and each bzImage named, on fake machines with kexec-tools and with
libkexec's command, and compares what the next kernel gets. Needs root. Nothing is loaded.

  --control  compare kexec-tools with itself, which must show no difference
  --lines    compare the calls and exit codes of many command lines, and check those of programs
             that call kexec; with words, show what both do with that line
  --write    put the tables of known differences into docs/differences.md

  KEXEC_REFERENCE       kexec-tools' binary (default: what `cargo xtask fetch` fetched, for --lines
                        what `cargo xtask test lines` did)
  KEXEC_OLDER           the older kexec-tools of --lines, in KEXEC_OLDER_ROOT
  KEXEC_REFERENCE_ROOT  a Debian tree whose libraries it runs with (default: this system's)
  KEXEC_COMMAND         libkexec's (default: target/release/kexec)

Exit code: 0 all differences are known, 1 not so, 2 usage, 77 skipped.";

/// What test drivers take for \"skipped\".
const SKIPPED: u8 = 77;

enum Failure {
    /// It cannot be done here.
    Skip(String),
    /// It went wrong.
    Fail(String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &arguments[..]
        && first == "--lines"
    {
        return ended(lines(rest));
    }
    let (options, kernels): (Vec<_>, Vec<_>) = arguments
        .iter()
        .map(String::as_str)
        .partition(|word| word.starts_with('-'));
    let done = match options[..] {
        [] => run(&kernels, false),
        ["--control"] => run(&kernels, true),
        ["--write"] if kernels.is_empty() => document::write().map_err(Failure::Fail),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    ended(done)
}

fn ended(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Fail(reason)) => {
            eprintln!("differential: {reason}");
            ExitCode::FAILURE
        }
        Err(Failure::Skip(reason)) => {
            eprintln!("differential: SKIPPED, nothing was compared: {reason}");
            ExitCode::from(SKIPPED)
        }
    }
}

fn run(kernels: &[&str], control: bool) -> Result<(), Failure> {
    document::check().map_err(Failure::Fail)?;
    let reference = reference("xtask/store/tools").map_err(Failure::Skip)?;
    let ours = if control {
        reference.clone()
    } else {
        command().map_err(Failure::Fail)?
    };
    let mut images = vec![
        Image::synthetic(true),
        Image::synthetic(false),
        Image::short_header(),
        Image::long_header(),
    ];
    for kernel in kernels {
        images.push(Image::read(Path::new(kernel)).map_err(Failure::Fail)?);
    }
    let directory = target().join("differential");
    trace::private_tmpfs(&directory).map_err(Failure::Skip)?;
    let comparison = Comparison {
        reference,
        ours,
        images,
        machines: machines::all(),
        directory,
    };
    let report = comparison.run(!control).map_err(Failure::Fail)?;
    show(&report, control).map_err(Failure::Fail)
}

/// `--lines`
fn lines(arguments: &[String]) -> Result<(), Failure> {
    document::check().map_err(Failure::Fail)?;
    let newest = reference("xtask/kexec-tools").map_err(Failure::Skip)?;
    let older = program_of("KEXEC_OLDER", "xtask/kexec-tools-bookworm").map_err(Failure::Skip)?;
    let (control, words) = match arguments {
        [first, rest @ ..] if first == "--control" => (true, rest),
        all => (false, all),
    };
    let ours = if control {
        newest.clone()
    } else {
        command().map_err(Failure::Fail)?
    };
    // By itself only the newest is compared with itself.
    let mut references = vec![(Version::Newest, newest)];
    if !control {
        references.push((Version::Older, older));
    }
    let directory = target().join("differential/lines");
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let comparison = lines::Comparison {
        references,
        ours,
        directory,
        workers,
    };
    if !words.is_empty() {
        return show_line(&comparison, words).map_err(Failure::Fail);
    }
    let mut all = lines::generate::all();
    all.extend(CALLERS.iter().map(Caller::line));
    let mut report = comparison.run(&all, !control).map_err(Failure::Fail)?;
    if !control {
        let lines: Vec<Line> = CALLERS.iter().map(Caller::line).collect();
        let runs = comparison.runs(&lines).map_err(Failure::Fail)?;
        let checks = CALLERS.iter().zip(&runs);
        let wrong = checks.filter_map(|(caller, runs)| caller.check(&runs.ours));
        report.failures.extend(wrong);
        println!(
            "differential: {} lines of programs that call kexec",
            CALLERS.len()
        );
    }
    show_lines(&report, control).map_err(Failure::Fail)
}

fn show_line(comparison: &lines::Comparison, words: &[String]) -> Outcome {
    let line = Line {
        setup: Setup::default(),
        words: words.to_vec(),
    };
    for runs in comparison.runs(std::slice::from_ref(&line))? {
        for ((version, _), run) in comparison.references.iter().zip(&runs.references) {
            println!("kexec-tools {}: {run}\n{}", version.name(), run.said);
        }
        println!("libkexec: {}\n{}", runs.ours, runs.ours.said);
    }
    Ok(())
}

fn show_lines(report: &lines::Report, control: bool) -> Outcome {
    for failure in &report.failures {
        eprintln!("{failure}");
    }
    let mut wrong = report.failures.len();
    for (version, seen) in Version::ALL
        .into_iter()
        .zip(&report.seen)
        .filter(|_| !control)
    {
        let rules = seen.iter().zip(RULES);
        let unseen =
            rules.filter(|(seen, rule)| **seen == 0 && !rule.by_chance && rule.is_about(version));
        for (_, rule) in unseen {
            eprintln!(
                "no line shows this difference from {}: {}: {}",
                version.name(),
                rule.arguments,
                rule.ours
            );
            wrong += 1;
        }
    }
    let versions = Version::ALL.into_iter().zip(&report.different);
    for ((version, different), seen) in versions.zip(&report.seen) {
        println!(
            "differential: {} command lines, {different} of them differ from kexec-tools {}, by {} rules",
            report.lines,
            version.name(),
            seen.iter().filter(|seen| **seen > 0).count()
        );
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(format!("{wrong} failures")),
    }
}

fn show(report: &Report, control: bool) -> Outcome {
    for failure in &report.failures {
        eprintln!("{failure}");
    }
    let mut wrong = report.failures.len();
    if !control {
        for row in report.stale() {
            eprintln!(
                "no machine shows this difference: {}: {} / {}",
                row.field,
                row.reference.text(),
                row.ours.text()
            );
            wrong += 1;
        }
    }
    let known: usize = report.seen.iter().sum();
    println!(
        "differential: {} loads each, {known} known differences of {} kinds",
        report.pairs,
        report.seen.iter().filter(|seen| **seen > 0).count()
    );
    match wrong {
        0 => Ok(()),
        wrong => Err(format!("{wrong} failures")),
    }
}

fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().unwrap_or(root);
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root.join(directory),
        None => root.join("target"),
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// kexec-tools: what the environment names, or what was fetched to a place in the target directory.
fn reference(fetched: &str) -> Outcome<Program> {
    program_of("KEXEC_REFERENCE", fetched)
}

/// The same, by the name of the variable.
fn program_of(named: &str, fetched: &str) -> Outcome<Program> {
    let fetched = target().join(fetched);
    let (path, root) = match variable(named) {
        Some(path) => (path, variable(&format!("{named}_ROOT"))),
        None => {
            let paths = ["usr/sbin/kexec", "sbin/kexec"].map(|path| fetched.join(path));
            let found = paths.iter().find(|path| path.is_file());
            (found.unwrap_or(&paths[0]).clone(), Some(fetched))
        }
    };
    let name = "kexec-tools".into();
    if !path.is_file() {
        return Err(format!("no kexec-tools at {} ({named})", path.display()));
    }
    let Some(root) = root else {
        return Ok(Program {
            name,
            path,
            prefix: Vec::new(),
        });
    };
    // The fetched binary may want a newer libc than this system's: run it with its own.
    let directories = ["usr/lib", "lib"].map(|part| root.join(part).join("x86_64-linux-gnu"));
    let loader = directories
        .iter()
        .map(|directory| directory.join("ld-linux-x86-64.so.2"))
        .find(|loader| loader.is_file())
        .ok_or_else(|| format!("no dynamic loader in {}", root.display()))?;
    let libraries = std::env::join_paths(directories).map_err(|error| error.to_string())?;
    Ok(Program {
        name,
        prefix: vec!["--library-path".into(), libraries, path.into()],
        path: loader,
    })
}

fn command() -> Outcome<Program> {
    let path = variable("KEXEC_COMMAND").unwrap_or_else(|| target().join("release/kexec"));
    if !path.is_file() {
        return Err(format!(
            "no kexec command at {} (KEXEC_COMMAND): cargo build --release",
            path.display()
        ));
    }
    Ok(Program {
        name: "libkexec".into(),
        path,
        prefix: Vec::new(),
    })
}
