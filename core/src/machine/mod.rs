//! Facts about the machine from the running system: plain data, and one parser per source.
//!
//! Nothing here makes a system call: [`crate::linux`] reads the files and passes their bytes to
//! these parsers; a test, or a tool that plans for another machine, passes its own bytes.
//!
//! # Where the memory map comes from
//! Three sources describe the machine's memory. The first that has any RAM becomes
//! [`Machine::memory`], which is passed to the new kernel:
//!
//! 1. /sys/firmware/memmap. The firmware's own map with all its kinds. It includes memory that the
//!    running kernel does not use because of `mem=` or `memmap=`, and memory added at run time.
//!    Everyone may read it. If the next source is known to be equal, that one is read instead: one
//!    file instead of three for each entry.
//! 2. The e820 table in the running kernel's boot_params and its SETUP_E820_EXT nodes: the same
//!    map, for kernels without CONFIG_FIRMWARE_MEMMAP; it lacks memory added later, but
//!    has the numbers of kinds without a name.
//! 3. /proc/iomem. The running kernel's resources: it lacks memory cut off by `mem=`, and needs
//!    CAP_SYS_ADMIN.
//!
//! With `add_efi_memmap` on the running kernel's command line /proc/iomem comes first: the kernel
//! then adds the EFI memory map to its own table only (arch/x86/platform/efi/efi.c,
//! do_add_efi_memmap), and the two other sources lack what the firmware's e820 table lacks.
//!
//! A source that exceeds [`MemoryMap::CAPACITY`] is skipped, and [`MapFacts::full`] is set.

mod capture;
mod cmdline;
mod dump;
mod efi;
mod host;
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
mod srat;
mod unknown;
mod x86;
mod xen;

pub use crate::known::Known;
pub use crate::text::{hex, release};
pub use capture::{FACTS, KernelFacts, PARAMETERS};
pub use cmdline::{
    RunningCommandLine, has_parameter, planning_words, reusable_words, reuse_command_line, words,
};
pub use dump::{CpuNotes, Dump, KernelText, cpu_list, crash_notes, decimal_size, vmcoreinfo};
pub use efi::{Efi, EfiMemoryDescriptor, efi_platform_size};
pub use host::{
    ConfigParser, Host, Names, Watchdogs, first_pid_namespace, first_user_namespace, has_lockdown,
    secure_boot, watchdog_runs, whole_number,
};
pub use iomem::{IomemLine, IomemMapParser, IomemParser};
pub use kcore::KcoreParser;
pub use kexec::{KexecState, StatusParser, flag, load_limit};
pub use lockdown::{Lockdown, lockdown};
pub use maps::{MapFacts, MemorySource};
pub use meminfo::MeminfoParser;
pub(crate) use meminfo::kib_of;
pub use memmap::memmap_entry;
pub use platform::{Platform, page_size};
pub use resources::{CrashReservation, Iomem, IomemAccess, KernelRanges};
pub use srat::{HotPlug, SratParser};
pub use unknown::{Firmware, refusal};
pub use x86::{CpuFlags, E820_ENTRY_SIZE, EfiInfo, RunningBootParams, X86Facts, e820_entries};
pub use xen::{Xen, XenGuest, hypervisor_is_xen, xen_control, xen_guest};

use crate::error::Error;
use crate::memory::MemoryMap;

/// All facts about a machine that a plan needs, in parts.
///
/// Small parts have a constant `NONE` without any facts, which is assigned to clear them. Parts with
/// a table have `new` and `clear`, which only sets the table's length to 0.
///
/// It is large (about 0.7 MiB, mostly memory maps of fixed capacity); only the filled part is ever
/// accessed. Keep it in a static: unfilled it is all zeros and takes no room in the program's
/// file. It can also be on the stack, but then every page of that frame is probed.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// What the running system is.
    pub platform: Platform,
    /// The memory map that is passed to the new kernel.
    pub memory: MemoryMap,
    /// The map in /proc/iomem: System RAM and Reserved of the running kernel. Empty if the file is
    /// not readable. Segments are placed only where both maps have RAM.
    pub iomem: MemoryMap,
    /// The sources of the two maps.
    pub maps: MapFacts,
    /// The crash reservation.
    pub crash: CrashReservation,
    /// Facts about the running kernel that a crash kernel needs; without a reservation only the RAM
    /// is filled in.
    pub dump: Dump,
    /// Where the running kernel lies.
    pub kernel: KernelRanges,
    /// The running kernel's command line.
    pub command_line: RunningCommandLine,
    /// EFI runtime services, if the running kernel has them.
    pub efi: Efi,
    /// The state of kexec in the running kernel.
    pub kexec: KexecState,
    /// Whether the running system is a Xen domain, and which.
    pub xen: Xen,
    /// Memory that can be removed while a system runs.
    pub hot_plug: HotPlug,
    /// What a check of a load depends on besides.
    pub host: Host,
    /// Facts that only an x86 machine has.
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
            hot_plug: HotPlug::new(),
            host: Host::NONE,
            x86: X86Facts::new(),
        }
    }

    /// Forgets everything, in place: a [`Machine`] is too large to create and move.
    pub fn clear(&mut self) {
        // No `..`: a part that is not named here is a compile error.
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
            hot_plug,
            host,
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
        hot_plug.clear();
        *host = Host::NONE;
        x86.clear();
    }

    /// Copies the facts of /proc/meminfo.
    pub fn set_meminfo(&mut self, meminfo: &MeminfoParser) {
        self.platform.total_ram = meminfo.total;
        self.platform.available_ram = meminfo.available;
        if let Some(gbpages) = meminfo.gbpages {
            self.x86.gbpages = Known::of(gbpages);
        }
    }

    /// Whether the running kernel was started by a 64-bit EFI. If not, nothing is known
    /// of EFI, or the EFI is 32-bit and kexec on a 64-bit kernel cannot use its runtime services.
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
