//! What a finding is about, and what the kernel returns for it.

use super::{Finding, Verdict};
use crate::Errno;
use crate::error::Error;
use crate::image::Signature;
use crate::machine::Known;
use crate::refusal::{Advice, Cause, Refusal, Step};
use crate::route::Call;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum About {
    /// Xen, which would not start the kernel ([`Verdict::error`]).
    Xen,
    /// The files, the command line or the memory for them ([`Verdict::error`]).
    Image,
    /// Whether the running kernel has the call.
    Call,
    /// CAP_SYS_BOOT.
    Capability,
    /// A user namespace other than the first: the kernel lets nobody in it load.
    UserNamespace,
    /// A PID namespace other than the first: nobody in it can start the image.
    PidNamespace,
    /// kernel.kexec_load_disabled.
    LoadDisabled,
    /// kernel.kexec_load_limit_reboot, for a crash kernel kernel.kexec_load_limit_panic.
    Limit,
    /// A lockdown, in which kexec_load(2) is forbidden.
    Lockdown,
    /// Secure Boot, under which IMA may forbid kexec_load(2).
    SecureBoot,
    /// A signature that the image does not have and that the kernel may demand.
    Signature,
    /// Whether the image's signature is valid and trusted.
    Trust,
    /// Memory that the running kernel allocates ([`Verdict::memory`]).
    Memory,
    /// 5-level paging, which the image does not support.
    Paging,
    /// Whether a kernel is loaded.
    Loaded,
    /// State that kexec_load(2) does not hand over
    /// ([`Host::handed_over`](crate::machine::Host::handed_over)).
    Handover,
    /// A watchdog ([`Host::watchdogs`](crate::machine::Host::watchdogs)) that the new kernel must feed.
    Watchdog,
}

impl Verdict<'_> {
    /// The error that a finding is about.
    #[must_use]
    pub fn error(&self, finding: &Finding) -> Option<Error> {
        let question = self.question;
        match (finding.about, finding.call) {
            (About::Xen, _) => question.machine.check_xen().err(),
            (About::Image, None) => match question.image {
                Some(image) => image.stops,
                None => question.machine.reservation().err(),
            },
            (About::Image, Some(Call::Load)) => question.image?.load.err(),
            (About::Image, Some(Call::FileLoad)) => question.image?.file_load.err(),
            _ => None,
        }
    }

    /// Bytes of memory that a call needs, and bytes that are available.
    #[must_use]
    pub fn memory(&self, call: Call) -> Option<(u64, u64)> {
        let image = self.question.image?;
        let need = match call {
            Call::Load => image.load,
            Call::FileLoad => image.file_load,
        };
        Some((need.ok()?, self.question.machine.platform.available_ram?))
    }

    /// What the kernel would return for a finding that refuses, if a call would be made.
    #[must_use]
    pub fn errno(&self, finding: &Finding) -> Option<Errno> {
        match finding.about {
            About::Call => Some(Errno::ENOSYS),
            About::Capability
            | About::UserNamespace
            | About::LoadDisabled
            | About::Limit
            | About::Lockdown => Some(Errno::EPERM),
            About::Loaded => Some(Errno::EINVAL),
            About::Memory => Some(Errno::ENOMEM),
            About::Signature if self.is_untrusted() => Some(Errno::EPERM),
            About::Signature => match self.question.image?.signature {
                Signature::None => Some(Errno::ENODATA),
                _ => Some(Errno::ELIBBAD),
            },
            About::Image if finding.call == Some(Call::FileLoad) => match self.error(finding)? {
                // The call is not made.
                Error::File { .. } | Error::CopyTooLarge { .. } => None,
                Error::CommandLineTooLong { .. } => Some(Errno::EINVAL),
                _ => Some(Errno::ENOEXEC),
            },
            _ => None,
        }
    }

    /// Whether a missing signature is refused because of the lockdown alone.
    fn is_untrusted(&self) -> bool {
        self.question.machine.host.signatures_forced != Known::Yes
    }

    /// The refusal by the kernel that a finding says, in the words of its errno.
    #[must_use]
    pub fn refusal(&self, finding: &Finding) -> Option<Refusal> {
        let question = self.question;
        let call = finding.call.or(self.call);
        let (cause, advice) = match (finding.about, call) {
            (About::Capability, None) => {
                (Cause::NoCapabilityToExec, Some(Advice::RunAsRootOutside))
            }
            (About::Capability, _) => (Cause::NoCapability, Some(Advice::RunAsRoot)),
            (About::LoadDisabled, _) => (Cause::LoadDisabled, None),
            (About::Limit, _) if question.crash => (Cause::CrashLimit, None),
            (About::Limit, _) => (Cause::Limit, None),
            (About::Call, Some(Call::Load)) => (Cause::NoKexecLoad, None),
            (About::Call, _) => {
                let alone = question.route.second().is_none();
                (Cause::NoFileLoad, Some(Advice::UseLoad).filter(|_| alone))
            }
            (About::Lockdown, _) => (Cause::LockedDown, Some(Advice::UseFileLoad)),
            (About::Loaded, _) => (Cause::NothingLoaded, Some(Advice::LoadFirst)),
            (About::Signature, _) if self.is_untrusted() => {
                (Cause::UntrustedUnderLockdown, Some(Advice::TrustedKernel))
            }
            (About::Signature, _) => match question.image?.signature {
                Signature::None => (Cause::NotSigned, Some(Advice::Sign)),
                _ => (Cause::DamagedSignature, Some(Advice::UnchangedKernel)),
            },
            _ => return None,
        };
        let step = match (call, question.crash) {
            (Some(Call::Load), false) => Step::Load,
            (Some(Call::Load), true) => Step::CrashLoad,
            (Some(Call::FileLoad), false) => Step::FileLoad,
            (Some(Call::FileLoad), true) => Step::CrashFileLoad,
            (None, _) => Step::Exec,
        };
        Some(Refusal {
            step,
            errno: self.errno(finding)?,
            cause,
            advice,
        })
    }
}
