//! The kernel's error numbers, with the names and texts people know from strerror(3).

use core::ffi::CStr;
use core::fmt;

use crate::cstr::nth_string;

use linux_raw_sys::errno as raw;

/// An errno value as the kernel returns it, positive (1 to 4095).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub u16);

macro_rules! errnos {
    ($($name:ident $value:expr, $text:literal;)*) => {
        impl Errno {
            $(#[doc = $text] pub const $name: Self = Self($value as u16);)*

        }

        /// The numbers of the table, in its order.
        static NUMBERS: &[u16] = &[$($value as u16),*];
        /// Name and text of each, each followed by a NUL: one constant without pointers, so that it
        /// needs no relocation and a program that does not use it does not contain it.
        static TEXTS: &str = concat!($(stringify!($name), "\0", $text, "\0"),*);
    };
}

impl Errno {
    /// The symbolic name, "E?" for numbers that are not in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = self.c_strings().and_then(|(name, _)| name.to_str().ok());
        known.unwrap_or("E?")
    }

    /// The text strerror(3) has for it.
    #[must_use]
    pub fn text(self) -> &'static str {
        let known = self.c_strings().and_then(|(_, text)| text.to_str().ok());
        known.unwrap_or("Unknown error")
    }

    /// [`Errno::name`] and [`Errno::text`] for C; `None` for numbers that are not in the table.
    #[must_use]
    pub fn c_strings(self) -> Option<(&'static CStr, &'static CStr)> {
        let number = NUMBERS.iter().position(|number| *number == self.0)?;
        let name = number.saturating_mul(2);
        Some((
            nth_string(TEXTS, name)?,
            nth_string(TEXTS, name.saturating_add(1))?,
        ))
    }
}

errnos! {
    EPERM raw::EPERM, "Operation not permitted";
    ENOENT raw::ENOENT, "No such file or directory";
    EINTR raw::EINTR, "Interrupted system call";
    EIO raw::EIO, "Input/output error";
    ENXIO raw::ENXIO, "No such device or address";
    E2BIG raw::E2BIG, "Argument list too long";
    ENOEXEC raw::ENOEXEC, "Exec format error";
    EBADF raw::EBADF, "Bad file descriptor";
    EAGAIN raw::EAGAIN, "Resource temporarily unavailable";
    ENOMEM raw::ENOMEM, "Cannot allocate memory";
    EACCES raw::EACCES, "Permission denied";
    EFAULT raw::EFAULT, "Bad address";
    EBUSY raw::EBUSY, "Device or resource busy";
    EEXIST raw::EEXIST, "File exists";
    ENODEV raw::ENODEV, "No such device";
    ENOTDIR raw::ENOTDIR, "Not a directory";
    EISDIR raw::EISDIR, "Is a directory";
    EINVAL raw::EINVAL, "Invalid argument";
    ENFILE raw::ENFILE, "Too many open files in system";
    EMFILE raw::EMFILE, "Too many open files";
    ENOTTY raw::ENOTTY, "Inappropriate ioctl for device";
    ETXTBSY raw::ETXTBSY, "Text file busy";
    EFBIG raw::EFBIG, "File too large";
    ENOSPC raw::ENOSPC, "No space left on device";
    EROFS raw::EROFS, "Read-only file system";
    EPIPE raw::EPIPE, "Broken pipe";
    ENAMETOOLONG raw::ENAMETOOLONG, "File name too long";
    ENOSYS raw::ENOSYS, "Function not implemented";
    ELOOP raw::ELOOP, "Too many levels of symbolic links";
    ENODATA raw::ENODATA, "No data available";
    ENOPKG raw::ENOPKG, "Package not installed";
    EBADMSG raw::EBADMSG, "Bad message";
    EOVERFLOW raw::EOVERFLOW, "Value too large for defined data type";
    ELIBBAD raw::ELIBBAD, "Accessing a corrupted shared library";
    EMSGSIZE raw::EMSGSIZE, "Message too long";
    EOPNOTSUPP raw::EOPNOTSUPP, "Operation not supported";
    EADDRNOTAVAIL raw::EADDRNOTAVAIL, "Cannot assign requested address";
    ENOKEY raw::ENOKEY, "Required key not available";
    EKEYEXPIRED raw::EKEYEXPIRED, "Key has expired";
    EKEYREVOKED raw::EKEYREVOKED, "Key has been revoked";
    EKEYREJECTED raw::EKEYREJECTED, "Key was rejected by service";
    // Internal to the kernel, but PE verification returns it to user space
    // (crypto/asymmetric_keys/verify_pefile.c).
    ENOTSUPP 524, "Operation is not supported";
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "E?" => write!(f, "Unknown error {}", u64::from(self.0)),
            name => write!(f, "{} ({name})", self.text()),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
