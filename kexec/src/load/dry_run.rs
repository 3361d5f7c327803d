//! `--plan`, `--dry-run` and `--check`: shows on standard output what would be done; nothing is changed.

use core::ffi::CStr;

use kexec_cli::failure::{Failure, code};
use kexec_cli::plan::{Format, View};
use kexec_cli::table::Id;
use kexec_cli::text::Text;
use kexec_core::Error;
use kexec_core::machine::Known;
use kexec_core::plan::Details;
use kexec_core::route::Route;
use kexec_core::verdict::Looked;

use super::{Loader, check};
use crate::by_file;
use crate::by_plan::PlanInputs;
use crate::opened::{Opened, Parsed, check_total};
use crate::out::{caution, complain};

impl<'a> Loader<'a, '_> {
    /// Shows the machine, the segments that would be loaded, and the verdict. It fails with the same
    /// errors as a load does before the call; the machine is shown nevertheless. Returns the verdict's
    /// exit code.
    // Not a part of a load, which needs less memory.
    #[inline(never)]
    pub fn dry_run(&mut self, format: Format) -> Result<u8, Failure<'a>> {
        self.checked(format).or_else(|failure| {
            let route = self.job.route(self.facts.machine());
            let mut image = check::unseen(Some(failure.error()));
            let code = self.show_by(route, None, &mut image, failure.file(), format)?;
            match failure {
                // The verdict says it.
                Failure::Load(..) if self.job.command.given(Id::Check) => Ok(code),
                _ => Err(failure),
            }
        })
    }

    fn checked(&mut self, format: Format) -> Result<u8, Failure<'a>> {
        let job = self.job;
        // The verdict has that among its reasons.
        if !job.command.given(Id::Check) {
            self.check_xen()?;
        }
        let mut route = job.route(self.facts.machine());
        let opened = Opened::to_look_at(job.inputs);
        let opened = match &opened {
            Ok(opened) => opened,
            // The kernel reads them itself.
            Err(_) if route == Route::File && !job.command.crash() => {
                return self.show_by(route, None, &mut check::unseen(None), None, format);
            }
            Err(failure) => return Err(*failure),
        };
        let files = opened.parse(job.command);
        let mut looked = self.look(&files);
        if job.command.crash() {
            let old = self.facts.machine().kexec.crash_loaded != Known::No;
            if let Some(error) = self.check_crash(&files, old, false)? {
                looked.file_load = Err(error);
                route = Route::Load;
            }
        }
        self.show_by(route, Some(&files), &mut looked, None, format)
    }

    /// Shows a load by a route. `files` are looked into, if they can be; `looked`: what is known of them;
    /// `culprit`: the one that refuses the load.
    fn show_by(
        &mut self,
        route: Route,
        files: Option<&Parsed<'a, '_, '_>>,
        looked: &mut Looked,
        culprit: Option<&'a CStr>,
        format: Format,
    ) -> Result<u8, Failure<'a>> {
        let (job, machine) = (self.job, self.facts.machine());
        let listed = job.inputs.listed();
        let refused = looked.stops.is_some();
        let mut view = View {
            route: Some(route),
            files: &listed,
            unified: job.inputs.unified.as_ref().map(|image| &image.facts),
            line: job.line.to_bytes(),
            file_flags: (route != Route::Load).then(|| job.file_flags()),
            image: files.and_then(|files| files.image.as_ref().ok()),
            refused,
            culprit,
            ..View::new(job.command, machine)
        };
        if refused {
            return check::judge(&view, Some(looked), format);
        }
        let checks = job.command.given(Id::Check);
        job.warn(route.first());
        if route == Route::File && !checks {
            by_file::check_sizes(job.inputs)?;
            if let (Err(error), false) = (looked.file_load, job.command.wants_verdict()) {
                caution!("the running kernel is known to refuse this: {error}");
            }
        }
        let Some(files) = files.filter(|_| route != Route::File) else {
            return check::judge(&view, Some(looked), format);
        };
        let mut code = code::DONE;
        let mut inputs = PlanInputs::of(job, machine);
        // A verdict alone needs no digest: no byte is read for it.
        inputs.options.verify &= format != Format::Verdict;
        let details = &mut Details::new();
        let checked = check_total(job.inputs, machine);
        let checked = checked.and_then(|()| files.opened.check_kind(job.command));
        let planned = checked.and_then(|()| {
            inputs.with_plan(
                files,
                self.workspace,
                Some(details),
                &mut |plan, details| {
                    let view = View {
                        plan: details.map(|details| (plan, details)),
                        ..view
                    };
                    looked.load = Ok(check::allocated(plan, job.command.crash()));
                    code = check::judge(&view, Some(looked), format)?;
                    Ok(())
                },
            )
        });
        match planned {
            // The first call has other limits, and may take it. A check has it among its reasons.
            Err(Failure::Load(path, error))
                if checks || route == Route::FileThenLoad && looked.file_load.is_ok() =>
            {
                view.no_plan = Some(error);
                view.culprit = Some(path);
                looked.load = Err(error);
                let code = check::judge(&view, Some(looked), format)?;
                also_too_long(files, view.line, error);
                Ok(code)
            }
            other => other.map(|()| code),
        }
    }
}

/// A plan stops at its first error. Says that the command line is too long, where that comes after it.
fn also_too_long(files: &Parsed<'_, '_, '_>, line: &[u8], error: Error) {
    let Ok(image) = &files.image else {
        return;
    };
    let (length, limit) = (line.len() as u64, image.facts().command_line_max);
    if length > limit && !matches!(error, Error::CommandLineTooLong { .. }) {
        let also = Error::CommandLineTooLong { length, limit };
        complain!("{}: {also}", Text(files.opened.kernel().0.to_bytes()));
    }
}
