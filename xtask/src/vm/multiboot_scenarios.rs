//! Scenarios of multiboot kernels: one of our own, and Xen.

use super::scenario::{Ending, Multiboot, Scenario};
use crate::payloads::Payload;
use std::time::Duration;

const MULTIBOOT: &str = include_str!("../../guest/multiboot.sh");
const XEN: &str = include_str!("../../guest/xen.sh");

const AT_ONCE: Duration = Duration::from_secs(1);

/// In the order they run.
pub fn all() -> Vec<Scenario> {
    vec![
        multiboot(
            "multiboot-1",
            "what a multiboot kernel is told",
            Multiboot::One,
        )
        .words("multiboot=-t multiboot-x86"),
        multiboot(
            "multiboot-2",
            "what a multiboot2 kernel is told",
            Multiboot::Two,
        )
        .slow()
        .words("multiboot="),
        multiboot(
            "multiboot-uefi",
            "what a multiboot2 kernel is told under UEFI",
            Multiboot::Two,
        )
        .slow()
        .uefi()
        .words("multiboot=-c"),
        xen("xen", "Xen to the first domain's init, the default method").words("xen="),
        xen("xen-1", "Xen as a kernel of multiboot 1")
            .slow()
            .words("xen=-c -t multiboot-x86"),
    ]
}

/// The first kernel starts the payload that prints what it is told.
fn multiboot(name: &'static str, about: &'static str, version: Multiboot) -> Scenario {
    Scenario::new(name, about, "6.12")
        .hop("-c", "6.12")
        .gives("hop/image", Payload::Multiboot)
        .script(MULTIBOOT)
        .multiboot(version)
        .shows("FACT hop=0 multiboot.exit=0")
        .ends(Ending::Shows("MB end", AT_ONCE))
        .ours_only()
}

/// The first kernel starts Xen. With the CPU `max` the Xen of QEMU's own loader crashes too.
fn xen(name: &'static str, about: &'static str) -> Scenario {
    Scenario::new(name, about, "6.12")
        .hop("-c", "6.12")
        .cpu("qemu64", 1)
        .gives("hop/xen.gz", Payload::Xen)
        .gives("hop/dom0", Payload::Dom0)
        .script(XEN)
        .shows("FACT hop=0 xen.exit=0")
        .shows("(XEN) Command line: console=com1 com1=115200,8n1 dom0_mem=512M loglvl=info")
        .shows("(XEN) *** Building a PV Dom0 ***")
        .shows("DOM0 cmdline=console=hvc0 first=word")
        .ends(Ending::Shows("DOM0 hypervisor=xen", AT_ONCE))
        .ours_only()
}
