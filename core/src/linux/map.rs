//! Regular files: opened with their size, and mapped instead of read.

use core::ffi::CStr;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;

use linux_raw_sys::general as raw;

use super::arch;
use super::fd::{BorrowedFd, Fd, fcntl};
use super::file::{open, read_at};
use super::reopen::reopen;
use crate::Errno;
use crate::error::{Error, Result};

/// An open regular file that is not empty, and its size; or a part of one ([`File::part`]).
#[derive(Debug)]
pub struct File {
    fd: Fd,
    /// Bytes of the whole file.
    whole: u64,
    /// Where the part begins.
    start: u64,
    size: u64,
    origin: Origin,
}

/// The owner of the open file description (open(2)): all descriptors of it share its lease and its
/// F_SETSIG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This crate opened it.
    Ours,
    /// Someone else's: it must not be changed.
    Theirs,
    /// This crate opened it, as memory that nobody can change.
    Memory,
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`Error::File`] with the errno of open(2) or fstat(2); [`Error::NotAFile`] for anything
    /// other than a regular file (it does not wait for a FIFO); [`Error::EmptyFile`].
    pub fn open(path: &CStr) -> Result<Self> {
        Self::new(open_now(path)?, Origin::Ours)
    }

    /// Opens the file of a borrowed descriptor a second time, so that it can have a lease of its own.
    /// If that is impossible (no /proc, no permission, or the caller has a write lease, which an
    /// open would end), it duplicates the descriptor and is as [`File::borrowed`].
    ///
    /// # Errors
    /// As [`File::borrowed`], and [`Error::File`] with fcntl(2)'s errno.
    pub fn reopened(fd: &Fd) -> Result<Self> {
        let size = regular_size(fd)?;
        let exclusive = fcntl(fd, raw::F_GETLEASE, 0) == Ok(raw::F_WRLCK as usize);
        let again = if exclusive { None } else { reopen(fd).ok() };
        if let Some(fd) = again {
            return Ok(Self::sized(fd, size, Origin::Ours));
        }
        let fd = fd.duplicate().map_err(|errno| Error::File {
            step: "fcntl",
            errno,
        })?;
        Ok(Self::sized(fd, size, Origin::Theirs))
    }

    /// A file that someone else has open for reading: its position, lease and signal are not
    /// changed, and the descriptor stays open.
    ///
    /// # Errors
    /// As [`File::open`], except those of open(2).
    pub fn borrowed(fd: BorrowedFd<'_>) -> Result<BorrowedFile<'_>> {
        let size = regular_size(&fd)?;
        // SAFETY: it stays open as long as the result lives, and the result does not close it.
        let fd = unsafe { Fd::from_raw(fd.number()) };
        Ok(BorrowedFile {
            file: ManuallyDrop::new(Self::sized(fd, size, Origin::Theirs)),
            owner: PhantomData,
        })
    }

    /// With a known size.
    pub(super) const fn sized(fd: Fd, size: u64, origin: Origin) -> Self {
        Self {
            fd,
            whole: size,
            start: 0,
            size,
            origin,
        }
    }

    /// With its size from fstat(2).
    pub(super) fn new(fd: Fd, origin: Origin) -> Result<Self> {
        let size = regular_size(&fd)?;
        Ok(Self::sized(fd, size, origin))
    }

    /// A part of this file, as a file of its own: `size` bytes from `start` on. It shares the lease
    /// ([`File::hold`]) with this one. A system call that is passed [`File::fd`] gets the whole file; a
    /// copy of the part is [`join`](super::join) of it alone.
    ///
    /// # Errors
    /// [`Error::EmptyFile`] for no bytes; [`Error::Truncated`] for a part past the end of the file;
    /// [`Error::File`] with fcntl(2)'s errno.
    pub fn part(&self, start: u64, size: u64) -> Result<Self> {
        if size == 0 {
            return Err(Error::EmptyFile);
        }
        let need = start.saturating_add(size);
        if need > self.size {
            return Err(Error::Truncated {
                what: "a part of the file",
                need,
                have: self.size,
            });
        }
        let fd = self.fd.duplicate().map_err(|errno| Error::File {
            step: "fcntl",
            errno,
        })?;
        Ok(Self {
            fd,
            whole: self.whole,
            start: self.start.saturating_add(start),
            size,
            origin: self.origin,
        })
    }

    /// Whether it is a part of a file only.
    #[must_use]
    pub const fn is_part(&self) -> bool {
        self.size < self.whole
    }

    /// Reads its first bytes, with one pread64(2); returns how many.
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn read_start(&self, buffer: &mut [u8]) -> core::result::Result<usize, Errno> {
        let length = usize::try_from(self.size).unwrap_or(usize::MAX);
        let length = length.min(buffer.len());
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        read_at(&self.fd, buffer, self.start)
    }

    /// Passes the descriptor to the caller.
    #[must_use]
    pub fn into_fd(self) -> Fd {
        self.fd
    }

    /// The descriptor.
    #[must_use]
    pub const fn fd(&self) -> &Fd {
        &self.fd
    }

    /// Bytes in it when it was opened, at least 1.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of the file that it is, or is a part of.
    pub(super) const fn whole(&self) -> u64 {
        self.whole
    }

    /// Where it begins in that file.
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    pub(super) const fn origin(&self) -> Origin {
        self.origin
    }

    /// Maps the whole file, read-only and private. No byte is read until it is accessed; the
    /// descriptor may be closed afterwards. Access to the bytes is `unsafe`, see
    /// [`Mapping::bytes`]; [`File::read`] is safe.
    ///
    /// # Errors
    /// [`Error::File`] with mmap(2)'s errno.
    pub fn map(&self) -> Result<Mapping> {
        map(&self.fd, self.start, self.size)
    }
}

