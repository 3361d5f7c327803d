//! The scenarios. Kernels are named by line: `6.1`, `6.12`, `7.x` (see `packages.rs`).
//!
//! A machine boots once and goes through a chain of kernels; every hop is checked alike
//! (`check.rs`), so a chain of n hops is n tests. Chains under UEFI have each pair with both
//! methods, for the comparison of EFI complaints.

use super::scenario::{Ending, Scenario};
use std::time::Duration;

const GIB: u64 = 1 << 30;
const LOCKDOWN: &str = include_str!("../../guest/lockdown.sh");
const NO_SYS: &str = include_str!("../../guest/no_sys.sh");
const UNLOAD: &str = include_str!("../../guest/unload.sh");
const PID1: &str = include_str!("../../guest/pid1.sh");
const TAMPER: &str = include_str!("../../guest/tamper.sh");

/// What the purgatory says of a changed byte.
const MISMATCH: &str = "DIGEST MISMATCH, not starting";

/// What it says of a changed byte of itself.
const DAMAGED: &str = "DAMAGED ITSELF, not starting";

/// A CPU with SHA-NI and four-level paging. QEMU's `max` adds five-level paging to that, and
/// `qemu64` has neither, nor anything beyond x86-64-v1, nor a random number generator: there
/// only a seed from the loader makes the random numbers ready at time 0.
const SHA: &str = "max,la57=off";

/// Every scenario, in the order they run. Those marked `.slow()` only run by name, by
/// `cargo xtask vm --all` and by `cargo xtask test --slow`.
pub fn all() -> Vec<Scenario> {
    let mut all = pairs();
    all.extend(places());
    all.extend(requests());
    all.extend(super::image_scenarios::all());
    all.extend(super::arm64_scenarios::all());
    all.extend(super::multiboot_scenarios::all());
    all.extend(inits());
    all.extend(refusals());
    all.extend(super::crash_scenarios::all());
    all.extend(super::library_scenarios::all());
    all.extend(super::kdump_scenarios::all());
    all.extend(super::system_scenarios::all());
    all.extend(super::verdict_scenarios::all());
    all
}

/// Each kernel into each other, by both methods, under both firmwares.
fn pairs() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "bios-pairs",
            "every pair of two kernels, by one method each",
            "6.1",
        )
        .cpu(SHA, 2)
        .flags(&["sha_ni"])
        .hop("-c", "6.12")
        .hop("-c", "7.x")
        .hop("-c", "6.1")
        .hop("-s", "7.x")
        .hop("-s", "6.12")
        .hop("-s", "6.1"),
        Scenario::new(
            "bios-pairs-plain",
            "the same by the other method, old CPU",
            "6.1",
        )
        .slow()
        .cpu("qemu64", 1)
        .lacks(&["sha_ni", "la57", "rdrand"])
        .memory(1024)
        .hop("-s", "6.12")
        .hop("-s", "7.x")
        .hop("-s", "6.1")
        .hop("-c", "7.x")
        .hop("-c", "6.12")
        .hop("-c", "6.1"),
        Scenario::new("uefi-6.1-6.12", "both ways, both methods", "6.1")
            .slow()
            .uefi()
            .hop("-s", "6.12")
            .hop("-c", "6.1")
            .hop("-c", "6.12")
            .hop("-s", "6.1"),
        Scenario::new("uefi-6.12-7.x", "both ways, both methods, one CPU", "6.12")
            .slow()
            .uefi()
            .cpu("qemu64", 1)
            .hop("-s", "7.x")
            .hop("-c", "6.12")
            .hop("-c", "7.x")
            .hop("-s", "6.12"),
        Scenario::new("uefi-7.x-6.1", "both ways, both methods", "7.x")
            .uefi()
            .cpu(SHA, 2)
            .hop("-s", "6.1")
            .hop("-c", "7.x")
            .hop("-c", "6.1")
            .hop("-s", "7.x"),
    ]
}

