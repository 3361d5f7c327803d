//! System call entry, one file per architecture.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::syscall;

use crate::Errno;

/// What a system call returned: a value, or −errno.
// Not inlined: it is in every wrapper, and a call is shorter.
#[inline(never)]
pub fn result(raw: isize) -> Result<usize, Errno> {
    match raw {
        // The kernel keeps −4095…−1 for errors on every architecture (IS_ERR_VALUE).
        -4095..=-1 => Err(Errno(raw.unsigned_abs() as u16)),
        _ => Ok(raw as usize),
    }
}
