//! What cannot be read is not known, and not no.

use super::*;
use crate::Error;
use crate::arch::Arch;
use crate::linux::arch::NATIVE;
use crate::machine::{Firmware, refusal};
use crate::plan::{CrashOptions, Note, Request, Workspace, plan};
use crate::testing::bzimage;

/// One with everything a plan asks for, and a reservation.
pub(super) fn whole(name: &str) -> Fake {
    let fake = Fake::new(name);
    fake.file("proc/iomem", IOMEM)
        .file("proc/cmdline", "ro\n")
        .file("proc/cpuinfo", "flags\t\t: fpu lm\n")
        .file("proc/kcore", kcore())
        .file("proc/sys/kernel/osrelease", "6.12.0\n")
        .file(
            "sys/kernel/boot_params/data",
            page(&[(0, 0x9_fc00, 1), (0x10_0000, 0x3ff0_0000, 1)], 0),
        )
        .file("sys/firmware/acpi/x", "")
        .file("sys/kernel/vmcoreinfo", "0x0000000100c66000 1024\n")
        .file("sys/devices/system/cpu/possible", "0-1\n");
    for cpu in 0..2 {
        let directory = format!("sys/devices/system/cpu/cpu{cpu}");
        fake.file(&format!("{directory}/crash_notes"), "3fc10400\n")
            .file(&format!("{directory}/crash_notes_size"), "368\n");
    }
    fake
}

