//! Xen: where a kernel that the running one is given is not what would start.
//!
//! A control domain's kernel takes kexec_load(2) and kexec_file_load(2) as any other does, but
//! the machine is the hypervisor's, and only the hypervisor's own kexec starts another kernel on
//! it. A paravirtualised guest's has no physical memory of its own. HVM and PVH guests are
//! ordinary machines.

use core::ffi::CStr;

use kexec_core::Error;
use kexec_core::linux::read_file;
use kexec_core::machine::{Machine, XenGuest, hypervisor_is_xen, xen_control, xen_guest};

/// hardware_subarch in the boot_params of a paravirtualised guest (X86_SUBARCH_XEN): older
/// kernels say it in no other place.
const SUBARCH_XEN: u32 = 2;

/// Reads what [`check`] asks of a machine, for loads that need to know no more of it.
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

/// Whether a kernel that is loaded here could be started.
///
/// # Errors
/// [`Error::NotBootable`] in a control domain and in a paravirtualised guest.
pub fn check(machine: &Machine) -> Result<(), Error> {
    let pv =
        machine.xen_guest == XenGuest::Pv || machine.boot_params.hardware_subarch() == SUBARCH_XEN;
    let why = if machine.xen_control {
        "this is Xen's control domain (dom0): a kernel is loaded to the hypervisor, by a kexec \
         with libxenctrl, and not to the running kernel; use that of kexec-tools"
    } else if pv {
        "this is a paravirtualised (PV) Xen guest, which has no memory a kernel could be started \
         in: reboot it, or make it a PVH or HVM guest"
    } else {
        return Ok(());
    };
    Err(Error::NotBootable { why })
}
