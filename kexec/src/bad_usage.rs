//! Errors in the arguments: their messages and exit codes.

use core::ffi::CStr;
use core::fmt;

use crate::getopt::Mistake;
use crate::table::Unsupported;
use crate::text::Text;

/// How many initrds may be given. kexec_load(2) takes 16 segments in all; for kexec_file_load(2)
/// they are joined into one.
pub const MAX_INITRDS: usize = 64;

/// How many addons of unified kernel images may be given.
pub const MAX_ADDONS: usize = 8;

/// How many modules may be given: of the 16 segments of kexec_load(2) the kernel takes at least one, and
/// what it is told, its first page and the purgatory are one each.
pub const MAX_MODULES: usize = 12;

/// An error in the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadUsage<'a> {
    /// Not an option, or wrongly used.
    Mistake(Mistake<'a>),
    /// The value is invalid.
    Value {
        /// The option's name.
        option: &'static str,
        /// Its value.
        value: &'a CStr,
        /// What it must be.
        need: &'static str,
        /// The exit code kexec(8) has for it.
        code: u8,
    },
    /// More than [`MAX_INITRDS`].
    TooManyInitrds,
    /// More than [`MAX_MODULES`].
    TooManyModules,
    /// An option of kexec(8) that this version does not support.
    Unsupported(&'static Unsupported),
    /// A load without a kernel file.
    NoKernel,
    /// A load with both a kernel file and `--default`.
    TwoKernels,
    /// `-u`, and a start of the kernel that it unloads.
    UnloadAndStart,
    /// `-p`, and a start: only a crash starts a crash kernel.
    StartOfCrash,
    /// `--unpacked`, and `-s`: the running kernel takes whole files only.
    UnpackedByFile,
    /// `--json` of something else than `--check`.
    JsonWithoutCheck,
    /// `--capture`, and something else to do.
    MoreThanCapture,
    /// `--machine` without an option that changes nothing.
    OtherMachine,
    /// `--machine` with `--default` or `--list`, which read the entries of this machine.
    OtherDefault,
}

/// Bad usage, and the code to exit with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    /// The error.
    pub why: BadUsage<'a>,
    /// The exit code: that of kexec(8), but 255 with `-S`, for which 1 means "loaded".
    pub code: u8,
    /// Whether kexec(8) checks for a crash reservation first, and exits with 1 if there is none.
    pub crash_load: bool,
}

impl BadUsage<'_> {
    /// The exit code, as in kexec(8).
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Value { code, .. } => *code,
            Self::Unsupported(option) => option.code,
            Self::NoKernel => 255,
            _ => 1,
        }
    }
}

impl fmt::Display for BadUsage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mistake(mistake) => fmt::Display::fmt(mistake, f),
            Self::Value {
                option,
                value,
                need,
                ..
            } => {
                let value = Text(value.to_bytes());
                write!(f, "Bad option value in --{option}={value}: {need}")
            }
            Self::TooManyInitrds => write!(f, "more than {MAX_INITRDS} initrds; join some of them"),
            Self::TooManyModules => {
                write!(
                    f,
                    "more than {MAX_MODULES} modules, which kexec_load has no room for"
                )
            }
            Self::Unsupported(option) => {
                write!(
                    f,
                    "option '--{}' is not supported by this version",
                    option.long
                )
            }
            Self::NoKernel => f.write_str("No kernel specified"),
            Self::TwoKernels => {
                f.write_str("--default is in place of a kernel's name: leave out one of them")
            }
            Self::UnloadAndStart => f.write_str(
                "-u takes away what -e or -f would start: nothing was unloaded or started; give \
                 one of them",
            ),
            Self::UnpackedByFile => f.write_str(
                "--unpacked needs kexec_load, and -s is for kexec_file_load only: leave out one of them",
            ),
            Self::MoreThanCapture => f.write_str(
                "--capture saves this machine and does nothing else: leave out the kernel and the \
                 other actions",
            ),
            Self::OtherMachine => {
                f.write_str("--machine is for plans, which change nothing: give --plan with it")
            }
            Self::OtherDefault => f.write_str(
                "--default and --list read this machine's boot loader entries, not those of \
                 --machine: name the kernel",
            ),
            Self::JsonWithoutCheck => {
                f.write_str("--json is a form of --check; give that too, or use --plan=json")
            }
            Self::StartOfCrash => f.write_str(
                "-p loads or unloads the crash kernel, which only a crash starts: nothing was \
                 done; leave out -p, or -e and -f",
            ),
        }
    }
}
