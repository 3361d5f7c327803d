//! Whether it would succeed, and why not.

use core::fmt::Result;

use kexec_core::verdict::{Outcome, Verdict, Weight};

use super::Lines;
use crate::reasons::{Said, call};

/// The result, and a line for each thing that was found. `file`: the one that is not as it must be.
///
/// # Errors
/// As `out` returns them.
pub fn verdict(out: &mut Lines<'_>, verdict: &Verdict<'_>, file: &[u8]) -> Result {
    match (verdict.outcome, verdict.call) {
        (Outcome::Yes, Some(by)) => out.fact("verdict", format_args!("yes, by {}", call(by)))?,
        (Outcome::Yes, None) => out.word("verdict", "yes")?,
        (Outcome::No, _) => out.word("verdict", "no")?,
        (Outcome::Unknown, _) => out.word("verdict", "not known")?,
    }
    for finding in verdict.findings() {
        let name = match finding.weight {
            Weight::Refuses => "reason",
            Weight::Unknown => "not known",
            Weight::Warns | Weight::MayWarn => "warning",
        };
        let said = Said {
            finding,
            verdict,
            file,
        };
        out.fact(name, format_args!("{said}"))?;
    }
    Ok(())
}
