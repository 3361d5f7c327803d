//! Files that stay unchanged while they are loaded.
//!
//! The digest is taken over mapped pages, and kexec_load(2) copies the same pages a moment
//! later. If someone writes to the file in between, the purgatory rejects the new kernel's bytes,
//! after the old kernel is gone; if someone truncates it, the reader gets SIGBUS. A
//! read lease (fcntl_locking(2), F_SETLEASE) blocks both: an open for writing or a truncate waits
//! until the lease ends, and no lease is granted while anyone has the file open for writing.
//! The kernel ends a lease by force after /proc/sys/fs/lease-break-time (45 s).

use linux_raw_sys::general as raw;

use super::copies::Copies;
use super::fd::{Fd, fcntl};
use super::map::{File, Mapping, Origin, fstat, map};
use super::memfd::sealed_copy;
use crate::Errno;
use crate::error::{Error, Result};

/// How a file is kept unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hold {
    /// A read lease.
    Lease,
    /// A sealed copy in memory is used, because the file has no lease.
    Copy {
        /// Why there is no lease. EAGAIN: the file is open for writing, and may be half written.
        /// EBUSY: the open file, and so its lease, belongs to someone else ([`File::borrowed`]).
        lease: Errno,
    },
    /// The file is already in memory that nobody can change, where [`File::open_any`] copied it.
    Memory,
    /// Not at all. [`Held::check`] detects a change, unless it does not change the file's times, as a
    /// write through a mapping may not.
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

/// The attributes that change with a file's bytes: size, mtime and ctime. The times change with each
/// write(2) and truncation, in units of the clock's ticks. With a write through a mapping they change
/// on most file systems only when it reaches the disk, and on tmpfs not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([i64; 5]);

impl Stamp {
    /// As numbers, for callers with a representation of their own.
    #[must_use]
    pub const fn numbers(self) -> [i64; 5] {
        self.0
    }

    /// From the result of [`Stamp::numbers`].
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

    /// Whether size and mtime are equal. ctime also changes if the file is renamed, or its mode or
    /// links change.
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
    /// Keeps the file unchanged: by a lease, else by a copy that is counted in `copies`, else not at
    /// all; [`Held::hold`] returns which. No signal needs to be handled: SIGURG, which is ignored by
    /// default, is sent when a program waits for the end of the lease.
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
        let size = if copy.is_some() {
            self.size()
        } else {
            self.whole()
        };
        let stamp = Stamp::of(copy.as_ref().unwrap_or(self.fd())).and_then(|stamp| {
            if stamp.size() == size {
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

    /// Ends the lease of [`File::hold`], if there is one, and sets the file's signal back to SIGIO.
    /// Closing the last descriptor of the same open(2) also does so.
    fn end_lease(&self) {
        if self.origin() == Origin::Ours {
            self.fd().end_lease();
        }
    }
}

impl Held<'_> {
    /// How it is kept unchanged.
    #[must_use]
    pub const fn hold(&self) -> Hold {
        self.hold
    }

    /// The file's attributes when [`File::hold`] returned.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// As [`File::map`]. A file that cannot be mapped (in /sys: ENODEV) is copied into memory that
    /// nobody can change, counted in `copies`. If it fails, the file is no longer held.
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
        let mapped = match &self.copy {
            Some(copy) => map(copy, 0, size),
            None => self.file.map(),
        };
        match mapped {
            Err(Error::File {
                errno: Errno::ENODEV,
                ..
            }) => map(&sealed_copy(self.file, copies)?, 0, size),
            mapped => mapped,
        }
    }

    /// Checks that the file has not changed since [`File::hold`] returned. Call it after the last
    /// access to its bytes, including that of kexec_load(2).
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
    /// [`Held::check`] for callers that keep descriptor and stamp separately: checks that this file,
    /// held by a lease or not at all, has not changed.
    ///
    /// # Errors
    /// As [`Held::check`].
    pub fn unchanged(&self, stamp: Stamp) -> Result<()> {
        const HELD: usize = raw::F_RDLCK as usize;
        let now = Stamp::of(self)?;
        // Even with a lease the times are compared: on some file systems (FUSE, 9p) it binds only
        // this kernel, not the server. If the lease is gone, someone waits for its end, it was
        // ended by force, or it never existed.
        let same =
            now == stamp || now.same_contents(stamp) && fcntl(self, raw::F_GETLEASE, 0) == Ok(HELD);
        if same {
            Ok(())
        } else {
            Err(Error::FileChanged)
        }
    }

    /// Ends the lease that [`File::hold`] took on this descriptor's file, for callers that keep
    /// descriptor and hold separately. Only for a file that was opened by this crate.
    pub fn end_lease(&self) {
        let _none = fcntl(self, raw::F_SETLEASE, raw::F_UNLCK as usize);
        let _none = fcntl(self, raw::F_SETSIG, 0);
    }
}

fn lease(file: &File) -> core::result::Result<(), Errno> {
    let fd = file.fd();
    match file.origin() {
        Origin::Ours => {
            // The default is SIGIO, which ends a process without a handler.
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
