//! Files that stay as they are while they are loaded.
//!
//! The digest is taken over mapped pages, and kexec_load(2) copies the same pages a moment
//! later. Whoever writes to the file in between gives the new kernel bytes that the purgatory
//! refuses, after the old kernel is gone; whoever cuts it short raises SIGBUS in the reader. A
//! read lease (fcntl_locking(2), F_SETLEASE) makes both wait: an open for writing or a truncate
//! blocks until the lease ends, and none is given while anyone has the file open for writing.
//! The kernel ends a lease by force after /proc/sys/fs/lease-break-time (45 s).

use linux_raw_sys::general as raw;

use super::copies::Copies;
use super::fd::{Fd, fcntl};
use super::map::{File, Mapping, Origin, fstat, map};
use super::memfd::sealed_copy;
use crate::Errno;
use crate::error::{Error, Result};

/// What keeps a file as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hold {
    /// A read lease.
    Lease,
    /// The file itself is out of reach of a lease: a sealed copy in memory is used.
    Copy {
        /// Why there is no lease. EAGAIN: the file is open for writing, and may be half written.
        /// EBUSY: the open file is not ours ([`File::borrowed`]), and so is its lease.
        lease: Errno,
    },
    /// The file is memory that nobody can change: [`File::open_any`] read it into there.
    Memory,
    /// Nothing; a change is noticed by [`Held::check`], unless it leaves the times alone, as one
    /// through a mapping may.
    Nothing {
        /// Why there is no lease: EAGAIN if the file is open for writing, EACCES without
        /// CAP_LEASE for a file of another user, EINVAL if the file system has none.
        lease: Errno,
        /// Why there is no copy: EFBIG if it would be larger than allowed.
        copy: Errno,
    },
}

/// A file that is held until the [`File`] is dropped.
#[derive(Debug)]
pub struct Held<'a> {
    file: &'a File,
    copy: Option<Fd>,
    hold: Hold,
    stamp: Stamp,
}

/// What a change of a file's bytes changes: size, mtime and ctime. The times move with each write(2)
/// and truncation, by the clock's ticks; of a write through a mapping they tell on most file
/// systems only once it reaches the disk, and on tmpfs not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([i64; 5]);

impl Stamp {
    /// As numbers, for who keeps it in a form of its own.
    #[must_use]
    pub const fn numbers(self) -> [i64; 5] {
        self.0
    }

    /// What [`Stamp::numbers`] gave.
    #[must_use]
    pub const fn from_numbers(numbers: [i64; 5]) -> Self {
        Self(numbers)
    }

    fn of(fd: &Fd) -> Result<Self> {
        let stat = fstat(fd).map_err(|errno| Error::File {
            step: "fstat",
            errno,
        })?;
        Ok(Self([
            stat.st_size,
            stat.st_mtime as i64,
            stat.st_mtime_nsec as i64,
            stat.st_ctime as i64,
            stat.st_ctime_nsec as i64,
        ]))
    }

    /// Whether size and mtime are the same; who only renames the file, or changes its mode or its
    /// links, moves ctime.
    fn same_contents(self, other: Self) -> bool {
        let [size, seconds, nanoseconds, ..] = self.0;
        other.0.starts_with(&[size, seconds, nanoseconds])
    }

    fn size(&self) -> u64 {
        let [size, ..] = self.0;
        u64::try_from(size).unwrap_or(0)
    }
}

impl File {
    /// Keeps the file as it is: by a lease, else by a copy of `copies`, else not at all;
    /// [`Held::hold`] says which. No signal is sent that anyone has to care for (SIGURG, ignored
    /// unless handled, tells of a program that waits for the lease's end).
    ///
    /// # Errors
    /// [`Error::File`] with fstat(2)'s errno; [`Error::FileChanged`] if the file is not as long
    /// as when it was opened.
    pub fn hold(&self, copies: &Copies) -> Result<Held<'_>> {
        let mut copy = None;
        let hold = match lease(self) {
            Ok(()) => Hold::Lease,
            Err(_) if self.origin() == Origin::Memory => Hold::Memory,
            Err(lease) => match sealed_copy(self, copies) {
                Ok(fd) => {
                    copy = Some(fd);
                    Hold::Copy { lease }
                }
                Err(error) => Hold::Nothing {
                    lease,
                    copy: why(error),
                },
            },
        };
        let stamp = Stamp::of(copy.as_ref().unwrap_or(self.fd())).and_then(|stamp| {
            if stamp.size() == self.size() {
                Ok(stamp)
            } else {
                Err(Error::FileChanged)
            }
        });
        let stamp = stamp.inspect_err(|_| self.end_lease())?;
        Ok(Held {
            file: self,
            copy,
            hold,
            stamp,
        })
    }

    /// Ends the lease [`File::hold`] took, if it did, and has signals of the file be SIGIO again;
    /// closing the last descriptor of the same open(2) does so too.
    fn end_lease(&self) {
        if self.origin() == Origin::Ours {
            self.fd().end_lease();
        }
    }
}

