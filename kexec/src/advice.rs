//! What to do about a refusal, in the command's options.

use kexec_core::refusal::{Advice, Refusal};

/// The text of an advice: the command's options for a call or a request, else core's text.
#[must_use]
pub const fn words(advice: Advice) -> &'static str {
    match advice {
        Advice::LoadFirst => "load a kernel first (kexec -l)",
        Advice::UseFileLoad => "use -s",
        Advice::UseLoad => "use -c",
        Advice::UseLoadOrNoRuntime => "use -c, or boot the running kernel with efi=noruntime",
        Advice::LoadMayTakeIt => "-c may load it",
        Advice::LoadPlacesFiles => "with -c this command places them",
        Advice::LoadNeedsLessMemory => "-c needs half of that",
        Advice::LoadHasNoSizeLimit => "-c has no such limit",
        Advice::RequestElf => {
            "if it is a Linux kernel (vmlinux), use --args-linux; if it needs nothing, --args-none"
        }
        Advice::RequestNoEfi => "if it was not EFI, use --noefi",
        other => other.text(),
    }
}

/// A refusal, with its advice in options.
#[derive(Clone, Copy, Debug)]
pub struct Worded(pub Refusal);

impl core::fmt::Display for Worded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let policy = "kexec_load is not tried, because it would bypass that";
        self.0.write(f, words, policy)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use kexec_core::Errno;
    use kexec_core::machine::{KexecState, Lockdown};
    use kexec_core::refusal::Step;

    use super::*;

    fn said(step: Step, errno: Errno, lockdown: Lockdown) -> std::string::String {
        let state = KexecState {
            lockdown,
            ..KexecState::NONE
        };
        Worded(Refusal::explain(step, errno, &state).unwrap()).to_string()
    }

    #[test]
    fn advice_names_the_options() {
        assert_eq!(
            said(Step::FileLoad, Errno::ENOEXEC, Lockdown::None),
            "the running kernel does not take this image: damaged, or of a kind it does not know; \
             -c may load it"
        );
        assert_eq!(
            said(Step::Load, Errno::EPERM, Lockdown::Integrity),
            "the kernel is locked down (see /sys/kernel/security/lockdown): only signed kernels, \
             only by kexec_file_load; use -s"
        );
        assert_eq!(
            said(Step::CrashFileLoad, Errno::ENODATA, Lockdown::None),
            "the kernel image is not signed, and this machine demands a signature; sign it \
             (sbsign) or use a signed one; kexec_load is not tried, because it would bypass that"
        );
        assert_eq!(
            said(Step::Exec, Errno::EINVAL, Lockdown::None),
            "nothing is loaded; load a kernel first (kexec -l)"
        );
        assert_eq!(words(Advice::RunAsRoot), "run as root");
    }

    /// Core's own texts that are used here name neither a call nor a Rust item.
    #[test]
    fn nothing_of_rust_is_left() {
        for advice in Advice::ALL {
            let said = words(*advice);
            assert!(!said.contains("kexec_") && !said.contains("::"), "{said}");
        }
    }
}
