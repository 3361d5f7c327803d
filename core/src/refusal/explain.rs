//! From step, errno and the machine's state to cause and advice.
//!
//! The kernel returns EPERM for five reasons; the machine's state shows which one it is. Sources:
//! kernel/kexec.c, kernel/kexec_file.c, kernel/reboot.c, crypto/asymmetric_keys/verify_pefile.c.

use super::{Advice, Cause, Class, Step};
use crate::Errno;
use crate::machine::{KexecState, Known, Lockdown};

type Explained = (Cause, Option<Advice>);

/// What `errno` of `step` means; `None` if the errno's own text says everything.
pub fn explain(step: Step, errno: Errno, state: &KexecState) -> Option<Explained> {
    if step.is_file_load() && Class::of(errno) == Class::Signature {
        return Some(signature(errno));
    }
    if let Step::Exec = step {
        return exec(errno, state);
    }
    match errno {
        Errno::EPERM => Some(not_permitted(step, state)),
        Errno::EBUSY => Some(BUSY),
        Errno::EADDRNOTAVAIL if step.is_crash() => {
            Some((Cause::CrashReservation, Some(Advice::ReserveMore)))
        }
        Errno::ENOMEM if step.is_crash() => {
            Some((Cause::CrashPageTables, Some(Advice::ReserveMore)))
        }
        // Under lockdown the other call would be refused.
        errno if step.is_file_load() && is_locked_down(state) => {
            file_load(errno).map(|(cause, advice)| (cause, advice.filter(|one| !one.is_load())))
        }
        errno if step.is_file_load() => file_load(errno),
        errno => load(errno),
    }
}

const fn is_locked_down(state: &KexecState) -> bool {
    matches!(
        state.lockdown,
        Lockdown::Integrity | Lockdown::Confidentiality
    )
}

const BUSY: Explained = (Cause::Busy, Some(Advice::TryAgain));

/// reboot(2).
fn exec(errno: Errno, state: &KexecState) -> Option<Explained> {
    let (cause, advice) = match errno {
        Errno::EPERM => (Cause::NoCapabilityToExec, Advice::RunAsRootOutside),
        Errno::EINVAL if state.loaded == Known::Yes => {
            (Cause::PidNamespace, Advice::LeaveContainer)
        }
        Errno::EINVAL => (Cause::NothingLoaded, Advice::LoadFirst),
        Errno::EBUSY => return Some(BUSY),
        _ => return None,
    };
    Some((cause, Some(advice)))
}

/// EPERM, in the order of the kernel's checks.
fn not_permitted(step: Step, state: &KexecState) -> Explained {
    if state.cap_sys_boot == Known::No {
        return (Cause::NoCapability, Some(Advice::RunAsRoot));
    }
    if state.load_disabled == Known::Yes {
        return (Cause::LoadDisabled, None);
    }
    if step.is_crash() && state.load_limit_panic == Some(0) {
        return (Cause::CrashLimit, None);
    }
    if !step.is_crash() && state.load_limit_reboot == Some(0) {
        return (Cause::Limit, None);
    }
    let by_file = step.is_file_load();
    match state.lockdown {
        Lockdown::Unknown if by_file => (Cause::MaybeUntrusted, None),
        Lockdown::Unknown => (Cause::MaybeLockedDown, Some(Advice::UseFileLoad)),
        Lockdown::Integrity | Lockdown::Confidentiality if by_file => {
            (Cause::UntrustedUnderLockdown, Some(Advice::TrustedKernel))
        }
        Lockdown::Integrity | Lockdown::Confidentiality => {
            (Cause::LockedDown, Some(Advice::UseFileLoad))
        }
        Lockdown::None => (Cause::SecurityModule, Some(Advice::RunAsRootSeeLog)),
    }
}

/// A signature refusal.
const fn signature(errno: Errno) -> Explained {
    match errno {
        Errno::ENOKEY => (Cause::UnknownKey, Some(Advice::EnrollKey)),
        Errno::ENODATA => (Cause::NotSigned, Some(Advice::Sign)),
        Errno::ENOPKG => (Cause::UnknownDigest, None),
        Errno::EKEYREJECTED | Errno::EKEYEXPIRED | Errno::EKEYREVOKED => {
            (Cause::WrongSignature, Some(Advice::UnchangedKernel))
        }
        _ => (Cause::DamagedSignature, Some(Advice::UnchangedKernel)),
    }
}

/// kexec_load(2), EPERM and EBUSY aside.
const fn load(errno: Errno) -> Option<Explained> {
    Some(match errno {
        Errno::ENOSYS => (Cause::NoKexecLoad, None),
        Errno::EACCES => (Cause::SignedOnly, Some(Advice::UseFileLoad)),
        Errno::EADDRNOTAVAIL => (Cause::SegmentPlace, None),
        Errno::ENOMEM => (Cause::MemoryForSegments, Some(Advice::FreeMemory)),
        Errno::EINVAL => (Cause::Segments, None),
        Errno::EFAULT => (Cause::Shortened, None),
        _ => return None,
    })
}

/// kexec_file_load(2), EPERM, EBUSY and signatures aside.
const fn file_load(errno: Errno) -> Option<Explained> {
    Some(match errno {
        Errno::ENOSYS => (Cause::NoFileLoad, Some(Advice::UseLoad)),
        Errno::ENOEXEC => (Cause::ImageKind, Some(Advice::LoadMayTakeIt)),
        Errno::EINVAL => (Cause::FileArguments, Some(Advice::LoadMayTakeIt)),
        Errno::EACCES => (Cause::FilePolicy, Some(Advice::SeeLog)),
        Errno::EADDRNOTAVAIL => (Cause::NoPlace, Some(Advice::LoadPlacesFiles)),
        Errno::ENOMEM => (Cause::MemoryForFiles, Some(Advice::LoadNeedsLessMemory)),
        Errno::EFBIG => (Cause::FileTooLarge, Some(Advice::LoadHasNoSizeLimit)),
        Errno::ETXTBSY => (Cause::OpenForWriting, Some(Advice::WaitForWriter)),
        Errno::EIO => (Cause::ShortenedOrDisk, None),
        _ => return None,
    })
}