/// A [`File`] whose descriptor someone else owns.
#[derive(Debug)]
pub struct BorrowedFile<'fd> {
    // Accessible only by shared reference, so that no `File` that closes it can be made of it.
    file: ManuallyDrop<File>,
    owner: PhantomData<&'fd Fd>,
}

impl Deref for BorrowedFile<'_> {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

/// Opens for reading, without waiting for the writer of a FIFO.
pub(super) fn open_now(path: &CStr) -> Result<Fd> {
    // Without O_NONBLOCK the open of a FIFO waits for a writer; it has no effect on a
    // regular file.
    open(path, raw::O_RDONLY | raw::O_NONBLOCK | raw::O_NOCTTY).map_err(|errno| Error::File {
        step: "open",
        errno,
    })
}

/// Maps `size` bytes of a file from `first` on, for sequential access. The bytes before are mapped too: the
/// offset of a mapping is a multiple of the page size, which this need not know, and a page that is not
/// accessed takes no memory.
pub(super) fn map(fd: &Fd, first: u64, size: u64) -> Result<Mapping> {
    let failed = |errno| Error::File {
        step: "mmap",
        errno,
    };
    let end = first.checked_add(size);
    let length = end.and_then(|end| usize::try_from(end).ok());
    let length = length.ok_or(failed(Errno::EFBIG))?;
    let skipped = usize::try_from(first).map_err(|_| failed(Errno::EFBIG))?;
    let protection = raw::PROT_READ as usize;
    let flags = raw::MAP_PRIVATE as usize;
    let fd = fd.argument();
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
    let mapped = unsafe { arch::syscall(raw::__NR_mmap, [0, length, protection, flags, fd, 0]) };
    let start = arch::result(mapped).map_err(failed)?;
    let advice = [start, length, raw::MADV_SEQUENTIAL as usize, 0, 0, 0];
    // Its purpose is in docs/benchmarks.md, "Mapping"; a failure changes no byte.
    // SAFETY: the mapping is ours, and advice does not change what it holds.
    unsafe { arch::syscall(raw::__NR_madvise, advice) };
    Ok(Mapping {
        start,
        length,
        skipped,
    })
}

/// Whether this process can have a mapping at an address where it has none; `None` if it can have
/// none anywhere.
pub(super) fn can_have(address: usize) -> Option<bool> {
    const PAGE: usize = 4096;
    let flags = (raw::MAP_PRIVATE | raw::MAP_ANONYMOUS) as usize;
    let arguments = [address, PAGE, raw::PROT_READ as usize, flags, usize::MAX, 0];
    // SAFETY: without MAP_FIXED a new mapping touches no memory in use.
    let mapped = arch::result(unsafe { arch::syscall(raw::__NR_mmap, arguments) });
    mapped.ok().map(|start| {
        let length = PAGE;
        let skipped = 0;
        drop(Mapping {
            start,
            length,
            skipped,
        });
        start == address
    })
}

