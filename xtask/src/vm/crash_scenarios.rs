//! Crash kernels: load, crash, and look at the dump with Debian's makedumpfile.

use super::scenario::Scenario;

const CRASH: &str = include_str!("../../guest/crash.sh");
const REFUSED: &str = concat!(
    include_str!("../../guest/crash_try.sh"),
    include_str!("../../guest/crash_refused.sh"),
    include_str!("../../guest/crash.sh")
);
const LOCKDOWN: &str = concat!(
    include_str!("../../guest/crash_try.sh"),
    include_str!("../../guest/crash_lockdown.sh"),
    include_str!("../../guest/crash.sh")
);
const CHANGED: &str = concat!(
    include_str!("../../guest/crash_try.sh"),
    include_str!("../../guest/crash_changed.sh"),
    include_str!("../../guest/crash.sh")
);
const CPUS: &str = concat!(
    include_str!("../../guest/crash_cpus.sh"),
    include_str!("../../guest/crash.sh")
);
const HOTPLUG: &str = concat!(
    include_str!("../../guest/crash_hotplug.sh"),
    include_str!("../../guest/crash.sh")
);
const FULL: &str = include_str!("../../guest/crash_full.sh");
const SPARSE: &str = concat!(
    include_str!("../../guest/crash_sparse.sh"),
    include_str!("../../guest/crash.sh")
);
const KCORE: &str = concat!(
    include_str!("../../guest/crash_kcore.sh"),
    include_str!("../../guest/crash.sh")
);
const RSDP: &str = concat!(
    include_str!("../../guest/crash_rsdp.sh"),
    include_str!("../../guest/crash.sh")
);
const SMALL: &str = concat!(
    include_str!("../../guest/crash_small.sh"),
    include_str!("../../guest/crash.sh")
);
const NONE: &str = include_str!("../../guest/crash_none.sh");
const LOW: &str = concat!(
    include_str!("../../guest/crash_low.sh"),
    include_str!("../../guest/crash.sh")
);
const CAPTURE_LOW: &str = concat!(
    include_str!("../../guest/capture_low.sh"),
    include_str!("../../guest/capture.sh")
);
const CAPTURE: &str = include_str!("../../guest/capture.sh");
const CAPTURE_SMALL: &str = include_str!("../../guest/capture_small.sh");

/// Every scenario of a crash.
pub fn all() -> Vec<Scenario> {
    vec![
        four_cpus(crash("crash-6.1-c", "-c -p", "6.1").slow()),
        crash("crash-6.1-s", "-s -p", "6.1"),
        four_cpus(crash("crash-6.12-c", "-c -p", "6.12")),
        four_cpus(crash("crash-6.12-s", "-s -p", "6.12").slow()),
        four_cpus(crash("crash-7.x-c", "-c -p", "7.x")),
        crash("crash-7.x-s", "-s -p", "7.x").slow(),
        crash("crash-uefi-6.1-c", "-c -p", "6.1").slow().uefi(),
        crash("crash-uefi-6.1-s", "-s -p", "6.1").slow().uefi(),
        four_cpus(crash("crash-uefi-6.12-c", "-c -p", "6.12").uefi()),
        crash("crash-uefi-6.12-s", "-s -p", "6.12").slow().uefi(),
        crash("crash-uefi-7.x-c", "-c -p", "7.x").slow().uefi(),
        four_cpus(crash("crash-uefi-7.x-s", "-s -p", "7.x").uefi()),
        crash("crash-la57", "-c -p", "7.x")
            .cpu("max", 2)
            .flags(&["la57"]),
        crash("crash-unpacked", "-c -p --unpacked", "6.12"),
        crash("crash-unpacked-la57", "-c -p --unpacked", "7.x")
            .slow()
            .cpu("max", 2)
            .flags(&["la57"]),
        crash("crash-old-cpu", "-c -p", "6.12")
            .slow()
            .cpu("qemu64", 2),
        crash("crash-memmap", "-c -p --pass-memmap-cmdline", "6.12"),
        hotplug("crash-hotplug", "-c -p --hotplug"),
        hotplug("crash-hotplug-s", "-s -p").slow(),
        cpus("crash-cpus-6.12", "6.12").slow(),
        cpus("crash-cpus-7.x", "7.x"),
        sparse(crash("crash-reuse", "-a -p --reuse-cmdline", "7.x"))
            .never("FACT hop=1 cmdline=*crashkernel"),
        sparse(crash("crash-vmlinux", "-c -p", "6.1").vmlinux()),
        crash("crash-no-kcore", "-c -p", "6.12")
            .script(KCORE)
            .shows("FACT hop=0 said=note: *kcore"),
        noefi(crash("crash-uefi-noefi", "-c -p --noefi", "7.x"))
            .never("FACT hop=1 cmdline=*acpi_rsdp="),
        noefi(crash("crash-uefi-rsdp", "-c -p --noefi", "6.12"))
            .script(RSDP)
            .shows("FACT hop=1 cmdline=*acpi_rsdp=0x"),
        crash("crash-uefi-vmlinux", "-c -p", "6.1")
            .slow()
            .uefi()
            .vmlinux(),
        small("crash-96m-c", "-c -p"),
        small("crash-96m-s", "-s -p").slow(),
        low("crash-low", "-c -p"),
        low("crash-low-plain", "-c -p --no-checks")
            .slow()
            .cpu("qemu64", 1),
        refused(),
        lockdown(),
        changed(),
        none("crash-none", "")
            .shows("FACT hop=0 ckr=0")
            .shows("FACT hop=0 load-c=1")
            .shows("FACT hop=0 load-s=1")
            .shows("FACT hop=0 said-s=*crashkernel="),
        none("crash-too-small", "crashkernel=48M")
            .shows("FACT hop=0 ckr=50331648")
            .shows("FACT hop=0 load-c=1")
            .shows("FACT hop=0 load-s=255")
            .shows("FACT hop=0 said-c=*are missing; boot*crashkernel=")
            .shows("FACT hop=0 said-s=*are missing; boot*crashkernel="),
        full("crash-full", "6.12", "nogbpages")
            .slow()
            .never("FACT hop=0 meminfo=DirectMap1G"),
        full("crash-full-gbpages", "7.x", "").shows("FACT hop=0 meminfo=DirectMap1G"),
        high("crash-high", "-c -p"),
        high("crash-high-s", "-s -p").slow(),
    ]
}

