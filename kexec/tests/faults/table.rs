//! What each system call can fail with: the ERRORS sections of the manual pages of section 2, and
//! what the file systems and security modules below them add (EIO, ESTALE, EACCES, ENOMEM).

use libc::*;

/// What a call does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails with this errno, and nothing is done. close(2) closes all the same.
    Gives(i32),
    /// It returns 0, and nothing is done: the end of a file or a directory, a full device.
    Zero,
    /// It is made for one byte only.
    Short,
}

use Fault::{Gives, Short, Zero};

/// A system call and its faults.
pub struct Entry {
    pub call: i64,
    pub name: &'static str,
    errnos: &'static [i32],
    others: &'static [Fault],
}

impl Entry {
    /// All its faults.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        let errnos = self.errnos.iter().map(|errno| Gives(*errno));
        errnos.chain(self.others.iter().copied())
    }
}

const fn entry(
    call: i64,
    name: &'static str,
    errnos: &'static [i32],
    others: &'static [Fault],
) -> Entry {
    Entry {
        call,
        name,
        errnos,
        others,
    }
}

/// Every system call the command makes; a test fails at one that is missing here.
#[rustfmt::skip]
const TABLE: &[Entry] = &[
    entry(SYS_openat, "openat",
        &[EACCES, EINTR, EIO, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, ENXIO, EPERM], &[]),
    entry(SYS_read, "read", &[EAGAIN, EINTR, EINVAL, EIO, EISDIR, ENOMEM], &[Zero, Short]),
    entry(SYS_pread64, "pread64", &[EAGAIN, EINTR, EINVAL, EIO, EISDIR, ESPIPE], &[Zero, Short]),
    entry(SYS_write, "write",
        &[EAGAIN, EBADF, EDQUOT, EFBIG, EINTR, EIO, ENOSPC, EPIPE], &[Zero, Short]),
    entry(SYS_fstat, "fstat", &[EIO, ENOMEM, EOVERFLOW, ESTALE], &[]),
    entry(SYS_newfstatat, "newfstatat", &[EACCES, EIO, ENOENT, ENOMEM, EOVERFLOW], &[]),
    entry(SYS_statx, "statx", &[EACCES, EIO, ENOENT, ENOMEM, ENOSYS], &[]),
    entry(SYS_fstatfs, "fstatfs", &[EINTR, EIO, ENOMEM, ENOSYS, EOVERFLOW], &[]),
    entry(SYS_readlinkat, "readlinkat", &[EACCES, EINVAL, EIO, ELOOP, ENOENT, ENOMEM], &[Zero]),
    entry(SYS_capget, "capget", &[EINVAL, ENOSYS, EPERM], &[]),
    entry(SYS_capset, "capset", &[EINVAL, ENOSYS, EPERM], &[]),
    entry(SYS_getdents64, "getdents64", &[EINVAL, EIO, ENOENT, ENOMEM], &[Zero]),
    entry(SYS_lseek, "lseek", &[EINVAL, ENXIO, EOVERFLOW, ESPIPE], &[]),
    entry(SYS_close, "close", &[EDQUOT, EINTR, EIO, ENOSPC], &[]),
    entry(SYS_fcntl, "fcntl", &[EACCES, EAGAIN, EBUSY, EINTR, EINVAL, ENOLCK, ENOMEM, EPERM], &[]),
    entry(SYS_ioctl, "ioctl", &[EINVAL, EIO, ENOTTY], &[]),
    entry(SYS_mmap, "mmap", &[EACCES, EAGAIN, EINVAL, ENODEV, ENOMEM, EPERM, ETXTBSY], &[]),
    entry(SYS_munmap, "munmap", &[EINVAL, ENOMEM], &[]),
    entry(SYS_madvise, "madvise", &[EAGAIN, EINVAL, EIO, ENOMEM], &[]),
    entry(SYS_memfd_create, "memfd_create",
        &[EACCES, EINVAL, EMFILE, ENFILE, ENOMEM, ENOSYS, EPERM], &[]),
    entry(SYS_sendfile, "sendfile",
        &[EAGAIN, EINTR, EINVAL, EIO, ENOMEM, ENOSPC, EOVERFLOW], &[Zero, Short]),
    entry(SYS_getrandom, "getrandom", &[EAGAIN, EINTR, ENOSYS, EPERM], &[]),
    entry(SYS_sysinfo, "sysinfo", &[EFAULT, EPERM], &[]),
    entry(SYS_prlimit64, "prlimit64", &[EINVAL, EPERM], &[]),
    entry(SYS_getrlimit, "getrlimit", &[EINVAL], &[]),
    entry(SYS_sysinfo, "sysinfo", &[ENOSYS, EPERM], &[]),
    entry(SYS_ftruncate, "ftruncate", &[EFBIG, EINTR, EINVAL, EIO, EPERM], &[]),
    entry(SYS_rt_sigaction, "rt_sigaction", &[EINVAL], &[]),
    entry(SYS_kexec_load, "kexec_load",
        &[EACCES, EADDRNOTAVAIL, EBUSY, EFAULT, EINVAL, ENOMEM, ENOSYS, EPERM], &[]),
    entry(SYS_kexec_file_load, "kexec_file_load",
        &[EACCES, EADDRNOTAVAIL, EBADF, EBADMSG, EBUSY, EFBIG, EINTR, EINVAL, EIO, EKEYREJECTED,
          ENODATA, ENOEXEC, ENOKEY, ENOMEM, ENOPKG, ENOSYS, EOPNOTSUPP, EPERM, ETXTBSY], &[]),
    entry(SYS_reboot, "reboot", &[EBUSY, EFAULT, EINVAL, ENOSYS, EPERM], &[Zero]),
    entry(SYS_execve, "execve",
        &[E2BIG, EACCES, EAGAIN, EIO, ELOOP, EMFILE, ENOENT, ENOEXEC, ENOMEM, EPERM, ETXTBSY], &[]),
    entry(SYS_socket, "socket",
        &[EACCES, EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT], &[]),
    entry(SYS_sendto, "sendto", &[EAGAIN, EINTR, ENOBUFS, ENOMEM, EPERM], &[]),
    entry(SYS_recvfrom, "recvfrom", &[EAGAIN, EINTR, ENOBUFS, ENOMEM], &[Zero]),
    // These cannot fail, or are only cut short.
    entry(SYS_clock_gettime, "clock_gettime", &[EINVAL], &[]),
    entry(SYS_clock_nanosleep, "clock_nanosleep", &[EINTR], &[]),
    entry(SYS_sync, "sync", &[], &[]),
    entry(SYS_exit_group, "exit_group", &[], &[]),
];

/// The entry of a system call.
pub fn find(call: i64) -> &'static Entry {
    TABLE
        .iter()
        .find(|entry| entry.call == call)
        .unwrap_or_else(|| panic!("system call {call} is not in the table of faults"))
}
