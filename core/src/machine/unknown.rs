//! Facts that could not be read and that a plan must not guess, because with a wrong guess the
//! machine would not start. docs/unknown.md has the policy for every fact.

use super::{IomemAccess, Known, Machine, has_parameter, words};
use crate::error::{Error, Result};
use crate::memory::Range;

/// What started the running kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Firmware {
    /// Not read.
    #[default]
    Unknown,
    /// Unknown, because neither /sys/kernel/boot_params nor /sys/firmware could be read.
    Unreadable,
    /// Not EFI: a BIOS, or a hypervisor that starts kernels itself. The new kernel finds the ACPI
    /// tables without help.
    NotEfi,
    /// EFI. The address of the ACPI tables must be passed to the new kernel.
    Efi,
}

/// The texts of [`Error::Unknown`]: the unknown fact and what to do.
pub mod refusal {
    /// /proc/iomem exists but cannot be read.
    pub const IOMEM_UNREADABLE: &str = "/proc/iomem exists but cannot be read, so which memory \
        the running kernel keeps for itself is not known; kexec_file_load does not need it";
    /// /proc/iomem has a line that is not a resource, or no line at all.
    pub const IOMEM_DAMAGED: &str = "/proc/iomem does not look like the kernel's (a line is not \
        \"start-last : name\"), so which memory the running kernel keeps for itself is not known; \
        kexec_file_load does not need it";
    /// /proc/iomem has more ranges than [`MemoryMap::CAPACITY`](crate::memory::MemoryMap::CAPACITY).
    pub const IOMEM_TOO_LONG: &str = "/proc/iomem has more memory ranges than there is room for \
        (8448), so which memory the running kernel keeps for itself is not known; \
        kexec_file_load does not need it";
    /// EFI, and no RSDP.
    pub const RSDP: &str = "this machine was started by EFI and where its ACPI tables are (RSDP) \
        is not known: neither /sys/kernel/boot_params nor /sys/firmware/efi/systab can be read; \
        without it the new kernel has no ACPI; mount /sys, run as root and outside of a container \
        that masks /sys/firmware, or give the new kernel acpi_rsdp= or acpi=off";
    /// Neither EFI nor BIOS is known.
    pub const FIRMWARE: &str = "whether this machine was started by EFI is not known: neither \
        /sys/kernel/boot_params nor /sys/firmware can be read; under EFI the new kernel would have \
        no ACPI; mount /sys";
    /// Neither EFI nor BIOS is known, and the image calls the BIOS.
    pub const REAL_MODE: &str = "whether this machine was started by EFI is not known: neither \
        /sys/kernel/boot_params nor /sys/firmware can be read; in real mode the image calls the \
        BIOS, which an EFI machine does not have; mount /sys";
    /// The levels of the page tables are unknown, and the image cannot be entered with five.
    pub const FIVE_LEVEL: &str = "whether the new kernel must support 5-level paging is not \
        known: mount /proc";
    /// Whether memory is encrypted is unknown, and the image cannot be started with that.
    pub const ENCRYPTED_GUEST: &str = "whether this is a guest with encrypted memory (SEV, TDX), in \
        which no unpacked kernel can be started, is not known: mount /proc";
    /// No /proc/iomem for a crash kernel.
    pub const RESERVATION: &str = "whether memory is reserved for a crash kernel is not known: \
        /proc/iomem is missing or cannot be read; mount /proc";
    /// /proc/iomem without addresses for a crash kernel.
    pub const RESERVATION_MASKED: &str = "whether memory is reserved for a crash kernel is not \
        known: /proc/iomem shows its addresses to root only (CAP_SYS_ADMIN)";
    /// Xen, without xenfs.
    pub const XEN_CONTROL: &str = "whether this Xen domain is the control domain (dom0), where no \
        kernel can be loaded this way, is not known: mount xenfs on /proc/xen";

    /// The text of [`plan_to_boot`](crate::plan::plan_to_boot) for /proc/iomem and the ACPI tables.
    pub const TO_BOOT: &str = "/proc/iomem or the ACPI tables' place is not known: mount \
        /proc and /sys";

    /// All of them.
    pub const ALL: [&str; 12] = [
        IOMEM_UNREADABLE,
        IOMEM_DAMAGED,
        IOMEM_TOO_LONG,
        RSDP,
        FIRMWARE,
        REAL_MODE,
        FIVE_LEVEL,
        ENCRYPTED_GUEST,
        RESERVATION,
        RESERVATION_MASKED,
        XEN_CONTROL,
        TO_BOOT,
    ];
}

const fn unknown(what: &'static str) -> Error {
    Error::Unknown { what }
}

impl Machine {
    /// Where a crash kernel may be loaded.
    ///
    /// # Errors
    /// [`Error::NoCrashReservation`] if /proc/iomem says that there is none, [`Error::Unknown`]
    /// if it could not be read.
    pub const fn reservation(&self) -> Result<Range> {
        match (self.crash.region, self.maps.iomem_access) {
            (Some(region), _) => Ok(region),
            (None, IomemAccess::Read | IomemAccess::TooLong) => Err(Error::NoCrashReservation),
            (None, IomemAccess::Unprivileged) => Err(unknown(refusal::RESERVATION_MASKED)),
            (None, IomemAccess::Missing | IomemAccess::Unreadable | IomemAccess::Damaged) => {
                Err(unknown(refusal::RESERVATION))
            }
        }
    }

    /// Whether segments may be placed by the firmware's map alone: where there is no /proc/iomem,
    /// or no privilege to read it. Not if it exists but cannot be read or parsed.
    pub(crate) const fn check_iomem(&self) -> Result<()> {
        Err(unknown(match self.maps.iomem_access {
            IomemAccess::Missing | IomemAccess::Unprivileged | IomemAccess::Read => return Ok(()),
            IomemAccess::Unreadable => refusal::IOMEM_UNREADABLE,
            IomemAccess::Damaged => refusal::IOMEM_DAMAGED,
            IomemAccess::TooLong => refusal::IOMEM_TOO_LONG,
        }))
    }

    /// Whether the map in /proc/iomem takes precedence over the firmware's: the running kernel added
    /// the EFI memory map to its own map only.
    pub(crate) fn wants_iomem(&self) -> bool {
        let line = self.command_line.parameters();
        line.is_some_and(|line| has_parameter(line, b"add_efi_memmap"))
    }

    /// Whether the new kernel will find the ACPI tables: `Ok(false)` if that is not known but the
    /// caller may continue. `efi`: whether EFI is to be passed on. `command_line`: the new kernel's.
    pub(crate) fn check_acpi(&self, efi: bool, command_line: &[u8]) -> Result<bool> {
        if self.platform.acpi_rsdp != 0 {
            return Ok(true);
        }
        let what = match self.platform.firmware {
            Firmware::NotEfi => return Ok(true),
            Firmware::Unknown => return Ok(false),
            Firmware::Efi if self.efi.systab == Known::Yes => return Ok(true),
            Firmware::Efi => refusal::RSDP,
            Firmware::Unreadable if !efi => return Ok(false),
            Firmware::Unreadable => refusal::FIRMWARE,
        };
        let mut kernels = words(command_line).take_while(|word| *word != b"--");
        if kernels.any(|word| word.starts_with(b"acpi_rsdp=") || word == b"acpi=off") {
            return Ok(true);
        }
        Err(unknown(what))
    }
}
