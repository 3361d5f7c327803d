//! Several initrds as the one file kexec_file_load(2) takes: joined by the kernel in memory.

use core::ffi::CStr;
use core::ops::Deref;

use linux_raw_sys::general as raw;

use super::arch;
use super::file::{Fd, fcntl, open};
use super::map::File;
use crate::Errno;
use crate::cstr;
use crate::error::{Error, Result};

/// Initrds are unpacked one behind the other; the next one is looked for at a multiple of this
/// (init/initramfs.c, N_ALIGN and the skip of zero bytes between archives).
const ALIGN: u64 = 4;

/// Joins files into one in memory, with zero bytes up to a multiple of 4 between them. No byte
/// passes through this process. The descriptor is read-only and no writable one is left, as
/// kexec_file_load(2) demands (ETXTBSY).
///
/// # Errors
/// [`Error::File`] with the step and errno: memfd_create(2), sendfile(2) (ENOSPC or ENOMEM when
/// memory runs out; EIO when a file became shorter), or the open of /proc/self/fd.
pub fn join(files: impl IntoIterator<Item: Deref<Target = File>>) -> Result<Fd> {
    let joined = memfd_create(cstr!("initrd")).map_err(|errno| Error::File {
        step: "memfd_create",
        errno,
    })?;
    let mut end: u64 = 0;
    for file in files {
        let start = crate::memory::align_up(end, ALIGN).ok_or(Error::File {
            step: "join initrds",
            errno: Errno::EFBIG,
        })?;
        seek(&joined, start).map_err(|errno| Error::File {
            step: "lseek",
            errno,
        })?;
        send(&joined, &file).map_err(|errno| Error::File {
            step: "sendfile",
            errno,
        })?;
        end = start.saturating_add(file.size());
    }
    reopen(&joined).map_err(|errno| Error::File {
        step: "open /proc/self/fd (is /proc mounted?)",
        errno,
    })
}

/// A copy of a file in memory, that nobody can change any more.
///
/// # Errors
/// The errno of memfd_create(2), sendfile(2) or F_ADD_SEALS.
pub(super) fn sealed_copy(file: &File) -> core::result::Result<Fd, Errno> {
    const SEALS: u32 = raw::F_SEAL_WRITE | raw::F_SEAL_SHRINK | raw::F_SEAL_GROW | raw::F_SEAL_SEAL;
    let copy = memfd_create(cstr!("image"))?;
    send(&copy, file)?;
    fcntl(&copy, raw::F_ADD_SEALS, SEALS as usize)?;
    Ok(copy)
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
    .map(Fd::from_raw)
}

fn seek(fd: &Fd, offset: u64) -> core::result::Result<(), Errno> {
    const SEEK_SET: usize = raw::SEEK_SET as usize;
    let arguments = [fd.argument(), offset as usize, SEEK_SET, 0, 0, 0];
    // SAFETY: lseek(2) takes no pointer.
    arch::result(unsafe { arch::syscall(raw::__NR_lseek, arguments) }).map(|_| ())
}

/// Copies all of `file` to `to`'s position, inside the kernel.
fn send(to: &Fd, file: &File) -> core::result::Result<(), Errno> {
    let mut offset: i64 = 0;
    loop {
        let done = u64::try_from(offset).unwrap_or(u64::MAX);
        let left = file.size().saturating_sub(done);
        if left == 0 {
            return Ok(());
        }
        let (place, left) = (&raw mut offset as usize, left as usize);
        let arguments = [to.argument(), file.fd().argument(), place, left, 0, 0];
        // SAFETY: the kernel reads and writes one loff_t at `place`, which is one.
        match arch::result(unsafe { arch::syscall(raw::__NR_sendfile, arguments) }) {
            Ok(0) => return Err(Errno::EIO),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Opens the same file read-only; the caller drops the writable descriptor.
fn reopen(fd: &Fd) -> core::result::Result<Fd, Errno> {
    const PREFIX: &[u8] = b"/proc/self/fd/";
    // The prefix, ten digits at most, and NUL.
    let mut path = [0_u8; 32];
    let mut digits = [0_u8; 10];
    let mut number = fd.number().unsigned_abs();
    let mut count = 0_usize;
    for digit in &mut digits {
        *digit = b'0'.saturating_add((number % 10) as u8);
        number /= 10;
        count = count.saturating_add(1);
        if number == 0 {
            break;
        }
    }
    let text = PREFIX
        .iter()
        .chain(digits.get(..count).unwrap_or_default().iter().rev());
    for (to, from) in path.iter_mut().zip(text) {
        *to = *from;
    }
    let path = CStr::from_bytes_until_nul(&path).map_err(|_| Errno::EINVAL)?;
    open(path, raw::O_RDONLY)
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

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
        let joined = join(&files).unwrap();
        let path = std::format!("/proc/self/fd/{}", joined.number());
        let mut bytes = std::vec::Vec::new();
        std::fs::File::open(path)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        assert_eq!(bytes, b"12345\0\0\0abcdefghz");

        // Read-only: a write through it is refused.
        let arguments = [joined.argument(), bytes.as_ptr() as usize, 1, 0, 0, 0];
        // SAFETY: one byte of `bytes` is readable.
        let written = unsafe { arch::syscall(raw::__NR_write, arguments) };
        assert_eq!(arch::result(written), Err(Errno::EBADF));
    }
}
