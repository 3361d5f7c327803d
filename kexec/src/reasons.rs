//! The words of a verdict: each reason, and what to do about it.

use core::fmt::{self, Display, Formatter};

use kexec_core::machine::Known;
use kexec_core::refusal::Advice;
use kexec_core::route::Call;
use kexec_core::verdict::{About, Finding, Verdict, Weight};

use crate::advice::{self, Worded};
use crate::text::Text;

/// A call's name.
#[must_use]
pub const fn call(call: Call) -> &'static str {
    match call {
        Call::Load => "kexec_load",
        Call::FileLoad => "kexec_file_load",
    }
}

/// A finding in words.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// What was found.
    pub finding: &'a Finding,
    /// The verdict that it is of.
    pub verdict: &'a Verdict<'a>,
    /// The file that an error is about; empty for none.
    pub file: &'a [u8],
}

impl Display for Said<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            finding,
            verdict,
            file,
        } = self;
        if let Some(of) = finding.call {
            write!(f, "{}: ", call(of))?;
        }
        let (about, (_, unknown)) = (finding.about, about(finding.about));
        if let Weight::Unknown | Weight::MayWarn = finding.weight {
            return f.write_str(unknown);
        }
        if let Some(error) = verdict.error(finding) {
            if !file.is_empty() && finding.about == About::Image {
                write!(f, "{}: ", Text(file))?;
            }
            error.fmt(f)?;
            return match Advice::of(&error) {
                Some(advice) => write!(f, "; {}", advice::words(advice)),
                None => Ok(()),
            };
        }
        if let Some(refusal) = verdict.refusal(finding) {
            return Worded(refusal).fmt(f);
        }
        match about {
            About::Memory => self.memory(f),
            About::Handover => self.handover(f),
            About::Watchdog => self.watchdog(f),
            About::PidNamespace => f.write_str(
                "this is a PID namespace other than the first, and nothing in it starts a kernel; \
                 run kexec -e outside of the container",
            ),
            _ => f.write_str(
                "this is a user namespace other than the first, and nobody in it may load; run \
                 it outside of the container",
            ),
        }
    }
}

impl Said<'_> {
    fn memory(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let memory = self.finding.call.and_then(|of| self.verdict.memory(of));
        let (need, available) = memory.unwrap_or_default();
        write!(
            f,
            "{} MiB of memory are needed and {} MiB are available; {}",
            need.div_ceil(1 << 20),
            available >> 20,
            Advice::FreeMemory
        )
    }

    fn handover(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let host = &self.verdict.question.machine.host;
        f.write_str("the new kernel does not get the state that this one hands over (KHO)")?;
        let names = host.handed_over.get();
        if !names.is_empty() {
            write!(f, ": {}", Text(names))?;
        }
        if host.live_update == Known::Yes {
            f.write_str(", with the files preserved by /dev/liveupdate")?;
        }
        f.write_str("; use -s")?;
        if host.handover_final == Known::Yes {
            f.write_str(", or --force-lose-handover, for that state is finalised")?;
        }
        Ok(())
    }

    fn watchdog(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let watchdogs = &self.verdict.question.machine.host.watchdogs;
        write!(
            f,
            "watchdog{} runs, and resets the machine",
            watchdogs.number
        )?;
        if watchdogs.timeout != 0 {
            write!(f, " after {} s", watchdogs.timeout)?;
        }
        f.write_str(" unless the new kernel feeds it: it needs the driver early")?;
        if watchdogs.no_way_out != Known::Yes {
            f.write_str("; or stop it first")?;
        }
        Ok(())
    }
}

/// One word for what a finding is about, and the text where that is not known, with what to do to
/// know it.
#[must_use]
pub const fn about(about: About) -> (&'static str, &'static str) {
    match about {
        About::Xen => ("xen", ""),
        About::Image => ("image", ""),
        About::Call => (
            "call",
            "whether this kernel has the call; see CONFIG_KEXEC and CONFIG_KEXEC_FILE",
        ),
        About::Capability => (
            "cap_sys_boot",
            "whether this process has CAP_SYS_BOOT; mount /proc",
        ),
        About::UserNamespace => (
            "user_namespace",
            "whether this is the first user namespace; mount /proc",
        ),
        About::PidNamespace => (
            "pid_namespace",
            "whether this is the first PID namespace; mount /proc",
        ),
        About::LoadDisabled => ("load_disabled", "kernel.kexec_load_disabled; mount /proc"),
        About::Limit => (
            "load_limit",
            "how many loads are allowed (kernel.kexec_load_limit_...); mount /proc",
        ),
        About::Lockdown => (
            "lockdown",
            "whether the kernel is locked down, as under Secure Boot; mount securityfs on \
             /sys/kernel/security",
        ),
        About::SecureBoot => (
            "secure_boot",
            "whether IMA forbids this call, as it may under Secure Boot; use -s",
        ),
        About::Signature => (
            "signature",
            "whether the kernel demands a signature, which this image does not have; see \
             CONFIG_KEXEC_SIG_FORCE in its configuration (/boot/config-...), or sign it (sbsign)",
        ),
        About::Trust => (
            "trust",
            "whether the signature of the image is valid and its key trusted, which only a load \
             shows; see sbverify and mokutil --list-enrolled",
        ),
        About::Memory => ("memory", "how much memory is available; mount /proc"),
        About::Paging => (
            "paging",
            "whether 5-level paging is in use, which this image does not support; mount /proc",
        ),
        About::Loaded => ("loaded", "whether a kernel is loaded; mount /sys"),
        About::Handover => (
            "handover",
            "whether this kernel hands state over to the next (KHO), which would be lost; mount \
             debugfs on /sys/kernel/debug, or use -s",
        ),
        About::Watchdog => (
            "watchdog",
            "whether a watchdog runs, which the new kernel must feed",
        ),
        _ => ("other", ""),
    }
}
