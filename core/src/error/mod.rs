//! The error type of this crate: one small `Copy` enum.
//!
//! An error names the step that failed and holds its numbers (sizes and addresses in bytes).
//! [`Error::number`] is the C library's error number; numbers are never reused.

mod format;
mod narrowed;
mod rule;

use core::fmt;

use crate::errno::Errno;
pub use format::Format;
pub use narrowed::Narrowed;
pub use rule::Rule;

/// Shorthand for results of this crate.
pub type Result<T> = core::result::Result<T, Error>;

/// What went wrong, where, and with which numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
// The discriminants are the numbers, from 1: zero is then free for the None of an Option, so that
// a static with one in it needs no bytes in the program's file.
#[repr(u16)]
pub enum Error {
    /// The file ends before `what`: `need` bytes are needed, `have` are there.
    Truncated {
        /// The part that is cut off.
        what: &'static str,
        /// Bytes the file must have.
        need: u64,
        /// Bytes the file has.
        have: u64,
    } = 1,
    /// The file is not of this format.
    NotThisFormat {
        /// The format and the mark that is missing.
        what: &'static str,
        /// What it looks like instead; also [`Format::Unknown`] if that was not examined.
        found: Format,
    },
    /// The image's boot protocol is older than this loader handles.
    Protocol {
        /// The version in the header, major << 8 | minor.
        found: u16,
        /// The oldest version handled.
        need: u16,
    },
    /// A header field holds an invalid value.
    BadField {
        /// The field's name in the format's specification.
        what: &'static str,
        /// Its offset in the file or table.
        offset: u64,
        /// The value found there.
        value: u64,
    },
    /// The image is well formed but cannot be started here.
    NotBootable {
        /// The reason, and what to do.
        why: &'static str,
    },
    /// The command line is longer than the new kernel takes.
    CommandLineTooLong {
        /// Its length without the final NUL.
        length: u64,
        /// The most the kernel takes, without the final NUL (`cmdline_size`).
        limit: u64,
    },
    /// The command line holds a NUL byte.
    CommandLineNul {
        /// Where.
        offset: u64,
    },
    /// A table of fixed capacity is full.
    Full {
        /// The capacity constant's name.
        what: &'static str,
        /// Its value.
        capacity: u64,
    },
    /// No free memory for a segment.
    NoHole {
        /// What should have been placed.
        what: &'static str,
        /// Bytes needed.
        size: u64,
        /// Alignment needed, a power of two.
        align: u64,
        /// Lowest address allowed.
        min: u64,
        /// Highest address allowed (inclusive).
        max: u64,
        /// Bytes of the largest free range inside that window, before alignment.
        largest: u64,
        /// Which of the caller's limits narrow the window.
        narrowed: Narrowed,
    },
    /// More segments than the kernel takes.
    TooManySegments {
        /// How many the request needs.
        count: u64,
        /// How many the kernel takes (KEXEC_SEGMENT_MAX).
        max: u64,
    },
    /// No source on this machine gives a memory map.
    NoMemoryMap,
    /// The plan breaks a rule of kexec_load(2).
    Check {
        /// The segment's place in the list, from 0.
        segment: u8,
        /// The rule it breaks.
        rule: Rule,
    },
    /// A file could not be opened, mapped or read.
    File {
        /// The step that failed.
        step: &'static str,
        /// The errno that the kernel returned.
        errno: Errno,
    },
    /// A file is empty.
    EmptyFile,
    /// A file is neither a regular file nor something that can be mapped.
    NotAFile {
        /// What it is instead.
        what: &'static str,
    },
    /// A system call failed.
    Syscall {
        /// The call's name.
        call: &'static str,
        /// The errno that the kernel returned.
        errno: Errno,
    },
    /// Nothing is loaded that could be executed.
    NothingLoaded,
    /// A value the caller gave is out of range.
    BadArgument {
        /// Which value, and what it must be.
        what: &'static str,
    },
    /// A file was written to, or cut short, while it was being loaded.
    FileChanged,
    /// A crash kernel needs memory that was reserved at boot, and none is.
    NoCrashReservation,
    /// The crash reservation is too small for the segments.
    CrashTooSmall {
        /// Bytes of the region that segments are loaded to.
        have: u64,
        /// Bytes that would suffice, a multiple of 1 MiB.
        need: u64,
    },
    /// The running kernel does not say where its vmcoreinfo is.
    NoVmcoreinfo,
    /// The running kernel cannot keep the elfcorehdr up to date.
    NoCrashHotplug,
    /// The caller's progress function returned a request to stop.
    Cancelled,
    /// More bytes would have to be copied into memory than is allowed.
    CopyTooLarge {
        /// Bytes to copy; for a pipe, the bytes read up to the first one over the limit.
        need: u64,
        /// Bytes that may still be copied.
        limit: u64,
    },
    /// A fact about the machine could not be read, and with a wrong guess the new kernel would not
    /// start, or the crash kernel would be lost.
    Unknown {
        /// The fact, why it is not known, and what to do.
        what: &'static str,
    },
    /// This build lacks code for the architecture of the plan.
    NotBuilt {
        /// What it lacks, and what to do.
        what: &'static str,
    },
}

