//! The same command lines given to kexec-tools and to libkexec: which calls each makes, and how it
//! exits.
//!
//! ```text
//! generate ──► lines ─┐
//! callers  ──► lines ─┼─► run (twice): a fake machine, a fake kernel ───────► rules
//! setup    ──► machine┘
//! ```
//!
//! Every difference must fit a rule, whose texts are a row of docs/differences.md; a rule that no
//! line needs is an error as well. The lines of callers are compared with what they expect instead.

pub mod callers;
pub mod compare;
pub mod generate;
pub mod kernel;
pub mod rules;
pub mod setup;
pub mod words;

pub use compare::{Comparison, Report};
pub use kernel::{Event, Run};
pub use setup::Setup;
pub use words::Words;

/// A command line on a machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The machine.
    pub setup: Setup,
    /// The words after the command's name. `@NAME` stands for the path of a file.
    pub words: Vec<String>,
}

impl Line {
    /// A line of words that hold no blanks.
    #[must_use]
    pub fn new(setup: Setup, words: &str) -> Self {
        let words = words.split(' ').filter(|word| !word.is_empty());
        Self {
            setup,
            words: words.map(String::from).collect(),
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "kexec")?;
        for word in &self.words {
            if word.is_empty() || word.contains([' ', '\t', '\n', '\'', '"', '?']) {
                write!(f, " {word:?}")?;
            } else {
                write!(f, " {word}")?;
            }
        }
        let usual = Setup::default();
        if self.setup != usual {
            write!(f, "  [{}]", self.setup)?;
        }
        Ok(())
    }
}
