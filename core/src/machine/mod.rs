//! What the running system says of the machine: plain data, and one parser per source.
//!
//! Nothing here makes a system call: [`crate::linux`] reads the files and hands their bytes to
//! these parsers; a test, or a tool that plans for another machine, hands over its own.
//!
//! # Where the memory map comes from
//! Three sources know the machine's memory. The first that gives any RAM is
//! [`Machine::memory`], which the new kernel is told:
//!
//! 1. /sys/firmware/memmap. The firmware's own map with all its kinds: memory the running kernel
//!    was told not to use (`mem=`, `memmap=`) is in it, memory added at run time too, and
//!    everyone may read it. Where the next source is seen to say the same, that one is read: one
//!    file instead of three for each entry.
//! 2. The e820 table in the running kernel's boot_params and its SETUP_E820_EXT nodes: the same
//!    map, for kernels without CONFIG_FIRMWARE_MEMMAP; memory added later is not in it, and the
//!    numbers of kinds without a name are.
//! 3. /proc/iomem. What the running kernel made of it all: lacks what `mem=` cut off, and takes
//!    CAP_SYS_ADMIN.
//!
//! With `add_efi_memmap` on the running kernel's command line /proc/iomem comes first: the kernel
//! then adds the EFI memory map to its own table only (arch/x86/platform/efi/efi.c,
//! do_add_efi_memmap), and the two others lack what the firmware's e820 table lacks.
//!
//! A source that does not fit [`MemoryMap::CAPACITY`] is passed over, and [`MapFacts::full`] says
//! so.

mod cmdline;
mod dump;
mod efi;
mod iomem;
mod kcore;
mod kexec;
mod lockdown;
mod maps;
mod meminfo;
mod memmap;
mod platform;
mod resources;
pub mod sources;
mod unknown;
mod x86;
mod xen;

pub use crate::known::Known;
pub use crate::text::{hex, release};
pub use cmdline::{RunningCommandLine, has_parameter, reusable_words, reuse_command_line, words};
pub use dump::{CpuNotes, Dump, KernelText, cpu_list, crash_notes, decimal_size, vmcoreinfo};
pub use efi::{Efi, EfiMemoryDescriptor, efi_platform_size};
pub use iomem::{IomemLine, IomemMapParser, IomemParser};
pub use kcore::KcoreParser;
pub use kexec::{KexecState, StatusParser, flag, load_limit};
pub use lockdown::{Lockdown, lockdown};
pub use maps::{MapFacts, MemorySource};
pub use meminfo::MeminfoParser;
pub(crate) use meminfo::kib_of;
pub use memmap::memmap_entry;
pub use platform::Platform;
pub use resources::{CrashReservation, Iomem, IomemAccess, KernelRanges};
pub use unknown::{Firmware, refusal};
pub use x86::{CpuFlags, E820_ENTRY_SIZE, EfiInfo, RunningBootParams, X86Facts, e820_entries};
pub use xen::{Xen, XenGuest, hypervisor_is_xen, xen_control, xen_guest};

use crate::error::Error;
use crate::memory::MemoryMap;

/// Everything the planner wants to know of a machine, in parts.
///
/// Small parts have a `NONE`, of which nothing is known, and are forgotten by its assignment. Parts
/// with a table have `new` and `clear`, which forgets a table by its length alone.
///
/// Large (some 0.7 MiB, mostly memory maps of fixed capacity); only what is filled is ever
/// touched. Keep it in a static: unfilled it is all zeros and takes no room in the program's
/// file. In a frame it works too, but a frame that large has every page probed.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// What the running system is.
    pub platform: Platform,
    /// The map the new kernel is told.
    pub memory: MemoryMap,
    /// /proc/iomem's map: what the running kernel calls System RAM and Reserved. Empty when it
    /// is not readable. Segments go only where both maps have RAM.
    pub iomem: MemoryMap,
    /// Where the two maps come from.
    pub maps: MapFacts,
    /// The crash reservation.
    pub crash: CrashReservation,
    /// What a crash kernel must be told of the running one; empty without a reservation, but for
    /// the RAM.
    pub dump: Dump,
    /// Where the running kernel lies.
    pub kernel: KernelRanges,
    /// The running kernel's command line.
    pub command_line: RunningCommandLine,
    /// EFI runtime services, if the running kernel has them.
    pub efi: Efi,
    /// The kexec side of the running kernel.
    pub kexec: KexecState,
    /// Whether the running system is a Xen domain, and which.
    pub xen: Xen,
    /// What only an x86 machine has.
    pub x86: X86Facts,
}

impl Machine {
    /// Nothing known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            platform: Platform::NONE,
            memory: MemoryMap::new(),
            iomem: MemoryMap::new(),
            maps: MapFacts::NONE,
            crash: CrashReservation::NONE,
            dump: Dump::new(),
            kernel: KernelRanges::NONE,
            command_line: RunningCommandLine::new(),
            efi: Efi::new(),
            kexec: KexecState::NONE,
            xen: Xen::NONE,
            x86: X86Facts::new(),
        }
    }

    /// Forgets everything, in place: a [`Machine`] is too large to be made anew and moved.
    pub fn clear(&mut self) {
        // No `..`: a part that is not named here does not compile.
        let Self {
            platform,
            memory,
            iomem,
            maps,
            crash,
            dump,
            kernel,
            command_line,
            efi,
            kexec,
            xen,
            x86,
        } = self;
        *platform = Platform::NONE;
        memory.clear();
        iomem.clear();
        *maps = MapFacts::NONE;
        *crash = CrashReservation::NONE;
        dump.clear();
        *kernel = KernelRanges::NONE;
        command_line.clear();
        efi.clear();
        *kexec = KexecState::NONE;
        *xen = Xen::NONE;
        x86.clear();
    }

    /// Takes over what /proc/meminfo said.
    pub fn set_meminfo(&mut self, meminfo: &MeminfoParser) {
        self.platform.total_ram = meminfo.total;
        if let Some(gbpages) = meminfo.gbpages {
            self.x86.gbpages = Known::of(gbpages);
        }
    }

    /// Whether the running kernel was started by a 64-bit EFI. Where it is not, nothing is known of
    /// EFI, or it is a 32-bit one, whose runtime services a 64-bit kexec cannot use.
    #[must_use]
    pub fn booted_by_efi(&self) -> bool {
        let page = self.x86.boot_params.get();
        page.is_some_and(|page| page.get(0x1c0..0x1c4) == Some(b"EL64"))
    }

    /// Why [`Machine::memory`] is empty when it is: no source could be read, or none fits.
    #[must_use]
    pub const fn no_memory(&self) -> Error {
        if self.maps.full {
            Error::Full {
                what: "MemoryMap::CAPACITY",
                capacity: MemoryMap::CAPACITY as u64,
            }
        } else {
            Error::NoMemoryMap
        }
    }
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod parts_tests;
