//! Failures: their messages and exit codes.

use core::ffi::CStr;
use core::fmt;

use kexec_core::image::Format;
use kexec_core::machine::{KexecState, refusal};
use kexec_core::refusal::{Advice, Refusal, Step};
use kexec_core::{Errno, Error, Narrowed};

use crate::advice::{self, Worded};
use crate::command::Command;
use crate::text::Text;

/// Exit codes, as in kexec(8).
pub mod code {
    /// The request was performed.
    pub const DONE: u8 = 0;
    /// The arguments, or a file, are not usable.
    pub const USAGE: u8 = 1;
    /// `--check`: nothing known speaks against it, but something that could is not known.
    pub const NOT_KNOWN: u8 = 2;
    /// kexec_file_load was the only call allowed, and is missing or does not support the image.
    pub const NO_FILE_LOAD: u8 = 253;
    /// Anything else failed.
    pub const FAILED: u8 = 255;
}

/// Writes a line.
pub type Say<'a> = &'a mut dyn FnMut(fmt::Arguments<'_>);

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
    /// The machine of `--machine` cannot be read.
    Machine(&'a CStr, Error),
    /// Anything else.
    Other(&'static str, Error),
}

impl<'a> Failure<'a> {
    /// The error.
    #[must_use]
    pub const fn error(&self) -> Error {
        match self {
            Self::File(_, error)
            | Self::Initrd(_, error)
            | Self::Unfit(_, error)
            | Self::Load(_, error)
            | Self::Machine(_, error)
            | Self::Other(_, error) => *error,
        }
    }

    /// The file that it is about.
    #[must_use]
    pub const fn file(&self) -> Option<&'a CStr> {
        match self {
            Self::File(path, _)
            | Self::Initrd(path, _)
            | Self::Unfit(path, _)
            | Self::Load(path, _) => Some(path),
            Self::Machine(..) | Self::Other(..) => None,
        }
    }

    /// The errno, if a kexec system call was refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<Errno> {
        match self.error() {
            Error::Syscall { errno, .. } => Some(errno),
            _ => None,
        }
    }

    /// Reports it, one call of `say` per line, with an explanation from the machine's state.
    pub fn report(&self, command: &Command<'_>, state: &KexecState, say: Say<'_>) {
        let (error, crash) = (self.error(), command.crash());
        match self {
            Self::File(path, _) | Self::Initrd(path, _) | Self::Unfit(path, _) => {
                let role = role(command, path);
                let path = Text(path.to_bytes());
                say(format_args!("cannot use {role}{path}: {error}"));
            }
            Self::Load(path, _) => {
                let path = Text(path.to_bytes());
                say(format_args!("cannot load {path}: {error}"));
            }
            Self::Machine(path, _) => {
                let path = Text(path.to_bytes());
                say(format_args!("--machine={path}: {error}"));
            }
            Self::Other(what, _) => say(format_args!("{what}: {error}")),
        }
        if let Some(advice) = Advice::of(&error) {
            say(format_args!("{}", advice::words(advice)));
        }
        if let Error::NoHole { narrowed, .. } = error {
            say_limits(narrowed, say);
        }
        if let Some(words) = what_to_do(&error) {
            say(format_args!("{words}"));
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
            say(format_args!("{}", Worded(refusal)));
        }
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::File(..)
            | Self::Unfit(..)
            | Self::Machine(..)
            | Self::Load(_, Error::NoCrashReservation | Error::NoCrashHotplug) => code::USAGE,
            // As in kexec(8), for which a reservation that cannot be read is none.
            Self::Load(_, Error::Unknown { what })
                if [refusal::RESERVATION, refusal::RESERVATION_MASKED].contains(what) =>
            {
                code::USAGE
            }
            _ => code::FAILED,
        }
    }
}

/// What to do about an error whose text does not say it, and which depends on nothing else.
const fn what_to_do(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Truncated { .. } | Error::BadField { .. } => {
            "the file is damaged or incomplete: install or copy it again"
        }
        Error::NotThisFormat {
            found: Format::UkiAddon,
            ..
        } => "give an addon by --addon=, and the image by its name alone",
        Error::CommandLineTooLong { .. } => "shorten --append",
        Error::Full { .. } => {
            "this version has no room for more; with -s the running kernel does this work"
        }
        Error::FileChanged => "wait until nobody writes to it, then load it again",
        Error::CopyTooLarge { .. } => {
            "free memory, or give one regular file that nobody writes to: it is not copied"
        }
        _ => return None,
    })
}

/// Names the options that left too little memory.
fn say_limits(narrowed: Narrowed, say: Say<'_>) {
    match narrowed {
        Narrowed::No => {}
        Narrowed::MemMin => say(format_args!(
            "--mem-min leaves too little memory: give a lower address"
        )),
        Narrowed::MemMax => say(format_args!(
            "--mem-max leaves too little memory: give a higher address"
        )),
        Narrowed::Both => say(format_args!(
            "--mem-min and --mem-max leave too little memory: give a wider range"
        )),
    }
}

