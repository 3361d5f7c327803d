//! Files in memory whose bytes this process writes: what a compressed file contains.

use linux_raw_sys::general as raw;

use super::arch;
use super::copies::Copies;
use super::fd::Fd;
use super::map::{File, Origin};
use super::memfd::{create, failed, file_size_limit, read_only, seal};
use crate::cstr;
use crate::error::Result;

/// Writes the first of two memories, and works in the second; returns how many bytes of the first it wrote.
type Write<'w> = dyn FnMut(&mut [u8], &mut [u8]) -> Option<usize> + 'w;

/// Makes a file of what `write` writes: it is passed `limit` bytes of zeros, and `scratch` bytes of zeros to
/// work in, and returns how many of the first are the file. A byte that is never touched takes no memory.
/// The file is open read-only, nobody can change it any more, and it is counted in `copies`.
///
/// `Ok(None)`: `write` returned `None`, or no bytes.
///
/// # Errors
/// [`Error::CopyTooLarge`](crate::Error::CopyTooLarge) if the file exceeds the rest of `copies`;
/// [`Error::File`](crate::Error::File) with the step and errno: memfd_create(2), ftruncate(2) (EFBIG past
/// RLIMIT_FSIZE), mmap(2), F_ADD_SEALS, or the second open.
pub fn written(
    limit: usize,
    scratch: usize,
    copies: &Copies,
    write: &mut Write<'_>,
) -> Result<Option<File>> {
    let limit = limit.min(usize::try_from(file_size_limit()).unwrap_or(usize::MAX));
    let file = create(cstr!("image"), 0, copies)?;
    truncate(&file, limit)?;
    let size = {
        let mut output = Writable::new(Some(&file), limit)?;
        let mut scratch = Writable::new(None, scratch)?;
        write(output.bytes(), scratch.bytes())
    };
    let Some(size) = size.filter(|size| *size != 0 && *size <= limit) else {
        return Ok(None);
    };
    copies.take(size as u64)?;
    truncate(&file, size)?;
    seal(&file)?;
    File::new(read_only(&file)?, Origin::Memory).map(Some)
}

fn truncate(file: &Fd, size: usize) -> Result<()> {
    let arguments = [file.argument(), size, 0, 0, 0, 0];
    // SAFETY: ftruncate(2) takes no pointer, and the file has no mapping but those made here, which are
    // accessed only while it is as long as they are.
    let done = arch::result(unsafe { arch::syscall(raw::__NR_ftruncate, arguments) });
    done.map(|_| ()).map_err(failed("ftruncate"))
}

/// A writable mapping; unmapped when dropped.
struct Writable {
    start: usize,
    length: usize,
}

impl Writable {
    /// Of a file that nobody else has, or of no file.
    fn new(file: Option<&Fd>, length: usize) -> Result<Self> {
        if length == 0 {
            return Ok(Self { start: 0, length });
        }
        let kind = match file {
            Some(_) => raw::MAP_SHARED,
            None => raw::MAP_PRIVATE | raw::MAP_ANONYMOUS | raw::MAP_NORESERVE,
        };
        let protection = (raw::PROT_READ | raw::PROT_WRITE) as usize;
        let fd = file.map_or(usize::MAX, Fd::argument);
        let arguments = [0, length, protection, kind as usize, fd, 0];
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let mapped = arch::result(unsafe { arch::syscall(raw::__NR_mmap, arguments) });
        let start = mapped.map_err(failed("mmap"))?;
        Ok(Self { start, length })
    }

    fn bytes(&mut self) -> &mut [u8] {
        if self.length == 0 {
            return &mut [];
        }
        let start = core::ptr::with_exposed_provenance_mut(self.start);
        // SAFETY: a readable and writable mapping of that length, that lives as long as `self`, which is
        // borrowed. No other process or mapping has the file: its descriptor is not passed on before
        // this is dropped.
        unsafe { core::slice::from_raw_parts_mut(start, self.length) }
    }
}

impl Drop for Writable {
    fn drop(&mut self) {
        if self.length != 0 {
            let arguments = [self.start, self.length, 0, 0, 0, 0];
            // SAFETY: the mapping is ours, and nobody has a reference to it any more.
            unsafe { arch::syscall(raw::__NR_munmap, arguments) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::vec::Vec;

    use super::*;
    use crate::{Errno, Error};

    #[test]
    fn what_is_written_is_a_file_that_nobody_changes() {
        let copies = Copies::limited(10);
        let file = written(1 << 30, 1 << 20, &copies, &mut |output, scratch| {
            assert_eq!((output.len(), scratch.len()), (1 << 30, 1 << 20));
            scratch[(1 << 20) - 1] = 1;
            output[..7].copy_from_slice(b"written");
            Some(7)
        });
        let file = file.unwrap().unwrap();
        assert_eq!((file.size(), copies.left()), (7, 3));
        let path = std::format!("/proc/self/fd/{}", file.fd().number());
        let mut bytes = Vec::new();
        std::fs::File::open(&path)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        assert_eq!(bytes, b"written");
        // Sealed, so that not even its owner can.
        let writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        assert_eq!(writer.set_len(3).unwrap_err().raw_os_error(), Some(1));
    }

    #[test]
    fn limits() {
        let copies = Copies::limited(6);
        let too_large = written(100, 0, &copies, &mut |_, _| Some(7));
        let (need, limit) = (7, 6);
        assert_eq!(too_large.unwrap_err(), Error::CopyTooLarge { need, limit });
        assert!(
            written(100, 0, &copies, &mut |_, _| None)
                .unwrap()
                .is_none()
        );
        assert!(
            written(100, 0, &copies, &mut |_, _| Some(101))
                .unwrap()
                .is_none()
        );
        assert!(
            written(0, 0, &copies, &mut |_, _| Some(0))
                .unwrap()
                .is_none()
        );
        let huge = written(100, usize::MAX, &copies, &mut |_, _| Some(1));
        let (step, errno) = ("mmap", Errno::ENOMEM);
        assert_eq!(huge.unwrap_err(), Error::File { step, errno });
    }
}
