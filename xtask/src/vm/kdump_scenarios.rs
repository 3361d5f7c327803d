//! Debian's kdump-tools does all of it: loads, and saves the dump, which Debian's `crash` opens.

use super::scenario::{Disk, Ending, Scenario};
use std::time::Duration;

const DISK: &str = include_str!("../../guest/disk.sh");

/// Asks for kexec_load; without it, the package's own configuration tries kexec_file_load first.
const BY_SEGMENTS: &str = "KDUMP_KEXEC_ARGS=-c\n";

/// How the command says where the elfcorehdr is, and how the kernel does.
const FROM_COMMAND: &str = "FACT hop=1 disk.cmdline=*elfcorehdr=*K";
const FROM_KERNEL: &str = "FACT hop=1 disk.cmdline=*elfcorehdr=0x";

/// Every scenario with kdump-tools.
pub fn all() -> Vec<Scenario> {
    vec![
        crash_opens(kdump_tools("kdump-tools-6.1", "6.1-cloud", BY_SEGMENTS).slow())
            .shows(FROM_COMMAND),
        crash_opens(kdump_tools("kdump-tools-6.12", "6.12-cloud", "")).shows(FROM_KERNEL),
        // Of this line neither Debian's makedumpfile nor its crash knows the structures.
        kdump_tools("kdump-tools-7.x", "7.x-cloud", BY_SEGMENTS)
            .slow()
            .shows(FROM_COMMAND),
    ]
}

/// The package as it is, with the reservation that its boot loader configuration asks for.
fn kdump_tools(name: &'static str, kernel: &'static str, configuration: &'static str) -> Scenario {
    let mut scenario = Scenario::new(name, "Debian's kdump-tools loads and saves", kernel)
        .memory(1024)
        .words("crashkernel=512M-:192M")
        .hop("", kernel)
        .payload(0)
        .disk(Disk::Kdump(configuration))
        .script(DISK)
        .capture(DISK)
        // Its init script reboots when it has saved.
        .ends(Ending::Reset)
        .shows("FACT hop=0 before=current state   : Not ready to kdump")
        .shows("FACT hop=0 start=*loaded kdump kernel")
        .shows("FACT hop=0 started=current state   : ready to kdump")
        .shows("FACT hop=0 unload=unloaded kdump kernel")
        .shows("FACT hop=0 unloaded=current state   : Not ready to kdump")
        .shows("FACT hop=0 load=loaded kdump kernel")
        .shows("FACT hop=0 reload=loaded kdump kernel")
        .shows("FACT hop=0 show=current state:    ready to kdump")
        .shows("FACT hop=0 show=*/sbin/kexec -p *--initrd=/var/lib/kdump/initrd.img */vmlinuz")
        .shows("FACT hop=0 ready=current state   : ready to kdump")
        .shows("FACT hop=1 disk.cmdline=*reset_devices systemd.unit=kdump-tools-dump.service")
        .never("FACT hop=1 disk.cmdline=*crashkernel")
        .shows("kdump-tools: saved dmesg content in /var/crash/2")
        .shows("kdump-tools: saved vmcore in /var/crash/2")
        .shows("SAVED dmesg.STAMP of")
        .shows("SAVED dmesg: *libkexec-mark-disk")
        .shows("SAVED dmesg: *Kernel panic - not syncing: sysrq triggered crash")
        .shows("SAVED dump.STAMP of");
    for (name, loaded) in [
        ("before", 0),
        ("start", 1),
        ("unload", 0),
        ("again", 0),
        ("load", 1),
        ("reload", 1),
        ("ready", 1),
    ] {
        for text in [
            format!("FACT hop=0 {name}.exit=0"),
            format!("FACT hop=0 {name}.loaded={loaded}"),
        ] {
            scenario = scenario.shows(text.leak());
        }
    }
    // A busy host: filtering alone has taken half a minute.
    scenario.silence = Duration::from_secs(300);
    scenario
}

/// What `crash` says of the saved dump, with the kernel's debug symbols (`dump.rs`).
fn crash_opens(scenario: Scenario) -> Scenario {
    scenario
        .shows("CRASH *CPUS: 2")
        .shows("CRASH *PANIC: \"Kernel panic - not syncing: sysrq triggered crash\"")
        .shows("CRASH *COMMAND: \"sh\"")
        .shows("CRASH *STATE: TASK_RUNNING (PANIC)")
        .shows("CRASH *] sysrq_handle_crash at")
        .shows("CRASH *] write_sysrq_trigger at")
        // The other CPU.
        .shows("CRASH *] crash_nmi_callback at")
        .shows("REGISTERS of 2 CPUs, 2 different")
        .shows("CRASH *[kthreadd]")
        .shows("CRASH *libkexec-mark-disk")
        .shows("CRASH ended: exit status: 0")
        .never("CRASH crash:")
        .never("CRASH WARNING")
}
