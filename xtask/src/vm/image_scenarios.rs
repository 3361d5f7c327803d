//! Scenarios of other entries than the 64-bit one, and of other images than a 64-bit Linux.

use super::scenario::{Ending, Scenario};
use crate::payloads::Payload;
use std::time::Duration;

const IMAGE: &str = include_str!("../../guest/image.sh");

/// An image's own text on the serial port is the end: nothing is asked of what follows it.
const AT_ONCE: Duration = Duration::from_secs(1);

/// In the order they run.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "bios-32-bit",
            "the 32-bit entry, from a kernel with five-level paging",
            "6.12",
        )
        .cpu("max", 2)
        .flags(&["la57"])
        .hop("-c --entry-32bit", "6.12"),
        Scenario::new(
            "uefi-32-bit",
            "the 32-bit entry under UEFI, every line",
            "7.x",
        )
        .slow()
        .uefi()
        .hop("-a --entry-32bit", "6.1")
        .hop("-c --entry-32bit", "6.12")
        .hop("-c --entry-32bit", "7.x"),
        image(
            "linux-686",
            "a kernel for 32-bit CPUs, the default method",
            Payload::Linux686,
        )
        .words("image=--append=console=ttyS0,115200")
        .gives("hop/busybox", Payload::Busybox686)
        .shows("FACT hop=0 image.exit=0")
        .shows("SMALL machine=i686")
        .ends(Ending::Shows("SMALL cmdline=console=ttyS0,115200", AT_ONCE)),
        image(
            "memtest-64",
            "memtest86+ by its 64-bit entry: not relocatable, below 4 GiB",
            Payload::Memtest64,
        )
        .words("image=-c --append=console=ttyS0,115200")
        .cpu("max,la57=off", 2)
        .memory(6144)
        .ends(Ending::Shows("Memtest86+ v", AT_ONCE)),
        image(
            "memtest-32",
            "memtest86+ for 32-bit CPUs, the default method",
            Payload::Memtest32,
        )
        .slow()
        .words("image=--append=console=ttyS0,115200")
        .ends(Ending::Shows("Memtest86+ v", AT_ONCE)),
        image(
            "ipxe",
            "iPXE, which has a real-mode entry only, the default method",
            Payload::Ipxe,
        )
        .words("image=--console-serial")
        .text()
        .ends(Ending::Shows("Open Source Network Boot Firmware", AT_ONCE)),
        Scenario::new(
            "bios-real-mode",
            "the real-mode entry of Linux, which asks the BIOS for the memory map",
            "6.12",
        )
        .hop("-c --real-mode", "6.12"),
    ]
}

/// The first kernel starts this image; the hop only names a kernel.
fn image(name: &'static str, about: &'static str, payload: Payload) -> Scenario {
    Scenario::new(name, about, "6.12")
        .hop("-c", "6.12")
        .gives("hop/image", payload)
        .script(IMAGE)
        .shows("FACT hop=0 image.exit=0")
        .ours_only()
}
