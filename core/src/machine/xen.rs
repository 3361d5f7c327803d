//! Xen: guests in which the running kernel accepts an image but cannot start it.

use super::{Known, Machine, refusal};
use crate::error::{Error, Result};
use crate::text;

/// What kind of Xen guest the running system is (/sys/hypervisor/guest_type).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum XenGuest {
    /// Unknown: no Xen, or a version without this file.
    #[default]
    Unknown,
    /// Paravirtualised: the kernel sees no physical memory of its own, and kexec belongs to the hypervisor.
    Pv,
    /// Hardware virtual machine: kexec as on hardware.
    Hvm,
    /// PV in an HVM container.
    Pvh,
}

/// Whether the running system is a Xen domain, and which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Xen {
    /// Whether it is a domain.
    pub domain: bool,
    /// The kind of domain.
    pub guest: XenGuest,
    /// Whether it is the control domain, dom0.
    pub control: Known,
}

impl Xen {
    /// Nothing known: treated as no domain.
    pub const NONE: Self = Self {
        domain: false,
        guest: XenGuest::Unknown,
        control: Known::Unknown,
    };
}

/// /sys/hypervisor/guest_type.
#[must_use]
pub fn xen_guest(contents: &[u8]) -> XenGuest {
    match text::trim(contents) {
        b"PV" => XenGuest::Pv,
        b"HVM" => XenGuest::Hvm,
        b"PVH" => XenGuest::Pvh,
        _ => XenGuest::Unknown,
    }
}

/// /proc/xen/capabilities: whether this is the control domain (dom0), whose kexec_load is the
/// hypervisor's.
#[must_use]
pub fn xen_control(contents: &[u8]) -> bool {
    text::split_once(contents, b"control_d").is_some()
}

/// Whether /sys/hypervisor/type says Xen.
#[must_use]
pub fn hypervisor_is_xen(contents: &[u8]) -> bool {
    text::trim(contents) == b"xen"
}

/// hardware_subarch in the boot_params of a paravirtualised guest (X86_SUBARCH_XEN): older
/// kernels say it in no other place.
const SUBARCH_XEN: u32 = 2;

impl Machine {
    /// Whether a kernel that is loaded on this machine could be started.
    ///
    /// A control domain's kernel accepts kexec_load(2) and kexec_file_load(2) as any other does,
    /// but the hypervisor owns the machine, and only its own kexec starts another kernel on it. A paravirtualised guest has no physical memory of its own. HVM and PVH guests
    /// are ordinary machines.
    ///
    /// # Errors
    /// [`Error::NotBootable`] in a control domain and in a paravirtualised guest,
    /// [`Error::Unknown`] in a domain that may be the control domain.
    pub fn check_xen(&self) -> Result<()> {
        let why = if self.xen.control == Known::Yes {
            "this is Xen's control domain (dom0): a kernel is loaded to the hypervisor, by a kexec \
             with libxenctrl, and not to the running kernel; use that of kexec-tools"
        } else if self.xen.guest == XenGuest::Pv
            || self.x86.boot_params.hardware_subarch() == SUBARCH_XEN
        {
            "this is a paravirtualised (PV) Xen guest, which has no memory a kernel could be \
             started in: reboot it, or make it a PVH or HVM guest"
        } else if self.xen.domain
            && self.xen.control == Known::Unknown
            && self.xen.guest != XenGuest::Hvm
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xen_files() {
        assert!(hypervisor_is_xen(b"xen\n"));
        assert!(!hypervisor_is_xen(b"z/VM Hypervisor\n"));
        assert!(xen_control(b"control_d\n"));
        assert!(!xen_control(b""));
        assert_eq!(xen_guest(b"PVH\n"), XenGuest::Pvh);
        assert_eq!(xen_guest(b"?"), XenGuest::Unknown);
    }
}
