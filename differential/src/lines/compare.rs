//! Runs lines with both commands, and looks up what differs.

use super::kernel::{Kernel, Run};
use super::rules::{RULES, Seen};
use super::setup::Place;
use super::{Line, Words};
use crate::Outcome;
use crate::trace::{self, Program};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Mutex;

/// What is compared.
#[derive(Debug)]
pub struct Comparison {
    /// kexec-tools.
    pub reference: Program,
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
    /// Those that differ.
    pub different: usize,
    /// What must not be.
    pub failures: Vec<String>,
    /// How often each rule was needed.
    pub seen: Vec<usize>,
}

impl Comparison {
    /// Runs all lines; `rules` says whether a difference may fit a rule, or none may be.
    ///
    /// # Errors
    /// A run cannot be made.
    pub fn run(&self, lines: &[Line], rules: bool) -> Outcome<Report> {
        let mut report = Report {
            lines: lines.len(),
            seen: vec![0; RULES.len()],
            ..Report::default()
        };
        for (line, [reference, ours]) in lines.iter().zip(self.pairs(lines)?) {
            if reference.same(&ours) {
                continue;
            }
            report.different += 1;
            let seen = Seen {
                line,
                words: Words::new(&line.words),
                ours: &ours,
            };
            let mut rewritten = reference.clone();
            let used = RULES.iter().enumerate().filter(|(_, rule)| {
                rules && !rewritten.same(&ours) && (rule.rewrite)(&mut rewritten, &seen)
            });
            let used: Vec<usize> = used.map(|(number, _)| number).collect();
            if rewritten.same(&ours) {
                used.into_iter().for_each(|number| report.seen[number] += 1);
            } else {
                report.failures.push(format!(
                    "{line}\n  kexec-tools: {reference}\n  libkexec:    {ours}\n{}",
                    indented(&ours.said)
                ));
            }
        }
        Ok(report)
    }

    /// What both did with each line, in the lines' order.
    ///
    /// # Errors
    /// A run cannot be made.
    pub fn pairs(&self, lines: &[Line]) -> Outcome<Vec<[Run; 2]>> {
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
                let pair = [
                    run(&self.reference, line, &place)?,
                    run(&self.ours, line, &place)?,
                ];
                done.lock().map_err(|e| e.to_string())?.push((number, pair));
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
        Ok(done.into_iter().map(|(_, pair)| pair).collect())
    }
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
