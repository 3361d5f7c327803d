//! `--dry-run`: what would be done, on standard output; nothing is changed.

use core::ffi::CStr;
use core::fmt::Write;

use kexec_cli::command::{Command, Method};
use kexec_core::linux::Standard;
use kexec_core::machine::Machine;
use kexec_core::plan::Workspace;
use kexec_core::{Errno, Error};

use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::load::{locked_down, prefers_kexec_load};
use crate::out::Out;
use crate::{by_plan, report};

/// The report could not be written; which errno it was, the formatting does not pass on.
const WRITE: Error = Error::File {
    step: "write",
    errno: Errno::EIO,
};

/// Prints the machine, and the plan if there is something to load.
pub fn dry_run<'a>(
    command: &Command<'a>,
    load: Option<(&Inputs<'a>, &CStr)>,
    machine: &Machine,
    workspace: &mut Workspace,
) -> Result<(), Failure<'a>> {
    let mut out = Out::new(Standard::Output);
    let mut written = report::machine(&mut out, machine);
    let (actions, crash) = (&command.actions, command.crash());
    for (wanted, what) in [
        (actions.unload && !crash, "unload what is loaded"),
        (actions.unload && crash, "unload the crash kernel"),
        (actions.load && !crash, "load a kernel, see below"),
        (actions.load && crash, "load a crash kernel, see below"),
        (actions.load && actions.exec, "then start it at once"),
        (
            !actions.load && actions.exec,
            "start the loaded kernel at once",
        ),
        (actions.shutdown, "then run shutdown -r now"),
    ] {
        if wanted {
            written = written.and_then(|()| writeln!(out, "would:           {what}"));
        }
    }
    if let Some((inputs, line)) = load {
        let (file, plan) = match command.method {
            Method::File => (true, false),
            Method::Load => (false, true),
            // The second is what is tried when the first is refused.
            Method::Auto => match (prefers_kexec_load(command), locked_down(machine)) {
                (false, false) => (true, true),
                (true, false) => (false, true),
                (_, true) => (true, false),
            },
        };
        if file {
            written = written.and_then(|()| report::by_file(&mut out, command, inputs, line));
        }
        if file && plan {
            let text = "kexec_load follows if kexec_file_load gives ENOSYS, EINVAL, ENOEXEC \
                        or EOPNOTSUPP";
            written = written.and_then(|()| writeln!(out, "note:            {text}"));
        }
        if plan {
            by_plan::with_plan(
                command,
                inputs,
                line,
                machine,
                workspace,
                None,
                |plan, _| {
                    written = written.and_then(|()| report::by_plan(&mut out, inputs, line, plan));
                    Ok(())
                },
            )
            .inspect_err(|_| {
                let _unwritten = out.finish();
            })?;
        }
    }
    written
        .and_then(|()| out.finish())
        .map_err(|_| Failure::Other("standard output", WRITE))
}
