//! What an errno of the kexec calls means on this machine, and what to do about it.
//!
//! The kernel has one EPERM for five reasons; which one it is, the machine's state tells. Sources:
//! kernel/kexec.c, kernel/kexec_file.c, kernel/reboot.c, crypto/asymmetric_keys/verify_pefile.c.

use crate::Errno;
use crate::machine::{KexecState, Known, Lockdown};

/// The call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// kexec_load(2).
    Load,
    /// kexec_file_load(2).
    FileLoad,
    /// kexec_load(2) of a crash kernel.
    CrashLoad,
    /// kexec_file_load(2) of a crash kernel.
    CrashFileLoad,
    /// reboot(2) with LINUX_REBOOT_CMD_KEXEC.
    Exec,
}

/// What kind of refusal an errno of kexec_file_load(2) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The call is not there, or not for this image, or not with these arguments: kexec_load(2)
    /// may well do it.
    Unsupported,
    /// The image's signature was asked for and is missing, broken or not trusted. To load the
    /// image another way would go around what the machine's owner set up.
    Signature,
    /// The caller may not, or the machine's policy forbids it.
    Forbidden,
    /// Anything else; kexec_load(2) would meet the same, or the cause passes.
    Other,
}

impl Refusal {
    /// Of kexec_file_load(2)'s errno.
    #[must_use]
    pub const fn of(errno: Errno) -> Self {
        match errno {
            Errno::ENOSYS | Errno::EINVAL | Errno::ENOEXEC | Errno::EOPNOTSUPP => Self::Unsupported,
            Errno::ENOKEY
            | Errno::EKEYREJECTED
            | Errno::EKEYEXPIRED
            | Errno::EKEYREVOKED
            | Errno::ENOPKG
            | Errno::EBADMSG
            | Errno::ELIBBAD
            | Errno::ENODATA
            | Errno::EMSGSIZE
            // Not EOPNOTSUPP: the kernel's internal number, which only the check of a PE
            // signature's wrapper lets out.
            | Errno::ENOTSUPP => Self::Signature,
            Errno::EPERM | Errno::EACCES => Self::Forbidden,
            _ => Self::Other,
        }
    }

    /// Whether to try kexec_load(2) next.
    #[must_use]
    pub const fn kexec_load_may_help(self) -> bool {
        matches!(self, Self::Unsupported)
    }
}

/// What `errno` means for this `step` on a machine in this `state`, and what to do; `None` where
/// there is no more to say than the errno itself does.
#[must_use]
pub fn explain(step: Step, errno: Errno, state: &KexecState) -> Option<&'static str> {
    let by_file = matches!(step, Step::FileLoad | Step::CrashFileLoad);
    if by_file && Refusal::of(errno) == Refusal::Signature {
        return Some(signature(errno));
    }
    match (step, errno) {
        (Step::Exec, Errno::EPERM) => Some(
            "CAP_SYS_BOOT is needed in the user namespace of this PID namespace; run as root, \
             outside of any container",
        ),
        (Step::Exec, Errno::EINVAL) => Some(if state.loaded == Known::Yes {
            "an image is loaded, so this is a PID namespace other than the first: run it outside \
             of the container"
        } else {
            "nothing is loaded; load a kernel first (kexec -l)"
        }),
        (_, Errno::EPERM) => Some(not_permitted(step, state)),
        (_, Errno::EBUSY) => Some(
            "another kexec call, or a change of the crash kernel's memory, is under way and did \
             not end within a second; try again",
        ),
        (Step::CrashLoad | Step::CrashFileLoad, Errno::EADDRNOTAVAIL) => Some(
            "the memory reserved for a crash kernel (crashkernel= at boot) is missing, or too \
             small for these files",
        ),
        (Step::CrashLoad | Step::CrashFileLoad, Errno::ENOMEM) => Some(
            "what these files leave free of the memory reserved for a crash kernel is too little \
             for the page tables the running kernel puts there; reserve more (crashkernel= at \
             boot)",
        ),
        (Step::Load | Step::CrashLoad, errno) => load(errno),
        (Step::FileLoad | Step::CrashFileLoad, errno) => file_load(errno),
        (Step::Exec, _) => None,
    }
}

