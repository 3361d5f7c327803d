//! Error numbers as texts: static, total, never NULL.

use core::ffi::{CStr, c_char, c_int};

use kexec_core::Errno;

use crate::error::*;

/// Every number of this library's own, with its name and text.
macro_rules! table {
    ($($code:ident $text:literal;)*) => {
        fn own(code: c_int) -> Option<(&'static CStr, &'static CStr)> {
            const fn c(text: &'static str) -> &'static CStr {
                match CStr::from_bytes_with_nul(text.as_bytes()) {
                    Ok(text) => text,
                    Err(_) => c"",
                }
            }
            match code {
                $($code => {
                    const NAME: &CStr = c(concat!(stringify!($code), "\0"));
                    Some((NAME, $text))
                })*
                _ => None,
            }
        }

        #[cfg(test)]
        pub(crate) const ALL: &[(c_int, &str)] = &[$(($code, stringify!($code))),*];
    };
}

table! {
    KX_E_TRUNCATED c"the file is cut off";
    KX_E_NOT_THIS_FORMAT c"not an image of a known format";
    KX_E_PROTOCOL c"the image's boot protocol is too old";
    KX_E_BAD_FIELD c"a field of the image's header cannot be right";
    KX_E_NOT_BOOTABLE c"the image cannot be started here";
    KX_E_COMMAND_LINE_TOO_LONG c"the command line is too long for the new kernel";
    KX_E_COMMAND_LINE_NUL c"the command line holds a NUL byte";
    KX_E_FULL c"a table of the library is full";
    KX_E_NO_HOLE c"no free memory for a segment";
    KX_E_TOO_MANY_SEGMENTS c"more segments than the kernel takes";
    KX_E_NO_MEMORY_MAP c"no memory map: mount /sys and /proc, run as root";
    KX_E_CHECK c"the segments break a rule of kexec_load";
    KX_E_EMPTY_FILE c"the file is empty";
    KX_E_NOT_A_FILE c"not a regular file";
    KX_E_NOTHING_LOADED c"nothing is loaded";
    KX_E_BAD_ARGUMENT c"a value is out of range";
    KX_E_FILE_CHANGED c"the file changed while it was being loaded";
    KX_E_NO_CRASH_RESERVATION c"no memory is reserved for a crash kernel";
    KX_E_CRASH_TOO_SMALL c"the memory reserved for a crash kernel is too small";
    KX_E_NO_VMCOREINFO c"the running kernel does not say where its vmcoreinfo is";
    KX_E_NO_CRASH_HOTPLUG c"the running kernel cannot keep the elfcorehdr up to date";
    KX_E_CANCELLED c"stopped by the progress function";
    KX_E_NULL c"a pointer is NULL";
    KX_E_MISALIGNED c"an object is misaligned";
    KX_E_SIZE c"the size of a structure or of an object's storage cannot be";
    KX_E_TOO_NEW c"a structure asks for something newer than this library";
    KX_E_NOT_INITIALISED c"the object was not initialised";
    KX_E_BUFFER c"the buffer is too small";
    KX_E_NO_ENTRY c"no such entry";
    KX_E_NO_PLAN c"the workspace holds no plan";
    KX_E_UNKNOWN c"a flag or constant this library does not know";
}

/// Name and text of a return value.
pub fn c_name_text(code: c_int) -> (&'static CStr, &'static CStr) {
    if code >= 0 {
        return (c"KX_OK", c"success");
    }
    if let Some(found) = own(code) {
        return found;
    }
    let errno = u16::try_from(code.wrapping_neg()).ok().map(Errno);
    let known = errno.and_then(Errno::c_strings);
    known.unwrap_or((c"KX_E_?", c"unknown error"))
}

/// What a return value of this library says, in English. Static, never NULL, for every int:
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