/// With four CPUs, each of whose registers must be in the dump: in the kernel, every one.
fn four_cpus(scenario: Scenario) -> Scenario {
    scenario
        .cpu("max,la57=off", 4)
        .shows("FACT hop=1 note=0 prstatus bytes=336 rip=0xffffffff")
        .shows("FACT hop=1 note=1 prstatus bytes=336 rip=0xffffffff")
        .shows("FACT hop=1 note=2 prstatus bytes=336 rip=0xffffffff")
        .shows("FACT hop=1 note=3 prstatus bytes=336 rip=0xffffffff")
        .shows("FACT hop=1 note=4 type=0")
        .shows("FACT hop=1 notes=5")
}

/// CPUs go and come after the crash kernel was loaded.
fn hotplug(name: &'static str, options: &'static str) -> Scenario {
    crash(name, options, "6.12")
        .script(HOTPLUG)
        .cpu("max,la57=off", 4)
        .shows("FACT hop=0 hotplug=1")
        .shows("FACT hop=0 online=0-1,3")
        .shows("FACT hop=0 still_loaded=1")
        .shows("FACT hop=1 note=2 prstatus bytes=336 rip=0xffffffff")
        .shows("FACT hop=1 notes=4")
}

/// Of four CPUs one was never online, and one is not any more when the other two crash.
fn sparse(scenario: Scenario) -> Scenario {
    scenario
        .words("crashkernel=384M maxcpus=3")
        .cpu("max,la57=off", 4)
        .script(SPARSE)
        .shows("FACT hop=0 present=0-3")
        .shows("FACT hop=0 online=0,2")
        .shows("FACT hop=1 note=0 prstatus bytes=336 rip=0xffffffff")
        .shows("FACT hop=1 note=1 prstatus bytes=336 rip=0xffffffff")
        .shows("FACT hop=1 note=2 type=0")
        .shows("FACT hop=1 notes=3")
}

/// Under UEFI, whose data the crash kernel does not get: it still finds the ACPI tables.
fn noefi(scenario: Scenario) -> Scenario {
    scenario.uefi().never("FACT hop=1 efivars")
}

/// Two regions: the kernel is loaded to the upper one, and gets the lower one too.
fn high(name: &'static str, options: &'static str) -> Scenario {
    crash(name, options, "6.12")
        .memory(6144)
        .words("crashkernel=384M,high")
        .shows("FACT hop=0 reservation=1*Crash kernel")
        .shows("FACT hop=0 reservations=2")
}

