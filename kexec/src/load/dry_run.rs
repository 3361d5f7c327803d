//! `--plan` and `--dry-run`: shows on standard output what would be done; nothing is changed.

use kexec_cli::failure::Failure;
use kexec_cli::plan::{self, Format, View};
use kexec_core::Error;
use kexec_core::linux::Standard;
use kexec_core::machine::Known;
use kexec_core::plan::Details;
use kexec_core::route::Route;

use super::Loader;
use crate::by_file;
use crate::by_plan::PlanInputs;
use crate::opened::{Opened, Parsed};
use crate::out::Out;

/// Shows the machine, and what would be done. Only the first view is shown.
#[inline(never)]
pub fn show(view: &View<'_>, format: Format) -> Result<(), Failure<'static>> {
    let Some(free) = crate::FREE.take() else {
        return Ok(());
    };
    let mut out = Out::new(Standard::Output);
    plan::write(&mut out, view, format, free)
        .and_then(|()| out.finish())
        .map_err(|_| Failure::Other("standard output", out.error()))
}

impl<'a> Loader<'a, '_> {
    /// Shows the machine and the segments that would be loaded. It fails with the same errors as a
    /// load does before the call; the machine is shown nevertheless.
    // Not a part of a load, which needs less memory.
    #[inline(never)]
    pub fn dry_run(&mut self, format: Format) -> Result<(), Failure<'a>> {
        self.checked(format).or_else(|failure| {
            let route = self.job.route(self.facts.machine());
            self.show_by(route, None, true, format)?;
            Err(failure)
        })
    }

    fn checked(&mut self, format: Format) -> Result<(), Failure<'a>> {
        let job = self.job;
        self.check_xen()?;
        let mut route = job.route(self.facts.machine());
        let opened = Opened::to_look_at(job.inputs);
        let opened = match &opened {
            Ok(opened) => opened,
            // The kernel reads them itself.
            Err(_) if route == Route::File && !job.command.crash() => {
                return self.show_by(route, None, false, format);
            }
            Err(failure) => return Err(*failure),
        };
        let files = opened.parse(job.command);
        if job.command.crash() {
            let old = self.facts.machine().kexec.crash_loaded != Known::No;
            if self.check_crash(&files, old, false)?.is_some() {
                route = Route::Load;
            }
        }
        self.show_by(route, Some(&files), false, format)
    }

    /// Shows a load by a route. `files` are looked into, if they can be.
    fn show_by(
        &mut self,
        route: Route,
        files: Option<&Parsed<'a, '_, '_>>,
        refused: bool,
        format: Format,
    ) -> Result<(), Failure<'a>> {
        let (job, machine) = (self.job, self.facts.machine());
        let listed = job.inputs.listed();
        let mut view = View {
            route: Some(route),
            files: &listed,
            line: job.line.to_bytes(),
            file_flags: (route != Route::Load).then(|| job.file_flags()),
            image: files.and_then(|files| files.image.as_ref().ok()),
            refused,
            ..View::new(job.command, machine)
        };
        if refused {
            return show(&view, format);
        }
        job.warn(route.first());
        if route == Route::File {
            by_file::check_sizes(job.inputs)?;
        }
        let Some(files) = files.filter(|_| route != Route::File) else {
            return show(&view, format);
        };
        files.opened.check_kind(job.command)?;
        let inputs = PlanInputs::of(job, machine);
        let details = &mut Details::new();
        let planned = inputs.with_plan(
            files,
            self.workspace,
            Some(details),
            &mut |plan, details| {
                let plan = details.map(|details| (plan, details));
                show(&View { plan, ..view }, format)
            },
        );
        match planned {
            // The first call takes any number of initrds.
            Err(Failure::Load(_, error @ Error::TooManySegments { .. }))
                if route == Route::FileThenLoad =>
            {
                view.no_plan = Some(error);
                show(&view, format)
            }
            other => other,
        }
    }
}
