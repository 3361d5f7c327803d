//! Xen: where a kernel that the running one is given is not what would start.

use super::{Known, Machine, XenGuest, refusal};
use crate::error::{Error, Result};

/// hardware_subarch in the boot_params of a paravirtualised guest (X86_SUBARCH_XEN): older
/// kernels say it in no other place.
const SUBARCH_XEN: u32 = 2;

impl Machine {
    /// Whether a kernel that is loaded here could be started.
    ///
    /// A control domain's kernel takes kexec_load(2) and kexec_file_load(2) as any other does,
    /// but the machine is the hypervisor's, and only the hypervisor's own kexec starts another
    /// kernel on it. A paravirtualised guest has no physical memory of its own. HVM and PVH guests
    /// are ordinary machines.
    ///
    /// # Errors
    /// [`Error::NotBootable`] in a control domain and in a paravirtualised guest,
    /// [`Error::Unknown`] in a domain that may be the control domain.
    pub fn check_xen(&self) -> Result<()> {
        let why = if self.xen_control == Known::Yes {
            "this is Xen's control domain (dom0): a kernel is loaded to the hypervisor, by a kexec \
             with libxenctrl, and not to the running kernel; use that of kexec-tools"
        } else if self.xen_guest == XenGuest::Pv
            || self.boot_params.hardware_subarch() == SUBARCH_XEN
        {
            "this is a paravirtualised (PV) Xen guest, which has no memory a kernel could be \
             started in: reboot it, or make it a PVH or HVM guest"
        } else if self.xen && self.xen_control == Known::Unknown && self.xen_guest != XenGuest::Hvm
        {
            return Err(Error::Unknown {
                what: refusal::XEN_CONTROL,
            });
        } else {
            return Ok(());
        };
        Err(Error::NotBootable { why })
    }
}
