//! Checks for what kexec_file_load(2), the running kernel's own loader, refuses. They are made before
//! the call, because the kernel refuses a crash kernel only after it has freed the old one.
//!
//! Pure functions of sizes, the image and the machine. The call can still refuse for reasons that they
//! do not check: signatures, policies, memory.

#[cfg(test)]
mod tests;
mod x86;

pub use x86::{EFI_32, ELFCOREHDR_WORDS, NOT_ABOVE_4G};

use crate::Errno;
use crate::error::{Error, Result};
use crate::image::{Elf, Format, Kernel};
use crate::machine::Machine;

/// The largest file that the call takes, in bytes; for a larger one it returns EFBIG (KEXEC_FILE_SIZE_MAX
/// in kernel/kexec_file.c; before Linux 6.0 2 GiB − 1).
pub const MAX: u64 = 4 << 30;

/// Whether a file of this size is taken.
///
/// # Errors
/// [`Error::File`] with EFBIG.
pub const fn check_size(size: u64) -> Result<()> {
    if size > MAX {
        return Err(Error::File {
            step: "kexec_file_load takes at most 4 GiB",
            errno: Errno::EFBIG,
        });
    }
    Ok(())
}

/// Parses a file as an image of a format that the kernel's loader takes.
///
/// # Errors
/// As [`Kernel::parse`]; [`Error::NotThisFormat`] for an ELF file, which no loader in the
/// kernel takes on x86.
pub fn parse(file: &[u8]) -> Result<Kernel<'_>> {
    if Elf::is_elf(file) {
        return Err(AN_ELF_FILE);
    }
    Kernel::parse(file, false)
}

const AN_ELF_FILE: Error = Error::NotThisFormat {
    what: "a bzImage, which kexec_file_load needs",
    found: Format::Elf,
};

/// Whether the kernel's loader takes an image, on this machine and with this command line (without
/// its final NUL).
///
/// # Errors
/// [`Error::NotThisFormat`] for an ELF file; [`Error::NotBootable`] with [`NOT_ABOVE_4G`], [`EFI_32`] or for 5-level paging;
/// [`Error::CommandLineTooLong`] with the limit of this call.
pub fn check(image: &Kernel<'_>, command_line: &[u8], machine: &Machine) -> Result<()> {
    match image {
        Kernel::BzImage(image) => x86::check(image, command_line, machine),
        // It gets the file.
        Kernel::Unpacked(kernel) => x86::check(kernel.image(), command_line, machine),
        Kernel::Vmlinux(_) => Err(AN_ELF_FILE),
    }
}

/// Whether the kernel's loader refuses an image if the running kernel uses 5-level paging, where it is not known
/// whether it does. [`check`] does not refuse it then.
#[must_use]
pub fn is_paging_unknown(image: &Kernel<'_>, machine: &Machine) -> bool {
    match image {
        Kernel::BzImage(image) => x86::is_paging_unknown(image, machine),
        Kernel::Unpacked(kernel) => x86::is_paging_unknown(kernel.image(), machine),
        Kernel::Vmlinux(_) => false,
    }
}
