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
//! A source that does not fit [`MemoryMap::CAPACITY`] is passed over, and [`Machine::memory_full`] says
//! so.

mod boot_params;
mod cmdline;
mod cpuinfo;
mod dump;
mod e820;
mod efi;
mod iomem;
mod kcore;

mod memmap;
mod resources;
mod state;
mod unknown;
mod xen;

pub use crate::known::Known;
pub use crate::text::{hex, release};
pub use boot_params::{EfiInfo, RunningBootParams};
pub use cmdline::{RunningCommandLine, has_parameter, reusable_words, reuse_command_line, words};
pub use cpuinfo::CpuFlags;
pub use dump::{CpuNotes, Dump, KernelText, cpu_list, crash_notes, decimal_size, vmcoreinfo};
pub use e820::{E820_ENTRY_SIZE, e820_entries};
pub use efi::{Efi, EfiMemoryDescriptor, efi_platform_size};
pub use iomem::{IomemMapParser, IomemParser};
pub use kcore::KcoreParser;
pub use memmap::memmap_entry;
pub use resources::{CrashReservation, Iomem, IomemAccess, KernelRanges};
pub(crate) use state::kib_of;
pub use state::{
    MeminfoParser, StatusParser, flag, hypervisor_is_xen, load_limit, lockdown, xen_control,
    xen_guest,
};
pub use unknown::{Firmware, refusal};

use crate::arch::Arch;
use crate::error::Error;
use crate::memory::{MemoryMap, PageSize};

/// Where [`Machine::memory`] came from, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemorySource {
    /// Nothing could be read.
    #[default]
    None,
    /// /sys/firmware/memmap: the firmware's map, complete, readable by everyone, and untouched
    /// by `mem=` and `memmap=` of the running kernel.
    FirmwareMemmap,
    /// The e820 table the running kernel was given (/sys/kernel/boot_params/data and its
    /// SETUP_E820_EXT node): the same map, but not corrected by the kernel's early quirks.
    BootParams,
    /// /proc/iomem: what the running kernel made of it; needs CAP_SYS_ADMIN.
    Iomem,
}

/// What the kernel's lockdown forbids (/sys/kernel/security/lockdown).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lockdown {
    /// The file is not there or not readable.
    #[default]
    Unknown,
    /// Nothing is forbidden.
    None,
    /// Loading of unsigned kernels is forbidden: kexec_load entirely.
    Integrity,
    /// As integrity, and reading kernel memory too.
    Confidentiality,
}

/// What kind of Xen guest the running system is (/sys/hypervisor/guest_type).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XenGuest {
    /// Not said: no Xen, or one that is older than the file.
    #[default]
    Unknown,
    /// Paravirtualised: the kernel sees no physical memory of its own, kexec is the hypervisor's.
    Pv,
    /// Hardware virtual machine: kexec as on hardware.
    Hvm,
    /// PV in an HVM container.
    Pvh,
}

/// The kexec side of the running kernel; what could not be read is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KexecState {
    /// Whether an image is loaded.
    pub loaded: Known,
    /// Whether a crash image is loaded.
    pub crash_loaded: Known,
    /// kernel.kexec_load_disabled.
    pub load_disabled: Known,
    /// kernel.kexec_load_limit_reboot: loads still allowed, −1 without limit.
    pub load_limit_reboot: Option<i64>,
    /// kernel.kexec_load_limit_panic.
    pub load_limit_panic: Option<i64>,
    /// Lockdown.
    pub lockdown: Lockdown,
    /// Whether this process has CAP_SYS_BOOT (CapEff in /proc/self/status).
    pub cap_sys_boot: Known,
}

