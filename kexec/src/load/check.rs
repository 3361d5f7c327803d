//! The verdict: whether the command would succeed, and every reason why not.

use kexec_cli::command::{Command, Method};
use kexec_cli::failure::{Failure, code};
use kexec_cli::foreign::is_kernel;
use kexec_cli::plan::{self, Format, View, name};
use kexec_cli::table::{Honours, Id};
use kexec_core::image::{Image, Signature};
use kexec_core::linux::Standard;
use kexec_core::plan::Plan;
use kexec_core::route::{Call, Route};
use kexec_core::verdict::{About, Action, Looked, Outcome, Question, Verdict};
use kexec_core::{Error, file_load};

use super::Loader;
use super::crash::check_image;
use crate::by_file;
use crate::opened::Parsed;
use crate::out::Out;

/// Shows what would be done, with the verdict if it is asked for. `image`: what is known of the files.
/// Returns the verdict's exit code.
// Not a part of a load, which needs less memory.
#[inline(never)]
pub fn judge(
    view: &View<'_>,
    image: Option<&Looked>,
    format: Format,
) -> Result<u8, Failure<'static>> {
    let command = view.command;
    if !command.wants_verdict() {
        return show(view, format).map(|()| code::DONE);
    }
    let question = question(view, image);
    let verdict = Verdict::new(&question);
    let code = exit_code(command, &verdict);
    let verdict = Some((&verdict, code));
    show(&View { verdict, ..*view }, format)?;
    Ok(code)
}

/// Shows the machine, and what would be done. Only the first view is shown.
#[inline(never)]
fn show(view: &View<'_>, format: Format) -> Result<(), Failure<'static>> {
    let Some(free) = crate::FREE.take() else {
        return Ok(());
    };
    let mut out = Out::new(Standard::Output);
    plan::write(&mut out, view, format, free)
        .and_then(|()| out.finish())
        .map_err(|_| Failure::Other("standard output", out.error()))
}

/// The same for files that cannot be used.
#[inline(never)]
pub fn judge_unusable(
    view: &View<'_>,
    error: Error,
    format: Format,
) -> Result<(), Failure<'static>> {
    judge(view, Some(&unseen(Some(error))), format).map(|_| ())
}

fn question<'m>(view: &View<'m>, image: Option<&'m Looked>) -> Question<'m> {
    let (command, machine) = (view.command, view.machine);
    let actions = command.actions;
    let action = match (actions.load, actions.unload) {
        (true, _) => Action::Load,
        (false, true) => Action::Unload,
        (false, false) => Action::Start,
    };
    let only_load = view.route == Some(Route::LoadThenFile);
    let prefers_load =
        only_load || actions.load && command.only_for(Honours::Load).next().is_some();
    Question {
        machine,
        action,
        crash: command.crash(),
        route: Route::new(command.method, prefers_load, machine.kexec.lockdown),
        starts: actions.exec || actions.shutdown && command.kernel.is_some(),
        may_lose: command.given(Id::ForceLoseHandover),
        image,
    }
}

/// The exit code: 0 only if it would succeed; else that of the load itself.
fn exit_code(command: &Command<'_>, verdict: &Verdict<'_>) -> u8 {
    let Some(decides) = verdict.decides else {
        return match verdict.outcome {
            Outcome::Yes => code::DONE,
            _ => code::NOT_KNOWN,
        };
    };
    let errno = verdict.errno(&decides);
    let error = match (errno, verdict.error(&decides)) {
        _ if decides.about == About::Loaded => return code::USAGE,
        (Some(errno), _) => Error::Syscall {
            call: verdict.call.map_or("reboot", name),
            errno,
        },
        (None, Some(error)) => error,
        (None, None) => return code::FAILED,
    };
    let path = command.kernel.unwrap_or_default();
    // kexec_file_load is not made for a file that it does not take.
    let failure = match (decides.call, errno) {
        (Some(Call::FileLoad), None) => Failure::Unfit(path, error),
        _ => Failure::Load(path, error),
    };
    crate::code_of(command, &failure)
}

/// What is known of files that were not looked at: nothing that refuses them, and a signature may be
/// there. `stops`: why the load ends before anything is looked at.
pub const fn unseen(stops: Option<Error>) -> Looked {
    Looked {
        stops,
        load: Ok(0),
        file_load: Ok(0),
        paging_unknown: false,
        signature: Signature::Present,
    }
}

/// Bytes of memory that the running kernel allocates for a plan. A crash kernel's are reserved.
pub fn allocated(plan: &Plan<'_>, crash: bool) -> u64 {
    let segments = plan.segments().iter().filter(|_| !crash);
    segments.fold(0, |sum: u64, segment| sum.saturating_add(segment.memsz))
}

impl Loader<'_, '_> {
    /// Looks at the files as kexec_file_load does.
    pub(super) fn look(&self, files: &Parsed<'_, '_, '_>) -> Looked {
        let mut looked = unseen(None);
        looked.signature = Signature::of(files.opened.kernel().1);
        looked.file_load = self.file_load_size(files);
        // As in Inputs::blame: the other call would not load it either.
        let command = self.job.command;
        if command.given(Id::Check)
            && command.method == Method::File
            && !is_kernel(files.opened.kernel().1)
        {
            looked.stops = looked.file_load.err();
        }
        if let Ok(Image::Linux(image)) = &files.image {
            looked.paging_unknown = file_load::is_paging_unknown(image, self.facts.machine());
        }
        looked
    }

    /// Bytes of memory that kexec_file_load allocates, which reads the files and then copies them.
    fn file_load_size(&self, files: &Parsed<'_, '_, '_>) -> Result<u64, Error> {
        let (job, inputs) = (self.job, self.job.inputs);
        by_file::check_sizes(inputs).map_err(|failure| failure.error())?;
        check_image(job, files, self.facts.machine())?;
        let initrds = inputs.initrds.iter().map(|initrd| initrd.file.size());
        let initrds = initrds.fold(0, u64::saturating_add);
        let mut size = inputs.kernel.file.size().saturating_add(initrds);
        if !job.command.crash() {
            size = size.saturating_mul(2);
        }
        // They are joined in memory, and a kernel in a unified kernel image is copied.
        if inputs.joins() {
            size = size.saturating_add(initrds);
        }
        if inputs.kernel.file.is_part() {
            size = size.saturating_add(inputs.kernel.file.size());
        }
        Ok(size)
    }
}