/// The role of a file on the command line. Arguments are compared, not their text: one file may be
/// given twice.
fn role(command: &Command<'_>, path: &CStr) -> &'static str {
    let is = |argument: &CStr| core::ptr::eq(argument.as_ptr(), path.as_ptr());
    if command.kernel.is_some_and(is) {
        "the kernel "
    } else if command.initrds.iter().any(|initrd| is(initrd)) {
        "the initrd "
    } else if command.addons.iter().any(|addon| is(addon)) {
        "the addon "
    } else if command.modules.iter().any(|module| is(module)) {
        "the module "
    } else if command.dtb.is_some_and(is) {
        "the dtb "
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec::Vec;

    use kexec_core::Narrowed;
    use kexec_core::image::AN_ELF_FILE;

    use super::*;
    use crate::command::{Request, parse};

    fn command<'a>(arguments: &[&'a CStr]) -> Command<'a> {
        match parse(arguments.iter().copied()) {
            Ok(Request::Work(command)) => command,
            other => panic!("{other:?}"),
        }
    }

    fn lines(failure: &Failure<'_>, command: &Command<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        failure.report(command, &KexecState::NONE, &mut |line| {
            lines.push(line.to_string());
        });
        lines
    }

    const MISSING: Error = Error::File {
        step: "open",
        errno: Errno::ENOENT,
    };

    #[test]
    fn a_file_is_named_by_what_it_is_given_as() {
        let (kernel, initrd) = (c"same", c"--initrd=same");
        let command = command(&[c"-l", kernel, initrd]);
        let initrd = *command.initrds.first().unwrap();
        for (path, role) in [(kernel, "the kernel same"), (initrd, "the initrd same")] {
            assert_eq!(
                lines(&Failure::File(path, MISSING), &command),
                [[
                    "cannot use ",
                    role,
                    ": open: No such file or directory (ENOENT)"
                ]
                .concat()]
            );
        }
        let failure = Failure::File(c"evil\n", MISSING);
        assert_eq!(
            lines(&failure, &command),
            ["cannot use evil\\x0a: open: No such file or directory (ENOENT)"]
        );
        assert_eq!(failure.code(), code::USAGE);
    }

    #[test]
    fn a_refusal_is_explained_for_the_kernel_that_was_to_be_loaded() {
        let refused = |call| Error::Syscall {
            call,
            errno: Errno::EADDRNOTAVAIL,
        };
        let failure = Failure::Load(c"k", refused("kexec_load"));
        assert_eq!(
            lines(&failure, &command(&[c"-l", c"k"])),
            [
                "cannot load k: kexec_load failed: Cannot assign requested address (EADDRNOTAVAIL)",
                "a segment lies where the running kernel does not take one",
            ]
        );
        assert_eq!(
            lines(&failure, &command(&[c"-p", c"k"])),
            [
                "cannot load k: kexec_load failed: Cannot assign requested address (EADDRNOTAVAIL)",
                "the memory reserved for a crash kernel is missing, or too small for these files; \
                 reserve more (crashkernel= at boot)",
            ]
        );
        let failure = Failure::Load(c"k", refused("kexec_file_load"));
        assert_eq!(
            lines(&failure, &command(&[c"-l", c"k"]))[1],
            "the running kernel finds no memory to place the files in; with -c this command places them"
        );
        assert_eq!(failure.refusal(), Some(Errno::EADDRNOTAVAIL));
        assert_eq!(failure.code(), code::FAILED);
    }

    #[test]
    fn advice_and_limits_are_lines_of_their_own() {
        let command = command(&[c"-l", c"k"]);
        let elf = Failure::Load(c"k", Error::NotBootable { why: AN_ELF_FILE });
        assert_eq!(
            lines(&elf, &command)[1],
            "if it is a Linux kernel (vmlinux), use --args-linux; if it needs nothing, --args-none"
        );
        for (narrowed, line) in [
            (
                Narrowed::MemMin,
                "--mem-min leaves too little memory: give a lower address",
            ),
            (
                Narrowed::MemMax,
                "--mem-max leaves too little memory: give a higher address",
            ),
            (
                Narrowed::Both,
                "--mem-min and --mem-max leave too little memory: give a wider range",
            ),
        ] {
            let error = Error::NoHole {
                what: "the kernel",
                size: 1,
                align: 1,
                min: 0,
                max: 0,
                largest: 0,
                narrowed,
            };
            assert_eq!(lines(&Failure::Load(c"k", error), &command)[1], line);
        }
    }

    #[test]
    fn what_to_do_is_a_line_of_its_own() {
        let command = command(&[c"-l", c"k"]);
        let cut = Error::Truncated {
            what: "the kernel",
            need: 2,
            have: 1,
        };
        assert_eq!(
            lines(&Failure::Load(c"k", cut), &command),
            [
                "cannot load k: the file is cut off in the kernel: 2 bytes are needed, it has 1",
                "the file is damaged or incomplete: install or copy it again",
            ]
        );
        for (error, words) in [
            (Error::FileChanged, "wait until nobody writes"),
            (Error::CopyTooLarge { need: 2, limit: 1 }, "free memory"),
            (
                Error::CommandLineTooLong {
                    length: 2,
                    limit: 1,
                },
                "shorten",
            ),
            (
                Error::Full {
                    what: "x",
                    capacity: 1,
                },
                "with -s",
            ),
        ] {
            let shown = lines(&Failure::Load(c"k", error), &command);
            assert!(
                shown[1].starts_with(words) || shown[1].contains(words),
                "{shown:?}"
            );
        }
        assert_eq!(
            lines(&Failure::Load(c"k", Error::EmptyFile), &command).len(),
            1
        );
    }

    #[test]
    fn exit_codes_are_those_of_the_manual() {
        let unknown = |what| Failure::Load(c"k", Error::Unknown { what });
        for (failure, code) in [
            (Failure::Initrd(c"i", MISSING), 255),
            (Failure::Unfit(c"i", MISSING), 1),
            (Failure::Load(c"k", Error::NoCrashReservation), 1),
            (Failure::Load(c"k", Error::NoCrashHotplug), 1),
            (Failure::Load(c"k", Error::EmptyFile), 255),
            (unknown(refusal::RESERVATION), 1),
            (unknown(refusal::RESERVATION_MASKED), 1),
            (unknown(refusal::RSDP), 255),
            (Failure::Other("standard output", MISSING), 255),
        ] {
            assert_eq!(failure.code(), code, "{failure:?}");
        }
    }
}
