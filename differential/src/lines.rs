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
//! line needs is an error as well, for each release of kexec-tools that it is about. The lines of callers are compared with what they expect instead.

pub mod callers;
pub mod compare;
pub mod generate;
pub mod kernel;
pub mod rules;
pub mod setup;
pub mod words;

pub use compare::{Comparison, Report, Runs};
pub use kernel::{Event, Run};
pub use setup::Setup;
pub use words::Words;

/// A release of kexec-tools that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 2.0.32, in Debian sid.
    Newest,
    /// 2.0.25, in Debian 12: without -a, -s and -c it takes kexec_load.
    Older,
}

impl Version {
    /// Both, as in [`Report::seen`](Report).
    pub const ALL: [Self; 2] = [Self::Newest, Self::Older];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Newest => "2.0.32",
            Self::Older => "2.0.25",
        }
    }
}

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

    /// The line as a release gets it. The older one has another default: it gets the newer one's by
    /// `-a`, so that all else is compared, unless it is [`Setup::by_default`].
    #[must_use]
    pub fn given_to(&self, version: Version) -> Self {
        let mut line = self.clone();
        let calls = ["kexec-syscall", "kexec-file-syscall", "kexec-syscall-auto"];
        let newest = version == Version::Newest || self.setup.by_default;
        if !newest && !Words::new(version, &self.words).any(&calls) {
            line.words.insert(0, "-a".into());
        }
        line
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