/// A kernel that crashes into itself, and what must be seen of every one.
pub fn crash(name: &'static str, options: &'static str, kernel: &'static str) -> Scenario {
    Scenario::new(name, "crash, and the dump by makedumpfile", kernel)
        .words("crashkernel=384M")
        .hop(options, kernel)
        .with("nr_cpus=1 reset_devices")
        .script(CRASH)
        .capture(CAPTURE)
        .shows("FACT hop=0 load=0")
        .shows("FACT hop=0 crash_loaded=1")
        .shows("FACT hop=0 status=1")
        .shows("FACT hop=1 dmesg.exit=0")
        .shows("FACT hop=1 panic=*libkexec-mark-0")
        .shows("FACT hop=1 panic=*sysrq triggered crash")
        .shows("FACT hop=1 dump.exit=0")
        .shows("FACT hop=1 again.exit=0")
        .shows("FACT hop=1 again=same")
        .ours_only()
}

/// Nothing that is refused costs the machine its crash kernel.
fn refused() -> Scenario {
    let mut scenario = crash("crash-refused", "-c -p", "6.12")
        .script(REFUSED)
        .memory(3072);
    for name in ["room-s", "elf-s", "open-s", "open-a"] {
        let text = format!("FACT hop=0 {name}.loaded=1");
        scenario = scenario.shows(text.leak());
    }
    for name in ["empty", "other", "long", "large", "vmcoreinfo"] {
        for method in ["c", "s"] {
            let text = format!("FACT hop=0 {name}-{method}.loaded=1");
            scenario = scenario.shows(text.leak());
        }
    }
    scenario
        .shows("FACT hop=0 load.loaded=1")
        .shows("FACT hop=0 unload.loaded=0")
        .shows("FACT hop=0 unload-other-way.loaded=0")
        .shows("FACT hop=0 unload.status=0")
        .shows("FACT hop=0 load.status=1")
        .shows("FACT hop=0 room-s.said=*the new kernel takes")
        .shows("FACT hop=0 open-s.said=*/tmp/open: it is open for writing")
        .shows("FACT hop=0 open-a.said=*/tmp/open: it is open for writing")
        .never("WARNING")
        .shows("FACT hop=0 large-s.said=*are missing")
        .shows("FACT hop=0 long-s.said=*the new kernel takes")
        .shows("FACT hop=0 vmcoreinfo-c.exit=255")
        .shows("FACT hop=0 vmcoreinfo-c.said=*vmcoreinfo")
        .shows("FACT hop=0 vmcoreinfo-s.exit=0")
        .shows("FACT hop=0 kcore.said=note: *kcore")
        .shows("FACT hop=0 limit.said=*kexec_load_limit_panic")
        .shows("FACT hop=0 limit.loaded=1")
        .never(".exit=139")
}

/// A running kernel that says it is older than 5.5: low memory is in the dump, as it was.
fn low(name: &'static str, options: &'static str) -> Scenario {
    let mut scenario = crash(name, options, "6.12")
        .script(LOW)
        .capture(CAPTURE_LOW)
        .shows("FACT hop=0 said=*they are copied before");
    for at in ["0x30000", "0x58000", "0x9e000"] {
        for (fact, value) in [
            ("0 low", "0x6B786563"),
            ("1 now", "0x0BADF00D"),
            ("1 dumped", "0x6b786563"),
        ] {
            scenario = scenario.shows(format!("FACT hop={fact}={at} {value}").leak());
        }
    }
    scenario
}

/// CPUs that are plugged in and out. CPU 2 is not there when the crash kernel is loaded, so that
/// only the running kernel can have put its notes into the elfcorehdr.
fn cpus(name: &'static str, kernel: &'static str) -> Scenario {
    crash(name, "-c -p --hotplug", kernel)
        .script(CPUS)
        .cpu("max,la57=off", 4)
        .plugged()
        .shows("FACT hop=0 before=0,3")
        .shows("FACT hop=0 crash_notes=2")
        .shows("FACT hop=0 hotplug=1")
        .shows("FACT hop=0 added=0,2-3")
        .shows("FACT hop=0 ejected=0,2")
        .shows("FACT hop=0 again=0,2-3")
        .shows("FACT hop=0 taken=0,2")
        .shows("FACT hop=0 online=0,2")
        .shows("FACT hop=0 still_loaded=1")
        .shows("FACT hop=0 spinning=4242")
        .shows("FACT hop=1 note=0 prstatus bytes=336 rip=0xffffffff*pid=1")
        .shows("FACT hop=1 note=1 prstatus bytes=336*pid=4242")
        .shows("FACT hop=1 note=2 type=0")
        .shows("FACT hop=1 notes=3")
}

