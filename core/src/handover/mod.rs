//! Who is started: an image family on an architecture, with its demands on placement, what it is
//! told, and the state it is entered in. One module a family.
//!
//! A program links the families it names: the trait is object safe, and nothing names all of them
//! but [`plan`](crate::plan::plan).

mod common;
pub mod x86;

pub use common::{check_nul, initrds, initrds_size};

use crate::arch::Arch;
use crate::error::Result;
use crate::machine::Machine;
use crate::note::Remarks;
use crate::purgatory::Registers;
use crate::request::Request;
use crate::segment::{Items, SegmentKind};
use crate::told::Told;

/// An image that can be started. `'a` is what its segments point at.
pub trait Handover<'a> {
    /// What it runs on.
    fn arch(&self) -> Arch;

    /// Whether it can be started as the request says, and as a crash kernel if `crash`. It is called
    /// before anything else: the place to refuse an entry or modules that the family does not have,
    /// crash kernels, a device tree that it cannot pass on.
    ///
    /// # Errors
    /// [`Error::NotBootable`](crate::Error::NotBootable),
    /// [`Error::BadArgument`](crate::Error::BadArgument), with the reason.
    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()>;

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

    /// Whether it reads the machine's ACPI and EFI tables: if so, a machine is refused on which it is
    /// not known where they are.
    fn reads_acpi(&self) -> bool;

    /// Whether the image gets the address of the ACPI tables, other than by its command line. Only a crash
    /// kernel's purpose asks.
    fn is_told_rsdp(&self, told: &Told<'_, 'a>) -> bool;

    /// Adds its blocks and pieces. All sizes are final.
    ///
    /// Whatever `told` has and the new kernel does not get is a remark, so that nothing is left out
    /// in silence: [`Note::NoEfi`](crate::plan::Note::NoEfi) with the reason if `told.efi` and the
    /// machine has EFI, [`Note::NoRngSeed`](crate::plan::Note::NoRngSeed) for the seed,
    /// [`Note::SetupTypeLeftOut`](crate::plan::Note::SetupTypeLeftOut) for setup_data.
    ///
    /// # Errors
    /// What cannot be handed over, such as [`Error::EmptyFile`](crate::Error::EmptyFile).
    fn items(
        &self,
        told: &Told<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()>;

    /// Writes a piece of this kind that [`Bytes::Made`](crate::segment::Bytes::Made) stands for. All
    /// have their places; a handover has one such piece of a kind. `out` may hold anything: every
    /// byte is to be written.
    ///
    /// # Errors
    /// None that [`Handover::items`] would not have returned.
    fn write(
        &self,
        kind: SegmentKind,
        told: &Told<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()>;

    /// The kind of the piece with the command line, and the line's offset in it. It ends with a NUL,
    /// or with the piece.
    fn command_line(&self) -> (SegmentKind, usize);

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
