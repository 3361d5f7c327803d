//! What a plan leaves out or does otherwise than asked, and why.

use core::fmt;

use crate::boot::SetupType;

/// A remark on a plan. None of them keeps the new kernel from starting.
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
    /// EFI runtime services are not handed on.
    NoEfi {
        /// Why not.
        why: &'static str,
    },
    /// No seed for the random number generator.
    NoRngSeed,
    /// /proc/iomem could not be read: what the running kernel reserved is not known.
    NoIomem,
    /// The running kernel's boot_params could not be read: no screen, EDD and EFI data.
    NoBootParams,
    /// The image is not verified before it starts.
    NotVerified,
    /// /proc/kcore did not say where the running kernel maps itself and RAM: the dump's virtual
    /// addresses are a guess.
    NoKcore,
    /// CPUs that may be added later, but are not there: their registers will not be in the dump.
    CpusWithoutNotes {
        /// How many; 0 if no CPU's notes are known at all.
        count: u32,
    },
    /// The running kernel's version is unknown: it may use the first MiB, which the crash kernel
    /// overwrites.
    LowMemoryLost,
    /// The running kernel uses the first MiB: the purgatory copies 640 KiB of it.
    LowMemoryCopied,
    /// The running kernel keeps the elfcorehdr up to date.
    Hotplug,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetupTypeLeftOut { kind, max } => write!(
                f,
                "{kind} ({}) is left out: the new kernel knows setup_data types up to {max}",
                kind.0
            ),
            Self::NoEfi { why } => write!(f, "EFI runtime services are not handed on: {why}"),
            Self::NoRngSeed => {
                f.write_str("no random seed is handed on: none was given")
            }
            Self::NoIomem => f.write_str(
                "/proc/iomem is not readable: the firmware's memory map alone decides placement",
            ),
            Self::NoBootParams => f.write_str(
                "/sys/kernel/boot_params is not readable: screen, EDD and EFI data are not handed on",
            ),
            Self::NotVerified => f.write_str("the purgatory will not verify the image"),
            Self::NoKcore => f.write_str(
                "/proc/kcore is not readable: the virtual addresses in the dump's header are those \
                 of a kernel without KASLR",
            ),
            Self::CpusWithoutNotes { count: 0 } => f.write_str(
                "/sys/devices/system/cpu has no crash_notes: no CPU's registers will be in the dump",
            ),
            Self::CpusWithoutNotes { count } => write!(
                f,
                "{count} CPUs are possible but not there: load again when one was added, or use \
                 hotplug"
            ),
            Self::LowMemoryLost => f.write_str(
                "the running kernel's version is not known: the first MiB, which kernels before 5.5 \
                 use and the crash kernel overwrites, is not in the dump",
            ),
            Self::LowMemoryCopied => f.write_str(
                "the running kernel is older than 5.5 and uses the first 640 KiB, which the crash \
                 kernel overwrites: they are copied before it starts",
            ),
            Self::Hotplug => f.write_str(
                "the running kernel keeps the elfcorehdr up to date; it is not verified",
            ),
        }
    }
}
