//! Why a kernel is started: by a reboot ([`Reboot`]), or after a crash ([`Crash`]). It decides which
//! memory segments may use and what the new kernel is told beyond the request.

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
use crate::request::Options;
use crate::segment::{Arena, Bounds, Items};
use crate::told::Told;

/// What a plan starts from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'s> {
    /// How to plan.
    pub options: &'s Options,
    /// The command line as the caller gave it.
    pub command_line: &'s [u8],
    /// The running system.
    pub machine: &'s Machine,
    /// Whether the new kernel reads the machine's ACPI and EFI tables.
    pub acpi: bool,
    /// What the machine has for segments, and what the caller allows.
    pub bounds: Bounds,
}

/// The workspace's memory for what is generated.
#[derive(Debug)]
pub struct Room<'a> {
    /// Bytes.
    pub arena: Arena<'a>,
    /// A memory map for a kernel that is told another one than the machine's; `None` once taken.
    pub map: Option<&'a mut MemoryMap>,
}

/// A reason to start a kernel. `'a` is what segments point at.
pub trait Purpose<'a> {
    /// Whether the new kernel is a crash kernel.
    fn is_crash(&self) -> bool {
        false
    }

    /// Whether the caller has checked already what the request wants of the image, in a few words.
    fn is_brief(&self) -> bool {
        false
    }

    /// Whether all is known of the machine that must be, with remarks on what else is not.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    fn check(&self, scene: &Scene<'_>, remarks: &mut Remarks) -> Result<()>;

    /// Checks what it needs of the machine, narrows the bounds to what segments may use, and fills
    /// `free` with it.
    ///
    /// # Errors
    /// Why the machine cannot serve it; [`Error::Full`].
    fn open(&mut self, scene: &mut Scene<'_>, free: &mut RangeSet) -> Result<()>;

    /// Adds to what the new kernel is told, and takes what it places for that out of `free`. `rsdp`
    /// says whether the new kernel is told where the ACPI tables are without it.
    ///
    /// # Errors
    /// [`Error::Full`], or what the machine lacks for it.
    fn tell<'t>(
        &mut self,
        told: &mut Told<'t, 'a>,
        rsdp: bool,
        scene: &Scene<'_>,
        free: &mut RangeSet,
        room: &mut Room<'a>,
    ) -> Result<()>
    where
        'a: 't,
    {
        let _ = (told, rsdp, scene, free, room);
        Ok(())
    }

    /// Adds its own pieces after those of the handover.
    fn items(&self, items: &mut Items<'a>) {
        let _ = items;
    }

    /// Remarks on the machine.
    fn notes(&self, machine: &Machine, remarks: &mut Remarks) {
        let _ = (machine, remarks);
    }

    /// Whether everything it placed itself has found room.
    ///
    /// # Errors
    /// [`Error::NoHole`].
    fn placed(&self) -> Result<()> {
        Ok(())
    }

    /// What to say when there is no room for `items`.
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

    /// Flags for kexec_load(2) besides the architecture.
    fn flags(&self) -> u64 {
        0
    }

    /// Where all segments must lie, if not just in RAM.
    fn region(&self) -> Option<Range> {
        None
    }

    /// How many pages of the reservation stay free for the running kernel.
    fn control_pages(&self) -> Option<ControlPages> {
        None
    }
}