/// Little memory, memory above 4 GiB, and five-level paging.
fn places() -> Vec<Scenario> {
    vec![
        Scenario::new("bios-512m", "little memory, one CPU without SHA-NI", "7.x")
            .cpu("qemu64", 1)
            .memory(512)
            .lacks(&["sha_ni"])
            .hop("-c", "6.12")
            .hop("-s", "6.1")
            .hop("-c", "6.12"),
        Scenario::new("bios-6g", "kernel and initrd land above 4 GiB", "6.1")
            .memory(6144)
            .cpu(SHA, 2)
            .floor(4 * GIB)
            .hop("-c", "6.12")
            .with("nokaslr")
            .hop("-s", "7.x")
            .with("nokaslr")
            .hop("-c", "6.1")
            .with("nokaslr"),
        Scenario::new("uefi-6g", "the same under UEFI", "7.x")
            .slow()
            .uefi()
            .memory(6144)
            .floor(4 * GIB)
            .hop("-c", "6.12")
            .with("nokaslr")
            .hop("-c", "7.x")
            .with("nokaslr"),
        Scenario::new(
            "bios-5-level",
            "five-level paging, each kernel into itself",
            "6.1",
        )
        .cpu("max", 2)
        .flags(&["la57", "sha_ni"])
        .hop("-c", "6.1")
        .hop("-c", "6.12")
        .hop("-c", "6.12")
        .hop("-c", "7.x")
        .hop("-c", "7.x"),
    ]
}

/// What can be asked of a load.
fn requests() -> Vec<Scenario> {
    vec![
        Scenario::new("bios-300m", "an initrd of 300 MiB", "6.12")
            .slow()
            .cpu(SHA, 2)
            .hop("-c", "7.x")
            .payload(300),
        Scenario::new("bios-300m-plain", "the same on a CPU without SHA-NI", "7.x")
            .slow()
            .cpu("qemu64", 2)
            .lacks(&["sha_ni"])
            .hop("-c", "6.1")
            .payload(300),
        Scenario::new(
            "bios-two-initrds",
            "two --initrd, the default method",
            "6.12",
        )
        .hop("-c", "7.x")
        .split()
        .hop("-a", "6.1")
        .hop("-c", "6.12")
        .split(),
        Scenario::new(
            "bios-command-line",
            "the longest command lines, a CPU without SHA-NI",
            "6.12",
        )
        .cpu("max,sha-ni=off", 2)
        .flags(&["avx2"])
        .lacks(&["sha_ni"])
        .hop("-c", "7.x")
        .command_line_of(2047)
        .hop("-s", "6.12")
        .command_line_of(2016),
    ]
}

/// Programs that are process 1 and start the next kernel by the library.
fn inits() -> Vec<Scenario> {
    let init = |name, about, program| {
        Scenario::new(name, about, "6.12")
            .example("bin/loader", program)
            .hop("-c", "7.x")
            .script(PID1)
            .shows("FACT hop=1 uname=7.")
            .shows("FACT hop=1 cmdline=console=ttyS0,115200 quiet")
            .shows("FACT hop=1 setup_data=0x9")
            .ours_only()
    };
    vec![
        init("init-rust", "examples/rust-init as process 1", "init"),
        init(
            "init-c",
            "examples/c-init as process 1, under UEFI",
            "c-init",
        )
        .uefi()
        .shows("FACT hop=1 setup_data=0x4")
        .never("FACT hop=1 efivars=0"),
    ]
}

