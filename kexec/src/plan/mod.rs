//! A plan to look at: as text ([`report`]), as JSON ([`json`]), as a picture of memory
//! ([`map`]), and why each segment lies where it lies ([`explain`]).

pub mod explain;
pub mod json;
pub mod map;
mod members;
mod rows;
pub mod size;

use core::ffi::CStr;
use core::fmt;

use kexec_core::Error;
use kexec_core::image::Image;
use kexec_core::machine::Machine;
use kexec_core::memory::RangeSet;
use kexec_core::plan::{Details, Plan};
use kexec_core::route::Route;
use kexec_core::verdict::Verdict;

use crate::command::Command;
pub use crate::command::Format;
pub use crate::reasons::call as name;
use crate::report::{self, FileLoad, Lines};
pub use crate::report::{Listed, Unified};
use crate::table::Id;

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct View<'v> {
    /// The request.
    pub command: &'v Command<'v>,
    /// The running system.
    pub machine: &'v Machine,
    /// The calls that load, if there is a load.
    pub route: Option<Route>,
    /// What would be loaded.
    pub files: &'v [Listed<'v>],
    /// The unified kernel image that the kernel is in.
    pub unified: Option<&'v Unified<'v>>,
    /// The command line, as given.
    pub line: &'v [u8],
    /// KEXEC_FILE_* as kexec_file_load gets them, where it is one of the calls.
    pub file_flags: Option<u64>,
    /// The kernel, if it is known what it is.
    pub image: Option<&'v Image<'v>>,
    /// What kexec_load would be given, and why it lies where it does.
    pub plan: Option<(&'v Plan<'v>, &'v Details)>,
    /// Why there is none, where kexec_load comes second.
    pub no_plan: Option<Error>,
    /// Whether the load is refused before any call.
    pub refused: bool,
    /// The file because of which it is, if that is not the kernel.
    pub culprit: Option<&'v CStr>,
    /// Whether it would succeed, and the exit code that says so.
    pub verdict: Option<(&'v Verdict<'v>, u8)>,
}

impl<'v> View<'v> {
    /// Nothing but the machine and what is requested.
    #[must_use]
    pub const fn new(command: &'v Command<'v>, machine: &'v Machine) -> Self {
        Self {
            command,
            machine,
            route: None,
            files: &[],
            unified: None,
            line: b"",
            file_flags: None,
            image: None,
            plan: None,
            no_plan: None,
            refused: false,
            culprit: None,
            verdict: None,
        }
    }

    /// The file that a refusal is about, empty without one.
    fn file(&self) -> &'v [u8] {
        let file = self.culprit.or(self.command.kernel);
        file.unwrap_or_default().to_bytes()
    }

    fn plan(&self) -> Option<&'v Plan<'v>> {
        self.plan.map(|(plan, _)| plan)
    }

    /// The details, if they are asked for.
    fn reasons(&self) -> Option<&'v Details> {
        let (_, details) = self.plan?;
        self.command.given(Id::Explain).then_some(details)
    }

    /// Whether the running kernel alone places what is loaded.
    fn kernel_places(&self) -> bool {
        self.route.is_some() && self.plan.is_none() && !self.refused
    }

    /// Whether the running kernel is asked only after kexec_load.
    fn kernel_places_last(&self) -> bool {
        self.route == Some(Route::LoadThenFile)
    }
}

/// Shows it in a format. `free` is overwritten.
///
/// # Errors
/// As `out` returns them.
pub fn write(
    out: &mut dyn fmt::Write,
    view: &View<'_>,
    format: Format,
    free: &mut RangeSet,
) -> fmt::Result {
    match format {
        Format::Text => {
            text(out, view, free)?;
            verdict(&mut Lines(out), view)
        }
        Format::Verdict => {
            let lines = &mut Lines(out);
            // Without a kernel it is about the machine.
            if view.command.actions.load && view.command.kernel.is_none() {
                report::machine(lines, view.machine)?;
                report::host(lines, view.machine)?;
            }
            unified(lines, view)?;
            verdict(lines, view)
        }
        Format::Json => json::write(out, view, free),
        Format::Map => {
            explain::write(out, view, free)?;
            map::write(out, view, free)
        }
    }
}

fn verdict(lines: &mut Lines<'_>, view: &View<'_>) -> fmt::Result {
    match view.verdict {
        Some((verdict, _)) => report::verdict(lines, verdict, view.file()),
        None => Ok(()),
    }
}

fn unified(lines: &mut Lines<'_>, view: &View<'_>) -> fmt::Result {
    match view.unified {
        Some(image) => report::unified(lines, image),
        None => Ok(()),
    }
}

/// The machine, each call, the reasons, and at last what would be done.
fn text(out: &mut dyn fmt::Write, view: &View<'_>, free: &mut RangeSet) -> fmt::Result {
    let lines = &mut Lines(out);
    report::machine(lines, view.machine)?;
    unified(lines, view)?;
    if view.refused {
        return report::inputs(lines, view.files, view.line);
    }
    if let Some(flags) = view.file_flags.filter(|_| !view.kernel_places_last()) {
        let load = FileLoad {
            flags,
            joined: view
                .files
                .iter()
                .filter(|file| file.role == "initrd")
                .count()
                > 1,
            crash: view.command.crash(),
        };
        report::by_file(lines, load, view.files, view.line)?;
    }
    match view.route {
        Some(Route::FileThenLoad) => lines.word(
            "note",
            "kexec_load follows if kexec_file_load gives ENOSYS, EINVAL, ENOEXEC or EOPNOTSUPP",
        )?,
        Some(Route::LoadThenFile) => lines.word(
            "note",
            "kexec_file_load follows if kexec_load gives ENOSYS, or what may be a lockdown",
        )?,
        _ => {}
    }
    if let Some(error) = &view.no_plan {
        lines.fact("note", format_args!("but not here: {error}"))?;
    }
    if let Some(plan) = view.plan() {
        report::by_plan(lines, plan, view.files)?;
    }
    explain::write(lines.0, view, free)?;
    report::would(lines, view.command)
}
