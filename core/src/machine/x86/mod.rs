//! Facts that only an x86 machine has: boot_params with their e820 table, the CPU's flags, and the
//! layout of the kernel's address space.

mod address_space;
mod boot_params;
mod cpuinfo;
mod e820;

pub use boot_params::{EfiInfo, RunningBootParams};
pub use cpuinfo::CpuFlags;
pub use e820::{E820_ENTRY_SIZE, e820_entries};

pub(super) use address_space::{direct_map, is_kernel_text};

use super::Known;

/// Facts about an x86 machine; empty for any other.
#[derive(Clone, Debug, Default)]
pub struct X86Facts {
    /// The boot_params the running kernel was started with.
    pub boot_params: RunningBootParams,
    /// Whether the running kernel uses 5-level page tables (cpuinfo's `la57` flag, which the
    /// kernel clears under `no5lvl`).
    pub five_level_paging: Known,
    /// Whether the running kernel maps RAM with pages of 1 GiB: DirectMap1G in /proc/meminfo. No, if
    /// the CPU lacks them (no `pdpe1gb` in cpuinfo). A CPU that has them does not make it yes,
    /// because the kernel may not use them (`nogbpages`, debug_pagealloc).
    pub gbpages: Known,
    /// Whether this is a guest with encrypted memory (SEV, TDX), by cpuinfo's flags.
    pub encrypted_guest: Known,
}

impl X86Facts {
    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            boot_params: RunningBootParams::new(),
            five_level_paging: Known::Unknown,
            gbpages: Known::Unknown,
            encrypted_guest: Known::Unknown,
        }
    }

    /// Forgets everything, in place.
    pub fn clear(&mut self) {
        // No `..`: a field that is not named here is a compile error.
        let Self {
            boot_params,
            five_level_paging,
            gbpages,
            encrypted_guest,
        } = self;
        boot_params.clear();
        *five_level_paging = Known::Unknown;
        *gbpages = Known::Unknown;
        *encrypted_guest = Known::Unknown;
    }

    /// Copies the facts of /proc/cpuinfo; none, if it has no line of flags.
    pub const fn set_cpu_flags(&mut self, flags: &CpuFlags) {
        if !flags.is_complete() {
            return;
        }
        self.five_level_paging = Known::of(flags.la57);
        self.encrypted_guest = Known::of(flags.guest && flags.encryption);
        if !flags.gbpages && matches!(self.gbpages, Known::Unknown) {
            self.gbpages = Known::No;
        }
    }
}