impl Error {
    /// The error's number, 1 and up; the C library returns −(4096 + number), except that
    /// [`Error::Syscall`] and [`Error::File`] become −errno.
    #[must_use]
    pub const fn number(&self) -> u16 {
        match self {
            Self::Truncated { .. } => 1,
            Self::NotThisFormat { .. } => 2,
            Self::Protocol { .. } => 3,
            Self::BadField { .. } => 4,
            Self::NotBootable { .. } => 5,
            Self::CommandLineTooLong { .. } => 6,
            Self::CommandLineNul { .. } => 7,
            Self::Full { .. } => 8,
            Self::NoHole { .. } => 9,
            Self::TooManySegments { .. } => 10,
            Self::NoMemoryMap => 11,
            Self::Check { .. } => 12,
            Self::File { .. } => 13,
            Self::EmptyFile => 14,
            Self::NotAFile { .. } => 15,
            Self::Syscall { .. } => 16,
            Self::NothingLoaded => 17,
            Self::BadArgument { .. } => 18,
            Self::FileChanged => 19,
            Self::NoCrashReservation => 20,
            Self::CrashTooSmall { .. } => 21,
            Self::NoVmcoreinfo => 22,
            Self::NoCrashHotplug => 23,
            Self::Cancelled => 24,
            Self::CopyTooLarge { .. } => 25,
            Self::Unknown { .. } => 26,
            Self::NotBuilt { .. } => 27,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { what, need, have } => parts(
                f,
                &[
                    &"the file is cut off in ",
                    &what,
                    &": ",
                    &need,
                    &" bytes are needed, it has ",
                    &have,
                ],
            ),
            Self::NotThisFormat {
                what,
                found: Format::Unknown,
            } => write!(f, "not {what}"),
            Self::NotThisFormat { what, found } => {
                write!(f, "not {what}; it looks like {found}")?;
                match found.advice() {
                    "" => Ok(()),
                    advice => write!(f, ": {advice}"),
                }
            }
            Self::Protocol { found, need } => write!(
                f,
                "boot protocol {}.{:02} is too old: {}.{:02} or newer is needed",
                u64::from(found >> 8),
                u64::from(found & 0xff),
                u64::from(need >> 8),
                u64::from(need & 0xff)
            ),
            Self::BadField {
                what,
                offset,
                value,
            } => write!(f, "{what} (offset {offset:#x}) holds {value:#x}"),
            Self::NotBootable { why } => f.write_str(why),
            Self::CommandLineTooLong { length, limit } => parts(
                f,
                &[
                    &"the command line has ",
                    &length,
                    &" bytes, the new kernel takes ",
                    &limit,
                ],
            ),
            Self::CommandLineNul { offset } => parts(
                f,
                &[&"the command line holds a NUL byte at offset ", &offset],
            ),
            Self::Full { what, capacity } => {
                write!(f, "no more room: {what} is {capacity}")
            }
            Self::NoHole {
                what,
                size,
                align,
                min,
                max,
                largest,
                narrowed,
            } => write!(
                f,
                "no free memory for {what}: {size} bytes aligned to {align:#x} are needed between \
                 {min:#x} and {max:#x}, the largest free range there is {largest} bytes{}",
                narrowed.words()
            ),
            Self::TooManySegments { count, max } => parts(
                f,
                &[
                    &count,
                    &" segments are needed, the kernel takes ",
                    &max,
                    &"; join some of the initrds",
                ],
            ),
            Self::NoMemoryMap => f.write_str(
                "no memory map: /sys/firmware/memmap, /sys/kernel/boot_params and /proc/iomem \
                 are missing or unreadable; mount /sys and /proc, run as root",
            ),
            Self::Check {
                rule: rule @ (Rule::EntryOutside | Rule::KernelEntryOutside),
                ..
            } => rule.fmt(f),
            Self::Check { segment, rule } => write!(f, "segment {}: {rule}", u64::from(segment)),
            Self::File { step, errno } => write!(f, "{step}: {errno}"),
            Self::EmptyFile => f.write_str("the file is empty"),
            Self::NotAFile { what } => write!(f, "{what}, not a regular file"),
            Self::Syscall { call, errno } => write!(f, "{call} failed: {errno}"),
            Self::NothingLoaded => f.write_str("nothing is loaded"),
            Self::BadArgument { what } | Self::Unknown { what } | Self::NotBuilt { what } => {
                f.write_str(what)
            }
            Self::FileChanged => f.write_str("the file changed while it was being loaded"),
            Self::NoCrashReservation => f.write_str(
                "no memory is reserved for a crash kernel (no \"Crash kernel\" in /proc/iomem): boot \
                 the running kernel with crashkernel=256M",
            ),
            Self::CrashTooSmall { have, need } => parts(
                f,
                &[
                    &"the memory reserved for a crash kernel is too small: it has ",
                    &have,
                    &" bytes, ",
                    &need,
                    &" are needed, ",
                    &need.saturating_sub(have),
                    &" are missing; boot the running kernel with crashkernel=",
                    &(need >> 20),
                    &"M or more",
                ],
            ),
            Self::NoVmcoreinfo => f.write_str(
                "/sys/kernel/vmcoreinfo is not readable: a dump cannot be understood without it; \
                 mount /sys, and use a kernel with CONFIG_CRASH_DUMP (or CONFIG_VMCORE_INFO)",
            ),
            Self::NoCrashHotplug => f.write_str(
                "the running kernel does not say that it keeps a crash kernel up to date when CPUs \
                 or memory come and go (no /sys/kernel/crash_elfcorehdr_size): it needs \
                 CONFIG_CRASH_HOTPLUG (Linux 6.6), and /sys mounted",
            ),
            Self::Cancelled => f.write_str("stopped by the progress function"),
            Self::CopyTooLarge { need, limit } => write!(
                f,
                "at least {need} bytes would have to be copied into memory; {limit} are allowed"
            ),
        }
    }
}

/// Writes one part after the other. Used in place of a template with many parts: the compiler ends
/// the parts of a template with NUL and puts them into one section for all templates, which GNU ld
/// links whole into programs that print no error.
#[cold]
fn parts(f: &mut fmt::Formatter<'_>, parts: &[&dyn fmt::Display]) -> fmt::Result {
    parts.iter().try_for_each(|part| part.fmt(f))
}

impl core::error::Error for Error {}
