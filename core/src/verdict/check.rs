//! The checks, in the order of the kernel's (kernel/kexec.c, kernel/kexec_file.c, kernel/reboot.c).

use heapless::Vec;

use super::{About, Action, Finding, Outcome, Question, Verdict, Weight};
use crate::Errno;
use crate::error::Error;
use crate::image::Signature;
use crate::machine::{Firmware, Known, Lockdown};
use crate::route::Call;

/// Linux before 6.3 has no limits on loads.
const HAS_LIMITS: (u16, u16) = (6, 3);

impl<'a> Verdict<'a> {
    /// Looks for every reason.
    #[must_use]
    pub fn new(question: &'a Question<'a>) -> Self {
        let mut verdict = Self {
            question,
            findings: Vec::new(),
            outcome: Outcome::No,
            call: None,
            decides: None,
        };
        verdict.look();
        verdict.decides = verdict
            .refuses(None)
            .or(verdict.call.and_then(|call| verdict.refuses(Some(call))));
        let mut unknown = verdict.findings.iter().filter(|found| {
            found.weight == Weight::Unknown && (found.call.is_none() || found.call == verdict.call)
        });
        verdict.outcome = match (verdict.decides, unknown.next()) {
            (Some(_), _) => Outcome::No,
            (None, Some(_)) => Outcome::Unknown,
            (None, None) => Outcome::Yes,
        };
        verdict
    }

    fn look(&mut self) {
        let question = self.question;
        if question.action == Action::Start {
            let state = &question.machine.kexec;
            self.fact(None, About::Loaded, state.loaded, Known::Yes);
            self.fact(None, About::Capability, state.cap_sys_boot, Known::Yes);
        } else {
            let first = question.route.first();
            self.call = Some(first);
            self.both();
            let stops = self.refuses(None).is_some();
            self.one(first);
            // What is refused before any call is not tried by the other one.
            if let Some(second) = self.follows().filter(|_| !stops) {
                self.call = Some(second);
                self.one(second);
            }
        }
        self.costs();
    }

    /// The first refusal of both calls, or of one.
    #[inline(never)]
    fn refuses(&self, call: Option<Call>) -> Option<Finding> {
        let mut refusals = self.findings.iter();
        refusals
            .find(|found| found.weight == Weight::Refuses && found.call == call)
            .copied()
    }

    /// The call that would follow after the first was refused.
    fn follows(&self) -> Option<Call> {
        let (route, first) = (self.question.route, self.call?);
        let refused = self.refuses(Some(first))?;
        match (self.errno(&refused), first) {
            // kexec_file_load is known to refuse a file's size, and is not made.
            (None, Call::FileLoad) => route.second(),
            (None, Call::Load) => None,
            (Some(errno), _) => route.after(first, errno, &self.question.machine.kexec),
        }
    }

    #[inline(never)]
    fn add(&mut self, weight: Weight, call: Option<Call>, about: About) {
        // There is room for all: see FINDINGS.
        let _fits = self.findings.push(Finding {
            weight,
            call,
            about,
        });
    }

    /// A fact that must be `good`.
    #[inline(never)]
    fn fact(&mut self, call: Option<Call>, about: About, fact: Known, good: Known) {
        if fact == Known::Unknown {
            self.add(Weight::Unknown, call, about);
        } else if fact != good {
            self.add(Weight::Refuses, call, about);
        }
    }

    /// What concerns both calls.
    fn both(&mut self) {
        let question = self.question;
        let machine = question.machine;
        let (state, host) = (&machine.kexec, &machine.host);
        if question.action == Action::Load {
            for about in [About::Xen, About::Image] {
                let finding = Finding {
                    weight: Weight::Refuses,
                    call: None,
                    about,
                };
                let crash = question.crash || question.image.is_some() || about == About::Xen;
                if crash && self.error(&finding).is_some() {
                    self.add(Weight::Refuses, None, about);
                }
            }
        }
        // A kernel without kexec has none of its settings.
        let none = [host.kexec_load, host.kexec_file_load] == [Known::No; 2];
        for (about, fact, good) in [
            (About::Capability, state.cap_sys_boot, Known::Yes),
            (About::UserNamespace, host.first_user_namespace, Known::Yes),
            (About::LoadDisabled, state.load_disabled, Known::No),
            (About::Limit, self.is_used_up(0), Known::No),
        ] {
            let setting = matches!(about, About::LoadDisabled | About::Limit);
            if !(none && setting) {
                self.fact(None, about, fact, good);
            }
        }
    }

    /// Whether no more loads are allowed after `made`.
    fn is_used_up(&self, made: i64) -> Known {
        let machine = self.question.machine;
        let limit = if self.question.crash {
            machine.kexec.load_limit_panic
        } else {
            machine.kexec.load_limit_reboot
        };
        let release = machine.host.release;
        match limit {
            Some(limit) => Known::of((0..=made).contains(&limit)),
            None if release != (0, 0) && release < HAS_LIMITS => Known::No,
            None => Known::Unknown,
        }
    }

