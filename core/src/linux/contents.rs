//! File contents copied into memory that nobody can change.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::arch;
use super::copies::Copies;
use super::fd::Fd;
use super::map::{File, Mapping, Origin, map, open_now, size_of_regular, stat};
use super::memfd::{sealed_copy, sealed_stream};
use crate::error::{Error, Result};

impl File {
    /// Opens any readable file. A regular file is opened as by [`File::open`]; a block device, a FIFO
    /// or a pipe (such as `/dev/fd/N` of a shell's `<(…)`) is read into memory that nobody can
    /// change, counted in `copies`. It waits for data from a writer, but not for a writer to open
    /// the FIFO.
    ///
    /// # Errors
    /// As [`File::open`]; [`Error::CopyTooLarge`], for a device before its first byte is read;
    /// [`Error::File`] with the errno of read(2), memfd_create(2), write(2), F_ADD_SEALS, or of
    /// opening the copy read-only.
    pub fn open_any(path: &CStr, copies: &Copies) -> Result<Self> {
        let fd = open_now(path)?;
        let stat = stat(&fd)?;
        let copy = match stat.st_mode & raw::S_IFMT {
            raw::S_IFBLK => {
                let size = end(&fd)?;
                let left = copies.left();
                if size > left {
                    return Err(Error::CopyTooLarge {
                        need: size,
                        limit: left,
                    });
                }
                sealed_stream(&fd, copies)?
            }
            raw::S_IFIFO => {
                let what = "it is a FIFO, is empty and has no writer";
                let copy = sealed_stream(&fd, copies);
                copy.map_err(|error| match error {
                    Error::EmptyFile => Error::NotAFile { what },
                    other => other,
                })?
            }
            _ => {
                return Ok(Self::sized(fd, size_of_regular(&stat)?, Origin::Ours));
            }
        };
        Self::new(copy, Origin::Memory)
    }

    /// Copies the whole file into memory that nobody can change, counted in `copies`.
    ///
    /// # Errors
    /// [`Error::CopyTooLarge`]; [`Error::File`] with the errno of memfd_create(2), sendfile(2)
    /// (EIO: the file became shorter), F_ADD_SEALS or mmap(2).
    pub fn read(&self, copies: &Copies) -> Result<Contents> {
        let mapping = match self.origin() {
            Origin::Memory => self.map()?,
            Origin::Ours | Origin::Theirs => map(&sealed_copy(self, copies)?, 0, self.size())?,
        };
        Ok(Contents(mapping))
    }
}

/// The bytes of a file, copied into memory that nobody can change.
#[derive(Debug)]
pub struct Contents(Mapping);

impl Contents {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `File::read`, which alone makes one, maps sealed memory: it cannot be written,
        // nor made shorter.
        unsafe { self.0.bytes() }
    }
}

/// Bytes of a block device; leaves its position at the start.
fn end(fd: &Fd) -> Result<u64> {
    let seek = |to: u32| {
        // SAFETY: lseek(2) takes no pointer.
        let at =
            unsafe { arch::syscall(raw::__NR_lseek, [fd.argument(), 0, to as usize, 0, 0, 0]) };
        arch::result(at).map_err(|errno| Error::File {
            step: "lseek",
            errno,
        })
    };
    let size = seek(raw::SEEK_END)?;
    seek(raw::SEEK_SET)?;
    Ok(size as u64)
}
