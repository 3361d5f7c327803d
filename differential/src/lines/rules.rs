//! The differences of command lines that are known: each a row of docs/differences.md.

use super::kernel::Run;
use super::{Line, Words};

mod load;
mod refused;
mod table;

pub use table::RULES;

/// A line and what libkexec did with it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The line.
    pub line: &'a Line,
    /// Its words, as kexec-tools understands them.
    pub words: Words,
    /// What libkexec did.
    pub ours: &'a Run,
}

impl Seen<'_> {
    /// Whether libkexec says this.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.ours.said.contains(text)
    }

    /// Whether libkexec did nothing, exited with this code and says this.
    #[must_use]
    pub fn refuses(&self, code: i32, text: &str) -> bool {
        self.ours.did_nothing() && self.ours.code == code && self.says(text)
    }
}

/// A known difference.
#[derive(Debug)]
pub struct Rule {
    /// The arguments it is about.
    pub arguments: &'static str,
    /// What kexec-tools does.
    pub reference: &'static str,
    /// What libkexec does.
    pub ours: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Whether it depends on what lies in memory, so that there may be no line that shows it.
    pub by_chance: bool,
    /// Changes what kexec-tools did into what libkexec would have done, as far as the difference
    /// goes, and returns whether there was one. Rules are tried in their order until nothing
    /// differs any more.
    pub rewrite: fn(&mut Run, &Seen<'_>) -> bool,
}

/// Puts what libkexec did in place of what kexec-tools did, where all of the difference is known.
fn all(known: bool, reference: &mut Run, seen: &Seen<'_>) -> bool {
    if known {
        reference.events.clone_from(&seen.ours.events);
        reference.code = seen.ours.code;
    }
    known
}
