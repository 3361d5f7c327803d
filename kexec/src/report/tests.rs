use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

use kexec_core::machine::{Firmware, IomemAccess, Lockdown, Machine, MemorySource};
use kexec_core::memory::{MemoryKind, Range};
use kexec_core::plan::{self, Request as PlanRequest, Workspace};

use super::*;
use crate::command::{Request, parse};

fn text(write: impl FnOnce(&mut Lines<'_>) -> Result) -> String {
    let mut out = String::new();
    write(&mut Lines(&mut out)).unwrap();
    out
}

fn range(start: u64, last: u64) -> Range {
    Range::new(start, last).unwrap()
}

#[test]
fn an_unread_machine_is_unknown() {
    let machine = Box::new(Machine::new());
    assert_eq!(
        text(|out| super::machine(out, &machine)),
        "memory:          unknown, 0 ranges, 0 MiB RAM\n\
         iomem:           missing\n\
         boot_params:     not readable\n\
         efi:             unknown\n\
         acpi rsdp:       unknown\n\
         paging:          unknown\n\
         crash kernel:    unknown\n\
         lockdown:        unknown\n\
         cap_sys_boot:    unknown\n\
         load disabled:   unknown\n\
         loads left:      unknown\n\
         loaded:          unknown\n\
         crash loaded:    unknown\n"
    );
}

fn known_machine() -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    machine
        .memory
        .add(range(0x10_0000, 0x3fff_ffff), MemoryKind::RAM)
        .unwrap();
    machine.maps.source = MemorySource::FirmwareMemmap;
    machine.maps.iomem_access = IomemAccess::Read;
    machine.platform.total_ram = Some(1 << 30);
    machine.x86.boot_params.set(&[0; 4096]);
    machine.platform.firmware = Firmware::NotEfi;
    machine.platform.acpi_rsdp = 0xf_52d0;
    machine.x86.five_level_paging = Known::No;
    machine.crash.region = Some(range(0x1000_0000, 0x1fff_ffff));
    machine.crash.low = Some(range(0x80_0000, 0x8f_ffff));
    machine.dump.cpus.size = 2032;
    machine.dump.cpus.absent = 3;
    machine.dump.vmcoreinfo = Some(range(0x1000, 0x1fff));
    machine.dump.elfcorehdr_size = Some(65536);
    machine.xen.domain = true;
    machine.kexec.lockdown = Lockdown::Integrity;
    machine.kexec.cap_sys_boot = Known::Yes;
    machine.kexec.load_disabled = Known::No;
    machine.kexec.load_limit_reboot = Some(-1);
    machine.kexec.loaded = Known::No;
    machine.kexec.crash_loaded = Known::Yes;
    machine
}

