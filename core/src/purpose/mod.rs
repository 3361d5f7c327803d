//! Why a kernel is started: by a reboot ([`Reboot`]), or after a crash ([`Crash`]). It decides which
//! memory segments may use and which data the new kernel gets in addition to the request.

mod crash;
mod known;
mod reboot;
mod usable;

pub use crash::{Crash, LINE};
pub use reboot::{BriefReboot, Reboot};
pub use usable::usable;

use crate::crash::ControlPages;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::memory::{MemoryMap, Range, RangeSet};
use crate::note::Remarks;
use crate::passed::Passed;
use crate::request::Options;
use crate::segment::{Arena, Bounds, Items};

/// The inputs of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'s> {
    /// The options.
    pub options: &'s Options,
    /// The command line as the caller gave it.
    pub command_line: &'s [u8],
    /// The running system.
    pub machine: &'s Machine,
    /// Whether the new kernel reads the machine's ACPI and EFI tables.
    pub acpi: bool,
    /// Whether the new kernel gets a memory map.
    pub memory_map: bool,
    /// What the machine has for segments, and what the caller allows.
    pub bounds: Bounds,
}

/// The workspace's memory for generated data.
#[derive(Debug)]
pub struct Room<'a> {
    /// Bytes.
    pub arena: Arena<'a>,
    /// A memory map for a kernel that gets a map other than the machine's; `None` once taken.
    pub map: Option<&'a mut MemoryMap>,
}

/// A reason to start a kernel. Segments borrow for `'a`.
pub trait Purpose<'a> {
    /// Whether the new kernel is a crash kernel.
    fn is_crash(&self) -> bool {
        false
    }

    /// Whether the caller itself has checked format, entry and modules of the request. A tiny program
    /// does, with shorter texts.
    fn is_brief(&self) -> bool {
        false
    }

    /// Checks that all necessary facts of the machine are known, and adds remarks for others that are
    /// not.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    fn check(&self, scene: &Scene<'_>, remarks: &mut Remarks) -> Result<()>;

    /// Checks its requirements on the machine, narrows the bounds to the memory that segments may
    /// use, and fills `free` with it.
    ///
    /// # Errors
    /// A requirement that the machine does not meet; [`Error::Full`].
    fn open(&mut self, scene: &mut Scene<'_>, free: &mut RangeSet) -> Result<()>;

    /// Adds data for the new kernel to `passed`, and removes the ranges it places for that from `free`.
    /// `rsdp`: whether the new kernel gets the address of the ACPI tables from another source.
    ///
    /// # Errors
    /// [`Error::Full`], or an error for a fact that the machine lacks.
    fn pass<'t>(
        &mut self,
        passed: &mut Passed<'t, 'a>,
        rsdp: bool,
        scene: &Scene<'_>,
        free: &mut RangeSet,
        room: &mut Room<'a>,
    ) -> Result<()>
    where
        'a: 't,
    {
        let _ = (passed, rsdp, scene, free, room);
        Ok(())
    }

    /// Adds its own pieces, after those of the handover.
    fn items(&self, items: &mut Items<'a>) {
        let _ = items;
    }

    /// Adds notes on the machine.
    fn notes(&self, machine: &Machine, remarks: &mut Remarks) {
        let _ = (machine, remarks);
    }

    /// Checks that everything it placed itself found room.
    ///
    /// # Errors
    /// [`Error::NoHole`].
    fn placed(&self) -> Result<()> {
        Ok(())
    }

    /// The error if there is no room for `items`.
    fn no_room(
        &self,
        error: Error,
        items: &mut Items<'a>,
        scene: &Scene<'_>,
        free: &mut RangeSet,
    ) -> Error {
        let _ = (items, scene, free);
        error
    }

    /// Flags for kexec_load(2) other than the architecture.
    fn flags(&self) -> u64 {
        0
    }

    /// The range in which all segments must lie; `None` if they may lie anywhere in RAM.
    fn region(&self) -> Option<Range> {
        None
    }

    /// How many pages of the reservation stay free for the running kernel.
    fn control_pages(&self) -> Option<ControlPages> {
        None
    }
}
