//! What an errno of the kexec calls means on this machine, and what to do about it.
//!
//! A [`Refusal`] holds the step, the errno, the cause and the advice. `Display` writes them for
//! Rust callers; the C library and the command name their own functions and options in place of the
//! [`Advice`]'s text.

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
    /// The kernel lacks the call, or it does not support this image or these arguments:
    /// kexec_load(2) may load the image.
    Unsupported,
    /// The kernel requires a signature, and the image's is missing, broken or not trusted. To load
    /// the image another way would bypass the policy of the machine's owner.
    Signature,
    /// The caller lacks a privilege, or the machine's policy forbids the load.
    Forbidden,
    /// Anything else: kexec_load(2) would fail for the same reason, or the cause is temporary.
    Other,
}

impl Class {
    /// The class of an errno of kexec_file_load(2).
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

/// A call that the kernel refused, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The call.
    pub step: Step,
    /// The kernel's errno.
    pub errno: Errno,
    /// What the errno means here.
    pub cause: Cause,
    /// What to do; `None` if nothing helps.
    pub advice: Option<Advice>,
}

impl Refusal {
    /// What `errno` means for this `step` on a machine in this `state`; `None` if the
    /// errno's own text says everything.
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

    /// Whether the cause is a policy of the machine's owner that kexec_load(2) would bypass. The load
    /// must not be tried again with that call.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        let signature = Class::of(self.errno) == Class::Signature;
        self.step.is_file_load() && (signature || self.cause == Cause::UntrustedUnderLockdown)
    }

    /// Writes cause and advice. `word` returns the front end's text for an advice; `policy` is added
    /// if [`Refusal::is_policy`].
    ///
    /// # Errors
    /// As `out` returns them.
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