#[test]
fn each_fact_has_its_line() {
    let mut machine = known_machine();
    assert_eq!(
        text(|out| super::machine(out, &machine)),
        "memory:          /sys/firmware/memmap, 1 ranges, 1023 MiB RAM\n\
         iomem:           0 ranges\n\
         load limit:      512 MiB, half of the RAM in use\n\
         boot_params:     readable\n\
         efi:             none\n\
         acpi rsdp:       0xf52d0\n\
         paging:          4 levels\n\
         crash kernel:    0x10000000-0x1fffffff and 0x800000-0x8fffff\n\
         crash notes:     0 CPUs, 2032 bytes each, 3 CPUs absent\n\
         vmcoreinfo:      0x1000-0x1fff\n\
         kcore:           not readable\n\
         crash hotplug:   65536 bytes\n\
         xen:             yes\n\
         lockdown:        integrity\n\
         cap_sys_boot:    yes\n\
         load disabled:   no\n\
         loads left:      no limit\n\
         loaded:          no\n\
         crash loaded:    yes\n"
    );
    machine.crash.low = None;
    machine.dump.cpus.unread = 2;
    machine.kexec.load_limit_reboot = Some(7);
    let said = text(|out| super::machine(out, &machine));
    for line in [
        "crash kernel:    0x10000000-0x1fffffff\n",
        "crash notes:     0 CPUs, 2032 bytes each, 3 CPUs absent, 2 not readable\n",
        "loads left:      7\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn the_actions_are_said_in_their_order() {
    let said = |arguments: &[&'static core::ffi::CStr]| {
        let Ok(Request::Work(command)) = parse(arguments.iter().copied()) else {
            panic!("{arguments:?}");
        };
        text(|out| would(out, &command))
    };
    assert_eq!(
        said(&[c"-f", c"kernel"]),
        "would:           load the kernel\n\
         would:           then start it at once\n"
    );
    assert_eq!(
        said(&[c"-p", c"-u"]),
        "would:           unload the crash kernel\n"
    );
    assert_eq!(
        said(&[c"kernel"]),
        "would:           load the kernel\n\
         would:           then run shutdown -r now\n"
    );
}

fn files() -> [Listed<'static>; 2] {
    [
        Listed {
            role: "kernel",
            path: b"/boot/k\n",
            size: 4096,
        },
        Listed {
            role: "initrd",
            path: b"/boot/i",
            size: 7,
        },
    ]
}

#[test]
fn a_load_by_kexec_file_load() {
    let load = FileLoad {
        flags: 0xa,
        joined: true,
        crash: true,
    };
    assert_eq!(
        text(|out| by_file(out, load, &files(), b"root=/dev/sda1")),
        "method:          kexec_file_load\n\
         kernel:          /boot/k\\x0a (4096 bytes)\n\
         initrd:          /boot/i (7 bytes)\n\
         command line:    root=/dev/sda1 (14 bytes)\n\
         flags:           0xa\n\
         note:            the initrds are joined in memory, padded to 4 bytes between\n\
         note:            the running kernel puts elfcorehdr= before the command line\n\
         note:            the running kernel reads, verifies and places the files itself\n"
    );
}

#[test]
fn a_load_by_kexec_load() {
    let (mut machine, kernel) = (known_machine(), kexec_testing::elf_kernel(&[0; 0x1000]));
    machine.xen.domain = false;
    machine.maps.iomem_access = IomemAccess::Missing;
    let mut workspace = Box::new(Workspace::new());
    let mut request = PlanRequest {
        kernel: &kernel,
        initrds: &[b"070701", b"070702"],
        ..PlanRequest::default()
    };
    request.options.elf = Some(kexec_core::plan::ElfAs::Linux);
    request.options.verify = false;
    let plan = plan::plan(&request, &machine, &mut workspace).unwrap();
    let said = text(|out| by_plan(out, &plan, &files()));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "method:          kexec_load",
            "kernel:          /boot/k\\x0a (4096 bytes)",
            "initrd:          /boot/i (7 bytes)",
            "command line:    empty",
        ]
    );
    for line in [
        "kernel entry:    0x3fe00000",
        "flags:           0x3e0000",
        "segment 0:       0x3fe00000 memsz 4096 bufsz 4096 kernel",
    ] {
        assert!(lines.contains(&line), "{line}: {said}");
    }
    for end in [
        " memsz 4096 bufsz 6 initrd0",
        " memsz 4096 bufsz 6 initrd1",
        " boot_params",
        " purgatory",
    ] {
        assert!(
            lines.iter().any(|line| line.ends_with(end)),
            "{end}: {said}"
        );
    }
    assert!(!said.contains("digest:"), "{said}");
    let note = "note:            the purgatory will not verify the image";
    assert!(lines.contains(&note), "{said}");
}

/// Lines are broken at blanks, never past 80 columns; a path or a command line is not broken.
#[test]
fn a_line_fits_the_screen() {
    let word = "0123456789".repeat(3);
    let said = text(|out| out.fact("note", format_args!("{word} {word} 2 {word}")));
    let blanks = " ".repeat(17);
    assert_eq!(
        said,
        format!("note:            {word} {word} 2\n{blanks}{word}\n")
    );
    for length in 0..200 {
        let word = "x".repeat(length % 40);
        let long = "\u{e4}".repeat(length);
        let said = text(|out| out.row("segment", 12, format_args!("{long} {word} {word} {word}")));
        let flat: String = said.split_whitespace().collect();
        assert_eq!(flat, format!("segment12:{long}{word}{word}{word}"));
        for line in said.lines() {
            let columns = line.chars().count();
            assert!(columns <= 80 || length > 63, "{line}");
        }
    }
    let line = "a ".repeat(100);
    let said = text(|out| out.text("command line", line.as_bytes(), 200));
    assert_eq!(said, format!("command line:    {line} (200 bytes)\n"));
}
