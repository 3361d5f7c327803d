//! Notes on a plan: what it leaves out or does differently from the request, and why.

use core::fmt;

use heapless::Vec;

use crate::boot::SetupType;

/// The notes on a plan, and the types of setup_data that it passes on.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    notes: Vec<Note, 24>,
    setup_types: Vec<SetupType, 4>,
}

impl Remarks {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            notes: Vec::new(),
            setup_types: Vec::new(),
        }
    }

    /// Adds a note; there is room for all that a plan can have.
    #[inline(never)]
    pub fn note(&mut self, note: Note) {
        let _ = self.notes.push(note);
    }

    /// Adds a type of setup_data that is passed on; there is room for all types.
    pub fn setup_type(&mut self, kind: SetupType) {
        let _ = self.setup_types.push(kind);
    }

    /// The notes.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The types of setup_data, in list order.
    #[must_use]
    pub fn setup_types(&self) -> &[SetupType] {
        &self.setup_types
    }
}

/// A note on a plan. No note prevents the new kernel from starting.
///
/// Some notes report that a fact about the machine is not known. A caller should show these to the
/// user: see [`Note::is_warning`], and docs/unknown.md for the policy of every fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The image does not know this type of setup_data; it was left out.
    SetupTypeLeftOut {
        /// The type.
        kind: SetupType,
        /// The highest type the image knows.
        max: u32,
    },
    /// EFI runtime services are not passed on.
    NoEfi {
        /// Why not.
        why: &'static str,
    },
    /// No seed for the random number generator.
    NoRngSeed,
    /// /proc/iomem's map is not known: what the running kernel reserved is not known.
    NoIomem,
    /// The running kernel's boot_params are not known: no screen, EDD and EFI data.
    NoBootParams,
    /// The image is not verified before it starts.
    NotVerified,
    /// /proc/kcore did not say where the running kernel maps itself and RAM: the dump's virtual
    /// addresses are a guess.
    NoKcore,
    /// CPUs that are possible but not present: their registers will not be in the dump.
    CpusWithoutNotes {
        /// How many.
        count: u32,
    },
    /// The running kernel's version is unknown: it may use the first MiB, which the crash kernel
    /// overwrites.
    LowMemoryLost,
    /// The running kernel uses the first MiB: the purgatory copies 640 KiB of it.
    LowMemoryCopied,
    /// The running kernel keeps the elfcorehdr up to date.
    Hotplug,
    /// EFI runtime services are not passed on, because not all of their description could be read.
    EfiUnread,
    /// The address of the ACPI tables (RSDP) is not known: the new kernel looks for it itself, and
    /// finds it if this is no EFI machine.
    NoRsdp,
    /// The firmware's memory map could not be read, or is too large: the new kernel gets the map
    /// from /proc/iomem.
    MemoryFromIomem,
    /// The running kernel's command line is not known: if it contains `add_efi_memmap`,
    /// the firmware's map, which the new kernel gets, lacks some of the memory.
    NoCommandLine,
    /// No CPU's crash_notes are known: no registers will be in the dump.
    NoCpuNotes,
    /// CPUs that are present but whose crash_notes could not be read: their registers will not be
    /// in the dump.
    CpusUnread {
        /// How many.
        count: u32,
    },
    /// The ranges of `crashkernel=…,cma` could not be read: the crash kernel will not use that memory.
    CmaUnread,
    /// An unpacked kernel is at another place, or started otherwise, than by its own decompressor.
    Unpacked {
        /// What is different, and why.
        why: &'static str,
    },
}

impl Note {
    /// Whether it reports that a fact about the machine is not known that matters for this plan.
    /// Such a note should be shown at every load, not only when a plan is printed.
    #[must_use]
    pub const fn is_warning(&self) -> bool {
        match self {
            Self::NoIomem
            | Self::NoBootParams
            | Self::NoKcore
            | Self::LowMemoryLost
            | Self::EfiUnread
            | Self::NoRsdp
            | Self::MemoryFromIomem
            | Self::NoCommandLine
            | Self::NoCpuNotes
            | Self::CpusUnread { .. }
            | Self::CmaUnread => true,
            Self::SetupTypeLeftOut { .. }
            | Self::NoEfi { .. }
            | Self::NoRngSeed
            | Self::NotVerified
            | Self::CpusWithoutNotes { .. }
            | Self::LowMemoryCopied
            | Self::Hotplug
            | Self::Unpacked { .. } => false,
        }
    }

