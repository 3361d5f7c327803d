//! Error numbers as texts: static, total, never NULL.

use core::ffi::{CStr, c_char, c_int};

use kexec_core::cstr;
use kexec_core::{Errno, nth_string};

use crate::code::*;

/// Every number of this library, with its name and text.
macro_rules! table {
    ($($code:ident $text:literal;)*) => {
        /// The numbers of the table, in its order.
        static NUMBERS: &[c_int] = &[$($code),*];
        /// Name and text of each.
        static TEXTS: &str = concat!($(stringify!($code), "\0", $text, "\0"),*);

        #[cfg(test)]
        pub(crate) const ALL: &[(c_int, &str)] = &[$(($code, stringify!($code))),*];
    };
}

table! {
    KX_E_TRUNCATED "the file is truncated";
    KX_E_NOT_THIS_FORMAT "not an image of a known format";
    KX_E_PROTOCOL "the image's boot protocol is too old";
    KX_E_BAD_FIELD "a field in the image header is invalid";
    KX_E_NOT_BOOTABLE "the image cannot be started here";
    KX_E_COMMAND_LINE_TOO_LONG "the command line is too long for the new kernel";
    KX_E_COMMAND_LINE_NUL "the command line contains a NUL byte";
    KX_E_FULL "a table of the library is full";
    KX_E_NO_HOLE "no free memory for a segment";
    KX_E_TOO_MANY_SEGMENTS "more segments than the kernel accepts";
    KX_E_NO_MEMORY_MAP "no memory map: mount /sys and /proc, run as root";
    KX_E_CHECK "the segments break a rule of kexec_load";
    KX_E_EMPTY_FILE "the file is empty";
    KX_E_NOT_A_FILE "not a regular file";
    KX_E_NOTHING_LOADED "nothing is loaded";
    KX_E_BAD_ARGUMENT "a value is out of range";
    KX_E_FILE_CHANGED "the file changed while it was being loaded";
    KX_E_NO_CRASH_RESERVATION "no memory is reserved for a crash kernel";
    KX_E_CRASH_TOO_SMALL "the memory reserved for a crash kernel is too small";
    KX_E_NO_VMCOREINFO "the running kernel does not report where its vmcoreinfo is";
    KX_E_NO_CRASH_HOTPLUG "the running kernel cannot keep the elfcorehdr up to date";
    KX_E_CANCELLED "stopped by the progress function";
    KX_E_COPY_TOO_LARGE "the copies in memory would exceed the limit";
    KX_E_NOT_KNOWN "a fact of the machine is unknown and must not be guessed";
    KX_E_NOT_BUILT "this build lacks code for the target architecture";
    KX_E_NULL "a pointer is NULL";
    KX_E_MISALIGNED "an object is misaligned";
    KX_E_SIZE "a size is invalid (structure or storage)";
    KX_E_TOO_NEW "a structure asks for something newer than this library";
    KX_E_NOT_INITIALISED "the object was not initialised";
    KX_E_BUFFER "the buffer is too small";
    KX_E_NO_ENTRY "no such entry";
    KX_E_NO_PLAN "the workspace holds no plan";
    KX_E_UNKNOWN "a flag or constant is unknown to this library";
    KX_E_MOVED "the workspace was moved or copied after planning";
    KX_E_BUSY "the workspace is in use by a kx_plan that has not returned";
}

/// Name and text of a return value.
pub fn c_name_text(code: c_int) -> (&'static CStr, &'static CStr) {
    if code >= 0 {
        return (cstr!("KX_OK"), cstr!("success"));
    }
    let known = match NUMBERS.iter().position(|number| *number == code) {
        Some(number) => {
            let name = number.saturating_mul(2);
            nth_string(TEXTS, name).zip(nth_string(TEXTS, name.saturating_add(1)))
        }
        None => {
            let errno = u16::try_from(code.wrapping_neg()).ok().map(Errno);
            errno.and_then(Errno::c_strings)
        }
    };
    known.unwrap_or((cstr!("KX_E_?"), cstr!("unknown error")))
}

/// The text of a return value of this library, in English. Static, never NULL, for every int:
/// "success" for 0 and more, "unknown error" for numbers without a meaning.
#[unsafe(no_mangle)]
pub extern "C" fn kx_strerror(code: c_int) -> *const c_char {
    c_name_text(code).1.as_ptr()
}

/// The symbolic name of a return value: "ENOMEM", "KX_E_NO_HOLE"; "KX_OK" for 0 and more,
/// "KX_E_?" for numbers without a meaning. Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kx_errname(code: c_int) -> *const c_char {
    c_name_text(code).0.as_ptr()
}
