use std::boxed::Box;
use std::vec::Vec;

use super::*;
use crate::machine;
use crate::machine::{Firmware, Known, Lockdown};
use crate::refusal::{Advice, Cause};
use crate::route::{self, Method};

/// A machine on which nothing speaks against a load, and everything is known.
fn good() -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    machine.kexec.cap_sys_boot = Known::Yes;
    machine.kexec.load_disabled = Known::No;
    machine.kexec.load_limit_reboot = Some(-1);
    machine.kexec.load_limit_panic = Some(-1);
    machine.kexec.lockdown = Lockdown::None;
    machine.kexec.loaded = Known::Yes;
    machine.platform.available_ram = Some(1 << 30);
    machine.platform.firmware = Firmware::NotEfi;
    machine.xen.control = Known::No;
    let host = &mut machine.host;
    host.kexec_load = Known::Yes;
    host.kexec_file_load = Known::Yes;
    host.signatures = Known::Yes;
    host.signatures_forced = Known::No;
    host.secure_boot = Known::No;
    host.first_user_namespace = Known::Yes;
    host.first_pid_namespace = Known::Yes;
    host.release = (7, 3);
    host.handover = Known::No;
    machine
}

const fn looked() -> Looked {
    Looked {
        stops: None,
        load: Ok(1 << 20),
        file_load: Ok(1 << 20),
        paging_unknown: false,
        signature: Signature::None,
    }
}

/// What is known of an image, changed.
fn image(change: impl FnOnce(&mut Looked)) -> Option<&'static Looked> {
    let mut looked = Box::new(looked());
    change(&mut looked);
    Some(Box::leak(looked))
}

fn ask(machine: &Machine, method: Method) -> Question<'_> {
    Question {
        machine,
        action: Action::Load,
        crash: false,
        route: Route::new(method, false, machine.kexec.lockdown),
        starts: false,
        may_lose: false,
        image: image(|_| ()),
    }
}

type Found = (Weight, Option<Call>, About);

/// The outcome, the call, and all that was found.
fn judged(question: &Question<'_>) -> (Outcome, Option<Call>, Vec<Found>) {
    let verdict = Verdict::new(question);
    let found = verdict.findings().iter();
    let found = found.map(|one| (one.weight, one.call, one.about)).collect();
    (verdict.outcome, verdict.call, found)
}

const FILE: Option<Call> = Some(Call::FileLoad);
const LOAD: Option<Call> = Some(Call::Load);

#[test]
fn a_good_machine_loads_by_the_first_call() {
    let machine = good();
    for (method, call) in [
        (Method::Auto, FILE),
        (Method::File, FILE),
        (Method::Load, LOAD),
    ] {
        let judged = judged(&ask(&machine, method));
        assert_eq!(judged, (Outcome::Yes, call, Vec::new()), "{method:?}");
    }
}

type Change = fn(&mut Machine);
type Row = (
    Change,
    Method,
    Outcome,
    Option<route::Call>,
    &'static [Found],
);

