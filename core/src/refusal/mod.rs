//! What an errno of the kexec calls means on this machine, and what to do about it.
//!
//! A [`Refusal`] is facts: the step, the errno, the cause and the advice. `Display` words them for
//! Rust; the C library and the command word the [`Advice`] as their functions and options.

mod advice;
mod cause;
mod explain;

use core::fmt;

pub use advice::Advice;
pub use cause::Cause;

use crate::Errno;
use crate::machine::KexecState;

/// The call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl Step {
    /// Whether it is kexec_file_load(2).
    #[must_use]
    pub const fn is_file_load(self) -> bool {
        matches!(self, Self::FileLoad | Self::CrashFileLoad)
    }

    /// Whether a crash kernel was to be loaded.
    #[must_use]
    pub const fn is_crash(self) -> bool {
        matches!(self, Self::CrashLoad | Self::CrashFileLoad)
    }
}

/// What kind of refusal an errno of kexec_file_load(2) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
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

impl Class {
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

/// A refused call: what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The call.
    pub step: Step,
    /// The kernel's errno.
    pub errno: Errno,
    /// What the errno means here.
    pub cause: Cause,
    /// What to do, where there is something.
    pub advice: Option<Advice>,
}

impl Refusal {
    /// What `errno` means for this `step` on a machine in this `state`; `None` where there is no
    /// more to say than the errno itself does.
    #[must_use]
    pub fn explain(step: Step, errno: Errno, state: &KexecState) -> Option<Self> {
        let (cause, advice) = explain::explain(step, errno, state)?;
        Some(Self {
            step,
            errno,
            cause,
            advice,
        })
    }

    /// Whether it is a policy of the machine's owner that kexec_load(2) would go around: the load
    /// must not be tried again by that call.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        let signature = Class::of(self.errno) == Class::Signature;
        self.step.is_file_load() && (signature || self.cause == Cause::UntrustedUnderLockdown)
    }

    /// Writes cause and advice; `word` writes the advice in the front end's words, and `policy` is
    /// said where [`Refusal::is_policy`].
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(
        &self,
        out: &mut dyn fmt::Write,
        word: fn(Advice) -> &'static str,
        policy: &str,
    ) -> fmt::Result {
        out.write_str(self.cause.text())?;
        if let Some(advice) = self.advice {
            out.write_str("; ")?;
            out.write_str(word(advice))?;
        }
        if self.is_policy() {
            out.write_str("; ")?;
            out.write_str(policy)?;
        }
        Ok(())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Advice::text, "kexec_load must not be tried instead")
    }
}

#[cfg(test)]
mod tests;
