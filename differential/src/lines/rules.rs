//! The differences of command lines that are known: each a row of docs/differences.md.

use super::kernel::Run;
use super::{Line, Version, Words};

mod load;
mod refused;
mod table;

pub use table::RULES;

/// A line and what libkexec did with it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The release of kexec-tools.
    pub version: Version,
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
    /// The only release that it is about; `None` for both.
    pub only: Option<Version>,
    /// Whether it depends on what lies in memory, so that there may be no line that shows it.
    pub by_chance: bool,
    /// Changes what kexec-tools did into what libkexec would have done, as far as the difference
    /// goes, and returns whether there was one. Rules are tried in their order until nothing
    /// differs any more.
    pub rewrite: fn(&mut Run, &Seen<'_>) -> bool,
}

impl Rule {
    /// Whether it is about a release.
    #[must_use]
    pub fn is_about(&self, version: Version) -> bool {
        self.only.is_none_or(|only| only == version)
    }

    /// The release it is about, before its arguments in the document.
    #[must_use]
    pub fn release(&self) -> String {
        let of = |only: Version| format!("{}: ", only.name());
        self.only.map(of).unwrap_or_default()
    }
}

/// Puts what libkexec did in place of what kexec-tools did, where all of the difference is known.
fn all(known: bool, reference: &mut Run, seen: &Seen<'_>) -> bool {
    if known {
        reference.events.clone_from(&seen.ours.events);
        reference.code = seen.ours.code;
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Setup;
    use crate::lines::kernel::{Call, Event, Given};

    fn loaded(call: Call, initrd: &str, line: &str) -> Event {
        let flags = match call {
            Call::Load => 0x3e_0000,
            Call::FileLoad => 0,
        };
        Event::Load(Given {
            call,
            crash: false,
            flags,
            kernel: "@kernel".into(),
            initrd: initrd.into(),
            line: line.into(),
            errno: 0,
        })
    }

    fn run(events: Vec<Event>, code: i32) -> Run {
        Run {
            events,
            code,
            said: String::new(),
        }
    }

    /// Whether the rules explain the difference.
    fn explained(words: &str, reference: &Run, ours: &Run) -> bool {
        let line = Line::new(Setup::default(), words);
        let seen = Seen {
            version: Version::Newest,
            words: Words::new(Version::Newest, &line.words),
            line: &line,
            ours,
        };
        let mut rewritten = reference.clone();
        RULES.iter().any(|rule| {
            (rule.rewrite)(&mut rewritten, &seen);
            rewritten.same(ours)
        })
    }

    /// Errors in a line without an option that a rule is about.
    #[test]
    fn a_plain_load_has_no_excuse() {
        let words = "-l @kernel --initrd=@initrd --append=x";
        let good = || loaded(Call::FileLoad, "@initrd", "x");
        let reference = run(vec![good(), Event::Sync], 0);
        assert!(explained(words, &reference, &run(vec![good()], 0)));
        for wrong in [
            run(vec![good()], 1),
            run(vec![], 0),
            run(vec![], 255),
            run(vec![good(), good()], 0),
            run(vec![good(), Event::Network], 0),
            run(vec![good(), Event::Shutdown], 0),
            run(vec![good(), Event::Start(true)], 0),
            run(vec![Event::Unload(Call::FileLoad, false, 0), good()], 0),
            run(vec![loaded(Call::FileLoad, "none", "x")], 0),
            run(vec![loaded(Call::FileLoad, "@initrd2", "x")], 0),
            run(vec![loaded(Call::FileLoad, "@initrd", "")], 0),
            run(vec![loaded(Call::Load, "@initrd", "x")], 0),
        ] {
            assert!(!explained(words, &reference, &wrong), "{wrong}");
        }
    }

    /// A rule explains its own difference and no other.
    #[test]
    fn a_difference_hides_no_other() {
        let words = "-l @kernel --initrd=@initrd --append=x --noefi";
        let reference = run(vec![loaded(Call::FileLoad, "@initrd", "")], 0);
        let by_load = |initrd, line| run(vec![loaded(Call::Load, initrd, line)], 0);
        assert!(explained(words, &reference, &by_load("@initrd", "x")));
        for wrong in [
            by_load("none", "x"),
            by_load("@initrd", "y"),
            run(vec![loaded(Call::Load, "@initrd", "x")], 255),
        ] {
            assert!(!explained(words, &reference, &wrong), "{wrong}");
        }
        let unloaded = run(vec![Event::Unload(Call::FileLoad, false, 0)], 0);
        for (words, ours) in [
            ("-u", run(vec![], 0)),
            ("-u", run(vec![], 255)),
            ("-u", run(vec![Event::Unload(Call::FileLoad, true, 0)], 0)),
            ("-p -u", run(vec![], 255)),
        ] {
            assert!(!explained(words, &unloaded, &ours), "{words}: {ours}");
        }
    }
}
