//! The parts of a crash kernel that are specific to x86: low memory, in which it starts its CPUs, and
//! the pages that the loading kernel needs for the jump.

mod control;

pub use control::ControlPages;

use crate::arch::Arch;
use crate::memory::Range;

/// The architecture that the dump's header names.
pub(super) const ARCH: Arch = Arch::X86_64;

/// The first MiB, which a crash kernel uses: trampolines for the other CPUs go there. Kernels from 5.5
/// on reserve it once there is a crash reservation (arch/x86/realmode/init.c; reserve_crashkernel
/// before that).
pub(super) const LOW_MEMORY: Option<Range> = Range::new(0, 0xf_ffff);

/// Memory below this address can be copied: what a PC has before its ROMs and VGA memory.
pub(super) const BACKED_UP: u64 = 0xa_0000;

/// The part of [`LOW_MEMORY`] that is not copied.
pub(super) const NOT_BACKED_UP: Option<Range> = Range::new(BACKED_UP, 0xf_ffff);
