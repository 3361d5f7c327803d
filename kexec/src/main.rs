//! The `kexec` command: static, without libc, allocator or reachable panic.
//!
//! [`run`] is the main function. The options and their texts are in this package's library; the work is
//! done by `kexec-core`.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod bus_error;
mod by_file;
mod by_plan;
mod capture;
mod default;
mod exec;
mod input;
mod inputs;
mod job;
mod kept;
mod line;
mod load;
mod opened;
mod out;
mod progress;
mod unify;
mod unpack;
mod unpacked;

use core::ffi::CStr;
use core::fmt::{self, Write};

use kexec_cli::command::{self, Command, Method, Request};
use kexec_cli::failure::{Failure, code};
use kexec_cli::kind;
use kexec_cli::plan::View;
use kexec_cli::table::Id;
use kexec_cli::text::Text;
use kexec_cli::usage;
use kexec_core::linux::{
    Ignored, Standard, WriteSignal, loaded, read_machine, read_machine_to_check,
};
use kexec_core::machine::Machine;
use kexec_core::memory::RangeSet;
use kexec_core::plan::Workspace;
use kexec_core::refusal::Class;
use kexec_core::{Errno, Error};
use kexec_rt::{Arguments, Environment, Once};

use capture::read_facts;
use inputs::{Inputs, name_missing};
use job::Job;
use load::{Facts, Loader};
use out::{Out, caution, complain, leave_out_warnings};

kexec_rt::entry!(run);

static MACHINE: Once<Machine> = Once::new(Machine::new());
static WORKSPACE: Once<Workspace> = Once::new(Workspace::new());
/// What segments may use, for a plan that is shown.
static FREE: Once<RangeSet> = Once::new(RangeSet::new());
static LINE: Once<[u8; line::CAPACITY]> = Once::new([0; line::CAPACITY]);

/// Runs the command; returns the exit code.
fn run(arguments: Arguments, environment: Environment) -> u8 {
    match command::parse(arguments) {
        Ok(Request::Help { all }) => print(&mut |out| usage::write(out, all)),
        Ok(Request::Types) => print(&mut |out| kind::write(out)),
        Ok(Request::Version) => print(&mut |out| out.write_str(usage::VERSION)),
        Ok(Request::CrashSize { machine }) => crash_size(machine),
        Ok(Request::List) => default::list(),
        Ok(Request::Work(mut command)) => work(&mut command, environment),
        Err(bad) => {
            complain!("{}", bad.why);
            complain!("try 'kexec --help'");
            if bad.crash_load && is_nothing_reserved() {
                complain!("{}", Error::NoCrashReservation);
                return code::USAGE;
            }
            bad.code
        }
    }
}

fn print(write: &mut dyn FnMut(&mut dyn Write) -> fmt::Result) -> u8 {
    let mut out = Out::new(Standard::Output);
    match write(&mut out).and_then(|()| out.finish()) {
        Ok(()) => code::DONE,
        Err(_) => {
            complain!("standard output: {}", out.error());
            code::FAILED
        }
    }
}

fn work(command: &mut Command<'static>, environment: Environment) -> u8 {
    if command.given(Id::Quiet) {
        leave_out_warnings();
    }
    if command.actions.status {
        return status(command.crash() || !command.given(Id::Load));
    }
    if let Some(to) = command.capture {
        return capture::capture(to, command);
    }
    if let Err(code) = default::fill(command) {
        return code;
    }
    // Each is taken only here, so it cannot be `None`.
    let (Some(machine), Some(workspace), Some(buffer)) =
        (MACHINE.take(), WORKSPACE.take(), LINE.take())
    else {
        return code::FAILED;
    };
    machine.clear();
    bus_error::prepare();
    // A closed pipe must not end the work. SIGPIPE is handled again after the work, because a
    // program that is started later would inherit that it is ignored.
    let ignored = Ignored::new(WriteSignal::BrokenPipe);
    let done = change(command, machine, workspace, buffer);
    drop(ignored);
    let code = match done {
        Err(failure) => {
            // The other machine was read, or that is the failure.
            if command.machine.is_none() {
                read_machine(machine);
            }
            report(&failure, command, machine);
            if command.method == Method::File && failure.refusal() == Some(Errno::ENOSYS) {
                complain!("syscall kexec_file_load not available.");
            }
            return code_of(command, &failure);
        }
        Ok(code) => code,
    };
    if command.given(Id::Check) {
        code
    } else if command.plan.is_some() {
        code::DONE
    } else if command.actions.shutdown {
        exec::shutdown(environment)
    } else if command.actions.exec {
        exec::exec(command, machine)
    } else {
        code::DONE
    }
}

