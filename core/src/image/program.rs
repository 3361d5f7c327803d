//! An ELF program that is no kernel known here: it is entered at its e_entry, of 64 bits in 64-bit mode,
//! of 32 bits in protected mode, with nothing or with ELF boot notes, as the request says.

use super::elf::{Elf, bad};
use super::{Entry, Facts};
use crate::arch::Arch;
use crate::error::{Error, Format, Result};

/// What an ELF file is, where the request says so; its contents do not count then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElfAs {
    /// A Linux kernel, a vmlinux: it gets boot_params (`--args-linux`).
    Linux,
    /// A program that gets ELF boot notes, which have the command line (`--args-elf`).
    BootNotes,
    /// A program that gets nothing (`--args-none`).
    Bare,
}

/// An ELF program.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    elf: Elf<'a>,
    boot_notes: bool,
}

impl<'a> Program<'a> {
    /// Checks a file.
    ///
    /// # Errors
    /// As [`Elf::parse`]; [`Error::BadField`] for an entry that lies in no bytes of the file that are
    /// loaded, and, of a file that can be loaded anywhere, for an alignment that is no power of two.
    pub fn parse(file: &'a [u8], boot_notes: bool) -> Result<Self> {
        if file.is_empty() {
            return Err(Error::EmptyFile);
        }
        let elf = Elf::parse(file)?;
        if !elf.is_loaded(elf.entry()) {
            return Err(bad(
                "e_entry, which must be a physical address in bytes that are loaded from the file,",
                elf.entry_field(),
                elf.entry(),
            ));
        }
        if elf.is_dyn() && !elf.alignment().is_power_of_two() {
            let what = "p_align, which must be a power of two,";
            return Err(bad(what, elf.align_field(), elf.alignment()));
        }
        Ok(Self { elf, boot_notes })
    }

    /// What it loads.
    #[must_use]
    pub const fn elf(&self) -> &Elf<'a> {
        &self.elf
    }

    /// Whether it gets boot notes.
    #[must_use]
    pub const fn boot_notes(&self) -> bool {
        self.boot_notes
    }

    /// Its entry: [`Entry::X86Long`] of 64 bits, else [`Entry::X86Protected`].
    #[must_use]
    pub const fn entries(&self) -> &'static [Entry] {
        if self.elf.is_64() {
            &[Entry::X86Long]
        } else {
            &[Entry::X86Protected]
        }
    }

    /// Where it is entered, from its first page.
    #[must_use]
    pub const fn entry_offset(&self) -> u64 {
        self.elf.entry().saturating_sub(self.elf.range().start())
    }

    /// Whether it can be loaded elsewhere: it says so, and its first page is where its alignment would
    /// put it.
    #[must_use]
    pub const fn relocatable(&self) -> bool {
        let rest = self.elf.range().start().checked_rem(self.elf.alignment());
        self.elf.is_dyn() && matches!(rest, Some(0))
    }

    /// What images of all families have.
    #[must_use]
    pub fn facts(&self) -> Facts<'a> {
        let loads = self.elf.loads().iter();
        Facts {
            format: Format::Elf,
            arch: Arch::X86_64,
            entries: self.entries(),
            relocatable: self.relocatable(),
            alignment: self.elf.alignment(),
            pref_address: self.elf.range().start(),
            size: self.elf.range().size(),
            loaded: loads.fold(0, |sum: u64, load| {
                sum.saturating_add(load.bytes.len() as u64)
            }),
            command_line_max: if self.boot_notes { u64::MAX } else { 0 },
            release: &[],
            version_string: &[],
        }
    }
}
