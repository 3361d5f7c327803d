//! Whether a load, an unload or a start would succeed, and every reason why not, without a call.
//!
//! Pure functions of the known facts. A fact that is not known is a [`Finding`] of its own and never
//! a yes. The kernel can still refuse for reasons that no file shows: an untrusted key, a security
//! module, memory that is taken meanwhile.

mod about;
mod check;
#[cfg(test)]
mod tests;

use heapless::Vec;

pub use about::About;

use crate::error::Error;
use crate::image::Signature;
use crate::machine::Machine;
use crate::route::{Call, Route};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A load; without [`Question::image`], of any image.
    Load,
    /// An unload.
    Unload,
    /// A start of what is loaded.
    Start,
}

/// What is asked for, and all that is known.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The machine, as [`read_machine_to_check`](crate::linux::read_machine_to_check) reads it.
    pub machine: &'a Machine,
    /// What is asked for.
    pub action: Action,
    /// Whether it concerns the crash kernel.
    pub crash: bool,
    /// The calls that may be made.
    pub route: Route,
    /// Whether the image is to be started by this process after it is loaded.
    pub starts: bool,
    /// Whether finalised state that would be handed over may be lost.
    pub may_lose: bool,
    /// What is known of the files of a load.
    pub image: Option<&'a Looked>,
}

/// What is known of the files of a load.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    /// Why the load fails before any call, if it does.
    pub stops: Option<Error>,
    /// For kexec_load(2): bytes of memory that the running kernel allocates for it, or why there is no
    /// plan.
    pub load: Result<u64, Error>,
    /// The same for kexec_file_load(2), or why it is known to refuse.
    pub file_load: Result<u64, Error>,
    /// Whether kexec_file_load(2) refuses unless the running kernel uses 4-level paging, and that is
    /// not known.
    pub paging_unknown: bool,
    /// The kernel's signature.
    pub signature: Signature,
}

/// How much a [`Finding`] weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It would be refused.
    Refuses,
    /// Whether it would be refused is not known.
    Unknown,
    /// It would succeed, but something is lost or has to be done.
    Warns,
    /// Whether something is lost or has to be done is not known.
    MayWarn,
}

/// One thing that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// The call that it is about; `None` for both.
    pub call: Option<Call>,
    /// What it is about.
    pub about: About,
}

/// The result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing known speaks against it, and everything that could is known.
    Yes,
    /// It would be refused.
    No,
    /// Nothing known speaks against it, but something that could is not known.
    Unknown,
}

/// The most findings there can be: one of each kind for both calls and for each of them.
const FINDINGS: usize = 40;

/// Whether it would succeed, and why not.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// What was asked.
    pub question: &'a Question<'a>,
    findings: Vec<Finding, FINDINGS>,
    /// The result.
    pub outcome: Outcome,
    /// The call that would succeed, or the last that is known to be refused; `None` for a start.
    pub call: Option<Call>,
    /// What decides that it is refused.
    pub decides: Option<Finding>,
}

impl Verdict<'_> {
    /// Everything found, in the order of the kernel's checks.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
