//! What ended the work, how it is told, and with which exit code.

use core::ffi::CStr;

use kexec_cli::advice::{self, Worded};
use kexec_cli::command::Command;
use kexec_cli::text::Text;
use kexec_core::machine::{KexecState, refusal};
use kexec_core::refusal::{Advice, Refusal, Step};
use kexec_core::{Errno, Error, Narrowed};

use crate::out::complain;

/// Exit codes, as kexec(8) has them.
pub mod code {
    pub const DONE: u8 = 0;
    pub const USAGE: u8 = 1;
    /// kexec_file_load was the only call allowed, and is missing or cannot.
    pub const NO_FILE_LOAD: u8 = 253;
    pub const FAILED: u8 = 255;
}

/// A failed step.
#[derive(Clone, Copy, Debug)]
pub enum Failure<'a> {
    /// A file cannot be opened or mapped.
    File(&'a CStr, Error),
    /// An initrd cannot be opened, where kexec_file_load comes first.
    Initrd(&'a CStr, Error),
    /// A file that kexec_file_load cannot take: too large, or one of several that cannot be
    /// joined. kexec_load may.
    Unfit(&'a CStr, Error),
    /// The kernel cannot be loaded.
    Load(&'a CStr, Error),
    /// Anything else.
    Other(&'static str, Error),
}

impl Failure<'_> {
    /// What went wrong.
    pub const fn error(&self) -> Error {
        match self {
            Self::File(_, error)
            | Self::Initrd(_, error)
            | Self::Unfit(_, error)
            | Self::Load(_, error)
            | Self::Other(_, error) => *error,
        }
    }

    /// The errno, if a system call for kexec refused.
    pub const fn refusal(&self) -> Option<Errno> {
        match self.error() {
            Error::Syscall { errno, .. } => Some(errno),
            _ => None,
        }
    }

    /// Says it on standard error, with what the machine's state makes of it.
    pub fn tell(&self, command: &Command<'_>, state: &KexecState) {
        let (error, crash) = (self.error(), command.crash());
        match self {
            Self::File(path, _) | Self::Initrd(path, _) | Self::Unfit(path, _) => {
                let role = role(command, path);
                complain!("cannot use {role}{}: {error}", Text(path.to_bytes()))
            }
            Self::Load(path, _) => complain!("cannot load {}: {error}", Text(path.to_bytes())),
            Self::Other(what, _) => complain!("{what}: {error}"),
        }
        if let Some(advice) = Advice::of(&error) {
            complain!("{}", advice::words(advice));
        }
        if let Error::NoHole { narrowed, .. } = error {
            complain_of_limits(narrowed);
        }
        let Error::Syscall { call, errno } = error else {
            return;
        };
        let step = match (call, crash) {
            ("kexec_load", false) => Step::Load,
            ("kexec_load", true) => Step::CrashLoad,
            ("kexec_file_load", false) => Step::FileLoad,
            ("kexec_file_load", true) => Step::CrashFileLoad,
            _ => Step::Exec,
        };
        if let Some(refusal) = Refusal::explain(step, errno, state) {
            complain!("{}", Worded(refusal));
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::File(..)
            | Self::Unfit(..)
            | Self::Load(_, Error::NoCrashReservation | Error::NoCrashHotplug) => code::USAGE,
            // As kexec(8), which takes a reservation it cannot see for none.
            Self::Load(_, Error::Unknown { what })
                if [refusal::RESERVATION, refusal::RESERVATION_MASKED].contains(what) =>
            {
                code::USAGE
            }
            _ => code::FAILED,
        }
    }
}

/// Names the options that left too little memory.
fn complain_of_limits(narrowed: Narrowed) {
    match narrowed {
        Narrowed::No => {}
        Narrowed::MemMin => complain!("--mem-min leaves too little memory: give a lower address"),
        Narrowed::MemMax => complain!("--mem-max leaves too little memory: give a higher address"),
        Narrowed::Both => {
            complain!("--mem-min and --mem-max leave too little memory: give a wider range")
        }
    }
}

/// What the command line gives a file as. By the argument, not its text: one file may be given
/// twice.
fn role(command: &Command<'_>, path: &CStr) -> &'static str {
    let is = |argument: &CStr| core::ptr::eq(argument.as_ptr(), path.as_ptr());
    if command.kernel.is_some_and(is) {
        "the kernel "
    } else if command.initrds.iter().any(|initrd| is(initrd)) {
        "the initrd "
    } else if command.dtb.is_some_and(is) {
        "the dtb "
    } else {
        ""
    }
}
