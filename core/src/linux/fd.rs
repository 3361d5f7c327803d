//! File descriptors: owned and borrowed, as `OwnedFd` and `BorrowedFd` of `std::os::fd`, which
//! `core` does not have. No safe code can close a descriptor that is not its own.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;

use linux_raw_sys::general as raw;

use super::arch;
use crate::Errno;

/// An open file descriptor that this value owns; closed when dropped.
#[derive(Debug)]
pub struct Fd(i32);

impl Fd {
    /// The number, for messages, and for system calls that are not in this crate.
    #[must_use]
    pub const fn number(&self) -> i32 {
        self.0
    }

    /// Takes ownership of a descriptor.
    ///
    /// # Safety
    /// It must be open, and its ownership passes to the result: nobody else closes it, or uses it
    /// after the result is dropped.
    #[must_use]
    pub const unsafe fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// Passes the descriptor to the caller, who closes it, or gives it back by
    /// [`Fd::from_raw`].
    #[must_use]
    pub const fn into_raw(self) -> i32 {
        let number = self.0;
        core::mem::forget(self);
        number
    }

    /// A second descriptor of the same open file (close-on-exec); each is closed separately.
    ///
    /// # Errors
    /// The errno of fcntl(2), F_DUPFD_CLOEXEC.
    pub fn duplicate(&self) -> Result<Self, Errno> {
        fcntl(self, raw::F_DUPFD_CLOEXEC, 0).map(Self::returned)
    }

    /// Borrows the descriptor.
    #[must_use]
    pub const fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: it is open as long as `self` lives.
        unsafe { BorrowedFd::from_raw(self.0) }
    }

    /// Takes ownership of a descriptor that a system call just returned.
    pub(super) const fn returned(number: usize) -> Self {
        Self(number as i32)
    }

    /// The descriptor as a system call argument.
    pub(super) const fn argument(&self) -> usize {
        self.0 as usize
    }
}

impl Drop for Fd {
    // Not inlined: most functions here end with it, some on each of several paths.
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: close(2) takes no pointer, and this descriptor is ours alone.
        unsafe { arch::syscall(raw::__NR_close, [self.argument(), 0, 0, 0, 0, 0]) };
    }
}

/// A descriptor that somebody else owns: it can be used as an [`Fd`], and is not closed.
#[derive(Debug)]
pub struct BorrowedFd<'fd> {
    // Accessible only by shared reference, so that no `Fd` that closes it can be made of it.
    fd: ManuallyDrop<Fd>,
    owner: PhantomData<&'fd Fd>,
}

impl BorrowedFd<'_> {
    /// Borrows a descriptor by its number. A number that is not open is harmless: the kernel returns
    /// EBADF.
    ///
    /// # Safety
    /// If it is open, its owner must not close it during the lifetime of the result.
    #[must_use]
    pub const unsafe fn from_raw(number: i32) -> Self {
        Self {
            fd: ManuallyDrop::new(Fd(number)),
            owner: PhantomData,
        }
    }
}

impl Deref for BorrowedFd<'_> {
    type Target = Fd;

    fn deref(&self) -> &Fd {
        &self.fd
    }
}

/// The descriptors every program starts with for its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// Standard output, descriptor 1.
    Output,
    /// Standard error, descriptor 2.
    Error,
}

impl Standard {
    /// The descriptor. As in `std`, the standard descriptors belong to the whole process for all
    /// of its life.
    #[must_use]
    pub const fn fd(self) -> BorrowedFd<'static> {
        let number = match self {
            Self::Output => 1,
            Self::Error => 2,
        };
        // SAFETY: it belongs to the process. If the process was started without it, the number may
        // belong to another file and be closed at any time; as in `std`, that is the
        // responsibility of the parent process.
        unsafe { BorrowedFd::from_raw(number) }
    }
}

/// fcntl(2) with an argument that is a number.
///
/// # Errors
/// The kernel's errno.
pub(super) fn fcntl(fd: &Fd, command: u32, argument: usize) -> Result<usize, Errno> {
    let arguments = [fd.argument(), command as usize, argument, 0, 0, 0];
    // SAFETY: the commands used here (F_GETFL, F_SETFL, F_SETSIG, F_SETLEASE, F_GETLEASE,
    // F_ADD_SEALS, F_DUPFD_CLOEXEC) take a number and touch no memory of this process.
    arch::result(unsafe { arch::syscall(raw::__NR_fcntl, arguments) })
}

#[cfg(test)]
mod tests {
    use super::super::open;
    use super::*;

    #[test]
    fn a_borrowed_descriptor_stays_open() {
        let own = open(c"/proc/self/exe", raw::O_RDONLY).unwrap();
        {
            // SAFETY: `own` lives longer.
            let borrowed = unsafe { BorrowedFd::from_raw(own.number()) };
            assert_eq!(borrowed.number(), own.number());
        }
        fcntl(&own, raw::F_GETFL, 0).unwrap();
        let second = own.duplicate().unwrap();
        let number = second.into_raw();
        assert_ne!(number, own.number());
        // SAFETY: just handed out, taken back once.
        drop(unsafe { Fd::from_raw(number) });
        // SAFETY: it does not matter whether another thread of this test has reused the number.
        let none = unsafe { BorrowedFd::from_raw(-1) };
        assert_eq!(fcntl(&none, raw::F_GETFL, 0), Err(Errno::EBADF));
    }
}
