//! `--dry-run`: prints the actions on standard output; nothing is changed.

use core::fmt;

use kexec_cli::command::Command;
use kexec_cli::report::{self, Lines};
use kexec_core::Error;
use kexec_core::linux::Standard;
use kexec_core::machine::{Known, Machine};
use kexec_core::route::{Call, Route};

use super::{Loader, crash_loaded};
use crate::by_file;
use crate::by_plan::PlanInputs;
use crate::opened::{Opened, Parsed};
use crate::out::Out;
use kexec_cli::failure::Failure;

/// The report could not be written.
const fn unwritten(out: &Out) -> Failure<'static> {
    Failure::Other("standard output", out.error())
}

/// Prints the machine, and the actions that would follow.
pub fn dry_run(command: &Command<'_>, machine: &Machine) -> Result<(), Failure<'static>> {
    let mut out = Out::new(Standard::Output);
    head(&mut out, command, machine)
        .and_then(|()| out.finish())
        .map_err(|_| unwritten(&out))
}

fn head(out: &mut Out, command: &Command<'_>, machine: &Machine) -> fmt::Result {
    let sink = &mut Lines(out);
    report::machine(sink, machine)?;
    report::would(sink, command)
}

impl<'a> Loader<'a, '_> {
    /// Prints the machine and the segments that would be loaded. It fails with the same errors as a
    /// load does before the call.
    pub fn dry_run(&mut self) -> Result<(), Failure<'a>> {
        let mut out = Out::new(Standard::Output);
        let written = head(&mut out, self.job.command, self.facts.machine());
        let refused = match written {
            Ok(()) => self.checked(&mut out),
            Err(_) => Ok(()),
        };
        let written = written.and_then(|()| out.finish());
        refused?;
        written.map_err(|_| unwritten(&out))
    }

    fn checked(&mut self, out: &mut Out) -> Result<(), Failure<'a>> {
        let job = self.job;
        self.check_xen()?;
        if !job.command.crash() {
            return self.checked_by(self.job.route(self.facts.machine()), None, out);
        }
        let opened = Opened::to_look_at(job.inputs)?;
        let files = opened.parse(job.command);
        let only_load = self.check_crash(&files, crash_loaded() != Known::No, false)?;
        let route = match only_load {
            Some(_) => Route::Load,
            None => job.route(self.facts.machine()),
        };
        self.checked_by(route, Some(&files), out)
    }

    fn checked_by(
        &mut self,
        route: Route,
        files: Option<&Parsed<'a, '_, '_>>,
        out: &mut Out,
    ) -> Result<(), Failure<'a>> {
        let job = self.job;
        job.warn(route.first());
        if route.first() == Call::FileLoad {
            job.report(&mut Lines(out)).map_err(|_| unwritten(out))?;
        }
        if route == Route::File {
            return by_file::check_sizes(job.inputs);
        }
        if route == Route::FileThenLoad {
            let text = "kexec_load follows if kexec_file_load gives ENOSYS, EINVAL, ENOEXEC \
                        or EOPNOTSUPP";
            report::note(&mut Lines(out), &text).map_err(|_| unwritten(out))?;
        }
        let planned = match files {
            Some(files) => self.print_plan(files, out),
            None => {
                let opened = Opened::to_look_at(job.inputs)?;
                self.print_plan(&opened.parse(job.command), out)
            }
        };
        match planned {
            // The first call takes any number of initrds.
            Err(Failure::Load(_, error @ Error::TooManySegments { .. }))
                if route == Route::FileThenLoad =>
            {
                let written = report::note(&mut Lines(out), &format_args!("but not here: {error}"));
                written.map_err(|_| unwritten(out))
            }
            other => other,
        }
    }

    fn print_plan(&mut self, files: &Parsed<'a, '_, '_>, out: &mut Out) -> Result<(), Failure<'a>> {
        let job = self.job;
        files.opened.check_kind(job.command)?;
        PlanInputs::of(job, self.facts.machine()).with_plan(files, self.workspace, |plan| {
            let mut files = job.inputs.listed();
            report::by_plan(&mut Lines(out), plan, &mut files).map_err(|_| unwritten(out))
        })
    }
}