    /// What concerns one call.
    fn one(&mut self, call: Call) {
        let question = self.question;
        let host = &question.machine.host;
        let of = Some(call);
        let image = question.image;
        // A plan that cannot be made comes before the call.
        if call == Call::Load && image.is_some_and(|image| image.load.is_err()) {
            self.add(Weight::Refuses, of, About::Image);
        }
        let exists = match call {
            Call::Load => host.kexec_load,
            Call::FileLoad => host.kexec_file_load,
        };
        self.fact(of, About::Call, exists, Known::Yes);
        if exists == Known::No {
            // The file is as wrong for a kernel that has the call.
            let refused = image.is_some_and(|image| image.file_load.is_err());
            if call == Call::FileLoad && refused {
                self.add(Weight::Refuses, of, About::Image);
            }
            return;
        }
        // The first call used up what the limit allowed, unless the kernel does not have it.
        let first = question.route.first();
        let before = self
            .refuses(Some(first))
            .and_then(|found| self.errno(&found));
        if call != first && before.is_some_and(|errno| errno != Errno::ENOSYS) {
            let used_up = self.is_used_up(1) == Known::Yes;
            self.fact(of, About::Limit, Known::of(used_up), Known::No);
        }
        if call == Call::Load {
            self.load();
        } else if let Some(image) = image.filter(|_| question.action == Action::Load) {
            // In the kernel's order: the format, then the signature, then the command line.
            match image.file_load {
                Ok(_) => self.signature(image.signature),
                Err(error) => {
                    if matches!(error, Error::CommandLineTooLong { .. }) {
                        self.signature(image.signature);
                    }
                    self.add(Weight::Refuses, of, About::Image);
                }
            }
            if image.paging_unknown {
                self.add(Weight::Unknown, of, About::Paging);
            }
        }
        if let Some(Ok(need)) = image.map(|image| match call {
            Call::Load => image.load,
            Call::FileLoad => image.file_load,
        }) {
            let lacks = question.machine.platform.available_ram;
            let lacks = lacks.map(|available| need > available);
            let lacks = lacks.or((need == 0).then_some(false)).into();
            self.fact(of, About::Memory, lacks, Known::No);
        }
    }

    /// kexec_load(2), which also unloads only where it may load.
    fn load(&mut self) {
        let call = Some(Call::Load);
        let question = self.question;
        let (machine, host) = (question.machine, &question.machine.host);
        self.fact(call, About::Lockdown, self.is_locked(), Known::No);
        if self.is_secure_boot() != Known::No && host.signatures != Known::No {
            self.add(Weight::Unknown, call, About::SecureBoot);
        }
        if question.action != Action::Load || question.crash {
            return;
        }
        let weight = match machine.host.handover {
            Known::No => return,
            Known::Unknown => Weight::MayWarn,
            Known::Yes if host.handover_final == Known::Yes && !question.may_lose => {
                Weight::Refuses
            }
            Known::Yes => Weight::Warns,
        };
        self.add(weight, call, About::Handover);
    }

    fn signature(&mut self, signature: Signature) {
        let call = Some(Call::FileLoad);
        let demanded = self.is_demanded();
        match signature {
            Signature::Present if demanded == Known::No => {}
            Signature::Present => self.add(Weight::Unknown, call, About::Trust),
            _ => self.fact(call, About::Signature, demanded, Known::No),
        }
    }

    /// What a start of the new kernel costs, and whether it could be started.
    fn costs(&mut self) {
        let question = self.question;
        let host = &question.machine.host;
        if question.action == Action::Unload {
            return;
        }
        let starts = question.starts || question.action == Action::Start;
        match (host.first_pid_namespace, starts) {
            (Known::Yes, _) => {}
            _ if question.crash => {}
            (fact, true) => self.fact(None, About::PidNamespace, fact, Known::Yes),
            (Known::No, false) => self.add(Weight::Warns, None, About::PidNamespace),
            (Known::Unknown, false) => {}
        }
        let watchdogs = &host.watchdogs;
        if watchdogs.running != 0 {
            self.add(Weight::Warns, None, About::Watchdog);
        } else if watchdogs.unread != 0 {
            self.add(Weight::MayWarn, None, About::Watchdog);
        }
    }

    fn is_locked(&self) -> Known {
        match self.question.machine.kexec.lockdown {
            Lockdown::None => Known::No,
            Lockdown::Integrity | Lockdown::Confidentiality => Known::Yes,
            Lockdown::Unknown => Known::Unknown,
        }
    }

    fn is_secure_boot(&self) -> Known {
        let machine = self.question.machine;
        match machine.platform.firmware {
            Firmware::NotEfi => Known::No,
            _ => machine.host.secure_boot,
        }
    }

    /// Whether kexec_file_load(2) refuses an image without a valid signature
    /// (kimage_validate_signature in kernel/kexec_file.c): the kernel is built so, or locked down; or
    /// IMA demands it under Secure Boot.
    fn is_demanded(&self) -> Known {
        let host = &self.question.machine.host;
        let facts = [host.signatures_forced, self.is_locked()];
        if host.signatures == Known::No {
            Known::No
        } else if facts.contains(&Known::Yes) {
            Known::Yes
        } else if facts == [Known::No; 2] && self.is_secure_boot() == Known::No {
            Known::No
        } else {
            Known::Unknown
        }
    }
}
