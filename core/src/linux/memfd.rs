//! Copies in memory that nobody can change: of files without a lease, of pipes and devices, and of
//! several initrds as the one file that kexec_file_load(2) takes.

use core::ffi::CStr;
use core::ops::Deref;

use linux_raw_sys::general as raw;

use super::arch;
use super::copies::Copies;
use super::fd::{Fd, fcntl};
use super::file::{read, write};
use super::map::{File, Origin};
use super::reopen::reopen;
use crate::Errno;
use crate::cstr;
use crate::error::{Error, Result};

/// Initrds are unpacked one after the other; the next one is looked for at a multiple of this
/// (init/initramfs.c, N_ALIGN and the skip of zero bytes between archives).
const ALIGN: u64 = 4;

/// Joins files, or parts of files, into one in memory, with zero bytes up to a multiple of 4 between them. No byte
/// passes through this process. The file is open read-only and no writable descriptor is
/// left, as kexec_file_load(2) requires (ETXTBSY), and nobody can change the bytes any more.
///
/// # Errors
/// Before a byte is copied: [`Error::CopyTooLarge`] if all files together exceed the rest of
/// `copies`, [`Error::File`] with EFBIG if they are more than RLIMIT_FSIZE. [`Error::File`] with
/// the step and errno: memfd_create(2), sendfile(2) (ENOMEM or ENOSPC when memory runs out; EIO
/// when a file became shorter), F_ADD_SEALS, or the second open.
pub fn join<I>(files: I, copies: &Copies) -> Result<File>
where
    I: IntoIterator<Item: Deref<Target = File>, IntoIter: Clone>,
{
    let files = files.into_iter();
    let size = joined_size(files.clone())?;
    let joined = create(cstr!("initrd"), size, copies)?;
    let mut end = 0_u64;
    for file in files {
        let start = crate::memory::align_up(end, ALIGN).unwrap_or(u64::MAX);
        seek(&joined, start).map_err(failed("lseek"))?;
        send(&joined, &file, copies)?;
        end = after(end, &file)?;
    }
    seal(&joined)?;
    File::new(read_only(&joined)?, Origin::Memory)
}

/// Bytes of the file that [`join`] makes.
///
/// # Errors
/// [`Error::CopyTooLarge`]: more than 2^64.
pub fn joined_size(files: impl IntoIterator<Item: Deref<Target = File>>) -> Result<u64> {
    let mut files = files.into_iter();
    files.try_fold(0, |end, file| after(end, &file))
}

/// The end of a file that is appended after `end` bytes.
fn after(end: u64, file: &File) -> Result<u64> {
    let start = crate::memory::align_up(end, ALIGN);
    let end = start.and_then(|start| start.checked_add(file.size()));
    end.ok_or(Error::CopyTooLarge {
        need: u64::MAX,
        limit: 0,
    })
}

/// A copy of a file in memory, that nobody can change any more.
///
/// # Errors
/// [`Error::CopyTooLarge`]; [`Error::File`] with the errno of memfd_create(2), sendfile(2) or
/// F_ADD_SEALS, EFBIG for a file larger than RLIMIT_FSIZE.
pub(super) fn sealed_copy(file: &File, copies: &Copies) -> Result<Fd> {
    let copy = create(cstr!("image"), file.size(), copies)?;
    send(&copy, file, copies)?;
    seal(&copy)?;
    Ok(copy)
}