    /// Its number, 1 and up, which the C library has as KX_NOTE_*; never reused.
    #[must_use]
    pub const fn number(&self) -> u16 {
        match self {
            Self::SetupTypeLeftOut { .. } => 1,
            Self::NoEfi { .. } => 2,
            Self::NoRngSeed => 3,
            Self::NoIomem => 4,
            Self::NoBootParams => 5,
            Self::NotVerified => 6,
            Self::NoKcore => 7,
            Self::CpusWithoutNotes { .. } => 8,
            Self::LowMemoryLost => 9,
            Self::LowMemoryCopied => 10,
            Self::Hotplug => 11,
            Self::EfiUnread => 12,
            Self::NoRsdp => 13,
            Self::MemoryFromIomem => 14,
            Self::NoCommandLine => 15,
            Self::NoCpuNotes => 16,
            Self::CpusUnread { .. } => 17,
            Self::CmaUnread => 18,
            Self::Unpacked { .. } => 19,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A template of several parts ends in NUL and shares a section with all others, which GNU
        // ld takes whole into programs that print no note.
        let text = match self {
            Self::SetupTypeLeftOut { kind, max } => {
                write!(f, "{kind}")?;
                f.write_str(" (")?;
                write!(f, "{}", u64::from(kind.0))?;
                f.write_str(") is left out: the new kernel knows setup_data types up to ")?;
                return write!(f, "{}", u64::from(*max));
            }
            Self::NoEfi { why } => {
                f.write_str("EFI runtime services are not passed on: ")?;
                why
            }
            Self::CpusWithoutNotes { count } => {
                write!(f, "{}", u64::from(*count))?;
                " CPUs are possible but not present: reload after adding one, or use hotplug"
            }
            Self::CpusUnread { count } => {
                write!(f, "{}", u64::from(*count))?;
                " CPUs are present but their crash_notes cannot be read (/sys/devices/system/cpu): their \
                 registers will not be in the dump"
            }
            Self::Unpacked { why } => {
                f.write_str("the unpacked kernel: ")?;
                why
            }
            Self::NoRngSeed => "no random seed is passed on: none was given",
            Self::NoIomem => {
                "/proc/iomem is not known: the firmware's memory map alone decides placement"
            }
            Self::NoBootParams => {
                "/sys/kernel/boot_params is not known: screen, EDD and EFI data are not passed on"
            }
            Self::NotVerified => "the purgatory will not verify the image",
            Self::NoKcore => {
                "/proc/kcore is not readable: the virtual addresses in the dump's header are those \
                 of a kernel without KASLR"
            }
            Self::LowMemoryLost => {
                "the running kernel's version is not known: the first MiB, which kernels before 5.5 \
                 use and the crash kernel overwrites, is not in the dump"
            }
            Self::LowMemoryCopied => {
                "the running kernel is older than 5.5 and uses the first 640 KiB, which the crash \
                 kernel overwrites: they are copied before it starts"
            }
            Self::Hotplug => {
                "the running kernel keeps the elfcorehdr up to date; it is not verified"
            }
            Self::EfiUnread => {
                "EFI runtime services are not passed on: /sys/firmware/efi is masked, or not all of \
                 it can be read"
            }
            Self::NoRsdp => {
                "the address of the ACPI tables (RSDP) is not known: under EFI the new kernel would have \
                 no ACPI"
            }
            Self::MemoryFromIomem => {
                "the firmware's memory map is not known: the new kernel gets the map from \
                 /proc/iomem, which lacks what mem= cut off"
            }
            Self::NoCommandLine => {
                "/proc/cmdline is not known: if it contains add_efi_memmap, the new kernel gets a \
                 memory map that lacks some of the memory"
            }
            Self::NoCpuNotes => {
                "/sys/devices/system/cpu has no crash_notes, or its list of possible CPUs cannot be \
                 read: no CPU's registers will be in the dump"
            }
            Self::CmaUnread => {
                "crash_cma_ranges in /sys/kernel cannot be read: the crash kernel will not use that \
                 memory"
            }
        };
        f.write_str(text)
    }
}
