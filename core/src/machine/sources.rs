//! The sources of facts: one row for each file of /proc and /sys that is read.
//!
//! [`crate::linux`] opens the files that the rows name, in the order of [`ALL`]. A copy of these files
//! can be read with [`read_machine_at`](crate::linux::read_machine_at) in place of this machine's.
//! docs/unknown.md has the table; a test writes it.

use core::ffi::CStr;

use super::EfiMemoryDescriptor;
use crate::cstr;

/// A source of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// Its path below the root directory, without a slash before it.
    pub path: &'static CStr,
    /// Its path in other kernels, if `path` does not exist.
    pub other: Option<&'static CStr>,
    /// What kind of file is at the path.
    pub shape: Shape,
    /// The facts, in words.
    pub gives: &'static str,
    /// The use of these facts.
    pub needed: Needed,
    /// Whether [`read_machine_to_boot`](crate::linux::read_machine_to_boot) reads it too.
    pub to_boot: bool,
    /// Who may read it.
    pub reader: Reader,
    /// How much of it is read.
    pub extent: Extent,
    /// Its numbers in C, `KX_SOURCE_*`; empty if C has no parser for it.
    pub numbers: &'static [u32],
}

/// A kind of file at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// A file.
    File,
    /// A directory whose existence is the fact.
    Directory,
    /// A directory in which the names are the fact. Nothing in it is opened.
    Names,
    /// A symbolic link whose text is the fact.
    Link,
    /// A file at the path with the running kernel's version ([`RELEASE`]) after it.
    Released,
    /// A directory of directories, each named `prefix` and a number, with these files.
    Numbered {
        /// The part of the name before the number.
        prefix: &'static str,
        /// The files in each.
        files: &'static [&'static CStr],
    },
}

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// All of it.
    Whole,
    /// The first bytes, this many at most: the file grows with the machine.
    Bytes(u32),
    /// The ELF header and the program headers; after them comes the kernel's memory.
    ElfHeaders,
}

/// What a source is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needed {
    /// Every plan.
    Plan,
    /// A plan for a crash kernel: read only where memory is reserved for one.
    Crash,
    /// No plan: it explains why a load is refused.
    Refusal,
    /// No plan: a check whether a load would be taken, and what it would cost.
    Check,
}

/// Who may read a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reader {
    /// Everyone.
    Anyone,
    /// Its owner, root.
    Root,
    /// Everyone, but all addresses in it are 0 without CAP_SYS_ADMIN.
    SysAdmin,
    /// Root with CAP_SYS_RAWIO.
    RawIo,
}

impl Source {
    const fn new(path: &'static CStr, shape: Shape, gives: &'static str) -> Self {
        Self {
            path,
            other: None,
            shape,
            gives,
            needed: Needed::Plan,
            to_boot: false,
            reader: Reader::Anyone,
            extent: Extent::Whole,
            numbers: &[],
        }
    }

    const fn file(path: &'static CStr, gives: &'static str) -> Self {
        Self::new(path, Shape::File, gives)
    }

    const fn or(mut self, other: &'static CStr) -> Self {
        self.other = Some(other);
        self
    }

    const fn needed_for(mut self, needed: Needed) -> Self {
        self.needed = needed;
        self
    }

    const fn to_boot(mut self) -> Self {
        self.to_boot = true;
        self
    }

    const fn readable_by(mut self, reader: Reader) -> Self {
        self.reader = reader;
        self
    }

    const fn extent(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    const fn numbers(mut self, numbers: &'static [u32]) -> Self {
        self.numbers = numbers;
        self
    }

    /// The possible paths, the preferred one first.
    pub fn paths(&self) -> impl Iterator<Item = &'static CStr> + use<> {
        [Some(self.path), self.other].into_iter().flatten()
    }
}

/// The files of a watchdog in [`WATCHDOGS`].
pub const WATCHDOG_FILES: [&CStr; 3] = [cstr!("state"), cstr!("timeout"), cstr!("nowayout")];
/// The files of an entry of [`MEMMAP`].
pub const MEMMAP_FILES: [&CStr; 3] = [cstr!("start"), cstr!("end"), cstr!("type")];
/// The files of a node in [`SETUP_DATA`].
pub const SETUP_DATA_FILES: [&CStr; 2] = [cstr!("type"), cstr!("data")];
/// The files of a CPU in [`CRASH_NOTES`].
pub const CRASH_NOTES_FILES: [&CStr; 2] = [cstr!("crash_notes"), cstr!("crash_notes_size")];

