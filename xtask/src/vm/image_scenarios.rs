//! Scenarios of other entries than the 64-bit one, and of other images than a 64-bit Linux.

use super::scenario::{Ending, Mode, Scenario, Unified};
use crate::payloads::Payload;
use std::time::Duration;

const IMAGE: &str = include_str!("../../guest/image.sh");
const STATE: &str = include_str!("../../guest/state.sh");

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
        Scenario::new(
            "bios-vmlinux",
            "a vmlinux, recognised by its notes, the default method",
            "6.12",
        )
        .hop("-a", "6.1")
        .vmlinux(),
        Scenario::new(
            "bios-unpacked",
            "kernels unpacked before the start, with five-level paging",
            "6.12",
        )
        .cpu("max", 2)
        .flags(&["la57"])
        .hop("-c --unpacked", "6.1")
        .hop("-c --unpacked", "6.12")
        .hop("-c --unpacked", "7.x"),
        Scenario::new(
            "uefi-unpacked",
            "the same under UEFI, with four-level paging",
            "7.x",
        )
        .slow()
        .uefi()
        .cpu("max,la57=off", 1)
        .hop("-a --unpacked", "6.12")
        .hop("-c --unpacked", "7.x")
        .hop("-c --unpacked", "6.1"),
        image(
            "elf-notes",
            "an ELF program of 32 bits, with boot notes",
            Payload::Elf,
        )
        .words("image=--args-elf --append=boot-notes")
        .ends(Ending::Shows("ELF notes: boot-notes", AT_ONCE)),
        image("elf-bare", "the same, with nothing", Payload::Elf)
            .slow()
            .words("image=--args-none")
            .ends(Ending::Shows("ELF without notes", AT_ONCE)),
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
            "linux-zstd",
            "a bzImage compressed by zstd as a whole, the default method",
            Payload::LinuxZstd,
        )
        .words("image=-d --append=console=ttyS0,115200")
        .shows("unpacked by zstd")
        .ends(Ending::Shows("Command line: console=ttyS0,115200", AT_ONCE)),
        image("linux-xz", "the same by xz, kexec_load", Payload::LinuxXz)
            .slow()
            .words("image=-c -d --append=console=ttyS0,115200")
            .shows("unpacked by xz")
            .ends(Ending::Shows("Command line: console=ttyS0,115200", AT_ONCE)),
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
        .words("image=--console-serial --reset-vga")
        .text()
        .ends(Ending::Shows("Open Source Network Boot Firmware", AT_ONCE)),
        image(
            "memdisk",
            "memdisk, in real mode, which boots a diskette of ours",
            Payload::Memdisk,
        )
        .slow()
        .words("image=-c --initrd=/hop/floppy --append=floppy")
        .gives("hop/floppy", Payload::Floppy)
        .ends(Ending::Shows(
            "DISKETTE second sector, by the BIOS",
            AT_ONCE,
        )),
        state(
            "state-16",
            "the state in real mode, and a BIOS that works",
            Mode::Real,
        )
        .plugged()
        .words("state=-c --real-mode"),
        state("state-32", "the state in 32-bit mode", Mode::Protected)
            .cpu("max", 2)
            .flags(&["la57"])
            .words("state=-c --entry-32bit"),
        state("state-32-uefi", "the same under UEFI", Mode::Protected)
            .slow()
            .uefi()
            .words("state=-c --entry-32bit"),
        state(
            "state-64-uefi",
            "the state in 64-bit mode, under UEFI",
            Mode::Long,
        )
        .slow()
        .uefi()
        .cpu("max,la57=off", 2)
        .words("state=-c"),
        state("state-64", "the state in 64-bit mode", Mode::Long)
            .slow()
            .words("state=-c"),
        Scenario::new(
            "unified",
            "unified kernel images by each call and by default, one with profiles",
            "6.12",
        )
        .hop("-c", "6.12")
        .unified(Unified::Plain)
        .hop("-s", "6.12")
        .unified(Unified::Plain)
        .hop("--profile=second", "6.12")
        .unified(Unified::Profiles),
        Scenario::new(
            "uefi-unified",
            "the same under UEFI, into other kernels, by the number of the profile",
            "7.x",
        )
        .slow()
        .uefi()
        .hop("-s --profile=1", "6.1")
        .unified(Unified::Profiles)
        .hop("-c --profile=1", "7.x")
        .unified(Unified::Profiles)
        .hop("-s", "6.12")
        .unified(Unified::Plain),
        Scenario::new(
            "bios-real-mode",
            "the real-mode entry of Linux, which asks the BIOS for the memory map",
            "6.12",
        )
        .hop("-c --real-mode", "6.12"),
    ]
}

/// The first kernel starts the payload that prints its state.
fn state(name: &'static str, about: &'static str, mode: Mode) -> Scenario {
    let end = match mode {
        Mode::Long => "STATE 64 end=",
        Mode::Protected => "STATE 32 end=",
        Mode::Real => "STATE 16 end=",
    };
    Scenario::new(name, about, "6.12")
        .hop("-c", "6.12")
        .gives("hop/image", Payload::State)
        .script(STATE)
        .state(mode)
        .shows("FACT hop=0 state.exit=0")
        .ends(Ending::Shows(end, AT_ONCE))
        .ours_only()
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
