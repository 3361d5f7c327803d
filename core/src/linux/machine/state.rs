//! Reads small files: the state of kexec, the CPU's flags, RAM, Xen.

use super::{Fd, known, open_directory, small, stream};
use crate::machine::{
    CpuFlags, KexecState, Known, Lockdown, Machine, MeminfoParser, StatusParser, XenGuest, flag,
    hypervisor_is_xen, load_limit, lockdown, sources, xen_control, xen_guest,
};

/// The state of kexec.
pub(super) fn kexec(root: &Fd) -> KexecState {
    let limit = |path| small(root, path, load_limit).flatten();
    let mut status = StatusParser::new();
    // The facts read before an error are valid.
    let _ = stream(root, sources::STATUS.path, &mut |piece| status.feed(piece));
    KexecState {
        loaded: known(root, &sources::LOADED, flag),
        crash_loaded: known(root, &sources::CRASH_LOADED, flag),
        load_disabled: known(root, &sources::LOAD_DISABLED, flag),
        load_limit_reboot: limit(sources::LIMIT_REBOOT.path),
        load_limit_panic: limit(sources::LIMIT_PANIC.path),
        lockdown: small(root, sources::LOCKDOWN.path, lockdown).unwrap_or(Lockdown::Unknown),
        cap_sys_boot: status.cap_sys_boot.into(),
    }
}

/// CPU flags.
pub(super) fn cpu(root: &Fd, machine: &mut Machine) {
    let mut flags = CpuFlags::new();
    if stream(root, sources::CPUINFO.path, &mut |piece| flags.feed(piece)).is_ok() {
        flags.finish();
        machine.x86.set_cpu_flags(&flags);
    }
}

/// The size of RAM, and of the pages it is mapped by.
pub(super) fn meminfo(root: &Fd, machine: &mut Machine) {
    let mut meminfo = MeminfoParser::new();
    let whole = stream(root, sources::MEMINFO.path, &mut |piece| {
        meminfo.feed(piece)
    });
    // The last of the DirectMap lines counts.
    meminfo.gbpages = meminfo.gbpages.filter(|_| whole.is_ok());
    machine.set_meminfo(&meminfo);
}

/// Xen: /sys/hypervisor exists with CONFIG_SYS_HYPERVISOR, /proc/xen if xenfs is mounted.
pub(super) fn xen(root: &Fd, machine: &mut Machine) {
    let control = small(root, sources::XEN_CAPABILITIES.path, xen_control);
    let named = small(root, sources::HYPERVISOR.path, hypervisor_is_xen);
    // Only a Xen domain has a mount point for xenfs (drivers/xen/xenbus/xenbus_probe.c).
    let place = open_directory(root, sources::XEN_DIRECTORY.path).is_ok();
    machine.xen.domain = place || named == Some(true);
    machine.xen.control = if machine.xen.domain {
        control.into()
    } else {
        Known::No
    };
    machine.xen.guest =
        small(root, sources::XEN_GUEST.path, xen_guest).unwrap_or(XenGuest::Unknown);
}
