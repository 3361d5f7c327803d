//! What a vmlinux supports, read from its own bytes: it has no setup header with XLF_* flags.
//!
//! * **5-level paging**: the kernel's entry follows CR4.LA57 if it was built with
//!   CONFIG_X86_5LEVEL, or is newer than that option (arch/x86/kernel/head64.c). Such kernels
//!   export the variables `pgdir_shift` and `ptrs_per_p4d` (since 4.17): the names are in
//!   `__ksymtab_strings`, which is loaded. They are not there without CONFIG_MODULES and may be
//!   missing with CONFIG_TRIM_UNUSED_KSYMS; then the symbol table decides, which distributions
//!   strip.
//! * **EFI after kexec**: Linux 3.14 and newer know SETUP_EFI (arch/x86/platform/efi), and a
//!   kernel without CONFIG_EFI ignores it. The version is in the banner, `Linux version 6.1.0-18
//!   (…` (init/version.c).

use super::Vmlinux;
use super::bzimage::xlf;
use crate::bytes::{slice_at, u16_at, u32_at, u64_at};
use crate::elf::{Ehdr, SHDR, SHN_UNDEF, SHT_SYMTAB, SYM, Shdr, Sym, offset_of};
use crate::error::{Error, Result};
use crate::known::Known;
use crate::text::release;

/// Two names, so that a chance string is not enough.
const EXPORTED: [&[u8; 13]; 2] = [b"\0pgdir_shift\0", b"ptrs_per_p4d\0"];
const VARIABLE: &[u8] = b"pgdir_shift\0";
const BANNER: &[u8; 14] = b"Linux version ";

/// Long after CONFIG_X86_5LEVEL was removed.
const ALWAYS_FIVE_LEVEL: (u16, u16) = (7, 0);
/// The first with SETUP_EFI.
const SETUP_EFI: (u16, u16) = (3, 14);

/// The most memory a kernel is linked for (KERNEL_IMAGE_SIZE,
/// arch/x86/include/asm/page_64_types.h): a larger file is not searched.
const IMAGE_MAX: u64 = 1 << 30;

/// Bytes of a symbol table that is read: some ten times that of a large kernel.
const SYMTAB_MAX: usize = SYM << 22;

/// Where `needle` ends in `bytes`, each time.
fn ends_of<'a, const N: usize>(
    bytes: &'a [u8],
    needle: &'a [u8; N],
) -> impl Iterator<Item = &'a [u8]> {
    bytes
        .windows(N)
        .enumerate()
        .filter(move |(_, window)| window.first_chunk() == Some(needle))
        .filter_map(|(at, _)| bytes.get(at.checked_add(N)?..))
}

/// The version in what follows [`BANNER`]: `6.1.0-18-amd64 (` is 6.1.
fn version(banner: &[u8]) -> Option<(u16, u16)> {
    let name = banner.iter().take(64).position(|&byte| byte == b' ')?;
    let (name, rest) = banner.split_at_checked(name)?;
    release(name).filter(|_| rest.starts_with(b" ("))
}

