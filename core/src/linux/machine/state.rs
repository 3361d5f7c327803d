//! Small files: what kexec may do here, what the CPU can, whether this is Xen.

use core::ffi::CStr;

use super::{Fd, open_directory, small, stream};
use crate::cstr;
use crate::machine::{
    CpuFlags, KexecState, Known, Lockdown, Machine, MeminfoParser, StatusParser, XenGuest, flag,
    hypervisor_is_xen, load_limit, lockdown, xen_control, xen_guest,
};

/// The kexec side.
pub(super) fn kexec(root: &Fd) -> KexecState {
    let limit = |path| small(root, path, load_limit).flatten();
    let mut status = StatusParser::new();
    // What was read before an error holds.
    let _ = stream(root, cstr!("proc/self/status"), |piece| status.feed(piece));
    KexecState {
        loaded: old_or_new(
            root,
            cstr!("sys/kernel/kexec/loaded"),
            cstr!("sys/kernel/kexec_loaded"),
        ),
        crash_loaded: old_or_new(
            root,
            cstr!("sys/kernel/kexec/crash_loaded"),
            cstr!("sys/kernel/kexec_crash_loaded"),
        ),
        load_disabled: small(root, cstr!("proc/sys/kernel/kexec_load_disabled"), flag)
            .flatten()
            .into(),
        load_limit_reboot: limit(cstr!("proc/sys/kernel/kexec_load_limit_reboot")),
        load_limit_panic: limit(cstr!("proc/sys/kernel/kexec_load_limit_panic")),
        lockdown: small(root, cstr!("sys/kernel/security/lockdown"), lockdown)
            .unwrap_or(Lockdown::Unknown),
        cap_sys_boot: status.cap_sys_boot.into(),
    }
}

/// Kernels of 2026 have a directory, and the old names as links into it.
fn old_or_new(root: &Fd, new: &CStr, old: &CStr) -> Known {
    small(root, new, flag)
        .or_else(|| small(root, old, flag))
        .flatten()
        .into()
}

/// CPU flags.
pub(super) fn cpu(root: &Fd, machine: &mut Machine) {
    let mut flags = CpuFlags::new();
    if stream(root, cstr!("proc/cpuinfo"), |piece| flags.feed(piece)).is_ok() {
        flags.finish();
        machine.x86.set_cpu_flags(&flags);
    }
}

/// The size of RAM, and of the pages it is mapped by.
pub(super) fn meminfo(root: &Fd, machine: &mut Machine) {
    let mut meminfo = MeminfoParser::new();
    let whole = stream(root, cstr!("proc/meminfo"), |piece| meminfo.feed(piece));
    // The last of the DirectMap lines counts.
    meminfo.gbpages = meminfo.gbpages.filter(|_| whole.is_ok());
    machine.set_meminfo(&meminfo);
}

/// Xen: /sys/hypervisor is there with CONFIG_SYS_HYPERVISOR, /proc/xen when xenfs is mounted.
pub(super) fn xen(root: &Fd, machine: &mut Machine) {
    let control = small(root, cstr!("proc/xen/capabilities"), xen_control);
    let named = small(root, cstr!("sys/hypervisor/type"), hypervisor_is_xen);
    // Only a Xen domain has a place to mount xenfs on (drivers/xen/xenbus/xenbus_probe.c).
    let place = open_directory(root, cstr!("proc/xen")).is_ok();
    machine.xen.domain = place || named == Some(true);
    machine.xen.control = if machine.xen.domain {
        control.into()
    } else {
        Known::No
    };
    machine.xen.guest =
        small(root, cstr!("sys/hypervisor/guest_type"), xen_guest).unwrap_or(XenGuest::Unknown);
}
