//! Which of the two calls the running kernel has, without a load.

use linux_raw_sys::general as raw;

use super::arch;
use crate::Errno;
use crate::machine::{Host, Known};

/// CAP_SYS_BOOT, in the first word of a set (include/uapi/linux/capability.h).
const CAP_SYS_BOOT: u32 = 1 << 22;

/// _LINUX_CAPABILITY_VERSION_3, and this thread.
static HEADER: [u32; 2] = [0x2008_0522, 0];

/// Effective, permitted and inheritable: the low words of the three, then the high ones.
type Capabilities = [u32; 6];

/// Fills in whether kexec_load(2) and kexec_file_load(2) exist.
///
/// Both calls are made without CAP_SYS_BOOT, which this thread gives up for that time. So the kernel
/// returns EPERM, before it looks at the arguments and before it counts the call
/// (`kexec_load_permitted` in kernel/kexec_core.c); a kernel without the call returns ENOSYS. If the
/// capability cannot be given up, neither call is made, and nothing is known.
pub(super) fn ask_for_calls(host: &mut Host) {
    let mut own: Capabilities = [0; 6];
    let header = &raw const HEADER as usize;
    let target = own.as_mut_ptr() as usize;
    let arguments = [header, target, 0, 0, 0, 0];
    // SAFETY: the kernel reads two words of `HEADER`, which is of version 3 and so not written, and
    // writes six words to `target`, which is that large.
    let got = arch::result(unsafe { arch::syscall(raw::__NR_capget, arguments) });
    if got.is_err() {
        return;
    }
    let [effective, rest @ ..] = own;
    let [a, b, c, d, e] = rest;
    let less = [effective & !CAP_SYS_BOOT, a, b, c, d, e];
    if effective & CAP_SYS_BOOT != 0 && set(&less).is_err() {
        return;
    }
    host.kexec_load = exists(raw::__NR_kexec_load, [0, usize::MAX, 0, 0, 0, 0]);
    let no_files = [usize::MAX, usize::MAX, 0, 0, 0, 0];
    host.kexec_file_load = exists(raw::__NR_kexec_file_load, no_files);
    let _permitted_to_have_it = set(&own);
}

/// Sets this thread's capabilities.
fn set(capabilities: &Capabilities) -> Result<usize, Errno> {
    let header = &raw const HEADER as usize;
    let arguments = [header, capabilities.as_ptr() as usize, 0, 0, 0, 0];
    // SAFETY: the kernel reads two words of `HEADER`, which is of version 3 and so not written, and six
    // words of `capabilities`.
    arch::result(unsafe { arch::syscall(raw::__NR_capset, arguments) })
}

/// Whether the kernel has a call; `arguments` are such that it would load nothing in any case.
fn exists(call: u32, arguments: [usize; 6]) -> Known {
    // SAFETY: for a caller that may load, kexec_load would refuse that many segments, and
    // kexec_file_load descriptors that are none, before they read or write memory.
    let returned = arch::result(unsafe { arch::syscall(call, arguments) });
    Known::of(returned != Err(Errno::ENOSYS))
}
