//! Runs lines with both commands, and looks up what differs.

use super::kernel::{Kernel, Run};
use super::rules::{RULES, Seen};
use super::setup::Place;
use super::{Line, Version, Words};
use crate::Outcome;
use crate::trace::{self, Program};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Mutex;

/// What is compared.
#[derive(Debug)]
pub struct Comparison {
    /// Releases of kexec-tools.
    pub references: Vec<(Version, Program)>,
    /// libkexec's command.
    pub ours: Program,
    /// A directory that workers make theirs in.
    pub directory: PathBuf,
    /// How many lines are run at a time.
    pub workers: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Lines compared.
    pub lines: usize,
    /// Those that differ, by release.
    pub different: Vec<usize>,
    /// What must not be.
    pub failures: Vec<String>,
    /// How often each rule was needed, by release.
    pub seen: Vec<Vec<usize>>,
}

/// What all did with a line.
#[derive(Debug)]
pub struct Runs {
    /// kexec-tools, in the order of [`Comparison::references`].
    pub references: Vec<Run>,
    /// libkexec.
    pub ours: Run,
}

impl Comparison {
    /// Runs all lines; `rules` says whether a difference may fit a rule, or none may be.
    ///
    /// # Errors
    /// A run cannot be made.
    pub fn run(&self, lines: &[Line], rules: bool) -> Outcome<Report> {
        let mut report = Report {
            lines: lines.len(),
            different: vec![0; self.references.len()],
            seen: vec![vec![0; RULES.len()]; self.references.len()],
            ..Report::default()
        };
        for (line, runs) in lines.iter().zip(self.runs(lines)?) {
            let pairs = self.references.iter().zip(&runs.references).enumerate();
            for (number, ((version, _), reference)) in pairs {
                if reference.same(&runs.ours) {
                    continue;
                }
                report.different[number] += 1;
                let used = if rules {
                    explain(*version, line, reference, &runs.ours)
                } else {
                    None
                };
                match used {
                    Some(used) => used.iter().for_each(|rule| report.seen[number][*rule] += 1),
                    None => report.failures.push(format!(
                        "{line}\n  kexec-tools {}: {reference}\n  libkexec: {}\n{}",
                        version.name(),
                        runs.ours,
                        indented(&runs.ours.said)
                    )),
                }
            }
        }
        Ok(report)
    }

    /// What all did with each line, in the lines' order.
    ///
    /// # Errors
    /// A run cannot be made.
    pub fn runs(&self, lines: &[Line]) -> Outcome<Vec<Runs>> {
        let next = Mutex::new(lines.iter().enumerate());
        let done = Mutex::new(Vec::new());
        let work = |worker: usize| -> Outcome {
            let directory = self.directory.join(format!("worker-{worker}"));
            trace::private_tmpfs(&directory)?;
            let place = Place::new(&directory)?;
            loop {
                let Some((number, line)) = next.lock().map_err(|e| e.to_string())?.next() else {
                    return Ok(());
                };
                let references = self.references.iter();
                let references = references
                    .map(|(version, program)| run(program, &line.given_to(*version), &place))
                    .collect::<Outcome<_>>()?;
                let ours = run(&self.ours, line, &place)?;
                let runs = Runs { references, ours };
                done.lock().map_err(|e| e.to_string())?.push((number, runs));
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.workers)
                .map(|worker| scope.spawn(move || work(worker)))
                .collect();
            workers.into_iter().try_for_each(|worker| {
                worker.join().map_err(|_| "a worker panicked".to_string())?
            })
        })?;
        let mut done = done.into_inner().map_err(|error| error.to_string())?;
        done.sort_by_key(|(number, _)| *number);
        Ok(done.into_iter().map(|(_, runs)| runs).collect())
    }
}

/// The rules that together are all of a difference.
fn explain(version: Version, line: &Line, reference: &Run, ours: &Run) -> Option<Vec<usize>> {
    let seen = Seen {
        version,
        line,
        words: Words::new(version, &line.words),
        ours,
    };
    let mut rewritten = reference.clone();
    let used = RULES.iter().enumerate().filter(|(_, rule)| {
        rule.is_about(version) && !rewritten.same(ours) && (rule.rewrite)(&mut rewritten, &seen)
    });
    let used = used.map(|(number, _)| number).collect();
    rewritten.same(ours).then_some(used)
}

/// Runs a line.
///
/// # Errors
/// It cannot be run.
pub fn run(program: &Program, line: &Line, place: &Place) -> Outcome<Run> {
    let tree = place.tree(&line.setup)?;
    let words: Vec<OsString> = line
        .words
        .iter()
        .map(|word| place.word(word).into())
        .collect();
    let mut kernel = Kernel::new(place, &tree, line.setup);
    let log = place.path("log");
    let end = trace::run_with(program, &words, &tree, &log, &mut kernel)
        .map_err(|error| format!("{line}: {error}"))?;
    Ok(kernel.run(end))
}

fn indented(text: &str) -> String {
    let lines = text.lines().take(6);
    lines.map(|line| format!("    | {line}\n")).collect()
}
