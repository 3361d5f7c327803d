//! Who is started: an image family on an architecture, with its demands on placement, what it is
//! told, and the state it is entered in. One module a family.
//!
//! A program links the families it names: the trait is object safe, and nothing names all of them
//! but [`plan`](crate::plan::plan).

pub mod x86;

use crate::arch::Arch;
use crate::error::Result;
use crate::machine::Machine;
use crate::note::Remarks;
use crate::purgatory::Registers;
use crate::segment::Items;
use crate::told::Told;

/// An image that can be started. `'a` is what its segments point at.
pub trait Handover<'a> {
    /// What it runs on.
    fn arch(&self) -> Arch;

    /// Whether this machine can start it.
    ///
    /// # Errors
    /// [`Error::NotBootable`](crate::Error::NotBootable) and others, with the reason.
    fn check(&self, machine: &Machine) -> Result<()>;

    /// Whether it takes this command line.
    ///
    /// # Errors
    /// [`Error::CommandLineTooLong`](crate::Error::CommandLineTooLong),
    /// [`Error::CommandLineNul`](crate::Error::CommandLineNul).
    fn check_command_line(&self, line: &[u8]) -> Result<()>;

    /// The lowest address that its segments may use.
    fn lowest(&self) -> u64 {
        // Below 1 MiB lie a PC's BIOS data area, EBDA, video memory and trampolines.
        1 << 20
    }

    /// Whether it is told where the ACPI tables are, other than by its command line.
    fn is_told_rsdp(&self, told: &Told<'_, 'a>) -> bool;

    /// Adds its blocks and pieces, and remarks on what is left out. All sizes are final.
    ///
    /// # Errors
    /// What cannot be handed over, such as [`Error::EmptyFile`](crate::Error::EmptyFile).
    fn items(
        &self,
        told: &Told<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()>;

    /// Writes the piece that [`Bytes::Made`](crate::segment::Bytes::Made) stands for; everything has
    /// its place.
    ///
    /// # Errors
    /// None that [`Handover::items`] would not have returned.
    fn write(&self, told: &Told<'_, 'a>, items: &Items<'a>, out: &mut [u8]) -> Result<()>;

    /// How it is entered.
    fn exit(&self, items: &Items<'a>) -> Exit;
}

/// The CPU's state when the new kernel is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// x86 in 64-bit mode. RSP is the seal's to choose.
    X86Long(Registers),
}

impl Exit {
    /// The address it is entered at.
    #[must_use]
    pub const fn entry(&self) -> u64 {
        match self {
            Self::X86Long(registers) => registers.rip,
        }
    }
}
