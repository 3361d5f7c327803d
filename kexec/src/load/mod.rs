//! Loads by the first system call, and by the second if the first is refused and policy allows it.

mod check;
mod crash;
mod dry_run;
mod facts;

use kexec_cli::command::Method;
use kexec_cli::plan::name;
use kexec_cli::report::{self, Lines};
use kexec_cli::table::Id;
use kexec_core::Error;
use kexec_core::linux::{Standard, handover_is_final, loaded};
use kexec_core::machine::{Known, Machine};
use kexec_core::plan::{Plan, Workspace};
use kexec_core::route::{Call, Route};

use crate::by_file::Sealed;
use crate::by_plan::PlanInputs;
use crate::job::Job;
use crate::opened::{Opened, Parsed};
use crate::out::{Out, caution, complain};
use crate::{bus_error, by_file, by_plan};
use kexec_cli::failure::Failure;

pub use check::{judge, judge_unusable};
pub use facts::Facts;

/// Whether a crash kernel is loaded, if that is known.
fn crash_loaded() -> Known {
    loaded(true).ok().into()
}

/// A load in progress.
pub struct Loader<'a, 'b> {
    job: Job<'a, 'b>,
    facts: Facts<'b>,
    workspace: &'b mut Workspace,
    /// The copies for kexec_file_load, once making them was tried.
    joined: Option<Result<Sealed, Failure<'a>>>,
}

impl<'a, 'b> Loader<'a, 'b> {
    /// A load before any step.
    pub const fn new(job: Job<'a, 'b>, facts: Facts<'b>, workspace: &'b mut Workspace) -> Self {
        Self {
            job,
            facts,
            workspace,
            joined: None,
        }
    }

