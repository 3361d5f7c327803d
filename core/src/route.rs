//! Which of the two calls is made first, and which may follow if it is refused.
//!
//! The policy: kexec_file_load(2) comes first, because the kernel then checks signatures;
//! kexec_load(2) follows if the first call is missing or does not support the image. A load that policy
//! forbids must not be retried with the other call. The reverse order is allowed if it is unknown whether the
//! kernel is locked down: kexec_file_load is the stricter of the two.

use crate::Errno;
use crate::machine::{KexecState, Known, Lockdown};
use crate::refusal::Class;

/// A system call that loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// kexec_load(2).
    Load,
    /// kexec_file_load(2).
    FileLoad,
}

/// Which calls the caller allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Either: kexec_file_load(2), then kexec_load(2) if that can help.
    Auto,
    /// kexec_file_load(2) only.
    File,
    /// kexec_load(2) only.
    Load,
}

/// Which call is made first, and which may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// kexec_file_load only.
    File,
    /// kexec_file_load, then kexec_load.
    FileThenLoad,
    /// kexec_load only.
    Load,
    /// kexec_load, then kexec_file_load.
    LoadThenFile,
}

impl Route {
    /// `prefers_load`: whether an option is set that kexec_file_load would ignore. Under a known
    /// lockdown only kexec_file_load is made, unless the caller allows only the other call.
    #[must_use]
    pub const fn new(method: Method, prefers_load: bool, lockdown: Lockdown) -> Self {
        match (method, lockdown) {
            (Method::File, _) | (Method::Auto, Lockdown::Integrity | Lockdown::Confidentiality) => {
                Self::File
            }
            (Method::Load, _) => Self::Load,
            (Method::Auto, Lockdown::None | Lockdown::Unknown) if prefers_load => {
                Self::LoadThenFile
            }
            (Method::Auto, Lockdown::None | Lockdown::Unknown) => Self::FileThenLoad,
        }
    }

    /// The call that is made first.
    #[must_use]
    pub const fn first(self) -> Call {
        match self {
            Self::File | Self::FileThenLoad => Call::FileLoad,
            Self::Load | Self::LoadThenFile => Call::Load,
        }
    }

    /// The call that may follow the first, if there is one.
    #[must_use]
    pub const fn second(self) -> Option<Call> {
        match self {
            Self::File | Self::Load => None,
            Self::FileThenLoad => Some(Call::Load),
            Self::LoadThenFile => Some(Call::FileLoad),
        }
    }

    /// The call to make after `failed` was refused with `errno`, on a machine in this `state`.
    #[must_use]
    pub fn after(self, failed: Call, errno: Errno, state: &KexecState) -> Option<Call> {
        if failed != self.first() {
            return None;
        }
        let helps = match failed {
            Call::FileLoad => Class::of(errno).kexec_load_may_help(),
            Call::Load => file_load_may_help(errno, state),
        };
        self.second().filter(|_| helps)
    }
}

/// Whether kexec_load is missing, or may be forbidden by an unknown lockdown.
fn file_load_may_help(errno: Errno, state: &KexecState) -> bool {
    match errno {
        Errno::ENOSYS => true,
        Errno::EPERM | Errno::EACCES => {
            state.lockdown != Lockdown::None
                && state.cap_sys_boot != Known::No
                && state.load_disabled != Known::Yes
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_second_call() {
        use Lockdown::{Confidentiality, Integrity, None as Open, Unknown};
        use Method::{Auto, File, Load};
        for (method, prefers_load, lockdown, route) in [
            (Auto, false, Open, Route::FileThenLoad),
            (Auto, false, Unknown, Route::FileThenLoad),
            (Auto, false, Integrity, Route::File),
            (Auto, false, Confidentiality, Route::File),
            (Auto, true, Open, Route::LoadThenFile),
            (Auto, true, Unknown, Route::LoadThenFile),
            (Auto, true, Integrity, Route::File),
            (Auto, true, Confidentiality, Route::File),
            (File, true, Open, Route::File),
            (File, false, Integrity, Route::File),
            (Load, false, Open, Route::Load),
            // As the caller requires; the kernel will refuse.
            (Load, true, Integrity, Route::Load),
        ] {
            assert_eq!(Route::new(method, prefers_load, lockdown), route);
        }
        for (route, first, second) in [
            (Route::File, Call::FileLoad, None),
            (Route::FileThenLoad, Call::FileLoad, Some(Call::Load)),
            (Route::Load, Call::Load, None),
            (Route::LoadThenFile, Call::Load, Some(Call::FileLoad)),
        ] {
            assert_eq!((route.first(), route.second()), (first, second));
        }
    }

    /// Every errno, by number: ENOEXEC, EINVAL, ENOSYS, EOPNOTSUPP and no other.
    #[test]
    fn kexec_load_follows_after_exactly_four() {
        let state = KexecState::NONE;
        let after = |route: Route, failed| {
            let numbers = (1..4096_u16).filter(move |number| {
                route.after(failed, Errno(*number), &state) == Some(Call::Load)
            });
            numbers.collect::<std::vec::Vec<_>>()
        };
        assert_eq!(after(Route::FileThenLoad, Call::FileLoad), [8, 22, 38, 95]);
        for (route, failed) in [
            (Route::File, Call::FileLoad),
            (Route::Load, Call::Load),
            (Route::LoadThenFile, Call::Load),
            // It was the second.
            (Route::LoadThenFile, Call::FileLoad),
            (Route::FileThenLoad, Call::Load),
        ] {
            assert!(after(route, failed).is_empty(), "{route:?} {failed:?}");
        }
    }

    #[test]
    fn kexec_file_load_follows_where_a_lockdown_cannot_be_seen() {
        let seen = |lockdown| KexecState {
            lockdown,
            ..KexecState::NONE
        };
        let unseen = KexecState::NONE;
        let no_root = KexecState {
            cap_sys_boot: Known::No,
            ..unseen
        };
        let disabled = KexecState {
            load_disabled: Known::Yes,
            ..unseen
        };
        for (errno, state, follows) in [
            (Errno::ENOSYS, unseen, true),
            (Errno::ENOSYS, seen(Lockdown::None), true),
            (Errno::EPERM, unseen, true),
            (Errno::EACCES, unseen, true),
            (Errno::EPERM, seen(Lockdown::Integrity), true),
            (Errno::EPERM, seen(Lockdown::None), false),
            (Errno::EPERM, no_root, false),
            (Errno::EPERM, disabled, false),
            (Errno::EINVAL, unseen, false),
            (Errno::ENOMEM, unseen, false),
        ] {
            let after = Route::LoadThenFile.after(Call::Load, errno, &state);
            assert_eq!(after == Some(Call::FileLoad), follows, "{errno} {state:?}");
            assert_eq!(Route::Load.after(Call::Load, errno, &state), None);
        }
    }
}