/// What a copy needs of a [`Source`]: a program that makes one has no descriptions in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) path: &'static CStr,
    pub(crate) other: Option<&'static CStr>,
    /// Bytes that are copied at most.
    pub(crate) limit: u32,
    pub(crate) is_directory: bool,
}

impl Row {
    /// The limit that stands for [`Extent::ElfHeaders`].
    pub(crate) const ELF_HEADERS: u32 = 0;

    const fn of(source: &Source) -> Self {
        Self {
            path: source.path,
            other: source.other,
            limit: match source.extent {
                Extent::Whole => u32::MAX,
                Extent::Bytes(limit) => limit,
                Extent::ElfHeaders => Self::ELF_HEADERS,
            },
            is_directory: !matches!(source.shape, Shape::File),
        }
    }

    /// Of a directory of directories: what their names begin with, and the files in each.
    pub(crate) fn entries(&self) -> Option<Entries> {
        let mut all = NUMBERED.iter();
        all.find(|(path, _)| *path == self.path)
            .map(|(_, entries)| *entries)
    }
}

/// What directories in a source are called, and the files in each.
pub(crate) type Entries = (&'static str, &'static [&'static CStr]);

/// All directories of directories.
static NUMBERED: [(&CStr, Entries); 4] = [
    numbered(&EFI_MAP),
    numbered(&SETUP_DATA),
    numbered(&MEMMAP),
    numbered(&CRASH_NOTES),
];

const fn numbered(source: &Source) -> (&'static CStr, Entries) {
    match source.shape {
        Shape::Numbered { prefix, files } => (source.path, (prefix, files)),
        _ => (source.path, ("", &[])),
    }
}

/// Defines a constant for each row, so that readers name their source, and [`ALL`].
macro_rules! sources {
    ($($(#[$doc:meta])* $name:ident = $row:expr;)*) => {
        $($(#[$doc])* pub const $name: Source = $row;)*

        /// All sources, in the order in which they are read.
        pub const ALL: &[Source] = &[$($name),*];

        /// What a copy needs of each, in the same order.
        pub(crate) static ROWS: &[Row] = &[$(Row::of(&$name)),*];
    };
}

/// The same for the sources of a check, which no plan reads, and which are not copied.
macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $row:expr;)*) => {
        $($(#[$doc])* pub const $name: Source = $row;)*

        /// The sources that only [`read_machine_to_check`](crate::linux::read_machine_to_check) reads.
        pub const CHECKS: &[Source] = &[$($name),*];
    };
}

sources! {
    /// This process.
    STATUS = Source::file(cstr!("proc/self/status"), "whether this process has CAP_SYS_BOOT")
        .needed_for(Needed::Refusal).numbers(&[7]);
    /// kexec_loaded.
    LOADED = Source::file(cstr!("sys/kernel/kexec/loaded"), "whether an image is loaded")
        .or(cstr!("sys/kernel/kexec_loaded")).needed_for(Needed::Refusal);
    /// kexec_crash_loaded.
    CRASH_LOADED =
        Source::file(cstr!("sys/kernel/kexec/crash_loaded"), "whether a crash image is loaded")
        .or(cstr!("sys/kernel/kexec_crash_loaded")).needed_for(Needed::Refusal);
    /// kexec_load_disabled.
    LOAD_DISABLED =
        Source::file(cstr!("proc/sys/kernel/kexec_load_disabled"), "whether loads are disabled")
        .needed_for(Needed::Refusal);
    /// kexec_load_limit_reboot.
    LIMIT_REBOOT = Source::file(cstr!("proc/sys/kernel/kexec_load_limit_reboot"),
        "how many loads for a reboot are still allowed").needed_for(Needed::Refusal);
    /// kexec_load_limit_panic.
    LIMIT_PANIC = Source::file(cstr!("proc/sys/kernel/kexec_load_limit_panic"),
        "how many loads of a crash kernel are still allowed").needed_for(Needed::Refusal);
    /// Lockdown.
    LOCKDOWN = Source::file(cstr!("sys/kernel/security/lockdown"), "what the lockdown forbids")
        .needed_for(Needed::Refusal).numbers(&[9]);
    /// xenfs.
    XEN_CAPABILITIES = Source::file(cstr!("proc/xen/capabilities"),
        "whether this is Xen's control domain");
    /// The hypervisor.
    HYPERVISOR = Source::file(cstr!("sys/hypervisor/type"), "whether the hypervisor is Xen");
    /// Where xenfs is mounted.
    XEN_DIRECTORY = Source::new(cstr!("proc/xen"), Shape::Directory,
        "whether this is a Xen domain");
    /// The kind of Xen guest.
    XEN_GUEST = Source::file(cstr!("sys/hypervisor/guest_type"), "what kind of Xen guest");
    /// The running kernel's command line.
    COMMAND_LINE = Source::file(cstr!("proc/cmdline"), "the running kernel's command line")
        .numbers(&[4]);
    /// RAM.
    MEMINFO = Source::file(cstr!("proc/meminfo"), "bytes of RAM; whether pages of 1 GiB are used")
        .numbers(&[6]);
    /// The CPUs.
    CPUINFO = Source::file(cstr!("proc/cpuinfo"), "levels of the page tables")
        .extent(Extent::Bytes(64 << 10)).numbers(&[5]);
    /// boot_params.
    BOOT_PARAMS = Source::file(cstr!("sys/kernel/boot_params/data"),
        "the running kernel's boot_params: memory map, screen, EDD, EFI, RSDP").to_boot().numbers(&[3]);
    /// EFI.
    EFI = Source::new(cstr!("sys/firmware/efi"), Shape::Directory, "whether this is EFI")
        .to_boot();
    /// Bits of the firmware.
    EFI_PLATFORM_SIZE = Source::file(cstr!("sys/firmware/efi/fw_platform_size"),
        "whether EFI is 32-bit or 64-bit").to_boot();
    /// Firmware vendor.
    EFI_FW_VENDOR = Source::file(cstr!("sys/firmware/efi/fw_vendor"),
        "the address of EFI's vendor string").to_boot().readable_by(Reader::Root);
    /// Runtime services.
    EFI_RUNTIME = Source::file(cstr!("sys/firmware/efi/runtime"),
        "the address of EFI's runtime services").to_boot().readable_by(Reader::Root);
    /// Configuration tables.
    EFI_CONFIG_TABLE = Source::file(cstr!("sys/firmware/efi/config_table"),
        "the address of EFI's configuration tables").to_boot().readable_by(Reader::Root);
    /// The table of tables.
    EFI_SYSTAB = Source::file(cstr!("sys/firmware/efi/systab"),
        "the addresses of ACPI's RSDP and of SMBIOS").to_boot().readable_by(Reader::Root).numbers(&[8]);
    /// The runtime map.
    EFI_MAP = Source::new(cstr!("sys/firmware/efi/runtime-map"),
        Shape::Numbered { prefix: "", files: &EfiMemoryDescriptor::FILES },
        "EFI's runtime memory map").to_boot().readable_by(Reader::Root);
    /// ACPI.
    ACPI = Source::new(cstr!("sys/firmware/acpi"), Shape::Directory,
        "that /sys/firmware is not masked: without efi in it this is not EFI");
    /// The firmware's tables.
    ACPI_TABLES = Source::new(cstr!("sys/firmware/acpi/tables"), Shape::Directory,
        "that the tables are listed: without SRAT in it there is none");
    /// The affinity of memory.
    SRAT = Source::file(cstr!("sys/firmware/acpi/tables/SRAT"),
        "memory that can be removed while the system runs").readable_by(Reader::Root).numbers(&[17]);
    /// Resources.
    IOMEM = Source::file(cstr!("proc/iomem"),
        "memory that the running kernel keeps; the reservation; RAM to dump; a memory map if there is \
         no other").to_boot().readable_by(Reader::SysAdmin).numbers(&[1]);
    /// Nodes of setup_data.
    SETUP_DATA = Source::new(cstr!("sys/kernel/boot_params/setup_data"),
        Shape::Numbered { prefix: "", files: &SETUP_DATA_FILES },
        "the e820 table beyond 128 entries").to_boot().numbers(&[2]);
    /// The firmware's memory map.
    MEMMAP = Source::new(cstr!("sys/firmware/memmap"),
        Shape::Numbered { prefix: "", files: &MEMMAP_FILES }, "the firmware's memory map");
    /// Possible CPUs.
    CPUS = Source::file(cstr!("sys/devices/system/cpu/possible"), "which CPUs are possible")
        .needed_for(Needed::Crash);
    /// Each CPU's note.
    CRASH_NOTES = Source::new(cstr!("sys/devices/system/cpu"),
        Shape::Numbered {
            prefix: "cpu",
            files: &CRASH_NOTES_FILES,
        },
        "where each CPU's registers will be").needed_for(Needed::Crash).readable_by(Reader::Root)
        .numbers(&[15, 14]);
    /// vmcoreinfo.
    VMCOREINFO = Source::file(cstr!("sys/kernel/vmcoreinfo"), "where vmcoreinfo is")
        .needed_for(Needed::Crash).numbers(&[10]);
    /// Room for hotplug.
    ELFCOREHDR_SIZE = Source::file(cstr!("sys/kernel/kexec/crash_elfcorehdr_size"),
        "room for hotplug in the header of the dump").or(cstr!("sys/kernel/crash_elfcorehdr_size"))
        .needed_for(Needed::Crash).numbers(&[13]);
    /// Memory of the CMA.
    CMA = Source::file(cstr!("sys/kernel/kexec/crash_cma_ranges"),
        "memory that crashkernel=…,cma adds").or(cstr!("sys/kernel/kexec_crash_cma_ranges"))
        .needed_for(Needed::Crash).numbers(&[16]);
    /// The kernel's version.
    RELEASE = Source::file(cstr!("proc/sys/kernel/osrelease"), "the running kernel's version")
        .needed_for(Needed::Crash).numbers(&[11]);
    /// The kernel's memory.
    KCORE = Source::file(cstr!("proc/kcore"), "where the running kernel maps itself and RAM")
        .needed_for(Needed::Crash).readable_by(Reader::RawIo).extent(Extent::ElfHeaders).numbers(&[12]);
}

checks! {
    /// The user namespace.
    USER_NAMESPACE = Source::new(cstr!("proc/self/ns/user"), Shape::Link,
        "whether this process is in the first user namespace").needed_for(Needed::Check);
    /// The PID namespace.
    PID_NAMESPACE = Source::new(cstr!("proc/self/ns/pid"), Shape::Link,
        "whether this process is in the first PID namespace").needed_for(Needed::Check);
    /// The security modules.
    SECURITY_MODULES = Source::file(cstr!("sys/kernel/security/lsm"),
        "whether there is a lockdown at all").needed_for(Needed::Check);
    /// Secure Boot.
    SECURE_BOOT = Source::file(cstr!("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
        "whether UEFI Secure Boot is on").needed_for(Needed::Check);
    /// The kernel's configuration.
    CONFIG = Source::new(cstr!("boot/config-"), Shape::Released,
        "which calls the kernel has, and whether it demands signatures").needed_for(Needed::Check);
    /// Kexec handover.
    HANDOVER = Source::new(cstr!("sys/kernel/debug/kho"), Shape::Directory,
        "whether memory is handed over to the next kernel").or(cstr!("sys/kernel/kho"))
        .needed_for(Needed::Check).readable_by(Reader::Root);
    /// Whether its state is final.
    HANDOVER_FINAL = Source::file(cstr!("sys/kernel/debug/kho/out/finalize"),
        "whether the state to hand over is final").needed_for(Needed::Check)
        .readable_by(Reader::Root);
    /// What it hands over.
    HANDED_OVER = Source::new(cstr!("sys/kernel/debug/kho/out/sub_fdts"), Shape::Names,
        "what is handed over").needed_for(Needed::Check).readable_by(Reader::Root);
    /// Live update.
    LIVE_UPDATE = Source::new(cstr!("sys/class/misc/liveupdate"), Shape::Directory,
        "whether files are preserved for the next kernel").needed_for(Needed::Check);
    /// The watchdogs.
    WATCHDOGS = Source::new(cstr!("sys/class/watchdog"),
        Shape::Numbered { prefix: "watchdog", files: &WATCHDOG_FILES },
        "whether a watchdog runs").needed_for(Needed::Check);
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