/// Everything the planner wants to know of a machine.
///
/// Large (some 0.7 MiB, mostly memory maps of fixed capacity); only what is filled is ever
/// touched. Keep it in a static: unfilled it is all zeros and takes no room in the program's
/// file. In a frame it works too, but a frame that large has every page probed.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The map the new kernel is told, and [`MemorySource`] says where from.
    pub memory: MemoryMap,
    /// Where [`Machine::memory`] came from.
    pub memory_source: MemorySource,
    /// /proc/iomem's map: what the running kernel calls System RAM and Reserved. Empty when it
    /// is not readable. Segments go only where both maps have RAM.
    pub iomem: MemoryMap,
    /// Whether /proc/iomem could be read.
    pub iomem_access: IomemAccess,
    /// Whether a source of the map was passed over because it has more than
    /// [`MemoryMap::CAPACITY`] entries.
    pub memory_full: bool,
    /// Whether the EFI runtime map was dropped because it has more than [`Efi::CAPACITY`] entries.
    pub efi_full: bool,
    /// The crash reservation.
    pub crash: CrashReservation,
    /// What a crash kernel must be told of the running one; empty without a reservation, but for
    /// the RAM.
    pub dump: Dump,
    /// Where the running kernel lies.
    pub kernel: KernelRanges,
    /// The running kernel's command line.
    pub command_line: RunningCommandLine,
    /// The boot_params the running kernel was started with.
    pub boot_params: RunningBootParams,
    /// What started it.
    pub firmware: Firmware,
    /// EFI runtime services, if the running kernel has them.
    pub efi: Efi,
    /// Physical address of the ACPI RSDP; 0 when unknown, or when there is none.
    pub acpi_rsdp: u64,
    /// Bytes of RAM the running kernel manages (MemTotal in /proc/meminfo, the kernel's
    /// totalram_pages): kexec_load takes no more than half of it.
    pub total_ram: Option<u64>,
    /// Whether the running kernel uses 5-level page tables (cpuinfo's `la57` flag, which the
    /// kernel clears under `no5lvl`).
    pub five_level_paging: Known,
    /// Whether the running kernel maps RAM by pages of 1 GiB: DirectMap1G in /proc/meminfo. A CPU
    /// without them (no `pdpe1gb` in cpuinfo) says no; one with them does not say yes, for the
    /// kernel may not use them (`nogbpages`, debug_pagealloc).
    pub gbpages: Known,
    /// The running kernel's architecture; `None` if nobody says.
    pub arch: Option<Arch>,
    /// The running kernel's page size.
    pub page_size: PageSize,
    /// The kexec side of the running kernel.
    pub kexec: KexecState,
    /// Whether the running system is a Xen domain.
    pub xen: bool,
    /// What kind of domain.
    pub xen_guest: XenGuest,
    /// Whether it is the control domain, dom0.
    pub xen_control: Known,
}

impl Machine {
    /// Nothing known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: MemoryMap::new(),
            memory_source: MemorySource::None,
            iomem: MemoryMap::new(),
            iomem_access: IomemAccess::Missing,
            memory_full: false,
            efi_full: false,
            crash: CrashReservation {
                region: None,
                low: None,
            },
            dump: Dump::new(),
            kernel: KernelRanges::NONE,
            command_line: RunningCommandLine::new(),
            boot_params: RunningBootParams::new(),
            firmware: Firmware::Unknown,
            efi: Efi::new(),
            acpi_rsdp: 0,
            total_ram: None,
            five_level_paging: Known::Unknown,
            gbpages: Known::Unknown,
            arch: None,
            page_size: PageSize::K4,
            kexec: KexecState::UNKNOWN,
            xen: false,
            xen_guest: XenGuest::Unknown,
            xen_control: Known::Unknown,
        }
    }

    /// Forgets everything, in place: a [`Machine`] is too large to be made anew and moved.
    pub fn clear(&mut self) {
        self.memory.clear();
        self.memory_source = MemorySource::None;
        self.iomem.clear();
        self.iomem_access = IomemAccess::Missing;
        self.memory_full = false;
        self.efi_full = false;
        self.crash = CrashReservation::default();
        self.dump.clear();
        self.kernel = KernelRanges::NONE;
        self.command_line.set(b"");
        self.boot_params.set(b"");
        self.firmware = Firmware::Unknown;
        self.efi.clear();
        self.acpi_rsdp = 0;
        self.total_ram = None;
        self.five_level_paging = Known::Unknown;
        self.gbpages = Known::Unknown;
        self.arch = None;
        self.page_size = PageSize::K4;
        self.kexec = KexecState::UNKNOWN;
        self.xen = false;
        self.xen_guest = XenGuest::Unknown;
        self.xen_control = Known::Unknown;
    }

    /// Takes over what /proc/cpuinfo said: nothing, if it has no line of flags.
    pub const fn set_cpu_flags(&mut self, flags: &CpuFlags) {
        if !flags.is_complete() {
            return;
        }
        self.five_level_paging = Known::of(flags.la57);
        if !flags.gbpages && matches!(self.gbpages, Known::Unknown) {
            self.gbpages = Known::No;
        }
    }

    /// Takes over what /proc/meminfo said.
    pub fn set_meminfo(&mut self, meminfo: &MeminfoParser) {
        self.total_ram = meminfo.total;
        if let Some(gbpages) = meminfo.gbpages {
            self.gbpages = Known::of(gbpages);
        }
    }

    /// Whether the running kernel was started by a 64-bit EFI. Where it is not, nothing is known of
    /// EFI, or it is a 32-bit one, whose runtime services a 64-bit kexec cannot use.
    #[must_use]
    pub fn booted_by_efi(&self) -> bool {
        let page = self.boot_params.get();
        page.is_some_and(|page| page.get(0x1c0..0x1c4) == Some(b"EL64"))
    }

    /// Why [`Machine::memory`] is empty when it is: no source could be read, or none fits.
    #[must_use]
    pub const fn no_memory(&self) -> Error {
        if self.memory_full {
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
