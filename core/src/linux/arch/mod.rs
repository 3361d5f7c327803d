//! Code that depends on the target architecture: the system call entry, the layout of
//! struct sigaction, and its name. The only place in core, the purgatory apart, with
//! `cfg(target_arch)`.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "riscv64")]
mod riscv64;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "aarch64")]
pub use aarch64::{action, syscall};
#[cfg(target_arch = "riscv64")]
pub use riscv64::{action, syscall};
#[cfg(target_arch = "x86_64")]
pub use x86_64::{action, syscall};

#[cfg(all(
    target_pointer_width = "64",
    not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64"
    ))
))]
compile_error!(
    "kexec-core knows the system calls of x86_64, aarch64 and riscv64 only: another architecture \
     needs a file in core/src/linux/arch"
);

use crate::Errno;
use crate::arch::Arch;

/// The architecture this is compiled for, which is that of the running kernel.
pub const NATIVE: Option<Arch> = if cfg!(target_arch = "x86_64") {
    Some(Arch::X86_64)
} else if cfg!(target_arch = "aarch64") {
    Some(Arch::Arm64)
} else if cfg!(target_arch = "riscv64") {
    Some(Arch::Riscv64)
} else {
    None
};

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
