//! `--dry-run`: what would be done, on standard output; nothing is changed.

use core::fmt::{self, Write};

use kexec_cli::command::Command;
use kexec_cli::table::Honours;
use kexec_core::Error;
use kexec_core::linux::Standard;
use kexec_core::machine::{Known, Machine};
use kexec_core::route::{Call, Route};

use crate::by_plan::{Mapped, What};
use crate::failure::Failure;
use crate::load::{Loader, crash_loaded, route};
use crate::out::Out;
use crate::{by_file, report};

/// The report could not be written.
const fn unwritten(out: &Out) -> Failure<'static> {
    Failure::Other("standard output", out.error())
}

/// Prints the machine, and what would be done on it.
pub fn dry_run(command: &Command<'_>, machine: &Machine) -> Result<(), Failure<'static>> {
    let mut out = Out::new(Standard::Output);
    head(&mut out, command, machine)
        .and_then(|()| out.finish())
        .map_err(|_| unwritten(&out))
}

fn head(out: &mut Out, command: &Command<'_>, machine: &Machine) -> fmt::Result {
    report::machine(out, machine)?;
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
            writeln!(out, "would:           {what}")?;
        }
    }
    Ok(())
}

impl<'a> Loader<'a, '_> {
    /// Prints the machine and what would be loaded. What the load refuses before it asks the
    /// kernel, this refuses too.
    pub fn dry_run(&mut self) -> Result<(), Failure<'a>> {
        let mut out = Out::new(Standard::Output);
        let written = head(&mut out, self.command, self.machine);
        let refused = match written {
            Ok(()) => self.checked(&mut out),
            Err(_) => Ok(()),
        };
        let written = written.and_then(|()| out.finish());
        refused?;
        written.map_err(|_| unwritten(&out))
    }

    fn checked(&mut self, out: &mut Out) -> Result<(), Failure<'a>> {
        self.check_xen()?;
        if self.command.crash() {
            self.check_crash(crash_loaded() != Known::No, false)?;
        }
        let route = if self.only_by_plan.is_some() {
            Route::Load
        } else {
            route(self.command, self.machine)
        };
        if route.first() == Call::FileLoad {
            self.warn(Honours::Load);
            let line = self.line.to_bytes();
            report::by_file(out, self.command, self.inputs, line).map_err(|_| unwritten(out))?;
        } else {
            self.warn(Honours::File);
        }
        if route == Route::File {
            return by_file::check_sizes(self.inputs);
        }
        if route == Route::FileThenLoad {
            let text = "kexec_load follows if kexec_file_load gives ENOSYS, EINVAL, ENOEXEC \
                        or EOPNOTSUPP";
            writeln!(out, "note:            {text}").map_err(|_| unwritten(out))?;
        }
        match self.planned(out) {
            // The first call takes any number of initrds.
            Err(Failure::Load(_, error @ Error::TooManySegments { .. }))
                if route == Route::FileThenLoad =>
            {
                writeln!(out, "note:            but not here: {error}").map_err(|_| unwritten(out))
            }
            other => other,
        }
    }

    fn planned(&mut self, out: &mut Out) -> Result<(), Failure<'a>> {
        let inputs = self.inputs;
        let what = What {
            initrds: inputs.initrds.len(),
            dtb: true,
            line: self.line,
            machine: self.machine,
            options: self.command.options,
        };
        let mapped = Mapped::to_look_at(inputs)?;
        mapped.check_kind(self.command)?;
        mapped.with_plan(&what, None, self.workspace, |plan| {
            report::by_plan(out, inputs, plan).map_err(|_| unwritten(out))
        })
    }
}
