//! What the new kernel is to know, before any encoding: a [`Handover`](crate::handover::Handover)
//! writes it as boot_params, a device tree or whatever its image reads.

use crate::machine::Machine;
use crate::memory::{MemoryMap, Range};

/// `'a` is what segments point at: files and the workspace. `'t` is what may go once the plan is
/// made.
#[derive(Clone, Copy, Debug)]
pub struct Told<'t, 'a> {
    /// The command line, without a final NUL.
    pub command_line: &'t [u8],
    /// The memory map.
    pub memory: &'t MemoryMap,
    /// The initrds, in the order in which they are unpacked.
    pub initrds: &'t [&'a [u8]],
    /// A device tree blob.
    pub dtb: Option<&'t [u8]>,
    /// Seed for random numbers.
    pub rng_seed: Option<[u8; 32]>,
    /// Whether EFI runtime services are handed on where that can be done.
    pub efi: bool,
    /// The running system.
    pub machine: &'t Machine,
    /// What a crash kernel is told more.
    pub crash: Option<CrashTold>,
}

/// What only a crash kernel is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashTold {
    /// Where the ELF core header lies.
    pub header: Range,
    /// Where low memory is copied to before it starts, if it is.
    pub backup: Option<Range>,
}