/// Each fact alone, as it refuses and as it is unknown: what is found for each method.
#[test]
fn each_fact_alone() {
    use About::*;
    use Method::{Auto, File, Load};
    use Outcome::{No, Yes};
    use Weight::{MayWarn, Refuses, Unknown, Warns};
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (|m| m.kexec.cap_sys_boot = Known::No, Auto, No, FILE, &[(Refuses, None, Capability)]),
        (|m| m.kexec.cap_sys_boot = Known::Unknown, Load, Outcome::Unknown, LOAD, &[(Unknown, None, Capability)]),
        (|m| m.host.first_user_namespace = Known::No, Auto, No, FILE, &[(Refuses, None, UserNamespace)]),
        (|m| m.host.first_user_namespace = Known::Unknown, Auto, Outcome::Unknown, FILE, &[(Unknown, None, UserNamespace)]),
        (|m| m.kexec.load_disabled = Known::Yes, Load, No, LOAD, &[(Refuses, None, LoadDisabled)]),
        (|m| m.kexec.load_disabled = Known::Unknown, File, Outcome::Unknown, FILE, &[(Unknown, None, LoadDisabled)]),
        (|m| m.kexec.load_limit_reboot = Some(0), Auto, No, FILE, &[(Refuses, None, Limit)]),
        (|m| m.kexec.load_limit_reboot = Some(1), Auto, Yes, FILE, &[]),
        (|m| m.kexec.load_limit_panic = Some(0), Auto, Yes, FILE, &[]),
        (|m| m.kexec.load_limit_reboot = None, Auto, Outcome::Unknown, FILE, &[(Unknown, None, Limit)]),
        // Linux before 6.3 has no limits.
        (|m| { m.kexec.load_limit_reboot = None; m.host.release = (6, 2); }, Auto, Yes, FILE, &[]),
        (|m| m.host.kexec_file_load = Known::No, File, No, FILE, &[(Refuses, FILE, Call)]),
        (|m| m.host.kexec_file_load = Known::No, Auto, Yes, LOAD, &[(Refuses, FILE, Call)]),
        (|m| m.host.kexec_file_load = Known::Unknown, Auto, Outcome::Unknown, FILE, &[(Unknown, FILE, Call)]),
        (|m| m.host.kexec_load = Known::No, Load, No, LOAD, &[(Refuses, LOAD, Call)]),
        (|m| m.host.kexec_load = Known::No, Auto, Yes, FILE, &[]),
        (|m| m.kexec.lockdown = machine::Lockdown::Integrity, Load, No, LOAD, &[(Refuses, LOAD, Lockdown)]),
        (|m| m.kexec.lockdown = machine::Lockdown::Unknown, Load, Outcome::Unknown, LOAD, &[(Unknown, LOAD, Lockdown)]),
        (|m| m.kexec.lockdown = machine::Lockdown::Confidentiality, Auto, No, FILE, &[(Refuses, FILE, Signature)]),
        (|m| m.kexec.lockdown = machine::Lockdown::Unknown, Auto, Outcome::Unknown, FILE, &[(Unknown, FILE, Signature)]),
        (|m| m.host.signatures_forced = Known::Yes, Auto, No, FILE, &[(Refuses, FILE, Signature)]),
        (|m| m.host.signatures_forced = Known::Unknown, File, Outcome::Unknown, FILE, &[(Unknown, FILE, Signature)]),
        (|m| m.host.signatures_forced = Known::Yes, Load, Yes, LOAD, &[]),
        // No signature is looked at, so none is demanded.
        (|m| { m.host.signatures = Known::No; m.kexec.lockdown = machine::Lockdown::Integrity; }, Auto, Yes, FILE, &[]),
        (|m| { m.platform.firmware = Firmware::Efi; m.host.secure_boot = Known::Yes; }, Load, Outcome::Unknown, LOAD, &[(Unknown, LOAD, SecureBoot)]),
        (|m| { m.platform.firmware = Firmware::Efi; m.host.secure_boot = Known::Yes; }, File, Outcome::Unknown, FILE, &[(Unknown, FILE, Signature)]),
        (|m| { m.platform.firmware = Firmware::Efi; }, Load, Yes, LOAD, &[]),
        (|m| m.platform.available_ram = Some((1 << 20) - 1), Load, No, LOAD, &[(Refuses, LOAD, Memory)]),
        (|m| m.platform.available_ram = None, File, Outcome::Unknown, FILE, &[(Unknown, FILE, Memory)]),
        (|m| m.host.handover = Known::Yes, Load, Yes, LOAD, &[(Warns, LOAD, Handover)]),
        (|m| m.host.handover = Known::Unknown, Load, Yes, LOAD, &[(MayWarn, LOAD, Handover)]),
        (|m| { m.host.handover = Known::Yes; m.host.handover_final = Known::Yes; }, Load, No, LOAD, &[(Refuses, LOAD, Handover)]),
        (|m| { m.host.handover = Known::Yes; m.host.handover_final = Known::Yes; }, File, Yes, FILE, &[]),
        (|m| m.host.first_pid_namespace = Known::No, Auto, Yes, FILE, &[(Warns, None, PidNamespace)]),
        (|m| m.host.first_pid_namespace = Known::Unknown, Auto, Yes, FILE, &[]),
        (|m| m.host.watchdogs.running = 1, Auto, Yes, FILE, &[(Warns, None, Watchdog)]),
        (|m| m.host.watchdogs.unread = 1, Auto, Yes, FILE, &[(MayWarn, None, Watchdog)]),
        (|m| { m.xen.domain = true; m.xen.control = Known::Yes; }, Auto, No, FILE, &[(Refuses, None, Xen)]),
    ];
    for (number, (change, method, outcome, call, found)) in rows.iter().enumerate() {
        let mut machine = good();
        change(&mut machine);
        let judged = judged(&ask(&machine, *method));
        assert_eq!(judged, (*outcome, *call, found.to_vec()), "row {number}");
    }
}

