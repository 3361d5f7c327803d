//! Loading and unloading: kexec_load(2) and kexec_file_load(2).

use linux_raw_sys::general as raw;

use super::arch;
use super::fd::Fd;
use super::process::sleep_milliseconds;
use crate::Errno;
use crate::arch::Arch;
use crate::error::{Error, Result};
use crate::plan::{SEGMENT_MAX, Segment};

/// Flags of kexec_file_load(2) (include/uapi/linux/kexec.h, KEXEC_FILE_*).
pub mod file_flags {
    /// Unload.
    pub const UNLOAD: u64 = 0x1;
    /// The image for a crash.
    pub const ON_CRASH: u64 = 0x2;
    /// There is no initrd.
    pub const NO_INITRAMFS: u64 = 0x4;
    /// Print the layout to the kernel's log; unknown to older kernels.
    pub const DEBUG: u64 = 0x8;
    /// Take no memory of the contiguous memory allocator; unknown to older kernels,
    /// which take none.
    pub const NO_CMA: u64 = 0x10;
    /// Pass on the running kernel's device tree; unknown to older kernels.
    pub const FORCE_DTB: u64 = 0x20;
}

/// KEXEC_ARCH_MASK, the flags that name an architecture (include/uapi/linux/kexec.h); 0 is that of the
/// running kernel.
const ARCH_MASK: u64 = 0xffff_0000;

/// KEXEC_ON_CRASH, kexec_load(2)'s flag for the crash image.
pub const KEXEC_ON_CRASH: u64 = 0x1;

/// `struct kexec_segment` (include/uapi/linux/kexec.h).
#[repr(C)]
#[derive(Clone, Copy)]
struct RawSegment {
    buf: usize,
    bufsz: usize,
    mem: usize,
    memsz: usize,
}

impl RawSegment {
    const EMPTY: Self = Self {
        buf: 0,
        bufsz: 0,
        mem: 0,
        memsz: 0,
    };
}

/// The number of retries, and the time between them, while another call is in progress (EBUSY: the
/// kernel's __kexec_lock is taken, and the kernel does not wait for it): one second in total.
const BUSY_TRIES: u32 = 50;
const BUSY_PAUSE_MILLISECONDS: u32 = 20;

/// Retries a call for up to one second while another one is in progress.
pub(super) fn retry_busy(mut call: impl FnMut() -> isize) -> core::result::Result<(), Errno> {
    let mut tries = BUSY_TRIES;
    loop {
        tries = tries.saturating_sub(1);
        match arch::result(call()) {
            Err(Errno::EBUSY) if tries > 0 => sleep_milliseconds(BUSY_PAUSE_MILLISECONDS),
            other => return other.map(|_| ()),
        }
    }
}