    /// Loads by the requested call, or by either.
    pub fn load(&mut self) -> Result<(), Failure<'a>> {
        self.check_xen()?;
        if !self.job.command.crash() {
            return self.by_route(None);
        }
        // The kernel frees the old crash kernel before it checks the new one.
        let before = crash_loaded();
        self.facts.read(self.job.command);
        let opened = Opened::to_look_at(self.job.inputs)?;
        let files = opened.parse(self.job.command);
        // If it is unknown, assume that one is loaded.
        let old = before != Known::No;
        let only_load = self.check_crash(&files, old, true)?;
        bus_error::replaces_crash_kernel(before);
        let done = match only_load {
            None => self.by_route(Some((&files, old))),
            Some(error) => self.by_plan(Some(&files)).inspect_err(|_| {
                complain!(
                    "kexec_file_load is not tried, for it refuses this: {error}; tried kexec_load:"
                );
            }),
        };
        done.inspect_err(|failure| bus_error::warn_if_lost(failure.refusal().is_some()))
    }

    /// Refuses to load if the kernel could not be started.
    fn check_xen(&mut self) -> Result<(), Failure<'a>> {
        let command = self.job.command;
        if command.crash() || command.method == Method::Load {
            self.facts.read(command);
        } else {
            self.facts.read_xen();
        }
        let checked = self.facts.machine().check_xen();
        checked.map_err(|error| Failure::Load(self.job.inputs.kernel.path, error))
    }

    /// Loads by the first call of the route, and then by the second if that can help. `looked_at`: the
    /// checked files of a crash kernel, and whether one is replaced.
    fn by_route(
        &mut self,
        looked_at: Option<(&Parsed<'a, '_, '_>, bool)>,
    ) -> Result<(), Failure<'a>> {
        let command = self.job.command;
        let files = looked_at.map(|(files, _)| files);
        if command.method == Method::Auto && self.job.prefers_load() {
            self.job.tell_why_load_is_first();
            self.facts.read(command);
        }
        let route = self.job.route(self.facts.machine());
        let failure = match self.by(route.first(), files) {
            Err(failure) => failure,
            Ok(()) => return Ok(()),
        };
        let Some(next) = self.next(route, &failure) else {
            return Err(failure);
        };
        if command.given(Id::Debug) {
            complain!("{}; trying {}", failure.error(), name(next));
        }
        if let (Call::FileLoad, Some((files, true))) = (next, looked_at) {
            self.check_file_load(files)?;
        }
        self.by(next, files).inspect_err(|_| {
            complain!("{}; then tried {}:", failure.error(), name(next));
        })
    }

    /// The call that may help after the first one's failure.
    fn next(&self, route: Route, failure: &Failure<'_>) -> Option<Call> {
        if let Failure::Unfit(..) = failure {
            return route.second();
        }
        let state = &self.facts.machine().kexec;
        route.after(route.first(), failure.refusal()?, state)
    }

    fn by(&mut self, call: Call, files: Option<&Parsed<'a, '_, '_>>) -> Result<(), Failure<'a>> {
        match call {
            Call::Load => self.by_plan(files),
            Call::FileLoad => self.by_file(),
        }
    }

    fn by_file(&mut self) -> Result<(), Failure<'a>> {
        let Job {
            command,
            inputs,
            line,
        } = self.job;
        self.job.warn(Call::FileLoad);
        if command.given(Id::Debug) {
            self.facts.read(command);
            let mut out = Out::new(Standard::Error);
            // A failure to write the log is ignored.
            let _unwritten = report::machine(&mut Lines(&mut out), self.facts.machine())
                .and_then(|()| self.job.report(&mut Lines(&mut out)))
                .and_then(|()| out.finish());
        }
        self.join()?;
        by_file::load(command, inputs, line, self.copies())
    }

    /// Makes the copies for kexec_file_load, unless that was tried before.
    fn join(&mut self) -> Result<(), Failure<'a>> {
        let inputs = self.job.inputs;
        let joined = self.joined.get_or_insert_with(|| by_file::joined(inputs));
        joined.as_ref().map(|_| ()).map_err(|failure| *failure)
    }

    /// Those copies, if they were made.
    fn copies(&self) -> Option<&Sealed> {
        self.joined.as_ref()?.as_ref().ok()
    }

    /// Loads the checked files, if they stay unchanged.
    fn by_plan(&mut self, looked_at: Option<&Parsed<'a, '_, '_>>) -> Result<(), Failure<'a>> {
        let command = self.job.command;
        self.facts.read(command);
        self.job.warn(Call::Load);
        if let Some(files) = looked_at.filter(|files| files.opened.stay()) {
            return self.plan_and_load(files);
        }
        let opened = Opened::to_load(self.job.inputs, self.facts.machine())?;
        self.plan_and_load(&opened.parse(command))
    }

    fn plan_and_load(&mut self, files: &Parsed<'a, '_, '_>) -> Result<(), Failure<'a>> {
        let (job, machine) = (self.job, self.facts.machine());
        files.opened.check_kind(job.command)?;
        let may_lose = job.command.crash() || job.command.given(Id::ForceLoseHandover);
        if !may_lose && handover_is_final() {
            let why = "the state that this kernel hands over to the next (KHO) is finalised, and \
                       kexec_load would lose it; use -s, or --force-lose-handover";
            let path = files.opened.kernel().0;
            return Err(Failure::Load(path, Error::NotBootable { why }));
        }
        files.opened.warn();
        PlanInputs::of(job, machine).with_plan(files, self.workspace, None, &mut |plan, _| {
            if job.command.given(Id::Debug) {
                debug(job, machine, plan);
            }
            for note in plan.notes().iter().filter(|note| note.is_warning()) {
                caution!("{note}");
            }
            by_plan::load(plan, files.opened.files())
        })
    }
}

/// Reports a load by kexec_load. A failure to write the log is ignored.
#[inline(never)]
fn debug(job: Job<'_, '_>, machine: &Machine, plan: &Plan<'_>) {
    let mut out = Out::new(Standard::Error);
    let lines = &mut Lines(&mut out);
    let _unwritten = report::machine(lines, machine)
        .and_then(|()| job.report_unified(lines))
        .and_then(|()| {
            // Its addresses are secret: the new kernel's KASLR is drawn already.
            if job.command.given(Id::Unpacked) {
                return lines.word("note", "unpacked: its segments are not shown");
            }
            report::by_plan(lines, plan, &job.inputs.listed())
        })
        .and_then(|()| out.finish());
}