/// A table with 4 GiB of memory that can be removed.
#[rustfmt::skip]
pub(super) const SRAT: &[u8] = &[
    b'S', b'R', b'A', b'T', 88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    1, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
    0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// The program headers that name the kernel's text and the direct map.
fn kcore() -> Vec<u8> {
    let mut file = std::vec![0_u8; 64 + 2 * 56];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[32..40].copy_from_slice(&64_u64.to_le_bytes());
    file[54..56].copy_from_slice(&56_u16.to_le_bytes());
    file[56..58].copy_from_slice(&2_u16.to_le_bytes());
    for (index, virt, phys, size) in [
        (0, 0xffff_ffff_8100_0000_u64, 0x100_0000_u64, 0x200_0000_u64),
        (1, 0xffff_8880_0010_0000, 0x10_0000, 0x3ff0_0000),
    ] {
        let at = 64 + index * 56;
        file[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        for (offset, value) in [(16, virt), (24, phys), (32, size), (40, size)] {
            file[at + offset..at + offset + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
    file
}

/// What a plan for it says: the notes that warn, or the refusal.
fn planned(fake: &Fake, change: impl FnOnce(&mut Request<'_, '_>)) -> Result<Vec<Note>, Error> {
    let mut kernel = bzimage(0x1000);
    // 1 MiB, so that it fits every machine here.
    kernel[0x260..0x264].copy_from_slice(&0x10_0000_u32.to_le_bytes());
    let mut request = Request {
        kernel: &kernel,
        rng_seed: Some([1; 32]),
        ..Request::default()
    };
    change(&mut request);
    let machine = fake.read();
    let mut workspace = Box::new(Workspace::new());
    let plan = plan(&request, &machine, &mut workspace)?;
    let notes = plan.notes().iter().copied();
    Ok(notes.filter(Note::is_warning).collect())
}

fn reboot(fake: &Fake) -> Result<Vec<Note>, Error> {
    planned(fake, |_| ())
}

fn crash(fake: &Fake) -> Result<Vec<Note>, Error> {
    planned(fake, |request| {
        request.options.crash = Some(CrashOptions::default())
    })
}

const fn unknown(what: &'static str) -> Error {
    Error::Unknown { what }
}

fn gone(fake: &Fake, path: &str) {
    let path = fake.0.join(path);
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
}

/// In the place of a file, a directory: it opens, and read(2) fails.
fn unreadable(fake: &Fake, path: &str) {
    gone(fake, path);
    fs::create_dir_all(fake.0.join(path)).unwrap();
}

#[test]
fn nothing_is_said_of_a_machine_that_is_known() {
    let fake = whole("whole");
    assert_eq!(reboot(&fake), Ok(Vec::new()));
    assert_eq!(crash(&fake), Ok(Vec::new()));
}

#[test]
fn iomem() {
    let fake = whole("iomem");
    let long: String = (1..9000)
        .map(|n: u64| format!("{:x}-{:x} : System RAM\n", n << 20, (n << 20) + 0xfff))
        .collect();
    let reversed = IOMEM.replace("3fffffff :", "000fffff :");
    for (contents, what, access) in [
        ("garbage\n", refusal::IOMEM_DAMAGED, IomemAccess::Damaged),
        ("", refusal::IOMEM_DAMAGED, IomemAccess::Damaged),
        (&reversed, refusal::IOMEM_DAMAGED, IomemAccess::Damaged),
        (
            &format!("{IOMEM}40000"),
            refusal::IOMEM_DAMAGED,
            IomemAccess::Damaged,
        ),
        (&long, refusal::IOMEM_TOO_LONG, IomemAccess::TooLong),
    ] {
        fake.file("proc/iomem", contents);
        assert_eq!(fake.read().maps.iomem_access, access);
        assert_eq!(reboot(&fake), Err(unknown(what)), "{contents:.20}");
        assert!(fake.read().iomem.is_empty());
        let reserved = match access {
            IomemAccess::TooLong => Error::NoCrashReservation,
            _ => unknown(refusal::RESERVATION),
        };
        assert_eq!(crash(&fake), Err(reserved), "{contents:.20}");
    }
    unreadable(&fake, "proc/iomem");
    assert_eq!(fake.read().maps.iomem_access, IomemAccess::Unreadable);
    assert_eq!(reboot(&fake), Err(unknown(refusal::IOMEM_UNREADABLE)));
    assert_eq!(crash(&fake), Err(unknown(refusal::RESERVATION)));
    gone(&fake, "proc/iomem");
    assert_eq!(reboot(&fake), Ok(Vec::from([Note::NoIomem])));
    assert_eq!(crash(&fake), Err(unknown(refusal::RESERVATION)));
    let masked = "00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n";
    fake.file("proc/iomem", masked);
    assert_eq!(reboot(&fake), Ok(Vec::from([Note::NoIomem])));
    assert_eq!(crash(&fake), Err(unknown(refusal::RESERVATION_MASKED)));
    // Only this says that there is none.
    fake.file("proc/iomem", "00100000-3fffffff : System RAM\n");
    assert_eq!(crash(&fake), Err(Error::NoCrashReservation));
}

#[test]
fn levels_of_page_tables() {
    let fake = whole("levels");
    let without = |fake: &Fake| {
        let mut kernel = bzimage(0x1000);
        kernel[0x260..0x264].copy_from_slice(&0x10_0000_u32.to_le_bytes());
        kernel[0x236] &= !0x20;
        planned(fake, |request| request.kernel = kernel.leak())
    };
    assert_eq!(without(&fake), Ok(Vec::new()));
    fake.file("proc/cpuinfo", "flags\t\t: fpu la57\n");
    assert!(matches!(without(&fake), Err(Error::NotBootable { .. })));
    for contents in ["", "processor\t: 0\n", "garbage"] {
        fake.file("proc/cpuinfo", contents);
        assert_eq!(fake.read().x86.five_level_paging, Known::Unknown);
        assert_eq!(
            without(&fake),
            Err(unknown(refusal::FIVE_LEVEL)),
            "{contents}"
        );
        // A kernel that can be entered with either does not care.
        assert_eq!(reboot(&fake), Ok(Vec::new()));
    }
    unreadable(&fake, "proc/cpuinfo");
    assert_eq!(without(&fake), Err(unknown(refusal::FIVE_LEVEL)));
}

/// The kernel that runs is asked for what its files do not say.
#[test]
fn this_machines_page_tables_are_known_without_its_files() {
    let mut machine = Box::new(Machine::new());
    to_boot::ask_kernel(&mut machine);
    let mut read = Box::new(Machine::new());
    read_machine_at(c"/", &mut read).unwrap();
    assert_eq!(machine.platform.total_ram, read.platform.total_ram);
    // Elsewhere the kernel is not asked; under QEMU's user mode the files are those of an x86.
    if NATIVE == Some(Arch::X86_64) {
        assert_eq!(machine.x86.five_level_paging, read.x86.five_level_paging);
        assert_ne!(machine.x86.five_level_paging, Known::Unknown);
    } else {
        assert_eq!(machine.x86.five_level_paging, Known::Unknown);
    }
}

#[test]
fn to_boot_this_machine_is_the_same() {
    let (mut whole, mut machine) = (Box::new(Machine::new()), Box::new(Machine::new()));
    read_machine(&mut whole);
    read_machine_to_boot(&mut machine);
    assert_eq!(machine.platform.total_ram, whole.platform.total_ram);
    // Elsewhere the kernel is not asked; under QEMU's user mode the files are those of an x86.
    if NATIVE == Some(Arch::X86_64) {
        assert_eq!(machine.x86.five_level_paging, whole.x86.five_level_paging);
    } else {
        assert_eq!(machine.x86.five_level_paging, Known::Unknown);
    }
    assert_eq!(machine.iomem.entries(), whole.iomem.entries());
}

#[test]
fn firmware_and_acpi_tables() {
    let fake = whole("acpi");
    let mut efi = page(&[(0, 0x9_fc00, 1), (0x10_0000, 0x3ff0_0000, 1)], 0);
    efi[0x1c0..0x1c4].copy_from_slice(b"EL64");
    let gives = |fake: &Fake, line: &'static [u8], efi| {
        planned(fake, |request| {
            request.command_line = line;
            request.options.efi = efi;
        })
    };
    // No file of /sys: nobody knows.
    gone(&fake, "sys");
    let machine = fake.read();
    assert_eq!(machine.platform.firmware, Firmware::Unreadable);
    assert_eq!(reboot(&fake), Err(unknown(refusal::FIRMWARE)));
    let without = Ok(Vec::from([
        Note::NoRsdp,
        Note::MemoryFromIomem,
        Note::NoBootParams,
    ]));
    assert_eq!(gives(&fake, b"", false), without);
    for line in [&b"ro acpi_rsdp=0x7fb7e014"[..], b"acpi=off"] {
        let passed = Ok(Vec::from([Note::MemoryFromIomem, Note::NoBootParams]));
        assert_eq!(gives(&fake, line, true), passed);
    }
    // What comes after "--" is not for the kernel.
    assert!(gives(&fake, b"-- acpi=off", true).is_err());
    // An empty /sys/firmware is a masked one.
    fs::create_dir_all(fake.0.join("sys/firmware")).unwrap();
    assert_eq!(fake.read().platform.firmware, Firmware::Unreadable);
    fake.file("sys/firmware/acpi/x", "");
    assert_eq!(fake.read().platform.firmware, Firmware::NotEfi);
    assert_eq!(
        reboot(&fake),
        Ok(Vec::from([Note::MemoryFromIomem, Note::NoBootParams]))
    );
    // EFI for sure, and its tables masked.
    gone(&fake, "sys/firmware");
    fake.file("sys/kernel/boot_params/data", &efi);
    assert_eq!(fake.read().platform.firmware, Firmware::Efi);
    assert_eq!(reboot(&fake), Err(unknown(refusal::RSDP)));
    assert_eq!(gives(&fake, b"", false), Err(unknown(refusal::RSDP)));
    efi[0x70..0x74].copy_from_slice(&0x7fb7_e014_u32.to_le_bytes());
    fake.file("sys/kernel/boot_params/data", &efi);
    assert_eq!(reboot(&fake), Ok(Vec::from([Note::EfiUnread])));
    // Whole.
    fake.efi();
    assert_eq!(reboot(&fake), Ok(Vec::new()));
    // Not used by the running kernel, which is no lack of knowledge.
    gone(&fake, "sys/firmware/efi/runtime-map");
    assert_eq!(reboot(&fake), Ok(Vec::new()));
    // A systab without ACPI: there is none.
    fake.file("sys/firmware/efi/systab", "SMBIOS=0x7000\n");
    efi[0x70..0x74].fill(0);
    fake.file("sys/kernel/boot_params/data", &efi);
    assert_eq!(reboot(&fake), Ok(Vec::new()));
    unreadable(&fake, "sys/firmware/efi/systab");
    assert_eq!(reboot(&fake), Err(unknown(refusal::RSDP)));
    assert_eq!(crash(&fake), Err(unknown(refusal::RSDP)));
}

#[test]
fn the_running_kernels_command_line() {
    let fake = whole("cmdline");
    gone(&fake, "proc/cmdline");
    assert_eq!(reboot(&fake), Ok(Vec::from([Note::NoCommandLine])));
    // Where all there is comes from /proc/iomem, it decides nothing.
    gone(&fake, "sys/kernel/boot_params");
    let notes = reboot(&fake).unwrap();
    assert_eq!(notes, [Note::MemoryFromIomem, Note::NoBootParams]);
}

#[test]
fn registers_of_every_cpu() {
    let fake = whole("cpus");
    let unread = |count| Ok(Vec::from([Note::CpusUnread { count }]));
    let notes = "sys/devices/system/cpu/cpu1/crash_notes";
    for contents in ["0\n", "what\n", ""] {
        fake.file(notes, contents);
        assert_eq!(crash(&fake), unread(1), "{contents}");
    }
    unreadable(&fake, notes);
    assert_eq!(crash(&fake), unread(1));
    gone(&fake, notes);
    assert_eq!(crash(&fake), unread(1));
    // Not there is not unreadable.
    gone(&fake, "sys/devices/system/cpu/cpu1");
    assert_eq!(crash(&fake), Ok(Vec::new()));
    assert_eq!(fake.read().dump.cpus.absent, 1);
    // A size that cannot be read, and one that older kernels do not have.
    fake.file("sys/devices/system/cpu/cpu0/crash_notes_size", "x");
    assert_eq!(
        crash(&fake),
        Ok(Vec::from([Note::NoCpuNotes, Note::CpusUnread { count: 1 }]))
    );
    gone(&fake, "sys/devices/system/cpu/cpu0/crash_notes_size");
    assert_eq!(crash(&fake), Ok(Vec::new()));
    assert_eq!(fake.read().dump.cpus.size, 1024);
    for list in ["", "3-0\n", "x", "0-1,\n"] {
        fake.file("sys/devices/system/cpu/possible", list);
        assert_eq!(fake.read().dump.cpus.listed, Known::No);
        assert_eq!(crash(&fake), Ok(Vec::from([Note::NoCpuNotes])), "{list}");
    }
    gone(&fake, "sys/devices/system/cpu/possible");
    assert_eq!(crash(&fake), Ok(Vec::from([Note::NoCpuNotes])));
    // Nobody asks for them otherwise.
    assert_eq!(reboot(&fake), Ok(Vec::new()));
}

#[test]
fn what_else_a_dump_is_told() {
    let fake = whole("dump-unknown");
    gone(&fake, "proc/kcore");
    assert_eq!(crash(&fake), Ok(Vec::from([Note::NoKcore])));
    fake.file("proc/kcore", kcore());
    for contents in ["garbage", ""] {
        fake.file("proc/sys/kernel/osrelease", contents);
        assert_eq!(crash(&fake), Ok(Vec::from([Note::LowMemoryLost])));
    }
    fake.file("proc/sys/kernel/osrelease", "6.12.0\n");
    for contents in ["1000-1fff\nx\n", &"1000-1fff\n".repeat(200)] {
        fake.file("sys/kernel/kexec/crash_cma_ranges", contents);
        assert_eq!(crash(&fake), Ok(Vec::from([Note::CmaUnread])));
    }
    fake.file("sys/kernel/kexec/crash_cma_ranges", "");
    assert_eq!(crash(&fake), Ok(Vec::new()));
    fake.file("sys/kernel/vmcoreinfo", "0\n");
    assert_eq!(crash(&fake), Err(Error::NoVmcoreinfo));
}

#[test]
fn a_xen_domain_that_does_not_say_which() {
    let fake = whole("xen-unknown");
    fs::create_dir_all(fake.0.join("proc/xen")).unwrap();
    assert_eq!(reboot(&fake), Err(unknown(refusal::XEN_CONTROL)));
    fake.file("sys/hypervisor/guest_type", "PVH\n");
    assert_eq!(reboot(&fake), Err(unknown(refusal::XEN_CONTROL)));
    // Never the control domain.
    fake.file("sys/hypervisor/guest_type", "HVM\n");
    assert_eq!(reboot(&fake), Ok(Vec::new()));
    fake.file("sys/hypervisor/guest_type", "PVH\n")
        .file("proc/xen/capabilities", "");
    assert_eq!(reboot(&fake), Ok(Vec::new()));
}

/// The programs that are tiny know as much.
#[test]
fn to_boot_the_same_is_not_known() {
    let fake = whole("to-boot-unknown");
    for change in [
        |fake: &Fake| fs::write(fake.0.join("proc/iomem"), "garbage").unwrap(),
        |fake: &Fake| unreadable(fake, "proc/iomem"),
        |fake: &Fake| gone(fake, "proc/iomem"),
        |fake: &Fake| gone(fake, "sys"),
    ] {
        change(&fake);
        let (whole, part) = (fake.read(), fake.read_to_boot());
        assert_eq!(part.platform.firmware, whole.platform.firmware);
        assert_eq!(part.maps.iomem_access, whole.maps.iomem_access);
    }
}

/// docs/unknown.md has the words of every refusal and every warning.
#[test]
fn the_page_of_policies_has_all_texts() {
    let page = include_str!("../../../../../docs/unknown.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in refusal::ALL {
        assert!(page.contains(words), "docs/unknown.md lacks: {words}");
    }
    let warnings = [
        Note::NoIomem,
        Note::NoBootParams,
        Note::NoKcore,
        Note::LowMemoryLost,
        Note::EfiUnread,
        Note::NoRsdp,
        Note::MemoryFromIomem,
        Note::NoCommandLine,
        Note::NoCpuNotes,
        Note::CpusUnread { count: 2 },
        Note::CmaUnread,
    ];
    for note in warnings {
        assert!(note.is_warning());
        let words = note.to_string();
        assert!(page.contains(&words), "docs/unknown.md lacks: {words}");
    }
}

#[test]
fn memory_that_can_be_removed() {
    let fake = whole("srat");
    let known = |fake: &Fake| {
        let machine = fake.read();
        let ranges = machine.hot_plug.memory().iter();
        (
            machine.hot_plug.known,
            ranges.map(|range| (range.start(), range.last())).collect(),
        )
    };
    let unknown = (Known::Unknown, Vec::new());
    // No directory of tables: old captures, masked in a container.
    assert_eq!(known(&fake), unknown);
    fake.file("sys/firmware/acpi/tables/DSDT", "");
    assert_eq!(known(&fake), (Known::No, Vec::new()));
    let path = "sys/firmware/acpi/tables/SRAT";
    let ranges = [(1 << 32, (1 << 33) - 1)].to_vec();
    fake.file(path, SRAT);
    assert_eq!(known(&fake), (Known::Yes, ranges));
    // Longer than what is read at once.
    let cpus = [0, 16, 0, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].repeat(600);
    let mut long = [&SRAT[..48], &cpus, &SRAT[48..]].concat();
    long[4..8].copy_from_slice(&(88 + 9600_u32).to_le_bytes());
    fake.file(path, &long);
    assert_eq!(known(&fake).0, Known::Yes);
    fake.file(path, &long[..9000]);
    assert_eq!(known(&fake), unknown);
    fake.file(path, "");
    assert_eq!(known(&fake), unknown);
    fs::remove_file(fake.0.join(path)).unwrap();
    fs::create_dir(fake.0.join(path)).unwrap();
    assert_eq!(known(&fake), unknown);
}
