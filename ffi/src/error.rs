//! Errors, with the details that do not fit in an `int`.

use core::ffi::c_int;

use kexec_core::plan::Rule;
use kexec_core::{Error, Narrowed};

use crate::bytes::kx_bytes;
use crate::code::{self, Code, KX_E_SIZE, KX_E_UNKNOWN};
use crate::versioned::{self, Versioned};

/// mem + memsz is past the end of the address space.
pub const KX_RULE_WRAPS: u32 = 1;
/// mem or memsz is not a multiple of the running kernel's page size.
pub const KX_RULE_UNALIGNED: u32 = 2;
/// The segment ends past what the kernel can map.
pub const KX_RULE_PAST_LIMIT: u32 = 3;
/// The segment overlaps another one.
pub const KX_RULE_OVERLAP: u32 = 4;
/// bufsz is larger than memsz.
pub const KX_RULE_BUFFER_TOO_LARGE: u32 = 5;
/// The segment, or all segments together, take more than half of the RAM.
pub const KX_RULE_TOO_MUCH_MEMORY: u32 = 6;
/// The segment lies outside the crash kernel's reservation.
pub const KX_RULE_OUTSIDE_CRASH_RESERVATION: u32 = 7;
/// The segment does not lie in free RAM. The segments of a plan do; no function of this version
/// makes this check for other segments.
pub const KX_RULE_NOT_RAM: u32 = 8;
/// No segment's bytes contain the entry.
pub const KX_RULE_ENTRY_OUTSIDE: u32 = 9;
/// The segment's bytes do not contain the new kernel's entry. For plans only.
pub const KX_RULE_KERNEL_ENTRY_OUTSIDE: u32 = 10;

/// KX_E_NO_HOLE, sixth number: the request's mem_min narrows the window.
pub const KX_NARROWED_BY_MEM_MIN: u32 = 1;
/// KX_E_NO_HOLE, sixth number: the request's mem_max narrows the window.
pub const KX_NARROWED_BY_MEM_MAX: u32 = 2;

/// origin: a file could not be opened, mapped or read; `what` is the step.
pub const KX_FROM_FILE: u32 = 1;
/// origin: a system call failed; `what` is its name.
pub const KX_FROM_CALL: u32 = 2;

/// The details of an error. Functions that take one write it only when they fail; NULL is allowed
/// everywhere, for callers that do not need the details. kx_error_message() makes a text of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_error {
    /// Set by the caller: sizeof(struct kx_error).
    pub size: usize,
    /// The function's return value.
    pub code: c_int,
    /// KX_FROM_* if the code is an -errno, else 0.
    pub origin: u32,
    /// The subject of the error: English, static, without a NUL; may be empty. For KX_E_NULL,
    /// KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED, KX_E_UNKNOWN and
    /// KX_E_EMPTY_FILE it is the argument or its member: "request.kernel". If it contains "[]", the
    /// first of the numbers is the index, from 0: "request.initrds[]".
    pub what: kx_bytes,
    /// Sizes, addresses and so on, as documented at each KX_E_*; unused ones are 0.
    pub numbers: [u64; 6],
}

impl kx_error {
    const EMPTY: Self = Self {
        size: 0,
        code: 0,
        origin: 0,
        what: kx_bytes::NONE,
        numbers: [0; 6],
    };
}

// SAFETY: integers and a pointer; `size` comes first and there is no padding.
unsafe impl Versioned for kx_error {}
const _: () = assert!(size_of::<kx_error>() == 80);

