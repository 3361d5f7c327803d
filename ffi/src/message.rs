//! The text of an error, made from its details.

use core::ffi::{c_char, c_int};
use core::fmt::Write;

use kexec_core::image::Format;
use kexec_core::plan::Rule;
use kexec_core::refusal::Advice;
use kexec_core::{Errno, Error, Narrowed};

use crate::advice;
use crate::code::*;
use crate::error::*;
use crate::pointer;
use crate::strerror::c_name_text;
use crate::text;
use crate::versioned;

/// Bytes that suffice for every message of the library.
pub const KX_MESSAGE_SIZE: usize = 400;

/// Writes the text of an error to a buffer of `size` bytes: one line of English without a full
/// stop, ending in NUL. KX_MESSAGE_SIZE bytes suffice for errors that the library wrote.
///
/// Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
/// 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_BUFFER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_error_message(
    error: *const kx_error,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let error = unsafe { versioned::read(error) }?;
        // SAFETY: the library put static text there, by the caller's promise.
        let what = unsafe { pointer::bytes(error.what.data, error.what.length) }?;
        let what = core::str::from_utf8(what).unwrap_or("?");
        let write = |out: &mut dyn Write| match whole(&error, what) {
            Some(core) => whole_text(out, &core),
            None => argument(out, &error, what),
        };
        // SAFETY: the caller's promise.
        unsafe { text::put(buffer, size, write) }
    })
}

/// Core's text, and the advice in terms of this library.
fn whole_text(out: &mut dyn Write, error: &Error) -> core::fmt::Result {
    write!(out, "{error}")?;
    match Advice::of(error) {
        Some(advice) => write!(out, "; {}", advice::words(advice)),
        None => Ok(()),
    }
}

/// The text of a number alone, after the argument it is about: `request.initrds[2]: ...`.
fn argument(out: &mut dyn Write, error: &kx_error, what: &str) -> core::fmt::Result {
    let [index, value, ..] = error.numbers;
    // Like split_once("[]"), in which the linker cannot prove that there is no panic.
    let mut pairs = what.as_bytes().windows(2);
    let parts = pairs.position(|pair| pair == b"[]").and_then(|at| {
        let member = what.get(at.saturating_add(2)..)?;
        Some((what.get(..at)?, member))
    });
    match parts {
        Some((array, member)) => write!(out, "{array}[{index}]{member}: ")?,
        None if what.is_empty() => {}
        None => write!(out, "{what}: ")?,
    }
    let text = c_name_text(error.code).1.to_bytes();
    out.write_str(core::str::from_utf8(text).unwrap_or("?"))?;
    if error.code == KX_E_UNKNOWN && value != 0 {
        write!(out, " ({value:#x})")?;
    }
    Ok(())
}

/// The error of core that it was; `None` for the numbers of this package.
fn whole(error: &kx_error, what: &'static str) -> Option<Error> {
    let [a, b, c, d, e, f] = error.numbers;
    // Without these details, the number's own text says more.
    let wordless = matches!(
        error.code,
        KX_E_NOT_THIS_FORMAT
            | KX_E_NOT_BOOTABLE
            | KX_E_NOT_A_FILE
            | KX_E_BAD_ARGUMENT
            | KX_E_NOT_KNOWN
            | KX_E_NOT_BUILT
    );
    if wordless && what.is_empty() {
        return None;
    }
    let short = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
    Some(match error.code {
        KX_E_TRUNCATED => Error::Truncated {
            what,
            need: a,
            have: b,
        },
        KX_E_NOT_THIS_FORMAT => Error::NotThisFormat {
            what,
            found: Format::from_number(a).unwrap_or_default(),
        },
        KX_E_PROTOCOL => Error::Protocol {
            found: short(a),
            need: short(b),
        },
        KX_E_BAD_FIELD => Error::BadField {
            what,
            offset: a,
            value: b,
        },
        KX_E_NOT_BOOTABLE => Error::NotBootable { why: what },
        KX_E_COMMAND_LINE_TOO_LONG => Error::CommandLineTooLong {
            length: a,
            limit: b,
        },
        KX_E_COMMAND_LINE_NUL => Error::CommandLineNul { offset: a },
        KX_E_FULL => Error::Full { what, capacity: a },
        KX_E_NO_HOLE => Error::NoHole {
            what,
            size: a,
            align: b,
            min: c,
            max: d,
            largest: e,
            narrowed: Narrowed::by(
                f & u64::from(KX_NARROWED_BY_MEM_MIN) != 0,
                f & u64::from(KX_NARROWED_BY_MEM_MAX) != 0,
            ),
        },
        KX_E_TOO_MANY_SEGMENTS => Error::TooManySegments { count: a, max: b },
        KX_E_NO_MEMORY_MAP => Error::NoMemoryMap,
        KX_E_CHECK => Error::Check {
            segment: u8::try_from(a).unwrap_or(u8::MAX),
            rule: rule(b, c)?,
        },
        KX_E_EMPTY_FILE if what.is_empty() => Error::EmptyFile,
        KX_E_NOT_A_FILE => Error::NotAFile { what },
        KX_E_NOTHING_LOADED => Error::NothingLoaded,
        KX_E_BAD_ARGUMENT => Error::BadArgument { what },
        KX_E_FILE_CHANGED => Error::FileChanged,
        KX_E_NO_CRASH_RESERVATION => Error::NoCrashReservation,
        KX_E_CRASH_TOO_SMALL => Error::CrashTooSmall { have: a, need: b },
        KX_E_NO_VMCOREINFO => Error::NoVmcoreinfo,
        KX_E_NO_CRASH_HOTPLUG => Error::NoCrashHotplug,
        KX_E_CANCELLED => Error::Cancelled,
        KX_E_COPY_TOO_LARGE => Error::CopyTooLarge { need: a, limit: b },
        KX_E_NOT_KNOWN => Error::Unknown { what },
        KX_E_NOT_BUILT => Error::NotBuilt { what },
        code @ -4095..=-1 => {
            let errno = Errno(u16::try_from(code.wrapping_neg()).ok()?);
            match error.origin {
                KX_FROM_FILE => Error::File { step: what, errno },
                KX_FROM_CALL => Error::Syscall { call: what, errno },
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn rule(number: u64, other: u64) -> Option<Rule> {
    Some(match u32::try_from(number).ok()? {
        KX_RULE_WRAPS => Rule::Wraps,
        KX_RULE_UNALIGNED => Rule::Unaligned,
        KX_RULE_PAST_LIMIT => Rule::PastLimit,
        KX_RULE_OVERLAP => Rule::Overlap {
            other: u8::try_from(other).unwrap_or(u8::MAX),
        },
        KX_RULE_BUFFER_TOO_LARGE => Rule::BufferTooLarge,
        KX_RULE_TOO_MUCH_MEMORY => Rule::TooMuchMemory,
        KX_RULE_OUTSIDE_CRASH_RESERVATION => Rule::OutsideCrashReservation,
        KX_RULE_NOT_RAM => Rule::NotRam,
        KX_RULE_ENTRY_OUTSIDE => Rule::EntryOutside,
        KX_RULE_KERNEL_ENTRY_OUTSIDE => Rule::KernelEntryOutside,
        _ => return None,
    })
}
