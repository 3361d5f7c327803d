//! Regular files: opened with their size, and mapped instead of read.

use core::ffi::CStr;
use core::mem::ManuallyDrop;

use linux_raw_sys::general as raw;

use super::arch;
use super::file::{Fd, open};
use crate::Errno;
use crate::error::{Error, Result};

/// An open regular file that is not empty, and its size.
#[derive(Debug)]
pub struct File {
    fd: Fd,
    size: u64,
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`Error::File`] with the errno of open(2) or fstat(2); [`Error::NotAFile`] for anything
    /// but a regular file (a FIFO is not waited for); [`Error::EmptyFile`].
    pub fn open(path: &CStr) -> Result<Self> {
        // Without O_NONBLOCK the open of a FIFO waits for a writer; it means nothing to a
        // regular file.
        let fd = open(path, raw::O_RDONLY | raw::O_NONBLOCK | raw::O_NOCTTY).map_err(|errno| {
            Error::File {
                step: "open",
                errno,
            }
        })?;
        let size = regular_size(&fd)?;
        Ok(Self { fd, size })
    }

    /// A file that is open for reading and somebody else's: it stays open when the result goes.
    ///
    /// # Errors
    /// As [`File::open`], open(2) aside.
    pub fn lent(descriptor: i32) -> Result<ManuallyDrop<Self>> {
        let fd = Fd::lent(descriptor);
        let size = regular_size(&fd)?;
        let fd = ManuallyDrop::into_inner(fd);
        Ok(ManuallyDrop::new(Self { fd, size }))
    }

    /// As [`File::lent`], by a descriptor of its own ([`Fd::duplicate`]).
    ///
    /// # Errors
    /// As [`File::lent`], and [`Error::File`] with fcntl(2)'s errno.
    pub fn duplicated(descriptor: i32) -> Result<Self> {
        let failed = |errno| Error::File {
            step: "fcntl",
            errno,
        };
        let fd = Fd::lent(descriptor).duplicate().map_err(failed)?;
        let size = regular_size(&fd)?;
        Ok(Self { fd, size })
    }

    /// Hands the descriptor over to the caller, who closes it.
    #[must_use]
    pub fn into_fd(self) -> Fd {
        self.fd
    }

    /// The descriptor.
    #[must_use]
    pub const fn fd(&self) -> &Fd {
        &self.fd
    }

    /// Bytes in the file when it was opened, at least 1.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Maps the whole file, read-only and private. No byte is read until it is looked at; the
    /// descriptor may be closed afterwards.
    ///
    /// The file must not be cut short while it is mapped: looking at a page past its new end
    /// raises SIGBUS. [`File::hold`] prevents it.
    ///
    /// # Errors
    /// [`Error::File`] with mmap(2)'s errno.
    pub fn map(&self) -> Result<Mapping> {
        map(&self.fd, self.size)
    }
}

/// Maps `size` bytes of a file, to be read from the first to the last.
pub(super) fn map(fd: &Fd, size: u64) -> Result<Mapping> {
    let failed = |errno| Error::File {
        step: "mmap",
        errno,
    };
    let length = usize::try_from(size).map_err(|_| failed(Errno::EFBIG))?;
    let protection = raw::PROT_READ as usize;
    let flags = raw::MAP_PRIVATE as usize;
    let fd = fd.argument();
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
    let mapped = unsafe { arch::syscall(raw::__NR_mmap, [0, length, protection, flags, fd, 0]) };
    let start = arch::result(mapped).map_err(failed)?;
    let advice = [start, length, raw::MADV_SEQUENTIAL as usize, 0, 0, 0];
    // What it is for is in docs/benchmarks.md, "Mapping"; that it may fail changes no byte.
    // SAFETY: the mapping is ours, and advice does not change what it holds.
    unsafe { arch::syscall(raw::__NR_madvise, advice) };
    Ok(Mapping { start, length })
}

/// Whether this process can have a mapping at an address where it has none.
pub(super) fn can_have(address: usize) -> bool {
    const PAGE: usize = 4096;
    let flags = (raw::MAP_PRIVATE | raw::MAP_ANONYMOUS) as usize;
    let arguments = [address, PAGE, raw::PROT_READ as usize, flags, usize::MAX, 0];
    // SAFETY: without MAP_FIXED a new mapping touches no memory in use.
    let mapped = arch::result(unsafe { arch::syscall(raw::__NR_mmap, arguments) });
    mapped.is_ok_and(|start| {
        let length = PAGE;
        drop(Mapping { start, length });
        start == address
    })
}

/// A file mapped read-only; unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    start: usize,
    length: usize,
}

impl Mapping {
    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let start = core::ptr::with_exposed_provenance(self.start);
        // SAFETY: `start..start + length` is a readable mapping that lives as long as `self`,
        // is not null and, as any mapping, shorter than isize::MAX.
        unsafe { core::slice::from_raw_parts(start, self.length) }
    }

    /// The file's bytes, mapped as long as the process lives.
    #[must_use]
    pub fn leak(self) -> &'static [u8] {
        let (start, length) = self.into_address();
        let start = core::ptr::with_exposed_provenance(start);
        // SAFETY: as in `bytes`, and nobody is left who could unmap it.
        unsafe { core::slice::from_raw_parts(start, length) }
    }

    /// Hands the mapping over to the caller, who ends it by [`Mapping::from_address`] and a drop.
    #[must_use]
    pub const fn into_address(self) -> (usize, usize) {
        let (start, length) = (self.start, self.length);
        core::mem::forget(self);
        (start, length)
    }

    /// Takes back what [`Mapping::into_address`] handed out: start and bytes.
    ///
    /// # Safety
    /// They are of one call of it, were not given back before, and no reference into the mapping
    /// outlives the result.
    #[must_use]
    pub const unsafe fn from_address(start: usize, length: usize) -> Self {
        Self { start, length }
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
    let stat = fstat(fd).map_err(|errno| Error::File {
        step: "fstat",
        errno,
    })?;
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