/// A file mapped read-only; unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    start: usize,
    length: usize,
    /// Bytes at its beginning that are before the part of a file that was mapped; fewer than `length`.
    skipped: usize,
}

impl Mapping {
    /// Its first byte.
    #[must_use]
    pub fn as_ptr(&self) -> *const u8 {
        core::ptr::with_exposed_provenance(self.start.wrapping_add(self.skipped))
    }

    /// Bytes in it, at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // It never is.
    pub const fn len(&self) -> usize {
        self.length.saturating_sub(self.skipped)
    }

    /// The file's bytes.
    ///
    /// # Safety
    /// As long as the result lives, nobody, in this process or another, may write to the file or
    /// truncate it. A change of the bytes is undefined behaviour, as with any `&[u8]`; a page past
    /// the file's new end raises SIGBUS (see [`super::on_bus_error`]). This holds if no other
    /// program runs, if nobody writes to the file (as with the kernels in /boot), or with
    /// [`File::hold`], if [`Held::hold`](super::Held::hold) and
    /// [`Held::check`](super::Held::check) confirm it.
    #[must_use]
    pub unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: the end of a readable mapping, from `skipped` on, that lives as long as `self`, is not
        // null and, as any mapping, shorter than isize::MAX; the caller guarantees that its bytes do
        // not change.
        unsafe { core::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// The file's bytes, mapped as long as the process lives.
    ///
    /// # Safety
    /// As [`Mapping::bytes`], and the result lives as long as the process.
    #[must_use]
    pub unsafe fn leak(self) -> &'static [u8] {
        let (start, length) = (self.as_ptr(), self.len());
        core::mem::forget(self);
        // SAFETY: as in `bytes`, and nobody is left who could unmap it.
        unsafe { core::slice::from_raw_parts(start, length) }
    }

    /// Passes the mapping to the caller, who ends it by [`Mapping::from_address`] and a drop. That of a
    /// [part](File::part) has the bytes of the file before the part, too.
    #[must_use]
    pub const fn into_address(self) -> (usize, usize) {
        let (start, length) = (self.start, self.length);
        core::mem::forget(self);
        (start, length)
    }

    /// Recreates the mapping from the result of [`Mapping::into_address`]: start and bytes.
    ///
    /// # Safety
    /// They must be the result of one call of it, must not be used twice, and no reference into the
    /// mapping may outlive the result.
    #[must_use]
    pub const unsafe fn from_address(start: usize, length: usize) -> Self {
        Self {
            start,
            length,
            skipped: 0,
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let arguments = [self.start, self.length, 0, 0, 0, 0];
        // SAFETY: the mapping is ours alone, and no reference into it outlives `self`.
        unsafe { arch::syscall(raw::__NR_munmap, arguments) };
    }
}

/// Bytes in a regular file that is not empty.
fn regular_size(fd: &Fd) -> Result<u64> {
    size_of_regular(&stat(fd)?)
}

pub(super) fn stat(fd: &Fd) -> Result<raw::stat> {
    fstat(fd).map_err(|errno| Error::File {
        step: "fstat",
        errno,
    })
}

pub(super) fn size_of_regular(stat: &raw::stat) -> Result<u64> {
    let what = match stat.st_mode & raw::S_IFMT {
        raw::S_IFREG => {
            return match u64::try_from(stat.st_size) {
                Ok(0) | Err(_) => Err(Error::EmptyFile),
                Ok(size) => Ok(size),
            };
        }
        raw::S_IFDIR => "it is a directory",
        raw::S_IFBLK => "it is a block device",
        raw::S_IFCHR => "it is a character device",
        raw::S_IFIFO => "it is a FIFO",
        raw::S_IFSOCK => "it is a socket",
        _ => "it is something else",
    };
    Err(Error::NotAFile { what })
}

/// fstat(2).
pub(super) fn fstat(fd: &Fd) -> core::result::Result<raw::stat, Errno> {
    let mut stat = core::mem::MaybeUninit::<raw::stat>::uninit();
    let target = stat.as_mut_ptr() as usize;
    // SAFETY: the kernel writes one `struct stat` to `target`, which has that type.
    let done = unsafe { arch::syscall(raw::__NR_fstat, [fd.argument(), target, 0, 0, 0, 0]) };
    arch::result(done)?;
    // SAFETY: the kernel filled all of it.
    Ok(unsafe { stat.assume_init() })
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
