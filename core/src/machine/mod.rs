//! What the running system says of the machine: plain data, and one parser per source.
//!
//! Nothing here makes a system call: [`crate::linux`] reads the files and hands their bytes to
//! these parsers; a test, or a tool that plans for another machine, hands over its own.

use crate::memory::{MemoryMap, Range};

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

/// The memory reserved for a crash kernel (`crashkernel=`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrashReservation {
    /// The region kexec_load's segments must lie in (the kernel's crashk_res): the highest
    /// "Crash kernel" line of /proc/iomem.
    pub region: Option<Range>,
    /// The second region, below 4 GiB, that `crashkernel=…,high` adds for DMA.
    pub low: Option<Range>,
}

/// The kexec side of the running kernel; what could not be read is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KexecState {
    /// Whether an image is loaded.
    pub loaded: Option<bool>,
    /// Whether a crash image is loaded.
    pub crash_loaded: Option<bool>,
    /// kernel.kexec_load_disabled.
    pub load_disabled: Option<bool>,
    /// kernel.kexec_load_limit_reboot: loads still allowed, −1 without limit.
    pub load_limit_reboot: Option<i64>,
    /// kernel.kexec_load_limit_panic.
    pub load_limit_panic: Option<i64>,
    /// Lockdown.
    pub lockdown: Lockdown,
    /// Whether this process has CAP_SYS_BOOT (CapEff in /proc/self/status).
    pub cap_sys_boot: Option<bool>,
}

mod efi;
pub use efi::{Efi, EfiMemoryDescriptor};

mod boot_params;
pub use boot_params::RunningBootParams;

/// Everything the planner wants to know of a machine.
///
/// Large (some 0.4 MiB, mostly two memory maps of fixed capacity): keep it in a static or the
/// caller's frame; only what is filled is ever touched.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The map the new kernel is told, and [`MemorySource`] says where from.
    pub memory: MemoryMap,
    /// Where [`Machine::memory`] came from.
    pub memory_source: MemorySource,
    /// /proc/iomem's map: what the running kernel calls System RAM and Reserved. Empty when it
    /// is not readable. Segments go only where both maps have RAM.
    pub iomem: MemoryMap,
    /// The crash reservation.
    pub crash: CrashReservation,
    /// The boot_params the running kernel was started with.
    pub boot_params: RunningBootParams,
    /// EFI runtime services, if the running kernel has them.
    pub efi: Efi,
    /// Physical address of the ACPI RSDP; 0 when unknown.
    pub acpi_rsdp: u64,
    /// Bytes of RAM the running kernel manages (MemTotal in /proc/meminfo, the kernel's
    /// totalram_pages): kexec_load takes no more than half of it.
    pub total_ram: Option<u64>,
    /// Whether the running kernel uses 5-level page tables (cpuinfo's `la57` flag, which the
    /// kernel clears under `no5lvl`).
    pub five_level_paging: bool,
    /// Whether the CPU has SHA extensions (cpuinfo's `sha_ni`); only for reports.
    pub sha_ni: bool,
    /// The kexec side of the running kernel.
    pub kexec: KexecState,
}

impl Machine {
    /// Nothing known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: MemoryMap::new(),
            memory_source: MemorySource::None,
            iomem: MemoryMap::new(),
            crash: CrashReservation {
                region: None,
                low: None,
            },
            boot_params: RunningBootParams::new(),
            efi: Efi::new(),
            acpi_rsdp: 0,
            total_ram: None,
            five_level_paging: false,
            sha_ni: false,
            kexec: KexecState {
                loaded: None,
                crash_loaded: None,
                load_disabled: None,
                load_limit_reboot: None,
                load_limit_panic: None,
                lockdown: Lockdown::Unknown,
                cap_sys_boot: None,
            },
        }
    }
}