/// Why a function failed: a number of this package, or an error of core.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// One of KX_E_NULL ... KX_E_BUSY.
    Own(c_int),
    /// One of them, with the argument it is about, and its index or the unknown bits.
    Argument(c_int, &'static str, [u64; 2]),
    /// An error of core.
    Core(Error),
    /// An error of core about one of the caller's files, and its index.
    File(Error, &'static str, u64),
}

/// Adds the name of the argument that could not be used.
pub trait About<T> {
    /// `what` is the name of the argument in the header, and of its member.
    fn about(self, what: &'static str) -> Result<T, Failure>;
    /// Like [`About::about`], for the element `index` of an array: `what` contains "[]".
    fn about_nth(self, what: &'static str, index: usize) -> Result<T, Failure>;
}

impl<T> About<T> for Result<T, Code> {
    fn about(self, what: &'static str) -> Result<T, Failure> {
        self.about_nth(what, 0)
    }

    fn about_nth(self, what: &'static str, index: usize) -> Result<T, Failure> {
        self.map_err(|Code(code)| Failure::Argument(code, what, [index as u64, 0]))
    }
}

/// Bits or a constant unknown to this library.
pub fn unknown(what: &'static str, value: impl Into<u64>) -> Failure {
    Failure::Argument(KX_E_UNKNOWN, what, [0, value.into()])
}

impl From<Code> for Failure {
    fn from(Code(code): Code) -> Self {
        Self::Own(code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<kexec_core::memory::MapFull> for Failure {
    fn from(full: kexec_core::memory::MapFull) -> Self {
        Self::Core(full.into())
    }
}

impl From<kexec_core::Errno> for Failure {
    fn from(errno: kexec_core::Errno) -> Self {
        Self::Core(Error::Syscall { call: "", errno })
    }
}

impl Failure {
    /// The function's return value.
    pub fn code(&self) -> c_int {
        match self {
            Self::Own(code) | Self::Argument(code, ..) => *code,
            Self::Core(error) | Self::File(error, ..) => code::number(error),
        }
    }

    fn details(&self, to: &mut kx_error) {
        to.code = self.code();
        let what = match self {
            Self::Own(_) => return,
            Self::Argument(_, what, [first, second]) => {
                let [index, value, ..] = &mut to.numbers;
                (*index, *value) = (*first, *second);
                what
            }
            Self::Core(error) => taken_apart(error, to),
            Self::File(error, which, number) => {
                let what = taken_apart(error, to);
                let [index, ..] = &mut to.numbers;
                *index = *number;
                // The step that failed says more than the argument, whose index is in the numbers.
                if what.is_empty() { which } else { what }
            }
        };
        to.what = kx_bytes::of(what.as_bytes());
    }
}

/// Writes origin and numbers over zeros, and returns `what`; `message` reverses this.
fn taken_apart(error: &Error, to: &mut kx_error) -> &'static str {
    let [first, second, third, fourth, fifth, sixth] = &mut to.numbers;
    let (what, numbers) = match *error {
        Error::Truncated { what, need, have } => (what, (need, have)),
        Error::Protocol { found, need } => ("", (found.into(), need.into())),
        Error::BadField {
            what,
            offset,
            value,
        } => (what, (offset, value)),
        Error::CommandLineTooLong { length, limit } => ("", (length, limit)),
        Error::CommandLineNul { offset } => ("", (offset, 0)),
        Error::Full { what, capacity } => (what, (capacity, 0)),
        Error::NoHole {
            what,
            size,
            align,
            min,
            max,
            largest,
            narrowed,
        } => {
            (*third, *fourth, *fifth) = (min, max, largest);
            *sixth = narrowed_bits(narrowed).into();
            (what, (size, align))
        }
        Error::TooManySegments { count, max } => ("", (count, max)),
        Error::Check { segment, rule } => {
            let (number, other) = rule_number(&rule);
            *third = other;
            ("", (segment.into(), number.into()))
        }
        Error::CrashTooSmall { have, need } => ("", (have, need)),
        Error::CopyTooLarge { need, limit } => ("", (need, limit)),
        Error::File { step, .. } => {
            to.origin = KX_FROM_FILE;
            (step, (0, 0))
        }
        Error::Syscall { call, .. } => {
            to.origin = KX_FROM_CALL;
            (call, (0, 0))
        }
        Error::NotThisFormat { what, found } => (what, (found.number().into(), 0)),
        Error::NotBootable { why: what }
        | Error::NotAFile { what }
        | Error::BadArgument { what }
        | Error::Unknown { what }
        | Error::NotBuilt { what } => (what, (0, 0)),
        _ => ("", (0, 0)),
    };
    (*first, *second) = numbers;
    what
}

const fn narrowed_bits(narrowed: Narrowed) -> u32 {
    match narrowed {
        Narrowed::No => 0,
        Narrowed::MemMin => KX_NARROWED_BY_MEM_MIN,
        Narrowed::MemMax => KX_NARROWED_BY_MEM_MAX,
        Narrowed::Both => KX_NARROWED_BY_MEM_MIN | KX_NARROWED_BY_MEM_MAX,
    }
}

fn rule_number(rule: &Rule) -> (u32, u64) {
    match rule {
        Rule::Wraps => (KX_RULE_WRAPS, 0),
        Rule::Unaligned => (KX_RULE_UNALIGNED, 0),
        Rule::PastLimit => (KX_RULE_PAST_LIMIT, 0),
        Rule::Overlap { other } => (KX_RULE_OVERLAP, (*other).into()),
        Rule::BufferTooLarge => (KX_RULE_BUFFER_TOO_LARGE, 0),
        Rule::TooMuchMemory => (KX_RULE_TOO_MUCH_MEMORY, 0),
        Rule::OutsideCrashReservation => (KX_RULE_OUTSIDE_CRASH_RESERVATION, 0),
        Rule::NotRam => (KX_RULE_NOT_RAM, 0),
        Rule::EntryOutside => (KX_RULE_ENTRY_OUTSIDE, 0),
        Rule::KernelEntryOutside => (KX_RULE_KERNEL_ENTRY_OUTSIDE, 0),
        _ => (0, 0),
    }
}

/// Runs a function's body. A failure becomes the return value, and its details are written to
/// `error`.
///
/// # Safety
/// `error` is NULL or, if aligned, readable and writable for the bytes its size member says.
pub unsafe fn report(error: *mut kx_error, body: impl FnOnce() -> Result<c_int, Failure>) -> c_int {
    // SAFETY: the caller's promise.
    let size = match unsafe { room(error) } {
        Ok(size) => size,
        Err(Code(code)) => return code,
    };
    match body() {
        Ok(value) => value,
        Err(failure) => {
            // SAFETY: `size` is that of `error`.
            unsafe { give_details(error, size, &failure) };
            failure.code()
        }
    }
}

/// Like [`report`], for a function that is one system call and returns only if that call fails.
/// Reports the number and the name of the call, or "" if the error is another one. A program that
/// reports nothing else is usually tiny; it contains no code for other errors.
///
/// # Safety
/// As [`report`].
pub unsafe fn report_call(
    error: *mut kx_error,
    body: impl FnOnce() -> (Code, &'static str),
) -> c_int {
    // SAFETY: the caller's promise.
    let size = match unsafe { room(error) } {
        Ok(size) => size,
        Err(Code(code)) => return code,
    };
    let (Code(code), what) = body();
    if size != 0 {
        let mut details = kx_error::EMPTY;
        details.code = code;
        details.origin = if what.is_empty() { 0 } else { KX_FROM_CALL };
        details.what = kx_bytes::of(what.as_bytes());
        // SAFETY: not NULL, aligned, and `size` is what it says.
        unsafe { versioned::write(error, size, &details) };
    }
    code
}

/// The size of the caller's structure, 0 if there is none.
///
/// # Safety
/// As [`report`].
#[inline(never)]
unsafe fn room(error: *mut kx_error) -> Result<usize, Code> {
    if error.is_null() {
        return Ok(0);
    }
    // SAFETY: the caller's promise.
    unsafe { versioned::output_size(error) }
}

/// Writes the details, if there is room for any.
///
/// # Safety
/// `size` is the result of [`room`] for `error`.
#[cold]
#[inline(never)]
unsafe fn give_details(error: *mut kx_error, size: usize, failure: &Failure) {
    if size != 0 {
        let mut details = kx_error::EMPTY;
        failure.details(&mut details);
        // SAFETY: not NULL, aligned, and `size` is what it says.
        unsafe { versioned::write(error, size, &details) };
    }
}

/// Like [`report`], for functions without details.
pub fn plain(body: impl FnOnce() -> Result<c_int, Failure>) -> c_int {
    match body() {
        Ok(value) => value,
        Err(failure) => failure.code(),
    }
}

/// A count as a return value.
pub fn count(value: usize) -> Result<c_int, Failure> {
    c_int::try_from(value).map_err(|_| Failure::Own(KX_E_SIZE))
}
