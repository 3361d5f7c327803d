//! The data that is passed to the new kernel, before any encoding: a [`Handover`](crate::handover::Handover)
//! writes it as boot_params, a device tree or another format that its image reads.

use crate::machine::Machine;
use crate::memory::{MemoryMap, Range};
use crate::request::Module;

/// The data for the new kernel. `'a` is the lifetime of the bytes in segments: files and the workspace.
/// `'t` is the lifetime of data that is needed only until the plan is made.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'t, 'a> {
    /// The command line, without a final NUL.
    pub command_line: &'t [u8],
    /// The memory map.
    pub memory: &'t MemoryMap,
    /// The initrds, in the order in which they are unpacked.
    pub initrds: &'t [&'a [u8]],
    /// The modules, for images that take them.
    pub modules: &'t [Module<'t, 'a>],
    /// A device tree blob.
    pub dtb: Option<&'t [u8]>,
    /// Seed for random numbers.
    pub rng_seed: Option<[u8; 32]>,
    /// Whether EFI runtime services are passed on if possible.
    pub efi: bool,
    /// The running system.
    pub machine: &'t Machine,
    /// Additional data for a crash kernel.
    pub crash: Option<CrashPassed>,
}

/// Data that only a crash kernel gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashPassed {
    /// The address of the ELF core header.
    pub header: Range,
    /// The address to which low memory is copied before it starts, if it is copied.
    pub backup: Option<Range>,
}