/// Lockdown takes a signed crash kernel, refuses any other, and costs the old one only where the
/// kernel checks too late; then the command says so.
fn lockdown() -> Scenario {
    crash("crash-lockdown", "-s -p", "7.x")
        .trusting()
        .words("crashkernel=384M lockdown=integrity")
        .script(LOCKDOWN)
        .shows("FACT hop=0 lockdown=none [integrity] confidentiality")
        .shows("FACT hop=0 signed.exit=0")
        .shows("FACT hop=0 signed.loaded=1")
        .shows("FACT hop=0 load.exit=255")
        .shows("FACT hop=0 load.said=*kexec_load failed: Operation not permitted")
        .shows("FACT hop=0 load.said=*locked down*use -s")
        .shows("FACT hop=0 load.loaded=1")
        .shows("FACT hop=0 auto.exit=0")
        .shows("FACT hop=0 auto.loaded=1")
        .shows("FACT hop=0 changed-s.exit=255")
        .shows("FACT hop=0 changed-s.said=*WARNING: no crash kernel is loaded any more")
        .shows("FACT hop=0 changed-s.loaded=0")
        .shows("FACT hop=0 changed-a.exit=255")
        .shows("FACT hop=0 changed-a.said=*no signature it trusts")
        .shows("FACT hop=0 changed-a.said=*WARNING: no crash kernel is loaded any more")
        .never("changed-a.said=*kexec_load failed")
        .shows("FACT hop=0 changed-a.loaded=0")
        .shows("FACT hop=0 nothing.exit=255")
        .never("nothing.said=*WARNING")
        .shows("FACT hop=0 after.exit=255")
        .shows("FACT hop=0 after.loaded=1")
}

/// A file that changes while it is loaded is refused and costs nothing; one that changes
/// afterwards changes nothing.
fn changed() -> Scenario {
    crash("crash-changed", "-c -p", "6.12")
        .memory(1024)
        .script(CHANGED)
        .shows("FACT hop=0 changed-c.exit=255")
        .shows("FACT hop=0 changed-c.said=*the file changed while it was being loaded")
        .shows("FACT hop=0 changed-c.loaded=1")
        .shows("FACT hop=0 changed-s.said=*it is open for writing")
        .shows("FACT hop=0 changed-s.loaded=1")
        .never("WARNING")
        .shows("FACT hop=0 left=0")
        .shows("FACT hop=0 still_loaded=1")
}

/// A reservation of which the kernel's image takes two thirds.
fn small(name: &'static str, options: &'static str) -> Scenario {
    Scenario::new(name, "a crash kernel in 96 MiB", "6.1")
        .words("crashkernel=96M")
        .hop(options, "6.1")
        .with("nr_cpus=1 reset_devices")
        .payload(0)
        .script(SMALL)
        .capture(CAPTURE_SMALL)
        .shows("FACT hop=0 load=0")
        .shows("FACT hop=0 ckr=100663296")
        .shows("FACT hop=1 magic=7f454c46")
        .shows("FACT hop=1 dmesg.exit=0")
        .shows("FACT hop=1 panic=*libkexec-mark-0")
        .shows("FACT hop=1 panic=*sysrq triggered crash")
        .shows("FACT hop=1 dump.exit=0")
        .ours_only()
}

/// Without a reservation that would do.
fn none(name: &'static str, words: &'static str) -> Scenario {
    Scenario::new(name, "a crash kernel is refused", "6.12")
        .words(words)
        .hop("-c -p", "6.12")
        .script(NONE)
        .shows("FACT hop=0 crash_loaded=0")
        .ours_only()
}

/// A reservation with no page more than is needed, and the size that is advised, are enough.
fn full(name: &'static str, kernel: &'static str, words: &'static str) -> Scenario {
    let words = format!("crashkernel=384M {words}");
    Scenario::new(name, "a crash kernel fills its reservation", kernel)
        // Room for more page tables than what is kept free for other reasons.
        .memory(16384)
        .words(words.leak())
        .hop("-c -p", kernel)
        .script(FULL)
        .shows("FACT hop=0 meminfo=DirectMap2M")
        .shows("FACT hop=0 small=*are missing; boot*crashkernel=")
        .shows("FACT hop=0 spare=0")
        .shows("FACT hop=0 full.exit=0")
        .shows("FACT hop=0 full.loaded=1")
        .shows("FACT hop=0 advised.exit=0")
        .shows("FACT hop=0 advised.loaded=1")
        .ours_only()
}