/// As the caller of a load sees it: every reason at once.
#[test]
fn all_reasons_at_once() {
    let mut machine = good();
    machine.kexec.cap_sys_boot = Known::No;
    machine.kexec.load_disabled = Known::Yes;
    machine.kexec.load_limit_reboot = Some(0);
    machine.kexec.lockdown = Lockdown::Integrity;
    machine.host.first_user_namespace = Known::No;
    machine.platform.available_ram = Some(1);
    let question = ask(&machine, Method::Load);
    let verdict = Verdict::new(&question);
    let about: Vec<_> = verdict.findings().iter().map(|one| one.about).collect();
    assert_eq!(
        about,
        [
            About::Capability,
            About::UserNamespace,
            About::LoadDisabled,
            About::Limit,
            About::Lockdown,
            About::Memory,
        ]
    );
    assert_eq!(verdict.decides.unwrap().about, About::Capability);
    let refusal = |number: usize| verdict.refusal(&verdict.findings()[number]);
    let first = refusal(0).unwrap();
    assert_eq!(
        (first.cause, first.advice),
        (Cause::NoCapability, Some(Advice::RunAsRoot))
    );
    assert_eq!(refusal(1), None);
    assert_eq!(refusal(3).unwrap().cause, Cause::Limit);
    assert_eq!(refusal(4).unwrap().advice, Some(Advice::UseFileLoad));
    assert_eq!(verdict.memory(Call::Load), Some((1 << 20, 1)));
}

const TOO_LONG: Error = Error::CommandLineTooLong {
    length: 2017,
    limit: 2016,
};
const NOT_TAKEN: Error = Error::NotBootable { why: "x" };

#[test]
fn what_the_first_call_refuses_the_second_may_take() {
    let large = Error::File {
        step: "x",
        errno: crate::Errno::EFBIG,
    };
    let mut machine = good();
    for error in [TOO_LONG, NOT_TAKEN, large] {
        let mut question = ask(&machine, Method::Auto);
        question.image = image(|image| image.file_load = Err(error));
        let found = [(Weight::Refuses, FILE, About::Image)].to_vec();
        assert_eq!(
            judged(&question),
            (Outcome::Yes, LOAD, found.clone()),
            "{error}"
        );
        question.route = Route::File;
        assert_eq!(judged(&question), (Outcome::No, FILE, found), "{error}");
    }
    // A demanded signature comes before the command line, and after the format.
    machine.host.signatures_forced = Known::Yes;
    let mut question = ask(&machine, Method::Auto);
    question.image = image(|image| image.file_load = Err(TOO_LONG));
    let verdict = Verdict::new(&question);
    assert_eq!((verdict.outcome, verdict.call), (Outcome::No, FILE));
    let decides = verdict.decides.unwrap();
    assert_eq!(decides.about, About::Signature);
    assert_eq!(verdict.errno(&decides), Some(crate::Errno::ENODATA));
    assert!(verdict.refusal(&decides).unwrap().is_policy());
    question.image = image(|image| image.file_load = Err(NOT_TAKEN));
    assert_eq!(judged(&question).0, Outcome::Yes);
    // The first call used up the limit, but not where it does not exist.
    machine.host.signatures_forced = Known::No;
    machine.kexec.load_limit_reboot = Some(1);
    let mut question = ask(&machine, Method::Auto);
    question.image = image(|image| image.file_load = Err(NOT_TAKEN));
    let found = [
        (Weight::Refuses, FILE, About::Image),
        (Weight::Refuses, LOAD, About::Limit),
    ];
    assert_eq!(judged(&question), (Outcome::No, LOAD, found.to_vec()));
    machine.host.kexec_file_load = Known::No;
    let question = ask(&machine, Method::Auto);
    assert_eq!(judged(&question).0, Outcome::Yes);
}

/// With an option that only kexec_load honours, that comes first, and its plan is final.
#[test]
fn kexec_load_first() {
    let mut machine = good();
    machine.kexec.lockdown = Lockdown::Unknown;
    machine.host.signatures = Known::No;
    machine.host.kexec_load = Known::No;
    let mut question = ask(&machine, Method::Auto);
    question.route = Route::LoadThenFile;
    assert_eq!(judged(&question).0, Outcome::Yes);
    question.image = image(|image| image.load = Err(NOT_TAKEN));
    let (outcome, call, found) = judged(&question);
    assert_eq!((outcome, call), (Outcome::No, LOAD));
    assert_eq!(found[0], (Weight::Refuses, LOAD, About::Image));
}