impl Held<'_> {
    /// What keeps it.
    #[must_use]
    pub const fn hold(&self) -> Hold {
        self.hold
    }

    /// What the file was when [`File::hold`] came back.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// As [`File::map`]; of a file that cannot be mapped (one in /sys: ENODEV), a copy of
    /// `copies` that nobody can change. Where it fails nothing is held any more.
    ///
    /// # Errors
    /// [`Error::File`] with mmap(2)'s errno, or that of making the copy;
    /// [`Error::CopyTooLarge`].
    pub fn map(&self, copies: &Copies) -> Result<Mapping> {
        self.map_or_copy(copies)
            .inspect_err(|_| self.file.end_lease())
    }

    fn map_or_copy(&self, copies: &Copies) -> Result<Mapping> {
        let size = self.file.size();
        let fd = self.copy.as_ref().unwrap_or(self.file.fd());
        match map(fd, size) {
            Err(Error::File {
                errno: Errno::ENODEV,
                ..
            }) => map(&sealed_copy(self.file, copies)?, size),
            mapped => mapped,
        }
    }

    /// Whether the file is still what it was when [`File::hold`] came back: to be asked after
    /// the last look at its bytes, kexec_load(2)'s included.
    ///
    /// # Errors
    /// [`Error::FileChanged`]; [`Error::File`] with fstat(2)'s errno.
    pub fn check(&self) -> Result<()> {
        match self.hold {
            Hold::Copy { .. } | Hold::Memory => Ok(()),
            Hold::Lease | Hold::Nothing { .. } => self.file.fd().unchanged(self.stamp),
        }
    }
}

impl Fd {
    /// [`Held::check`] for who keeps descriptor and stamp apart: whether this file, held by a
    /// lease or by nothing, is still what it was.
    ///
    /// # Errors
    /// As [`Held::check`].
    pub fn unchanged(&self, stamp: Stamp) -> Result<()> {
        const HELD: usize = raw::F_RDLCK as usize;
        let now = Stamp::of(self)?;
        // A lease is looked behind, too: on some file systems (FUSE, 9p) it binds this kernel only,
        // not who serves the files. Without a lease, someone waits for it to end, it was ended by
        // force, or it never was.
        let same =
            now == stamp || now.same_contents(stamp) && fcntl(self, raw::F_GETLEASE, 0) == Ok(HELD);
        if same {
            Ok(())
        } else {
            Err(Error::FileChanged)
        }
    }

    /// Ends the lease that [`File::hold`] took of this descriptor's file, for who keeps
    /// descriptor and hold apart. Only of a file that was opened here.
    pub fn end_lease(&self) {
        let _none = fcntl(self, raw::F_SETLEASE, raw::F_UNLCK as usize);
        let _none = fcntl(self, raw::F_SETSIG, 0);
    }
}

fn lease(file: &File) -> core::result::Result<(), Errno> {
    let fd = file.fd();
    match file.origin() {
        Origin::Ours => {
            // SIGIO, which is sent unless another signal is named, ends a process without a
            // handler.
            fcntl(fd, raw::F_SETSIG, raw::SIGURG as usize)?;
            fcntl(fd, raw::F_SETLEASE, raw::F_RDLCK as usize)?;
            Ok(())
        }
        // The signal and the lease are the caller's.
        Origin::Theirs => Err(Errno::EBUSY),
        Origin::Memory => Err(Errno::EINVAL),
    }
}

/// The errno of a copy that could not be made.
const fn why(error: Error) -> Errno {
    match error {
        Error::File { errno, .. } => errno,
        _ => Errno::EFBIG,
    }
}

#[cfg(test)]
#[path = "hold_tests.rs"]
mod tests;