/// What must not start.
fn refusals() -> Vec<Scenario> {
    let changed = |name, about, how| {
        Scenario::new(name, about, "6.12")
            .example("bin/tamper", "tamper")
            .hop("-c", "7.x")
            .words(how)
            .script(TAMPER)
            .ours_only()
    };
    let tamper = |name, about, how| changed(name, about, how).shows("libkexec purgatory");
    let tamper_itself = |name, about, how| {
        changed(name, about, how)
            .ends(Ending::Reset)
            .shows(DAMAGED)
            .never("libkexec purgatory")
            .never("FACT hop=1")
    };
    vec![
        Scenario::new(
            "lockdown",
            "lockdown=integrity refuses, and no fallback helps",
            "6.12",
        )
        .words("lockdown=integrity")
        .hop("-c", "6.12")
        .script(LOCKDOWN)
        .shows("FACT hop=0 lockdown=none [integrity] confidentiality")
        .shows("FACT hop=0 load.said=*lockdown")
        .never("load.exit=0")
        .shows("FACT hop=0 auto.said=*lockdown")
        .never("auto.exit=0")
        .never(".loaded=1")
        .ours_only(),
        Scenario::new(
            "uefi-no-sys",
            "UEFI without /sys, and with /sys/firmware masked: refused, or warned of",
            "6.12",
        )
        .uefi()
        .cpu(SHA, 2)
        .hop("-c", "6.12")
        .script(NO_SYS)
        .shows("FACT hop=0 gone.exit=255")
        .shows("FACT hop=0 gone.said=*whether this machine was started by EFI is not known")
        .shows("FACT hop=0 file.exit=0")
        .never("file.said")
        .shows("FACT hop=0 given.exit=0")
        .shows("FACT hop=0 given.said=kexec: warning: /sys/kernel/boot_params is not known")
        .shows("FACT hop=0 masked.exit=255")
        .shows("FACT hop=0 masked.said=*where its ACPI tables are (RSDP) is not known")
        .shows("FACT hop=0 masked-given.exit=0")
        .shows(
            "FACT hop=0 masked-given.said=kexec: warning: EFI runtime services are not passed on",
        )
        .shows("FACT hop=1 cpus=2")
        .shows("FACT hop=1 acpi_rsdp=0x")
        .ours_only(),
        tamper(
            "untampered",
            "the purgatory's console, nothing changed",
            "tamper=none",
        )
        .shows("purgatory: verifying ")
        .shows("FACT hop=1 uname=7.")
        .never("DIGEST MISMATCH"),
        tamper(
            "tampered-halt",
            "a changed byte is reported, and the machine halts",
            "tamper=halt",
        )
        .flags(&["sha_ni"])
        .ends(Ending::Shows(MISMATCH, Duration::from_secs(20)))
        .never("FACT hop=1"),
        tamper(
            "tampered-reset",
            "a changed byte is reported, and the machine resets",
            "tamper=reboot",
        )
        .slow()
        .ends(Ending::Reset)
        .shows(MISMATCH)
        .never("FACT hop=1"),
        tamper(
            "tampered-plain",
            "the same on a CPU with nothing beyond x86-64-v1",
            "tamper=reboot",
        )
        .cpu("qemu64", 1)
        .lacks(&["sha_ni", "avx"])
        .ends(Ending::Reset)
        .shows(MISMATCH)
        .never("FACT hop=1"),
        tamper(
            "tampered-uefi",
            "the same under UEFI, on a CPU with SHA-NI",
            "tamper=reboot",
        )
        .uefi()
        .cpu(SHA, 2)
        .flags(&["sha_ni"])
        .ends(Ending::Reset)
        .shows(MISMATCH)
        .never("FACT hop=1"),
        tamper(
            "tampered-32-bit",
            "the same before the exit to 32-bit mode",
            "tamper=reboot-32",
        )
        .slow()
        .ends(Ending::Reset)
        .shows(MISMATCH)
        .never("FACT hop=1"),
        tamper(
            "tampered-real-mode",
            "the same before real mode",
            "tamper=reboot-16",
        )
        .ends(Ending::Reset)
        .shows(MISMATCH)
        .never("FACT hop=1"),
        tamper(
            "untampered-real-mode",
            "nothing changed, and real mode",
            "tamper=none-16",
        )
        .slow()
        .shows("purgatory: verifying ")
        .shows("FACT hop=1 uname=7.")
        .never("DIGEST MISMATCH"),
        tamper_itself(
            "tampered-code",
            "a changed bit of the purgatory's own code is reported, and the machine resets",
            "tamper=code",
        )
        .cpu("qemu64", 1),
        tamper_itself(
            "tampered-block",
            "a changed bit of where the purgatory jumps to is reported, and the machine resets",
            "tamper=block",
        )
        .uefi()
        .cpu(SHA, 2),
        Scenario::new(
            "unload",
            "what is loaded can be unloaded, by either method",
            "6.1",
        )
        .hop("-c", "6.12")
        .script(UNLOAD)
        .shows("FACT hop=0 exit=0 0 0 0 0")
        .shows("FACT hop=0 after=1 0 1 0 0"),
    ]
}
