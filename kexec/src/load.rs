//! Which system call loads, and what happens when it refuses.

use core::ffi::CStr;

use kexec_cli::command::{Command, Method};
use kexec_cli::table::{Honours, Id};
use kexec_core::linux::{Refusal, Standard, loaded, read_machine, read_machine_to_plan};
use kexec_core::machine::{Lockdown, Machine};
use kexec_core::plan::{Plan, Workspace};
use kexec_core::{Errno, Error};

use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::out::{Out, complain};
use crate::{by_file, by_plan, report};

/// What a load works with.
pub struct Loader<'a, 'b> {
    pub command: &'b Command<'a>,
    pub inputs: &'b Inputs<'a>,
    pub line: &'b CStr,
    pub machine: &'b mut Machine,
    pub workspace: &'b mut Workspace,
    /// Whether the machine was read; once is enough.
    pub read: bool,
}

impl<'a> Loader<'a, '_> {
    /// Loads by the call asked for, or by the one that can.
    pub fn load(&mut self) -> Result<(), Failure<'a>> {
        if !self.command.crash() {
            return self.by_method();
        }
        // The kernel frees the old crash kernel before it looks at the new one.
        let before = loaded(true);
        self.check_crash(before == Ok(true))?;
        self.by_method().inspect_err(|_| {
            if before == Ok(true) && loaded(true) == Ok(false) {
                complain!(
                    "WARNING: no crash kernel is loaded any more: the running kernel removed the \
                     old one before it refused the new one"
                );
            }
        })
    }

    /// What must stop any load of a crash kernel before the kernel is asked, by the plan that
    /// kexec_load would get. Other errors are for the call that is made, for kexec_file_load may
    /// know the image, unless there is an old crash kernel to lose.
    fn check_crash(&mut self, any_loaded: bool) -> Result<(), Failure<'a>> {
        self.read();
        let (command, inputs, machine) = (self.command, self.inputs, &*self.machine);
        let mut unread = command.clone();
        unread.options.verify = false;
        let (line, workspace) = (self.line, &mut *self.workspace);
        let by_kexec_load = match command.method {
            Method::File => false,
            Method::Load => true,
            Method::Auto => prefers_kexec_load(command) && !locked_down(machine),
        };
        let then = |_: &Plan<'_>, files: &by_plan::Files<'a, '_>| {
            if any_loaded && !by_kexec_load {
                by_file::check_crash(command, files, line)?;
            }
            Ok(())
        };
        match by_plan::with_plan(&unread, inputs, line, machine, workspace, None, then) {
            Err(
                failure @ Failure::Load(
                    _,
                    Error::NoCrashReservation
                    | Error::CrashTooSmall { .. }
                    | Error::NoVmcoreinfo
                    | Error::NoCrashHotplug
                    | Error::CommandLineTooLong { .. },
                ),
            ) => Err(failure),
            // kexec_file_load gets the initrds as one.
            Err(Failure::Load(_, Error::TooManySegments { .. })) => Ok(()),
            Err(failure) if any_loaded || matches!(failure, Failure::File(..)) => Err(failure),
            _ => Ok(()),
        }
    }

    /// Reads the machine: what a plan needs, and what else there is if it decides or is printed.
    fn read(&mut self) {
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

    fn by_method(&mut self) -> Result<(), Failure<'a>> {
        match self.command.method {
            Method::File => {
                self.warn(Honours::Load);
                self.by_file()
            }
            Method::Load => {
                self.read();
                self.by_plan()
            }
            Method::Auto if prefers_kexec_load(self.command) => self.auto_by_plan(),
            Method::Auto => self.auto_by_file(),
        }
    }

    /// kexec_file_load, then kexec_load where that can help.
    fn auto_by_file(&mut self) -> Result<(), Failure<'a>> {
        let failure = match self.by_file() {
            Err(failure) => failure,
            Ok(()) => return Ok(()),
        };
        let helps = |errno| Refusal::of(errno).kexec_load_may_help();
        if !failure.refusal().is_some_and(helps) {
            return Err(failure);
        }
        if self.command.given(Id::Debug) {
            complain!("{}; trying kexec_load", failure.error());
        }
        self.read();
        self.by_plan().inspect_err(|_| {
            complain!("{}; then tried kexec_load:", failure.error());
        })
    }

    /// kexec_load at once, for what only it can do; kexec_file_load where it is not to be had.
    fn auto_by_plan(&mut self) -> Result<(), Failure<'a>> {
        self.read();
        if !locked_down(self.machine) {
            match self.by_plan() {
                Err(failure) if failure.refusal() == Some(Errno::ENOSYS) => {}
                other => return other,
            }
        }
        self.warn(Honours::Load);
        self.by_file()
    }

    fn by_file(&mut self) -> Result<(), Failure<'a>> {
        if self.command.given(Id::Debug) {
            let mut out = Out::new(Standard::Error);
            // That a log may fail to be written changes nothing.
            let _unwritten = report::by_file(&mut out, self.command, self.inputs, self.line)
                .and_then(|()| out.finish());
        }
        by_file::load(self.command, self.inputs, self.line)
    }

    fn by_plan(&mut self) -> Result<(), Failure<'a>> {
        self.warn(Honours::File);
        let (command, inputs, machine) = (self.command, self.inputs, &*self.machine);
        let (line, workspace) = (self.line, &mut *self.workspace);
        // The kernel needs the room a second time, and the machine still runs.
        let copy_limit = Some(machine.total_ram.unwrap_or(0) / 4);
        by_plan::with_plan(
            command,
            inputs,
            line,
            machine,
            workspace,
            copy_limit,
            |plan, files| {
                if command.given(Id::Debug) {
                    let mut out = Out::new(Standard::Error);
                    let _unwritten = report::machine(&mut out, machine)
                        .and_then(|()| report::by_plan(&mut out, inputs, line, plan))
                        .and_then(|()| out.finish());
                }
                by_plan::load(plan, files)
            },
        )
    }

    /// Says which options the call that is made does not know.
    fn warn(&self, honours: Honours) {
        let call = match honours {
            Honours::Load => "kexec_file_load",
            _ => "kexec_load",
        };
        for option in self.command.only_for(honours) {
            complain!("warning: --{} is ignored by {call}", option.long);
        }
    }
}

/// Whether an option was given that kexec_file_load would ignore.
pub fn prefers_kexec_load(command: &Command<'_>) -> bool {
    command.only_for(Honours::Load).next().is_some()
}

/// Whether the kernel forbids kexec_load.
pub const fn locked_down(machine: &Machine) -> bool {
    matches!(
        machine.kexec.lockdown,
        Lockdown::Integrity | Lockdown::Confidentiality
    )
}
