//! System calls that wait for a reply from the test, so that it can do something meanwhile.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The command's descriptor of its filter's questions.
const LISTENER: i32 = 100;

/// Keeps that descriptor open where it is looked for, over the exec; called between fork and exec.
pub fn keep(listener: i32) -> bool {
    // SAFETY: takes no pointer.
    unsafe { libc::dup2(listener, LISTENER) == LISTENER }
}

/// What [`super::asks`] has the command ask.
pub struct Questions(OwnedFd);

impl Questions {
    /// Of a command that runs; `None` where the kernel does not hand its descriptor over.
    pub fn of(child: &std::process::Child) -> Option<Self> {
        let process = descriptor(libc::SYS_pidfd_open, [i64::from(child.id()), 0, 0])?;
        let number = i64::from(process.as_raw_fd());
        descriptor(libc::SYS_pidfd_getfd, [number, LISTENER.into(), 0]).map(Self)
    }

    /// Waits for the next one, does something meanwhile, and has it succeed. Returns the call's
    /// arguments.
    pub fn succeed(&self, meanwhile: impl FnOnce()) -> [u64; 6] {
        // _IOWR('!', 0, struct seccomp_notif), _IOWR('!', 1, struct seccomp_notif_resp).
        const RECEIVE: u64 = 0xc050_2100;
        const SEND: u64 = 0xc018_2101;
        let mut ready = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one entry, which is ours.
        let ready = unsafe { libc::poll(&raw mut ready, 1, 30_000) };
        assert_eq!(ready, 1, "the call is not made");
        // SAFETY: integers only, all of which may be zero.
        let mut asked: libc::seccomp_notif = unsafe { core::mem::zeroed() };
        let place = &raw mut asked;
        // SAFETY: the call writes one struct of this type.
        let received = unsafe { libc::ioctl(self.0.as_raw_fd(), RECEIVE as _, place) };
        assert_eq!(received, 0);
        meanwhile();
        let mut reply = libc::seccomp_notif_resp {
            id: asked.id,
            val: 0,
            error: 0,
            flags: 0,
        };
        let place = &raw mut reply;
        // SAFETY: the call reads one struct of this type.
        let sent = unsafe { libc::ioctl(self.0.as_raw_fd(), SEND as _, place) };
        assert_eq!(sent, 0);
        asked.data.args
    }
}

/// What a call without pointers returns, a new descriptor.
fn descriptor(call: i64, [a, b, c]: [i64; 3]) -> Option<OwnedFd> {
    // SAFETY: the two calls this is for take numbers.
    let number = unsafe { libc::syscall(call, a, b, c) };
    // SAFETY: it is new, and nobody else's.
    (number >= 0).then(|| unsafe { OwnedFd::from_raw_fd(number as i32) })
}