/// Reports the failure on standard error.
fn report(failure: &Failure<'_>, command: &Command<'_>, machine: &Machine) {
    failure.report(command, &machine.kexec, &mut |text| complain!("{text}"));
}

/// The exit code of a failure. As in kexec(8), there is a separate code if kexec_file_load was
/// the only call allowed and kexec_load may help.
fn code_of(command: &Command<'_>, failure: &Failure<'_>) -> u8 {
    // No room. For a crash kernel, the kernel itself reports that to kexec_file_load.
    let no_room = matches!(
        failure.error(),
        Error::NoHole { .. } | Error::CrashTooSmall { .. }
    );
    if no_room && (!command.crash() || command.method == Method::Load) {
        return code::USAGE;
    }
    let Some(errno) = failure.refusal().filter(|_| command.method == Method::File) else {
        return failure.code();
    };
    let helps = command.actions.load && Class::of(errno).kexec_load_may_help();
    if errno == Errno::ENOSYS || helps {
        return code::NO_FILE_LOAD;
    }
    failure.code()
}

/// Unloads or loads, or prints what it would do. Returns the exit code of `--check`.
fn change(
    command: &Command<'static>,
    machine: &mut Machine,
    workspace: &mut Workspace,
    buffer: &'static mut [u8; line::CAPACITY],
) -> Result<u8, Failure<'static>> {
    let plan = command.plan;
    if command.wants_verdict() && command.machine.is_none() {
        read_machine_to_check(machine);
    } else if plan.is_some() || command.given(Id::ReuseCmdline) {
        read_facts(command.machine, machine)?;
    }
    if !command.actions.load || command.kernel.is_none() {
        return match (plan, command.actions.unload) {
            (Some(format), _) => load::judge(&View::new(command, machine), None, format),
            (None, true) => exec::unload(command).map(|()| code::DONE),
            (None, false) => Ok(code::DONE),
        };
    }
    if let Some(word) = command.ignored {
        caution!(
            "{} and the words after it are ignored; an initrd is given by --initrd=, and a \
             command line is one word, in quotes: --append=\"...\"",
            Text(word.to_bytes())
        );
    }
    if plan.is_none() {
        progress::start(command);
    }
    let inputs = match Inputs::open(command) {
        Ok(inputs) => inputs,
        Err(failure) => {
            if let Some(format) = plan.filter(|_| command.given(Id::Check)) {
                let view = View {
                    culprit: failure.file(),
                    ..View::new(command, machine)
                };
                load::judge_unusable(&view, failure.error(), format)?;
                name_missing(command, failure.file());
            }
            return Err(failure);
        }
    };
    inputs.warn(command);
    let line = line::command_line(command, inputs.unified.as_ref(), machine, buffer)?;
    let job = Job {
        command,
        inputs: &inputs,
        line,
    };
    let read = plan.is_some() || command.given(Id::ReuseCmdline);
    let mut loader = Loader::new(job, Facts::new(machine, read), workspace);
    if let Some(format) = plan {
        loader.dry_run(format)
    } else {
        let method = command.method;
        let loaded = loader.load().map(|()| code::DONE);
        progress::clear();
        loaded.map_err(|failure| inputs.blame(method, failure))
    }
}

/// `-S`, which reports by exit code, as kexec(8): 1 loaded, 0 not, 255 not known.
fn status(crash: bool) -> u8 {
    match loaded(crash) {
        Ok(true) => 1,
        Ok(false) => 0,
        // As in kexec(8), nothing is printed for a kernel without kexec.
        Err(Errno::ENOENT) => code::FAILED,
        Err(errno) => {
            let file = if crash {
                "kexec_crash_loaded"
            } else {
                "kexec_loaded"
            };
            complain!("whether a kernel is loaded is not known: /sys/kernel/{file}: {errno}");
            code::FAILED
        }
    }
}

/// Whether it is known that there is no room for a crash kernel.
fn is_nothing_reserved() -> bool {
    MACHINE.take().is_some_and(|machine| {
        read_machine(machine);
        machine.reservation().err() == Some(Error::NoCrashReservation)
    })
}

/// `--print-ckr-size`: bytes of the region a crash kernel is loaded to, 0 for none; an error if
/// that is unknown.
fn crash_size(other: Option<&'static CStr>) -> u8 {
    let Some(machine) = MACHINE.take() else {
        return code::FAILED;
    };
    if let Err(failure) = read_facts(other, machine) {
        let path = Text(other.unwrap_or_default().to_bytes());
        complain!("--machine={path}: {}", failure.error());
        return failure.code();
    }
    let size = match machine.reservation() {
        Ok(region) => region.size(),
        Err(Error::NoCrashReservation) => 0,
        Err(error) => {
            complain!("{error}");
            return code::FAILED;
        }
    };
    print(&mut |out| writeln!(out, "{size}"))
}