/// kexec_load(2): the kernel copies `segments` and keeps them until reboot or unload. If it fails, the
/// image loaded before stays loaded, except a crash image.
///
/// # Errors
/// [`Error::NotBootable`] where `flags` name another architecture than that of the running kernel;
/// [`Error::TooManySegments`]; [`Error::Syscall`] with the kernel's errno, EBUSY only after
/// one second of retries.
pub fn kexec_load(entry: u64, segments: &[Segment<'_>], flags: u64) -> Result<()> {
    let arch = flags & ARCH_MASK;
    let is_native = |native: Arch| native.kexec_flag() == arch;
    if arch != 0 && !arch::NATIVE.is_some_and(is_native) {
        return Err(Error::NotBootable {
            why: "it is for another architecture than the running kernel",
        });
    }
    let mut list = [RawSegment::EMPTY; SEGMENT_MAX];
    if segments.len() > list.len() {
        return Err(Error::TooManySegments {
            count: segments.len() as u64,
            max: SEGMENT_MAX as u64,
        });
    }
    for (raw, segment) in list.iter_mut().zip(segments) {
        *raw = RawSegment {
            buf: segment.buf.as_ptr() as usize,
            bufsz: segment.buf.len(),
            mem: segment.mem as usize,
            memsz: segment.memsz as usize,
        };
    }
    raw_kexec_load(entry, segments.len(), &list, flags)
}

/// Unloads by kexec_load(2); it is not an error if nothing is loaded.
///
/// # Errors
/// [`Error::Syscall`] with the kernel's errno.
pub fn kexec_unload(crash: bool) -> Result<()> {
    let flags = if crash { KEXEC_ON_CRASH } else { 0 };
    raw_kexec_load(0, 0, &[RawSegment::EMPTY; SEGMENT_MAX], flags)
}

/// Whether kexec_load(2) exists and may be used. Nothing is loaded or unloaded: the kernel first checks
/// the caller, its limits and lockdown (EPERM, EACCES), and then rejects the number of segments
/// (EINVAL). Like every call it uses up one of kernel.kexec_load_limit_reboot, or for a crash kernel of
/// kernel.kexec_load_limit_panic.
#[must_use]
pub fn may_kexec_load(crash: bool) -> bool {
    let flags = if crash { KEXEC_ON_CRASH } else { 0 };
    let arguments = [0, usize::MAX, 0, flags as usize, 0, 0];
    // SAFETY: no kernel reads a list this long, and this one is at no address.
    let refused = arch::result(unsafe { arch::syscall(raw::__NR_kexec_load, arguments) });
    refused == Err(Errno::EINVAL)
}

fn raw_kexec_load(
    entry: u64,
    count: usize,
    list: &[RawSegment; SEGMENT_MAX],
    flags: u64,
) -> Result<()> {
    let arguments = [
        entry as usize,
        count,
        list.as_ptr() as usize,
        flags as usize,
        0,
        0,
    ];
    retry_busy(|| {
        // SAFETY: the list holds at least `count` segments, each describing a live slice; the
        // kernel only reads, and writes to no memory of this process.
        unsafe { arch::syscall(raw::__NR_kexec_load, arguments) }
    })
    .map_err(|errno| Error::Syscall {
        call: "kexec_load",
        errno,
    })
}

/// kexec_file_load(2): the kernel reads, checks and places the files itself. Without an initrd
/// [`file_flags::NO_INITRAMFS`] is added. No process may have the files open for writing
/// (ETXTBSY).
///
/// # Errors
/// [`Error::CommandLineNul`] if `command_line` is not empty and its only NUL is not its last
/// byte; [`Error::Syscall`] with the kernel's errno, EBUSY only after one second of retries.
pub fn kexec_file_load(
    kernel: &Fd,
    initrd: Option<&Fd>,
    command_line: &[u8],
    flags: u64,
) -> Result<()> {
    let nul = command_line.iter().position(|byte| *byte == 0);
    match nul {
        None if command_line.is_empty() => {}
        Some(at) if at.saturating_add(1) == command_line.len() => {}
        _ => {
            return Err(Error::CommandLineNul {
                offset: nul.unwrap_or(command_line.len()) as u64,
            });
        }
    }
    let (initrd, flags) = match initrd {
        Some(fd) => (fd.argument(), flags),
        None => (NO_FD, flags | file_flags::NO_INITRAMFS),
    };
    file_load(kernel.argument(), initrd, command_line, flags)
}

/// Unloads by kexec_file_load(2); it is not an error if nothing is loaded.
///
/// # Errors
/// [`Error::Syscall`] with the kernel's errno.
pub fn kexec_file_unload(crash: bool) -> Result<()> {
    let on_crash = if crash { file_flags::ON_CRASH } else { 0 };
    file_load(NO_FD, NO_FD, &[], file_flags::UNLOAD | on_crash)
}

/// Whether this kernel's kexec_file_load(2) knows `flag`; true if that cannot be determined, see [`file_flag_known`].
#[must_use]
pub fn knows_file_flag(flag: u64) -> bool {
    !matches!(file_flag_known(flag), Ok(false))
}

/// Determines whether this kernel's kexec_file_load(2) knows `flag`. Nothing is loaded or unloaded: for
/// a caller that may load, the kernel first checks the flags (EINVAL), and then the file (EBADF). Like
/// every call it uses up one of kernel.kexec_load_limit_reboot.
///
/// # Errors
/// [`Error::Syscall`] with the errno if the kernel did not get as far: EPERM, ENOSYS, EBUSY.
pub fn file_flag_known(flag: u64) -> Result<bool> {
    let asked = flag & !file_flags::UNLOAD & !file_flags::ON_CRASH;
    match file_load(NO_FD, NO_FD, &[], asked | file_flags::NO_INITRAMFS) {
        Ok(()) => Ok(true),
        Err(Error::Syscall { errno, .. }) if errno == Errno::EBADF => Ok(true),
        Err(Error::Syscall { errno, .. }) if errno == Errno::EINVAL => Ok(false),
        Err(refused) => Err(refused),
    }
}

/// No descriptor, −1.
const NO_FD: usize = usize::MAX;

fn file_load(kernel: usize, initrd: usize, command_line: &[u8], flags: u64) -> Result<()> {
    let arguments = [
        kernel,
        initrd,
        command_line.len(),
        command_line.as_ptr() as usize,
        flags as usize,
        0,
    ];
    retry_busy(|| {
        // SAFETY: the command line is readable for its length, and the kernel writes to no
        // memory of this process.
        unsafe { arch::syscall(raw::__NR_kexec_file_load, arguments) }
    })
    .map_err(|errno| Error::Syscall {
        call: "kexec_file_load",
        errno,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No call is made: the kernel would return EINVAL, as for many other mistakes.
    #[test]
    fn a_plan_for_another_architecture_is_refused_by_name() {
        let all = [Arch::X86_64, Arch::Arm64, Arch::Riscv64];
        let foreign = all.iter().filter(|arch| arch::NATIVE != Some(**arch));
        assert_eq!(foreign.clone().count(), 2);
        for arch in foreign {
            let refused = kexec_load(0, &[], arch.kexec_flag()).unwrap_err();
            assert!(
                matches!(refused, Error::NotBootable { why } if why.contains("another architecture"))
            );
        }
    }
}