/// As [`sealed_copy`], for the bytes read from a descriptor up to its end; opened read-only, as
/// kexec_file_load(2) requires.
///
/// # Errors
/// As [`sealed_copy`], but [`Error::CopyTooLarge`] only at the first byte over the limit; [`Error::EmptyFile`]; [`Error::File`] with the errno of read(2) or the second open.
pub(super) fn sealed_stream(from: &Fd, copies: &Copies) -> Result<Fd> {
    let allowed = copies.left();
    let copy = create(cstr!("image"), 0, copies)?;
    let limit = file_size_limit();
    let mut total = 0_u64;
    // A pipe holds 64 KiB by default; a quarter of it is what most programs write at once.
    let mut buffer = [0; 16384];
    loop {
        let got = match read(from, &mut buffer) {
            // A pipe that was opened without waiting: it has a writer, so wait for it. The open
            // file description is our own.
            Err(Errno::EAGAIN) => {
                let blocking = fcntl(from, raw::F_SETFL, raw::O_RDONLY as usize);
                blocking.map_err(failed("F_SETFL"))?;
                continue;
            }
            got => got.map_err(failed("read"))?,
        };
        let mut piece = buffer.get(..got).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        total = total.saturating_add(got as u64);
        copies.take(got as u64).map_err(|_| Error::CopyTooLarge {
            need: total,
            limit: allowed,
        })?;
        within(total, limit)?;
        while !piece.is_empty() {
            match write(&copy, piece) {
                Ok(0) => return Err(failed("write")(Errno::EIO)),
                Ok(written) => piece = piece.get(written..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(failed("write")(errno)),
            }
        }
        copies.copied(got as u64);
    }
    if total == 0 {
        return Err(Error::EmptyFile);
    }
    seal(&copy)?;
    read_only(&copy)
}

pub(super) const fn failed(step: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| Error::File { step, errno }
}

/// A file in memory for `size` bytes, which are counted in `copies`.
pub(super) fn create(name: &CStr, size: u64, copies: &Copies) -> Result<Fd> {
    copies.take(size)?;
    within(size, file_size_limit())?;
    memfd_create(name).map_err(failed("memfd_create"))
}

/// A write past RLIMIT_FSIZE not only fails: it also sends SIGXFSZ, which ends a process that does
/// not handle it.
fn within(size: u64, limit: u64) -> Result<()> {
    if size > limit {
        let step = "the limit for files (RLIMIT_FSIZE)";
        return Err(failed(step)(Errno::EFBIG));
    }
    Ok(())
}

/// RLIMIT_FSIZE of this process; if it cannot be read (a seccomp filter), the write
/// decides.
pub(super) fn file_size_limit() -> u64 {
    let mut limit = raw::rlimit64 {
        rlim_cur: u64::MAX,
        rlim_max: u64::MAX,
    };
    let old = &raw mut limit as usize;
    let arguments = [0, raw::RLIMIT_FSIZE as usize, 0, old, 0, 0];
    // SAFETY: the kernel writes one `struct rlimit64` to `old`, which is one; it reads none.
    let _unknown = unsafe { arch::syscall(raw::__NR_prlimit64, arguments) };
    limit.rlim_cur
}

/// Seals the file: no write and no change of length through any descriptor.
pub(super) fn seal(copy: &Fd) -> Result<()> {
    const SEALS: u32 = raw::F_SEAL_WRITE | raw::F_SEAL_SHRINK | raw::F_SEAL_GROW | raw::F_SEAL_SEAL;
    let sealed = fcntl(copy, raw::F_ADD_SEALS, SEALS as usize);
    sealed.map(|_| ()).map_err(failed("F_ADD_SEALS"))
}

/// The same file opened read-only; the caller drops the writable descriptor.
pub(super) fn read_only(fd: &Fd) -> Result<Fd> {
    const STEP: &str = "open a copy in memory read-only (is /proc mounted?)";
    reopen(fd).map_err(failed(STEP))
}

/// A file in memory, empty, that can be sealed.
fn memfd_create(name: &CStr) -> core::result::Result<Fd, Errno> {
    // Under vm.memfd_noexec=2 only MFD_NOEXEC_SEAL is allowed; before Linux 6.3 it is unknown.
    let create = |flags: u32| {
        let arguments = [name.as_ptr() as usize, flags as usize, 0, 0, 0, 0];
        // SAFETY: the name is a NUL-terminated string that outlives the call.
        arch::result(unsafe { arch::syscall(raw::__NR_memfd_create, arguments) })
    };
    match create(raw::MFD_CLOEXEC | raw::MFD_NOEXEC_SEAL) {
        Err(Errno::EINVAL) => create(raw::MFD_CLOEXEC | raw::MFD_ALLOW_SEALING),
        other => other,
    }
    .map(Fd::returned)
}

fn seek(fd: &Fd, offset: u64) -> core::result::Result<(), Errno> {
    const SEEK_SET: usize = raw::SEEK_SET as usize;
    let arguments = [fd.argument(), offset as usize, SEEK_SET, 0, 0, 0];
    // SAFETY: lseek(2) takes no pointer.
    arch::result(unsafe { arch::syscall(raw::__NR_lseek, arguments) }).map(|_| ())
}

/// Copies all of `file` to `to`'s position, inside the kernel, and reports each piece to `copies`.
fn send(to: &Fd, file: &File, copies: &Copies) -> Result<()> {
    const PIECE: u64 = 16 << 20;
    let failed = failed("sendfile");
    let end = file.start().saturating_add(file.size());
    let mut offset = i64::try_from(file.start()).map_err(|_| failed(Errno::EFBIG))?;
    loop {
        let done = u64::try_from(offset).unwrap_or(u64::MAX);
        let left = end.saturating_sub(done);
        if left == 0 {
            return Ok(());
        }
        let (place, piece) = (&raw mut offset as usize, left.min(PIECE) as usize);
        let arguments = [to.argument(), file.fd().argument(), place, piece, 0, 0];
        // SAFETY: the kernel reads and writes one loff_t at `place`, which is one.
        match arch::result(unsafe { arch::syscall(raw::__NR_sendfile, arguments) }) {
            Ok(0) => return Err(failed(Errno::EIO)),
            Ok(sent) => copies.copied(sent as u64),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    /// A stream and a file, by the pieces reported.
    #[test]
    fn copied_bytes_are_reported() {
        use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
        use std::io::Write;
        static SUM: AtomicU64 = AtomicU64::new(0);
        static MOST: AtomicU64 = AtomicU64::new(0);
        let copies = Copies::limited(64 << 20).watched(|bytes| {
            SUM.fetch_add(bytes, Relaxed);
            MOST.fetch_max(bytes, Relaxed);
        });
        let (reader, mut writer) = std::os::unix::net::UnixStream::pair().unwrap();
        writer.write_all(&[1; 40_000]).unwrap();
        drop(writer);
        // SAFETY: the descriptor is `reader`'s, which lives longer.
        let from =
            unsafe { super::super::BorrowedFd::from_raw(std::os::fd::AsRawFd::as_raw_fd(&reader)) };
        sealed_stream(&from, &copies).unwrap();
        assert_eq!(SUM.load(Relaxed), 40_000);

        let path = std::env::temp_dir().join(std::format!("reported-{}", std::process::id()));
        std::fs::File::create(&path)
            .unwrap()
            .set_len((17 << 20) + 5)
            .unwrap();
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        let copied = sealed_copy(&File::open(&name).unwrap(), &copies);
        std::fs::remove_file(&path).unwrap();
        copied.unwrap();
        assert_eq!(SUM.load(Relaxed), 40_000 + (17 << 20) + 5);
        assert_eq!(MOST.load(Relaxed), 16 << 20);
    }

    #[test]
    fn joins_with_gaps_of_zeros_and_leaves_no_writer() {
        let directory = std::env::temp_dir().join(std::format!("join-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut files = std::vec::Vec::new();
        for (name, bytes) in [("a", &b"12345"[..]), ("b", b"abcdefgh"), ("c", b"z")] {
            let path = directory.join(name);
            std::fs::write(&path, bytes).unwrap();
            let path = CString::new(path.as_os_str().as_bytes()).unwrap();
            files.push(File::open(&path).unwrap());
        }
        std::fs::remove_dir_all(&directory).unwrap();
        let joined = join(&files, &Copies::limited(17)).unwrap();
        let path = std::format!("/proc/self/fd/{}", joined.fd().number());
        let mut bytes = std::vec::Vec::new();
        std::fs::File::open(path)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        assert_eq!(bytes, b"12345\0\0\0abcdefghz");

        // Read-only: a write through it is refused.
        let arguments = [joined.fd().argument(), bytes.as_ptr() as usize, 1, 0, 0, 0];
        // SAFETY: one byte of `bytes` is readable.
        let written = unsafe { arch::syscall(raw::__NR_write, arguments) };
        assert_eq!(arch::result(written), Err(Errno::EBADF));
    }
}
