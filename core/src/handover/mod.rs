//! Which kernel is started: an image family on an architecture, with its requirements on placement,
//! the data it gets, and the state in which it is entered. There is one module for each family.
//!
//! A program links only the families that it names: the trait is object safe, and only
//! [`plan`](crate::plan::plan) names all of them.

pub mod arm64;
mod common;
pub mod x86;

pub use common::{check_nul, initrds, initrds_above, initrds_near, initrds_size, initrds_size_in};

use crate::arch::Arch;
use crate::error::Result;
use crate::image::Entry;
use crate::machine::Machine;
use crate::note::Remarks;
use crate::passed::Passed;
use crate::purgatory::Registers;
use crate::request::Request;
use crate::segment::{Items, SegmentKind};

/// An image that can be started. `'a` is what its segments point at.
pub trait Handover<'a> {
    /// The architecture it runs on.
    fn arch(&self) -> Arch;

    /// Whether it can be started as the request says, and as a crash kernel if `crash`. This is called
    /// first. It refuses what the family does not have: an entry, modules, crash kernels, a device
    /// tree.
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

    /// Whether it accepts this command line.
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

    /// Whether it reads the machine's ACPI and EFI tables. If so, a machine is refused if their
    /// address is not known.
    fn reads_acpi(&self) -> bool;

    /// Whether it gets a memory map from the loader. If not, it finds memory where the running kernel
    /// found it.
    fn gets_memory_map(&self) -> bool {
        true
    }

    /// Whether the image gets the address of the ACPI tables, other than by its command line. Only
    /// the purpose of a crash kernel calls this.
    fn gets_rsdp(&self, passed: &Passed<'_, 'a>) -> bool;

    /// Adds its blocks and pieces. All sizes must be final.
    ///
    /// Everything in `passed` that the new kernel does not get is a remark, so that nothing is left
    /// out silently: [`Note::NoEfi`](crate::plan::Note::NoEfi) with the reason if `passed.efi` and the
    /// machine has EFI, [`Note::NoRngSeed`](crate::plan::Note::NoRngSeed) for the seed,
    /// [`Note::SetupTypeLeftOut`](crate::plan::Note::SetupTypeLeftOut) for setup_data.
    ///
    /// # Errors
    /// For data that cannot be passed on, such as [`Error::EmptyFile`](crate::Error::EmptyFile).
    fn items(
        &self,
        passed: &Passed<'_, 'a>,
        items: &mut Items<'a>,
        remarks: &mut Remarks,
    ) -> Result<()>;

    /// Called when all blocks are placed: remarks on their places.
    fn placed(&self, items: &Items<'a>, remarks: &mut Remarks) {
        let _ = (items, remarks);
    }

    /// Writes the piece of this kind that [`Handover::items`] declared as
    /// [`Bytes::Made`](crate::segment::Bytes::Made); a handover has at most one of each kind. All items
    /// are placed already. `out` has any contents: every byte must be written.
    ///
    /// # Errors
    /// Only those that [`Handover::items`] returns.
    fn write(
        &self,
        kind: SegmentKind,
        passed: &Passed<'_, 'a>,
        items: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()>;

    /// The kind of the piece with the command line, and the line's offset in it. The line ends with a
    /// NUL, or with the piece.
    fn command_line(&self) -> (SegmentKind, usize);

    /// Finds the command line in its piece, for an image whose data has no place for it that is the same
    /// in each plan. `None`: it is where [`Handover::command_line`] says.
    fn find_command_line(&self) -> Option<FindLine> {
        None
    }

    /// The highest address that the code which enters it may have.
    fn exit_below(&self) -> u64 {
        u64::MAX
    }

    /// The state in which it is entered.
    fn exit(&self, items: &Items<'a>) -> Exit;
}

/// Finds the command line in the bytes of a piece; it ends with a NUL, or with what is returned.
pub type FindLine = fn(&[u8]) -> &[u8];

/// The CPU's state when the new kernel is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// x86 in 64-bit mode. The seal chooses RSP if it is 0.
    X86Long(Registers),
    /// x86 in 32-bit protected mode, without paging: CS 0x10, the data segments 0x18, all flat;
    /// interrupts off. Of the registers it has the low halves of RAX to RDI, RBP and RIP. ESP is the
    /// seal's to choose if it is 0; else the four bytes below it are written to.
    X86Protected(Registers),
    /// x86 in real mode, with the interrupt vectors at address 0, as a BIOS has them; interrupts off.
    X86Real {
        /// How code of the handover's own is entered in 32-bit protected mode, which does the rest
        /// ([`purgatory::RealMode`](crate::purgatory::RealMode)).
        by: Registers,
        /// The address that it enters.
        entry: u64,
    },
    /// arm64, without paging and with the data cache off, at the exception level that the running kernel
    /// leaves it in. X1 to X3 are 0.
    Arm64 {
        /// The address of the first instruction.
        entry: u64,
        /// X0.
        x0: u64,
    },
}

impl Exit {
    /// The mode in which it is entered.
    #[must_use]
    pub const fn mode(&self) -> Entry {
        match self {
            Self::X86Long(_) => Entry::X86Long,
            Self::X86Protected(_) => Entry::X86Protected,
            Self::X86Real { .. } => Entry::X86Real,
            Self::Arm64 { .. } => Entry::Arm64,
        }
    }

    /// The address it is entered at.
    #[must_use]
    pub const fn entry(&self) -> u64 {
        match self {
            Self::X86Long(registers) | Self::X86Protected(registers) => registers.rip,
            Self::X86Real { entry, .. } | Self::Arm64 { entry, .. } => *entry,
        }
    }
}