/// Whether the symbol table defines `name`, which ends in NUL; `None` without a table.
fn has_symbol(file: &[u8], name: &[u8]) -> Option<bool> {
    let offset = |at, base: usize| usize::try_from(u64_at(file, base.checked_add(at)?)?).ok();
    let table = offset(offset_of!(Ehdr, e_shoff), 0)?;
    let section = |index: usize| {
        let at = table.checked_add(index.checked_mul(SHDR)?)?;
        slice_at(file, at, SHDR).map(|_| at)
    };
    let contents = |header| {
        let start = offset(offset_of!(Shdr, sh_offset), header)?;
        slice_at(file, start, offset(offset_of!(Shdr, sh_size), header)?)
    };
    if usize::from(u16_at(file, offset_of!(Ehdr, e_shentsize))?) != SHDR {
        return None;
    }
    let symbols = (0..usize::from(u16_at(file, offset_of!(Ehdr, e_shnum))?))
        .map_while(section)
        .find(|at| {
            let kind = at.saturating_add(offset_of!(Shdr, sh_type));
            u32_at(file, kind) == Some(SHT_SYMTAB)
        })?;
    let names = u32_at(file, symbols.checked_add(offset_of!(Shdr, sh_link))?)?;
    let names = contents(section(usize::try_from(names).ok()?)?)?;
    let symbols = contents(symbols).filter(|bytes| bytes.len() <= SYMTAB_MAX)?;
    Some(symbols.chunks_exact(SYM).any(|symbol| {
        let start =
            u32_at(symbol, offset_of!(Sym, st_name)).and_then(|start| usize::try_from(start).ok());
        let named = start.and_then(|start| names.get(start..));
        u16_at(symbol, offset_of!(Sym, st_shndx)) != Some(SHN_UNDEF)
            && named.is_some_and(|text| text.starts_with(name))
    }))
}

impl<'a> Vmlinux<'a> {
    /// What of it is loaded from the file, unless it is larger than a kernel can be.
    fn loaded(&self) -> impl Iterator<Item = &'a [u8]> {
        let sane = self.range().size() <= IMAGE_MAX;
        self.loads()
            .iter()
            .map(|load| load.bytes)
            .filter(move |_| sane)
    }

    /// Its version, from the banner: reads as far as that, in the worst case every loaded byte.
    #[must_use]
    pub fn version(&self) -> Option<(u16, u16)> {
        self.loaded()
            .find_map(|bytes| ends_of(bytes, BANNER).find_map(version))
    }

    /// Whether it can be entered with 5-level page tables. Reads every loaded byte in the worst
    /// case, and the symbol table of `file`, the one
    /// that was parsed.
    #[must_use]
    pub fn five_level(&self, file: &[u8]) -> Known {
        let exports = |name| {
            self.loaded()
                .any(|bytes| ends_of(bytes, name).next().is_some())
        };
        let always = || self.version() >= Some(ALWAYS_FIVE_LEVEL);
        if EXPORTED.into_iter().all(exports) || always() {
            return Known::Yes;
        }
        has_symbol(file, VARIABLE).into()
    }

    /// Whether it takes EFI runtime services over from a kexec. Reads as [`Vmlinux::version`].
    #[must_use]
    pub fn efi_kexec(&self) -> Known {
        self.version().map(|version| version >= SETUP_EFI).into()
    }

    /// The XLF_* flags EFI_KEXEC and FIVE_LEVEL as far as they matter: with these page tables, and
    /// with EFI to hand on or without. What does not matter is not searched for.
    ///
    /// # Errors
    /// [`Error::NotBootable`] if the page tables have five levels and it is not known to support
    /// them.
    pub(crate) fn flags_for(&self, file: &[u8], five_level: Known, efi: bool) -> Result<u16> {
        let mut flags = 0;
        if efi && self.efi_kexec() == Known::Yes {
            flags |= xlf::EFI_KEXEC;
        }
        if five_level == Known::No {
            return Ok(flags);
        }
        let why = match self.five_level(file) {
            Known::Yes => return Ok(flags | xlf::FIVE_LEVEL),
            Known::No => {
                "5-level paging is in use and this vmlinux was built without it \
                 (CONFIG_X86_5LEVEL); boot with no5lvl first"
            }
            Known::Unknown => {
                "5-level paging is in use and this vmlinux does not say that it supports it (it \
                 exports no pgdir_shift and has no symbols): load its bzImage, or boot with no5lvl \
                 first"
            }
        };
        match five_level {
            Known::Yes => Err(Error::NotBootable { why }),
            // Refused later, as a bzImage is.
            Known::No | Known::Unknown => Ok(flags),
        }
    }
}

#[cfg(test)]
#[path = "features_tests.rs"]
mod tests;
