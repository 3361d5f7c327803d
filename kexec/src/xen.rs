//! Xen: what [`Machine::check_xen`] asks of a machine, for loads that need to know no more of it.

use core::ffi::CStr;

use kexec_core::linux::read_file;
use kexec_core::machine::{Machine, hypervisor_is_xen, xen_control, xen_guest};

/// Fills in what the check looks at.
pub fn read(machine: &mut Machine) {
    let control = small(c"/proc/xen/capabilities", xen_control);
    let named = small(c"/sys/hypervisor/type", hypervisor_is_xen);
    machine.xen = control.is_some() || named == Some(true);
    machine.xen_control = control == Some(true);
    machine.xen_guest = small(c"/sys/hypervisor/guest_type", xen_guest).unwrap_or_default();
    machine.boot_params.fill(|page| {
        let read = read_file(c"/sys/kernel/boot_params/data", page);
        read.map_or(0, |bytes| bytes.len())
    });
}

fn small<T>(path: &CStr, parse: impl FnOnce(&[u8]) -> T) -> Option<T> {
    read_file(path, &mut [0; 128]).ok().map(parse)
}
