//! The loader of bzImages (arch/x86/kernel/kexec-bzimage64.c, bzImage64_probe and
//! bzImage64_load). It also refuses what [`BzImage::parse`] refuses.

use crate::error::{Error, Result};
use crate::image::BzImage;
use crate::image::bzimage::xlf;
use crate::machine::{Known, Machine, has_parameter, words};

/// Bytes of any image's command line that the loader keeps for its own elfcorehdr=
/// (MAX_ELFCOREHDR_STR_LEN).
pub const ELFCOREHDR_WORDS: u64 = 30;

/// The text of [`Error::NotBootable`] for an image that must lie below 4 GiB.
pub const NOT_ABOVE_4G: &str = "kexec_file_load takes only kernels that can be loaded above 4 GiB, \
    and this one cannot (no XLF_CAN_BE_LOADED_ABOVE_4G)";

/// The text of [`Error::NotBootable`] where the running kernel uses a 32-bit EFI.
pub const EFI_32: &str = "kexec_file_load takes no kernel while the running one uses a 32-bit EFI";

pub fn check(image: &BzImage<'_>, command_line: &[u8], machine: &Machine) -> Result<()> {
    let refused = |why| Err(Error::NotBootable { why });
    if image.xloadflags() & xlf::CAN_BE_LOADED_ABOVE_4G == 0 {
        return refused(NOT_ABOVE_4G);
    }
    if uses_efi_32(machine) {
        return refused(EFI_32);
    }
    // If the paging is not known here, the running kernel still checks it.
    let five_level = image.xloadflags() & xlf::FIVE_LEVEL != 0;
    if !five_level && machine.x86.five_level_paging == Known::Yes {
        return refused(
            "5-level paging is in use and the new kernel has no XLF_5LEVEL; boot with \
                        no5lvl first",
        );
    }
    let length = command_line.len() as u64;
    let limit = image.cmdline_size().saturating_sub(ELFCOREHDR_WORDS);
    if length >= limit {
        let limit = limit.saturating_sub(1);
        return Err(Error::CommandLineTooLong { length, limit });
    }
    Ok(())
}

pub fn is_paging_unknown(image: &BzImage<'_>, machine: &Machine) -> bool {
    machine.x86.five_level_paging == Known::Unknown && image.xloadflags() & xlf::FIVE_LEVEL == 0
}

/// Whether the running kernel uses the runtime services of a 32-bit EFI.
fn uses_efi_32(machine: &Machine) -> bool {
    let line = machine.command_line.parameters().unwrap_or_default();
    let mut efi = words(line).filter_map(|word| word.strip_prefix(b"efi="));
    machine.x86.boot_params.efi_info().loader_signature == u32::from_le_bytes(*b"EL32")
        && !has_parameter(line, b"noefi")
        && !efi.any(|list| {
            list.split(|&byte| byte == b',')
                .any(|word| word == b"noruntime")
        })
}
