//! `kexec --check` against the kernel: in each state of a machine that a script provokes, the verdict,
//! then the load.

use super::scenario::{Scenario, State};
use crate::system::KERNEL;

const PLAIN: &str = concat!(
    include_str!("../../guest/verdicts.sh"),
    include_str!("../../guest/verdicts_plain.sh")
);
const SECURE: &str = concat!(
    include_str!("../../guest/verdicts.sh"),
    include_str!("../../guest/verdicts_secure.sh")
);

const BY_LOAD: &str = "verdict: *yes, by kexec_load";
const BY_FILE_LOAD: &str = "verdict: *yes, by kexec_file_load";
const MEMORY: &str = "reason: *MiB of memory are needed and";
const TOO_SMALL: &str = "reason: *reserved for a crash kernel is too small";
const NONE: &str = "reason: *no memory is reserved for a crash kernel";
const CUT: &str = "the file is cut off";
const LOCKED: &str = "reason: *kexec_load: the kernel is locked down";
const TRUST: &str = "not known: *kexec_file_load: whether the signature of the image is valid";

const fn yes(name: &'static str, said: &'static str) -> State {
    State {
        name,
        check: 0,
        loads: true,
        said,
    }
}

const fn no(name: &'static str, check: u8, said: &'static str) -> State {
    State {
        name,
        check,
        loads: false,
        said,
    }
}

/// The kernel takes it, and only a load shows that.
const fn unknown(name: &'static str, said: &'static str) -> State {
    State {
        name,
        check: 2,
        loads: true,
        said,
    }
}

/// Every scenario of this kind.
pub fn all() -> Vec<Scenario> {
    let states = |name, about, script, states| {
        Scenario::new(name, about, KERNEL)
            .slow()
            .memory(1024)
            .hop("", KERNEL)
            .payload(0)
            .script(script)
            .states(states)
            .configured()
            .ours_only()
    };
    vec![
        states(
            "verdicts",
            "--check and the kernel agree: files, users, limits, crash kernels",
            PLAIN,
            STATES,
        )
        .words("crashkernel=160M")
        .shows("FACT hop=0 reservation=167772160")
        .shows("FACT hop=0 reservation=16777216")
        .shows("FACT hop=0 reservation=0")
        .shows("FACT hop=0 limit=0"),
        states(
            "verdicts-secure",
            "--check and the kernel agree: after Secure Boot, locked down",
            SECURE,
            SECURE_STATES,
        )
        .secure()
        .shows("FACT hop=0 lockdown=none [integrity] confidentiality")
        .shows("FACT hop=0 lockdown=none integrity [confidentiality]"),
    ]
}

const STATES: &[State] = &[
    unknown("unconfigured-s", TRUST),
    yes("plain-c", BY_LOAD),
    yes("plain-s", BY_FILE_LOAD),
    yes("plain-a", BY_FILE_LOAD),
    yes("crash-c", BY_LOAD),
    yes("crash-s", BY_FILE_LOAD),
    yes("crash-a", BY_FILE_LOAD),
    no("long-c", 255, "reason: *the command line has"),
    no("long-s", 253, "reason: *the command line has"),
    no("long-a", 255, "reason: *the command line has"),
    no("crash-long-s", 255, "reason: *the command line has"),
    no("large-c", 255, "reason: *more than half of the RAM"),
    no("large-s", 255, MEMORY),
    no("large-a", 255, MEMORY),
    no("crash-large-c", 1, TOO_SMALL),
    no("crash-large-s", 255, TOO_SMALL),
    no("crash-large-a", 255, TOO_SMALL),
    no("text-c", 255, "reason: *it looks like a text file"),
    no("text-s", 255, "reason: *it looks like a text file"),
    no("text-a", 255, "reason: *it looks like a text file"),
    no("cpio-c", 255, "it is not a kernel but an initrd"),
    no("cpio-s", 255, "it is not a kernel but an initrd"),
    no("cpio-a", 255, "it is not a kernel but an initrd"),
    no("cut-c", 255, CUT),
    no("cut-s", 255, CUT),
    no("cut-a", 255, CUT),
    no("empty-c", 1, "the file is empty"),
    no("empty-s", 1, "the file is empty"),
    no("empty-a", 1, "the file is empty"),
    no("missing-c", 1, "No such file"),
    no("missing-s", 1, "No such file"),
    no("missing-a", 1, "No such file"),
    no("nobody-c", 255, "reason: *CAP_SYS_BOOT"),
    no("nobody-s", 255, "reason: *CAP_SYS_BOOT"),
    no("nobody-a", 255, "reason: *CAP_SYS_BOOT"),
    no(
        "user-c",
        255,
        "reason: *user namespace other than the first",
    ),
    no(
        "user-s",
        255,
        "reason: *user namespace other than the first",
    ),
    no(
        "user-a",
        255,
        "reason: *user namespace other than the first",
    ),
    yes("pid-c", "warning: *PID namespace other than the first"),
    yes("pid-s", "warning: *PID namespace other than the first"),
    yes("pid-a", "warning: *PID namespace other than the first"),
    no("crash-limit-c", 255, "reason: *kexec_load_limit_panic"),
    no("crash-limit-s", 255, "reason: *kexec_load_limit_panic"),
    no("crash-limit-a", 255, "reason: *kexec_load_limit_panic"),
    no("small-c", 1, TOO_SMALL),
    no("small-s", 255, TOO_SMALL),
    no("small-a", 255, TOO_SMALL),
    no("none-c", 1, NONE),
    no("none-s", 1, NONE),
    no("none-a", 1, NONE),
    yes("last-c", BY_LOAD),
    no("limit-c", 255, "reason: *kexec_load_limit_reboot"),
    no("limit-s", 255, "reason: *kexec_load_limit_reboot"),
    no("limit-a", 255, "reason: *kexec_load_limit_reboot"),
    no("disabled-c", 255, "reason: *kexec_load_disabled"),
    no("disabled-s", 255, "reason: *kexec_load_disabled"),
    no("disabled-a", 255, "reason: *kexec_load_disabled"),
];

const SECURE_STATES: &[State] = &[
    no("signed-c", 255, LOCKED),
    unknown("signed-s", TRUST),
    unknown("signed-a", TRUST),
    no("unsigned-c", 255, LOCKED),
    no(
        "unsigned-s",
        255,
        "reason: *kexec_file_load: the kernel is locked down",
    ),
    no(
        "unsigned-a",
        255,
        "reason: *kexec_file_load: the kernel is locked down",
    ),
    no("none-c", 1, NONE),
    no("none-s", 1, NONE),
    no("none-a", 1, NONE),
    no("confidential-c", 255, LOCKED),
    unknown("confidential-s", TRUST),
    unknown("confidential-a", TRUST),
];
