use std::string::{String, ToString};

use super::*;
use crate::image::AN_ELF_FILE;
use crate::machine::{Known, Lockdown};
use crate::{Error, machine};

const FREE: KexecState = KexecState {
    loaded: Known::No,
    crash_loaded: Known::No,
    load_disabled: Known::No,
    load_limit_reboot: Some(-1),
    load_limit_panic: Some(-1),
    lockdown: Lockdown::None,
    cap_sys_boot: Known::Yes,
};

/// Every explanation there is.
fn each(look: impl Fn(&str)) {
    let steps = [
        Step::Load,
        Step::FileLoad,
        Step::CrashLoad,
        Step::CrashFileLoad,
        Step::Exec,
    ];
    let known = [Known::Unknown, Known::No, Known::Yes];
    let lockdowns = [
        Lockdown::Unknown,
        Lockdown::None,
        Lockdown::Integrity,
        Lockdown::Confidentiality,
    ];
    for step in steps {
        for errno in (1..4096).map(Errno) {
            for lockdown in lockdowns {
                for loaded in known {
                    for cap_sys_boot in known {
                        let state = KexecState {
                            loaded,
                            lockdown,
                            cap_sys_boot,
                            ..FREE
                        };
                        if let Some(refusal) = Refusal::explain(step, errno, &state) {
                            look(&refusal.to_string());
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_explanation_is_a_piece_of_english() {
    each(|text| {
        assert!(
            text.starts_with(|first: char| first.is_ascii_alphanumeric()),
            "{text}"
        );
        assert!(
            text.ends_with(|last: char| last.is_ascii_alphanumeric() || last == ')'),
            "{text}"
        );
        let count = |wanted: char| text.chars().filter(|one| *one == wanted).count();
        assert_eq!(count('('), count(')'), "{text}");
        assert!(
            !text.contains(['!', '"', '{', '\n']) && !text.contains("  "),
            "{text}"
        );
        // KX_EXPLANATION_SIZE, with the NUL.
        assert!(text.len() < 400, "{text}");
    });
}

#[test]
fn without_securityfs_a_lockdown_is_thought_of() {
    let state = KexecState {
        lockdown: Lockdown::Unknown,
        ..FREE
    };
    says(Step::Load, Errno::EPERM, &state, "use kexec_file_load");
    says(Step::FileLoad, Errno::EPERM, &state, "may be locked down");
    says(Step::FileLoad, Errno::ENOSYS, &FREE, "use kexec_load");
    says(
        Step::FileLoad,
        Errno::ENOEXEC,
        &FREE,
        "the running kernel does not take this image",
    );
}

fn text(step: Step, errno: Errno, state: &KexecState) -> String {
    let refusal = Refusal::explain(step, errno, state);
    refusal
        .map(|refusal| refusal.to_string())
        .unwrap_or_default()
}

fn says(step: Step, errno: Errno, state: &KexecState, words: &str) {
    let text = text(step, errno, state);
    assert!(text.contains(words), "{step:?} {errno}: {text}");
}

#[test]
fn eperm_has_a_meaning_by_the_machines_state() {
    for step in [Step::Load, Step::FileLoad] {
        let mut state = FREE;
        says(step, Errno::EPERM, &state, "security module");
        state.lockdown = Lockdown::Integrity;
        says(step, Errno::EPERM, &state, "locked down");
        state.load_limit_reboot = Some(0);
        says(step, Errno::EPERM, &state, "limit_reboot");
        state.load_disabled = Known::Yes;
        says(step, Errno::EPERM, &state, "load_disabled");
        state.cap_sys_boot = Known::No;
        says(step, Errno::EPERM, &state, "CAP_SYS_BOOT");
    }
    let locked = KexecState {
        lockdown: Lockdown::Confidentiality,
        ..FREE
    };
    says(Step::FileLoad, Errno::EPERM, &locked, "mokutil");
    says(Step::Load, Errno::EPERM, &locked, "use kexec_file_load");
}

#[test]
fn a_signature_refusal_never_leads_to_kexec_load() {
    for errno in [
        Errno::ENOKEY,
        Errno::EKEYREJECTED,
        Errno::EKEYEXPIRED,
        Errno::EKEYREVOKED,
        Errno::ENOPKG,
        Errno::EBADMSG,
        Errno::ELIBBAD,
        Errno::ENODATA,
        Errno::EMSGSIZE,
        Errno::ENOTSUPP,
    ] {
        assert_eq!(Class::of(errno), Class::Signature);
        assert!(!Class::of(errno).kexec_load_may_help());
        says(Step::FileLoad, errno, &FREE, "kexec_load must not be tried");
    }
}

#[test]
fn kexec_load_is_tried_after_exactly_four() {
    let tried: std::vec::Vec<u16> = (1..4096)
        .filter(|number| Class::of(Errno(*number)).kexec_load_may_help())
        .collect();
    // ENOEXEC, EINVAL, ENOSYS, EOPNOTSUPP.
    assert_eq!(tried, [8, 22, 38, 95]);
}

#[test]
fn exec_knows_why_einval() {
    says(Step::Exec, Errno::EINVAL, &FREE, "nothing is loaded");
    let loaded = KexecState {
        loaded: Known::Yes,
        ..FREE
    };
    says(Step::Exec, Errno::EINVAL, &loaded, "PID namespace");
}

#[test]
fn crash_kernels_have_reasons_of_their_own() {
    for step in [Step::CrashLoad, Step::CrashFileLoad] {
        says(step, Errno::EADDRNOTAVAIL, &FREE, "crashkernel=");
        says(step, Errno::ENOMEM, &FREE, "page tables");
        let used_up = KexecState {
            load_limit_panic: Some(0),
            ..FREE
        };
        says(step, Errno::EPERM, &used_up, "limit_panic");
        // The limit of the other image means nothing here.
        let other = KexecState {
            load_limit_reboot: Some(0),
            lockdown: Lockdown::Integrity,
            ..FREE
        };
        says(step, Errno::EPERM, &other, "locked down");
    }
    says(
        Step::CrashFileLoad,
        Errno::ENOKEY,
        &FREE,
        "kexec_load must not be tried",
    );
}

#[test]
fn a_refusal_is_facts() {
    let refusal = Refusal::explain(Step::FileLoad, Errno::ENOMEM, &FREE).unwrap();
    assert_eq!(refusal.step, Step::FileLoad);
    assert_eq!(refusal.errno, Errno::ENOMEM);
    assert_eq!(refusal.cause, Cause::MemoryForFiles);
    assert_eq!(refusal.advice, Some(Advice::LoadNeedsLessMemory));
    assert!(!refusal.is_policy());
    assert_eq!(
        refusal.to_string(),
        "the running kernel does not have enough free memory to read the files and copy them; \
         kexec_load needs half of that"
    );
    assert_eq!(Refusal::explain(Step::Exec, Errno::ELOOP, &FREE), None);
}

/// Only kexec_file_load is asked for signatures: the other call's EPERM is none of them.
#[test]
fn a_policy_is_named_where_the_other_call_would_go_around_it() {
    let locked = KexecState {
        lockdown: Lockdown::Integrity,
        ..FREE
    };
    for (step, errno, policy) in [
        (Step::FileLoad, Errno::EPERM, true),
        (Step::CrashFileLoad, Errno::EPERM, true),
        (Step::Load, Errno::EPERM, false),
        (Step::FileLoad, Errno::ENODATA, true),
        (Step::FileLoad, Errno::ENOEXEC, false),
    ] {
        let refusal = Refusal::explain(step, errno, &locked).unwrap();
        assert_eq!(refusal.is_policy(), policy, "{step:?} {errno}");
    }
}

#[test]
fn errors_that_leave_the_advice_to_the_front_end() {
    let elf = Error::NotBootable { why: AN_ELF_FILE };
    assert_eq!(Advice::of(&elf), Some(Advice::RequestElf));
    let other = Error::NotBootable { why: "of another" };
    assert_eq!(Advice::of(&other), None);
    for what in machine::refusal::ALL {
        let efi = (what == machine::refusal::FIRMWARE).then_some(Advice::RequestNoEfi);
        assert_eq!(Advice::of(&Error::Unknown { what }), efi);
    }
    assert_eq!(Advice::of(&Error::EmptyFile), None);
}

#[test]
fn under_lockdown_nothing_leads_to_kexec_load() {
    for lockdown in [Lockdown::Integrity, Lockdown::Confidentiality] {
        let state = KexecState { lockdown, ..FREE };
        for step in [Step::FileLoad, Step::CrashFileLoad] {
            for errno in (1..4096).map(Errno) {
                let refusal = Refusal::explain(step, errno, &state);
                let advice = refusal.and_then(|refusal| refusal.advice);
                assert!(!advice.is_some_and(Advice::is_load), "{step:?} {errno}");
            }
        }
    }
}