#[test]
fn signatures_that_are_there() {
    let mut machine = good();
    for (forced, signature, outcome, found) in [
        (Known::No, Signature::Present, Outcome::Yes, None),
        (
            Known::Yes,
            Signature::Present,
            Outcome::Unknown,
            Some((Weight::Unknown, FILE, About::Trust)),
        ),
        (
            Known::Unknown,
            Signature::Present,
            Outcome::Unknown,
            Some((Weight::Unknown, FILE, About::Trust)),
        ),
        (
            Known::Yes,
            Signature::Damaged,
            Outcome::No,
            Some((Weight::Refuses, FILE, About::Signature)),
        ),
        (
            Known::Yes,
            Signature::NotPe,
            Outcome::No,
            Some((Weight::Refuses, FILE, About::Signature)),
        ),
        (Known::No, Signature::NotPe, Outcome::Yes, None),
    ] {
        machine.host.signatures_forced = forced;
        let mut question = ask(&machine, Method::File);
        question.image = image(|image| image.signature = signature);
        let found: Vec<Found> = found.into_iter().collect();
        assert_eq!(
            judged(&question),
            (outcome, FILE, found),
            "{forced:?} {signature:?}"
        );
    }
}

#[test]
fn crash_kernels_unloads_and_starts() {
    let mut machine = good();
    machine.kexec.load_limit_panic = Some(0);
    machine.host.first_pid_namespace = Known::No;
    machine.host.handover = Known::Yes;
    let mut question = ask(&machine, Method::Load);
    question.crash = true;
    let limit = (Weight::Refuses, None, About::Limit);
    assert_eq!(judged(&question), (Outcome::No, LOAD, [limit].to_vec()));
    let verdict = Verdict::new(&question);
    let refusal = verdict.refusal(&verdict.findings()[0]).unwrap();
    assert_eq!(refusal.cause, Cause::CrashLimit);
    // Without an image: whether any could be loaded. The reservation is not known.
    question.image = None;
    let image = (Weight::Refuses, None, About::Image);
    assert_eq!(judged(&question).2, [image, limit].to_vec());
    question.action = Action::Unload;
    assert_eq!(judged(&question).2, [limit].to_vec());

    question.action = Action::Start;
    question.crash = false;
    let place = (Weight::Refuses, None, About::PidNamespace);
    assert_eq!(judged(&question), (Outcome::No, None, [place].to_vec()));
    machine.host.first_pid_namespace = Known::Unknown;
    machine.kexec.loaded = Known::No;
    let mut question = ask(&machine, Method::Auto);
    question.action = Action::Start;
    let found = [
        (Weight::Refuses, None, About::Loaded),
        (Weight::Unknown, None, About::PidNamespace),
    ];
    assert_eq!(judged(&question), (Outcome::No, None, found.to_vec()));
    // A load that starts at once, in a PID namespace.
    machine.host.first_pid_namespace = Known::No;
    let mut question = ask(&machine, Method::Auto);
    question.starts = true;
    assert_eq!(judged(&question), (Outcome::No, FILE, [place].to_vec()));
}

#[test]
fn finalised_state_may_be_lost_on_request() {
    let mut machine = good();
    machine.host.handover = Known::Yes;
    machine.host.handover_final = Known::Yes;
    let mut question = ask(&machine, Method::Load);
    question.may_lose = true;
    let lost = (Weight::Warns, LOAD, About::Handover);
    assert_eq!(judged(&question), (Outcome::Yes, LOAD, [lost].to_vec()));
}

/// Unknown in every respect: nothing refuses, nothing is a yes, and there is room for all of it.
#[test]
fn a_machine_of_which_nothing_is_known() {
    let machine = Box::new(Machine::new());
    for method in [Method::Auto, Method::File, Method::Load] {
        let mut question = ask(&machine, method);
        question.starts = true;
        question.image = image(|image| image.paging_unknown = true);
        let (outcome, _, found) = judged(&question);
        assert_eq!(outcome, Outcome::Unknown, "{method:?}");
        assert!(
            found
                .iter()
                .all(|one| one.0 == Weight::Unknown || one.0 == Weight::MayWarn)
        );
        assert!(found.len() >= 8, "{found:?}");
    }
}
