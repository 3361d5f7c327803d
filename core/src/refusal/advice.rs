//! What to do about a refusal or an error.

use core::fmt;

use crate::error::Error;
use crate::file_load::{EFI_32, NOT_ABOVE_4G};
use crate::image::AN_ELF_FILE;
use crate::machine::refusal::FIRMWARE;

macro_rules! advice {
    ($($name:ident $text:literal;)*) => {
        /// What the caller can do. For advice that names a call or a request a front end has texts
        /// in its own terms; for the rest it uses [`Advice::text`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Advice {
            $(#[doc = concat!("\"", $text, "\".")] $name,)*
        }

        impl Advice {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// In English, for callers of this crate, without a full stop.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

advice! {
    // These name a call or a part of a request.
    LoadFirst "load a kernel first";
    UseFileLoad "use kexec_file_load";
    UseLoad "use kexec_load";
    UseLoadOrNoRuntime "use kexec_load, or boot the running kernel with efi=noruntime";
    LoadMayTakeIt "kexec_load may load it";
    LoadPlacesFiles "the caller of kexec_load places them";
    LoadNeedsLessMemory "kexec_load needs half of that";
    LoadHasNoSizeLimit "kexec_load has no such limit";
    RequestElf "if it is a Linux kernel, set Options::elf to ElfAs::Linux; if it needs nothing, to \
        ElfAs::Bare";
    RequestNoEfi "if it was not EFI, clear Options::efi";
    // These have the same text for every caller.
    RunAsRoot "run as root";
    RunAsRootOutside "run as root, outside of any container";
    LeaveContainer "run it outside of the container";
    RunAsRootSeeLog "run as root outside of any container and see the kernel's log";
    SeeLog "see the kernel's log";
    TryAgain "try again";
    ReserveMore "reserve more (crashkernel= at boot)";
    FreeMemory "free some, or use a smaller initrd";
    TrustedKernel "use a kernel signed by the distribution, enroll your signing key (mokutil \
        --import), or turn Secure Boot off";
    EnrollKey "enroll it (mokutil --import) or use a kernel of a trusted signer";
    Sign "sign it (sbsign) or use a signed one";
    UnchangedKernel "use an unchanged, signed kernel";
    WaitForWriter "wait until that is done";
}

impl Advice {
    /// Whether it recommends kexec_load(2).
    pub(super) const fn is_load(self) -> bool {
        matches!(
            self,
            Self::UseLoad
                | Self::UseLoadOrNoRuntime
                | Self::LoadMayTakeIt
                | Self::LoadPlacesFiles
                | Self::LoadNeedsLessMemory
                | Self::LoadHasNoSizeLimit
        )
    }

    /// What to do about an error; `None` if the error's own text says it, or if there is nothing to do.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        match *error {
            Error::NotBootable { why } if why == AN_ELF_FILE => Some(Self::RequestElf),
            Error::NotBootable { why } if why == NOT_ABOVE_4G => Some(Self::UseLoad),
            Error::NotBootable { why } if why == EFI_32 => Some(Self::UseLoadOrNoRuntime),
            Error::Unknown { what } if what == FIRMWARE => Some(Self::RequestNoEfi),
            _ => None,
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
