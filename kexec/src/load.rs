//! Which system call loads, and what happens when it refuses.

use core::ffi::CStr;

use kexec_cli::command::{Command, Method};
use kexec_cli::table::{Honours, Id};
use kexec_core::Error;
use kexec_core::linux::{File, Standard, loaded, read_machine, read_machine_to_plan, read_xen};
use kexec_core::machine::{Known, Machine};
use kexec_core::plan::Workspace;
use kexec_core::route::{Call, Route};

use crate::by_plan::{Mapped, What};
use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::out::{Out, complain};
use crate::{bus_error, by_file, by_plan, report};

/// What a load works with.
pub struct Loader<'a, 'b> {
    pub command: &'b Command<'a>,
    pub inputs: &'b Inputs<'a>,
    pub line: &'b CStr,
    pub machine: &'b mut Machine,
    pub workspace: &'b mut Workspace,
    /// Whether the machine was read; once is enough.
    pub read: bool,
    /// The initrds as kexec_file_load takes them, once it was looked at how many there are.
    pub joined: Option<Result<Option<File>, Failure<'a>>>,
    /// Why kexec_file_load, which would come first, is known to refuse what kexec_load takes.
    pub only_by_plan: Option<Error>,
}

/// Whether a crash kernel is loaded, if that can be told.
pub fn crash_loaded() -> Known {
    loaded(true).ok().into()
}

/// Which call is made first, and which may follow, as far as the machine is known.
pub fn route(command: &Command<'_>, machine: &Machine) -> Route {
    let prefers_load = prefers_kexec_load(command);
    Route::new(command.method, prefers_load, machine.kexec.lockdown)
}

/// A call's name.
pub const fn name(call: Call) -> &'static str {
    match call {
        Call::Load => "kexec_load",
        Call::FileLoad => "kexec_file_load",
    }
}

/// Whether an option was given that kexec_file_load would ignore.
fn prefers_kexec_load(command: &Command<'_>) -> bool {
    command.only_for(Honours::Load).next().is_some()
}

impl<'a> Loader<'a, '_> {
    /// Loads by the call asked for, or by the one that can.
    pub fn load(&mut self) -> Result<(), Failure<'a>> {
        self.check_xen()?;
        if !self.command.crash() {
            return self.by_route(false);
        }
        // The kernel frees the old crash kernel before it looks at the new one.
        let before = crash_loaded();
        // What is not known may be there.
        let old = before != Known::No;
        self.check_crash(old, true)?;
        bus_error::replaces_crash_kernel(before);
        self.by_route(old)
            .inspect_err(|failure| bus_error::warn_if_lost(failure.refusal().is_some()))
    }

    /// Refuses to load where it could not be started.
    pub fn check_xen(&mut self) -> Result<(), Failure<'a>> {
        if self.command.crash() || self.command.method == Method::Load {
            self.read();
        } else if !self.read {
            read_xen(self.machine);
        }
        let checked = self.machine.check_xen();
        checked.map_err(|error| Failure::Load(self.inputs.kernel.path, error))
    }

    /// Reads the machine: what a plan needs, and what else there is if it decides or is printed.
    pub fn read(&mut self) {
        if self.read {
            return;
        }
        self.read = true;
        if self.command.method == Method::Load && !self.command.given(Id::Debug) {
            read_machine_to_plan(self.machine);
        } else {
            read_machine(self.machine);
        }
    }

    /// By the first call of the route, and then by the second where that can help. `old`: whether
    /// a crash kernel is to be replaced.
    fn by_route(&mut self, old: bool) -> Result<(), Failure<'a>> {
        if self.command.method == Method::Auto && prefers_kexec_load(self.command) {
            if self.command.given(Id::Debug) {
                for option in self.command.only_for(Honours::Load) {
                    complain!(
                        "--{}: kexec_load comes first, for only it can do that",
                        option.long
                    );
                }
            }
            self.read();
        }
        if let Some(error) = self.only_by_plan {
            return self.by_plan().inspect_err(|_| {
                complain!(
                    "kexec_file_load is not tried, for it refuses this: {error}; tried kexec_load:"
                );
            });
        }
        let route = route(self.command, self.machine);
        let failure = match self.by(route.first()) {
            Err(failure) => failure,
            Ok(()) => return Ok(()),
        };
        let Some(next) = self.next(route, &failure) else {
            return Err(failure);
        };
        if self.command.given(Id::Debug) {
            complain!("{}; trying {}", failure.error(), name(next));
        }
        if old && next == Call::FileLoad {
            self.check_file_load()?;
        }
        self.by(next).inspect_err(|_| {
            complain!("{}; then tried {}:", failure.error(), name(next));
        })
    }

    /// The call that may help after the first one's failure.
    fn next(&self, route: Route, failure: &Failure<'_>) -> Option<Call> {
        if let Failure::Unfit(..) = failure {
            return route.second();
        }
        let errno = failure.refusal()?;
        route.after(route.first(), errno, &self.machine.kexec)
    }

    fn by(&mut self, call: Call) -> Result<(), Failure<'a>> {
        match call {
            Call::Load => self.by_plan(),
            Call::FileLoad => {
                self.warn(Honours::Load);
                self.by_file()
            }
        }
    }

    fn by_file(&mut self) -> Result<(), Failure<'a>> {
        if self.command.given(Id::Debug) {
            self.read();
            let mut out = Out::new(Standard::Error);
            // That a log may fail to be written changes nothing.
            let line = self.line.to_bytes();
            let _unwritten = report::machine(&mut out, self.machine)
                .and_then(|()| report::by_file(&mut out, self.command, self.inputs, line))
                .and_then(|()| out.finish());
        }
        self.join()?;
        by_file::load(self.command, self.inputs, self.line, self.joined_file())
    }

    /// Joins the initrds, if that was not tried.
    pub fn join(&mut self) -> Result<(), Failure<'a>> {
        let inputs = self.inputs;
        let joined = self.joined.get_or_insert_with(|| by_file::joined(inputs));
        joined.as_ref().map(|_| ()).map_err(|failure| *failure)
    }

    /// The joined initrds, if there are any.
    pub fn joined_file(&self) -> Option<&File> {
        self.joined.as_ref()?.as_ref().ok()?.as_ref()
    }

    fn by_plan(&mut self) -> Result<(), Failure<'a>> {
        self.read();
        self.warn(Honours::File);
        let (command, inputs, machine) = (self.command, self.inputs, &*self.machine);
        let mapped = Mapped::to_load(inputs, machine)?;
        mapped.check_kind(command)?;
        mapped.warn();
        let what = What {
            initrds: inputs.initrds.len(),
            dtb: true,
            line: self.line,
            machine,
            options: command.options,
        };
        mapped.with_plan(&what, None, self.workspace, |plan| {
            if command.given(Id::Debug) {
                let mut out = Out::new(Standard::Error);
                let _unwritten = report::machine(&mut out, machine)
                    .and_then(|()| report::by_plan(&mut out, inputs, plan))
                    .and_then(|()| out.finish());
            }
            for note in plan.notes().iter().filter(|note| note.is_warning()) {
                complain!("warning: {note}");
            }
            by_plan::load(plan, &mapped.files)
        })
    }

    /// Says which options the call that is made does not know.
    pub fn warn(&self, honours: Honours) {
        let call = match honours {
            Honours::Load => "kexec_file_load",
            _ => "kexec_load",
        };
        for option in self.command.only_for(honours) {
            complain!("warning: --{} is ignored by {call}", option.long);
        }
    }
}