/// EPERM, in the order the kernel looks.
fn not_permitted(step: Step, state: &KexecState) -> &'static str {
    if state.cap_sys_boot == Known::No {
        return "CAP_SYS_BOOT is needed; run as root";
    }
    if state.load_disabled == Known::Yes {
        return "kernel.kexec_load_disabled is 1, which lasts until the next boot";
    }
    let crash = matches!(step, Step::CrashLoad | Step::CrashFileLoad);
    if crash && state.load_limit_panic == Some(0) {
        return "kernel.kexec_load_limit_panic is used up, which lasts until the next boot";
    }
    if !crash && state.load_limit_reboot == Some(0) {
        return "kernel.kexec_load_limit_reboot is used up, which lasts until the next boot";
    }
    let locked_down = matches!(
        state.lockdown,
        Lockdown::Integrity | Lockdown::Confidentiality
    );
    let by_segments = matches!(step, Step::Load | Step::CrashLoad);
    if state.lockdown == Lockdown::Unknown {
        return if by_segments {
            "the kernel may be locked down, as under Secure Boot (mount securityfs on \
             /sys/kernel/security to see): then only signed kernels, only by kexec_file_load, \
             so use -s; or a security module or seccomp filter refuses it, or root is needed"
        } else {
            "the kernel may be locked down, as under Secure Boot (mount securityfs on \
             /sys/kernel/security to see), and the image have no signature it trusts; or a \
             security module or seccomp filter refuses it, or root is needed"
        };
    }
    match (step, locked_down) {
        (Step::Load | Step::CrashLoad, true) => {
            "the kernel is locked down (see /sys/kernel/security/lockdown): only signed kernels, \
             only by kexec_file_load; use -s"
        }
        (_, true) => {
            "the kernel is locked down (see /sys/kernel/security/lockdown) and this image has no \
             signature it trusts: use a kernel signed by the distribution, enroll your signing \
             key (mokutil --import), or turn Secure Boot off; kexec_load is forbidden here and \
             not tried"
        }
        (_, false) => {
            "this process may load, so a security module (LoadPin, SELinux), a seccomp filter or \
             a user namespace other than the first refuses it; run as root outside of any \
             container and see the kernel's log"
        }
    }
}

/// A signature refusal.
fn signature(errno: Errno) -> &'static str {
    match errno {
        Errno::ENOKEY => {
            "the kernel image is signed by a key this machine does not trust: enroll it (mokutil \
             --import) or use a kernel of a trusted signer; kexec_load is not tried after a \
             signature was refused"
        }
        Errno::ENODATA => {
            "the kernel image is not signed, and this machine demands a signature: sign it \
             (sbsign) or use a signed one; kexec_load is not tried after a signature was refused"
        }
        Errno::ENOPKG => {
            "the image's signature uses a digest or a key type this kernel was built without; \
             kexec_load is not tried after a signature was refused"
        }
        Errno::EKEYREJECTED | Errno::EKEYEXPIRED | Errno::EKEYREVOKED => {
            "the image's signature does not match its bytes, its key is not valid any more, or \
             this kernel cannot check this kind of image: use an unchanged, signed kernel; \
             kexec_load is not tried after a signature was refused"
        }
        _ => {
            "the image's signature, or the PE file that carries it, is damaged: use an unchanged, \
             signed kernel; kexec_load is not tried after a signature was refused"
        }
    }
}

/// kexec_load(2), EPERM and EBUSY aside.
const fn load(errno: Errno) -> Option<&'static str> {
    Some(match errno {
        Errno::ENOSYS => "this kernel is built without CONFIG_KEXEC, or a seccomp filter hides it",
        Errno::EACCES => {
            "a policy of IMA (appraisal of kexec kernels, or Secure Boot) or SELinux allows \
             signed kernels only, by kexec_file_load; use -s"
        }
        Errno::EADDRNOTAVAIL => "a segment lies where the running kernel does not take one",
        Errno::ENOMEM => {
            "the running kernel has not enough free memory for a copy of all segments; free some, \
             or use a smaller initrd"
        }
        Errno::EINVAL => {
            "the running kernel does not take these segments: they overlap, need more than half \
             of the RAM, or are for another architecture"
        }
        Errno::EFAULT => "a file became shorter while it was loaded",
        _ => return None,
    })
}

/// kexec_file_load(2), EPERM, EBUSY and signatures aside.
const fn file_load(errno: Errno) -> Option<&'static str> {
    Some(match errno {
        Errno::ENOSYS => {
            "this kernel is built without CONFIG_KEXEC_FILE, or a seccomp filter hides it; use -c"
        }
        Errno::ENOEXEC => {
            "the running kernel does not take this image: damaged, or of a kind it does not know; \
             -c may"
        }
        Errno::EINVAL => {
            "the running kernel does not take this image, this command line (longer than the new \
             kernel allows, less 30 bytes) or these flags; -c may"
        }
        Errno::EACCES => "a policy of IMA or SELinux refuses the file; see the kernel's log",
        Errno::EADDRNOTAVAIL => {
            "the running kernel finds no memory to place the files in; -c places them itself"
        }
        Errno::ENOMEM => {
            "the running kernel has not enough free memory to read the files and copy them; -c \
             needs half of that"
        }
        Errno::EFBIG => "the running kernel reads files of up to 4 GiB; -c has no such limit",
        Errno::ETXTBSY => "somebody has the file open for writing; wait until that is done",
        Errno::EIO => "the file became shorter while it was read, or its disk fails",
        _ => return None,
    })
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
