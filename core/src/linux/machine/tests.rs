use super::*;
use crate::machine::{IomemAccess, Known, Lockdown, MemorySource, XenGuest};
use crate::memory::MemoryKind;
use std::boxed::Box;
use std::ffi::CString;
use std::path::PathBuf;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, fs};

mod capture;
mod maps;
mod unknown;

/// A directory with copies of a machine's files, removed when dropped.
struct Fake(PathBuf);

impl Fake {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("kexec-core-machine-{}-{name}", std::process::id()));
        fs::create_dir_all(directory.join("proc")).unwrap();
        Self(directory)
    }

    fn file(&self, path: &str, contents: impl AsRef<[u8]>) -> &Self {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    fn memmap(&self, number: u32, start: u64, end: u64, kind: &str) -> &Self {
        let entry = format!("sys/firmware/memmap/{number}");
        self.file(&format!("{entry}/start"), format!("{start:#x}\n"))
            .file(&format!("{entry}/end"), format!("{end:#x}\n"))
            .file(&format!("{entry}/type"), format!("{kind}\n"))
    }

    fn efi(&self) -> &Self {
        for (n, physical) in [0x7f00_0000_u64, 0x7e00_0000, 0x7d00_0000]
            .iter()
            .enumerate()
        {
            for (file, value) in [
                ("type", 5),
                ("phys_addr", *physical),
                ("virt_addr", 0xffff_fffe_0000_0000 + physical),
                ("num_pages", 16),
                ("attribute", 0x8000_0000_0000_000f),
            ] {
                let path = format!("sys/firmware/efi/runtime-map/{n}/{file}");
                self.file(&path, format!("{value:#x}\n"));
            }
        }
        self.file("sys/firmware/efi/fw_platform_size", "64\n")
            .file("sys/firmware/efi/fw_vendor", "0x7feed018\n")
            .file("sys/firmware/efi/runtime", "0xfffffffeff5ee000\n")
            .file("sys/firmware/efi/config_table", "0x7feec018\n")
            .file(
                "sys/firmware/efi/systab",
                "ACPI20=0x7fb7e014\nACPI=0x7fb7e000\n",
            )
    }

    fn read(&self) -> Box<Machine> {
        let mut machine = Box::new(Machine::new());
        self.read_into(&mut machine);
        machine
    }

    fn read_into(&self, machine: &mut Machine) {
        read_machine_at(&self.path(), machine).unwrap();
    }

    fn path(&self) -> CString {
        CString::new(self.0.to_str().unwrap()).unwrap()
    }

    /// What a plan for a reboot is made of, read by the code for it into a machine that knows
    /// another one, is what the whole machine's reader finds.
    fn read_to_boot(&self) -> Box<Machine> {
        let whole = self.read();
        let other = Self::new("other");
        other
            .efi()
            .file("proc/iomem", "00001000-0009fbff : System RAM\n")
            .file("sys/kernel/boot_params/data", page(&[(0, 4096, 1)], 0));
        let mut machine = Box::new(Machine::new());
        to_boot::read_below(&other.path(), &mut machine);
        assert!(machine.efi.is_complete() && machine.x86.boot_params.get().is_some());
        to_boot::read_below(&self.path(), &mut machine);
        assert_eq!(machine.memory.entries(), whole.memory.entries());
        assert_eq!(machine.maps.source, whole.maps.source);
        assert_eq!(machine.iomem.entries(), whole.iomem.entries());
        assert_eq!(machine.maps.iomem_access, whole.maps.iomem_access);
        assert_eq!(machine.x86.boot_params.get(), whole.x86.boot_params.get());
        assert_eq!(machine.platform.acpi_rsdp, whole.platform.acpi_rsdp);
        assert_eq!(format!("{:?}", machine.efi), format!("{:?}", whole.efi));
        assert_eq!(machine.efi.map_full, whole.efi.map_full);
        assert_eq!(machine.maps.full, whole.maps.full);
        machine
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const IOMEM: &str = "\
00001000-0009fbff : System RAM
00100000-3fffffff : System RAM
  01000000-01ffffff : Kernel code
  20000000-2fffffff : Crash kernel
";

/// A boot_params page with these entries: address, size, kind.
fn page(e820: &[(u64, u64, u32)], setup_data: u64) -> Vec<u8> {
    let mut page = std::vec![0; 4096];
    page[0x1e8] = e820.len() as u8;
    page[0x250..0x258].copy_from_slice(&setup_data.to_le_bytes());
    let table = entries(e820);
    page[0x2d0..0x2d0 + table.len()].copy_from_slice(&table);
    page
}

fn entries(e820: &[(u64, u64, u32)]) -> Vec<u8> {
    let raw = |entry: &(u64, u64, u32)| {
        let (address, size) = (entry.0.to_le_bytes(), entry.1.to_le_bytes());
        [&address[..], &size[..], &entry.2.to_le_bytes()[..]].concat()
    };
    e820.iter().flat_map(raw).collect()
}

fn kinds(machine: &Machine) -> Vec<u32> {
    let entries = machine.memory.entries().iter();
    entries.map(|entry| entry.kind.0).collect()
}

#[test]
fn this_machine_can_be_read() {
    let mut machine = Box::new(Machine::new());
    read_machine(&mut machine);
    assert!(!machine.maps.full && !machine.efi.map_full);
    assert!(
        machine
            .platform
            .total_ram
            .is_some_and(|bytes| bytes > 1 << 24)
    );
    let memmap = fs::read_dir("/sys/firmware/memmap").map_or(0, Iterator::count);
    if memmap != 0 {
        assert_ne!(machine.maps.source, MemorySource::None);
        assert!(machine.memory.ram() > 1 << 24);
        assert!(machine.memory.entries().len() >= memmap / 2);
    }
    if let Ok(line) = fs::read("/proc/cmdline") {
        assert_eq!(machine.command_line.get(), Some(line.trim_ascii_end()));
    }
    if let Ok(cpuinfo) = fs::read_to_string("/proc/cpuinfo") {
        let flags = cpuinfo.lines().find(|line| line.starts_with("flags"));
        // There are none on other architectures than x86.
        if let Some(flags) = flags {
            let la57 = flags.split(' ').any(|word| word == "la57");
            assert_eq!(machine.x86.five_level_paging, Known::of(la57));
        }
    }
    assert!(machine.kexec.cap_sys_boot != Known::Unknown);
    if machine.maps.iomem_access == IomemAccess::Read {
        assert!(machine.iomem.ram() > 1 << 24);
        assert!(machine.kernel.code.is_some());
    }
}

/// A plan is made of everything but the state of kexec.
#[test]
fn what_a_plan_needs_is_all_but_the_state() {
    let (mut whole, mut part) = (Box::new(Machine::new()), Box::new(Machine::new()));
    read_machine(&mut whole);
    read_machine_to_plan(&mut part);
    assert_eq!(part.kexec, crate::machine::KexecState::NONE);
    assert_ne!(whole.kexec, part.kexec);
    assert_eq!(part.memory.entries(), whole.memory.entries());
    assert_eq!(part.iomem.entries(), whole.iomem.entries());
    assert_eq!(part.command_line.get(), whole.command_line.get());
    assert_eq!(part.x86.boot_params.get(), whole.x86.boot_params.get());
    assert_eq!(part.efi.map(), whole.efi.map());
    assert_eq!(part.platform.total_ram, whole.platform.total_ram);
}

/// The kernel's names are numbers; a longer one is none of its.
#[test]
fn an_entry_of_too_long_a_name_spoils_its_source() {
    let fake = Fake::new("long-name");
    fake.memmap(0, 0x10_0000, 0x7fff_ffff, "System RAM");
    assert_eq!(fake.read().maps.source, MemorySource::FirmwareMemmap);
    let name = "1".repeat(60);
    for (file, value) in [
        ("start", "0x0\n"),
        ("end", "0xfff\n"),
        ("type", "Reserved\n"),
    ] {
        fake.file(&format!("sys/firmware/memmap/{name}/{file}"), value);
    }
    assert_eq!(fake.read().maps.source, MemorySource::None);
}

#[test]
fn nothing_there_is_nothing_known() {
    let fake = Fake::new("empty");
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::None);
    assert!(machine.memory.is_empty() && machine.iomem.is_empty());
    assert_eq!(machine.maps.iomem_access, IomemAccess::Missing);
    assert_eq!(machine.kexec, crate::machine::KexecState::NONE);
    assert!(!machine.efi.present && !machine.xen.domain && machine.platform.acpi_rsdp == 0);
    assert_eq!(machine.platform.total_ram, None);
    assert_eq!(machine.no_memory(), crate::Error::NoMemoryMap);
    assert_eq!(machine.dump.vmcoreinfo, None);
}

#[test]
fn a_root_that_is_not_one_is_an_error() {
    let fake = Fake::new("typo");
    let mut machine = fake.file("proc/iomem", IOMEM).read();
    assert!(!machine.memory.is_empty());
    for (path, errno) in [("/nowhere", 2), ("/proc", 2), ("/proc/iomem", 20)] {
        let root = CString::new([fake.0.to_str().unwrap(), path].concat()).unwrap();
        let refused = read_machine_at(&root, &mut machine);
        assert_eq!(refused, Err(crate::Errno(errno)), "{path}");
        assert!(machine.memory.is_empty());
    }
}

#[test]
fn efi_is_complete_or_not_passed_on() {
    let fake = Fake::new("efi");
    fake.efi();
    let mut machine = fake.read();
    assert!(machine.efi.is_complete());
    let order: Vec<u64> = machine
        .efi
        .map()
        .iter()
        .map(|entry| entry.physical)
        .collect();
    assert_eq!(order, [0x7d00_0000, 0x7e00_0000, 0x7f00_0000]);
    assert_eq!(machine.platform.acpi_rsdp, 0x7fb7_e014);

    fs::remove_file(fake.0.join("sys/firmware/efi/runtime-map/1/virt_addr")).unwrap();
    fake.read_into(&mut machine);
    assert!(machine.efi.present && machine.efi.map().is_empty());
    assert!(!machine.efi.is_complete());

    // Of type 0, which is a type like others.
    fake.efi();
    fake.file("sys/firmware/efi/runtime-map/1/type", "0x0\n");
    fs::remove_file(fake.0.join("sys/firmware/efi/runtime-map/1/phys_addr")).unwrap();
    fake.read_into(&mut machine);
    assert!(machine.efi.present && machine.efi.map().is_empty());

    fs::remove_dir_all(fake.0.join("sys")).unwrap();
    fake.read_into(&mut machine);
    assert!(!machine.efi.present);
    assert_eq!(machine.platform.acpi_rsdp, 0);
}

#[test]
fn the_boot_loaders_rsdp_is_better_than_efis() {
    let fake = Fake::new("rsdp");
    let mut page = page(&[], 0);
    page[0x70..0x78].copy_from_slice(&0xf_5a30_u64.to_le_bytes());
    fake.efi().file("sys/kernel/boot_params/data", &page);
    assert_eq!(fake.read().platform.acpi_rsdp, 0xf_5a30);
    fake.file("sys/firmware/efi/systab", "ACPI=0x7000\n");
    page[0x70..0x78].fill(0);
    fake.file("sys/kernel/boot_params/data", &page);
    assert_eq!(fake.read().platform.acpi_rsdp, 0x7000);
}

#[test]
fn to_boot_the_same_is_read() {
    let fake = Fake::new("to-boot");
    let none = fake.read_to_boot();
    assert!(none.memory.is_empty() && !none.efi.present);

    // Nodes 0 to 11, the last one an extension of the table.
    let head = [(0, 0x9_fc00, 1), (0x10_0000, 0x3ff0_0000, 1)];
    let tail: Vec<_> = (0..250).map(|n| ((n + 64) << 28, 0x1000, 1)).collect();
    fake.efi().file("proc/iomem", IOMEM);
    fake.file("sys/kernel/boot_params/data", page(&head, 0x1234));
    for node in 0..11 {
        fake.file(
            &format!("sys/kernel/boot_params/setup_data/{node}/type"),
            "0x9\n",
        );
    }
    fake.file("sys/kernel/boot_params/setup_data/11/type", "0x1\n")
        .file("sys/kernel/boot_params/setup_data/11/data", entries(&tail));
    let machine = fake.read_to_boot();
    assert_eq!(machine.memory.entries().len(), 252);
    assert_eq!(machine.iomem.entries().len(), 2);
    assert!(machine.efi.is_complete());

    // A node that cannot be read leaves /proc/iomem, a page that is none does, too.
    fake.file("sys/kernel/boot_params/setup_data/12/type", "what\n");
    let machine = fake.read_to_boot();
    assert_eq!(machine.maps.source, MemorySource::Iomem);
    fake.file("sys/kernel/boot_params/data", "short");
    let machine = fake.read_to_boot();
    assert_eq!(machine.memory.entries(), machine.iomem.entries());

    fake.file("proc/iomem", "00000000-00000000 : System RAM\n");
    assert!(fake.read_to_boot().memory.is_empty());
    let line = |n: u64| format!("{:x}-{:x} : System RAM\n", n << 20, (n << 20) + 0xfff);
    fake.file("proc/iomem", (1..=8449).map(line).collect::<String>());
    assert!(fake.read_to_boot().maps.full);
}

#[test]
fn kexec_state_in_the_new_place_and_the_old() {
    let fake = Fake::new("state");
    fake.file("sys/kernel/kexec_loaded", "1\n")
        .file("sys/kernel/kexec_crash_loaded", "0\n")
        .file("proc/sys/kernel/kexec_load_disabled", "1\n")
        .file("proc/sys/kernel/kexec_load_limit_reboot", "-1\n")
        .file("proc/sys/kernel/kexec_load_limit_panic", "3\n")
        .file(
            "sys/kernel/security/lockdown",
            "none [integrity] confidentiality\n",
        )
        .file("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n")
        .file("proc/self/status", "Name:\tx\nCapEff:\t0000000000400000\n");
    let machine = fake.read();
    assert_eq!(machine.platform.total_ram, Some(16 << 20));
    let state = machine.kexec;
    assert_eq!((state.loaded, state.crash_loaded), (Known::Yes, Known::No));
    assert_eq!(state.load_disabled, Known::Yes);
    assert_eq!(
        (state.load_limit_reboot, state.load_limit_panic),
        (Some(-1), Some(3))
    );
    assert_eq!(state.lockdown, Lockdown::Integrity);
    assert_eq!(state.cap_sys_boot, Known::Yes);
    fake.file("sys/kernel/kexec/loaded", "0\n")
        .file("sys/kernel/kexec/crash_loaded", "1\n");
    let state = fake.read().kexec;
    assert_eq!((state.loaded, state.crash_loaded), (Known::No, Known::Yes));
}

#[test]
fn xen_domains() {
    let fake = Fake::new("xen");
    fake.file("sys/hypervisor/type", "xen\n")
        .file("sys/hypervisor/guest_type", "HVM\n");
    let machine = fake.read();
    assert!(machine.xen.domain && machine.xen.control == Known::Unknown);
    assert_eq!(machine.xen.guest, XenGuest::Hvm);
    fake.file("proc/xen/capabilities", "control_d\n");
    assert_eq!(fake.read().xen.control, Known::Yes);
    fs::remove_dir_all(fake.0.join("sys")).unwrap();
    assert!(fake.read().xen.domain);
}

#[test]
fn directories_and_huge_files_in_the_place_of_files() {
    let fake = Fake::new("odd");
    let much = "x".repeat(100_000).to_string();
    fake.file("proc/cmdline", &much)
        .file("sys/kernel/boot_params/data", &much)
        .file("proc/iomem/x", "")
        .file("sys/kernel/kexec_loaded/x", "")
        .file("sys/firmware/memmap", "a file")
        .file("sys/firmware/efi/systab", &much)
        .file("proc/cpuinfo", &much);
    let machine = fake.read();
    assert!(machine.command_line.is_too_long());
    assert_eq!(machine.maps.iomem_access, IomemAccess::Unreadable);
    assert_eq!(machine.maps.source, MemorySource::None);
    assert_eq!(machine.kexec.loaded, Known::Unknown);
}

/// `nogbpages` leaves the CPU's flag as it is.
#[test]
fn pages_of_a_gib_are_those_the_kernel_uses() {
    let fake = Fake::new("gbpages");
    fake.file("proc/cpuinfo", "flags\t\t: fpu pdpe1gb lm\n");
    assert_eq!(fake.read().x86.gbpages, Known::Unknown);
    let meminfo = "MemTotal: 16384 kB\nDirectMap4k: 8 kB\nDirectMap2M: 16 kB\n";
    fake.file("proc/meminfo", meminfo);
    assert_eq!(fake.read().x86.gbpages, Known::No);
    fake.file("proc/meminfo", format!("{meminfo}DirectMap1G: 0 kB\n"));
    assert_eq!(fake.read().x86.gbpages, Known::Yes);
}

/// Sparse CPUs, one of them not there; the places of kernels before and after 6.19.
#[test]
fn what_a_dump_needs() {
    let fake = Fake::new("dump");
    let iomem = format!(
        "{IOMEM}40000000-43ffffff : GART\n\
         100000000-13fffffff : System RAM (kmem)\n\
         140000000-14fffffff : virtio0\n  140000000-147ffffff : System RAM (virtio_mem)\n"
    );
    fake.file("proc/iomem", iomem)
        .file("proc/sys/kernel/osrelease", "6.12.107+deb13-amd64\n")
        .file("proc/cpuinfo", "flags\t\t: fpu pdpe1gb lm\n")
        .file("sys/kernel/vmcoreinfo", "0x0000000100c66000 1024\n")
        .file("sys/kernel/crash_elfcorehdr_size", "917616\n")
        .file("sys/kernel/kexec/crash_cma_ranges", "38000000-3fffffff\n")
        .file("sys/devices/system/cpu/possible", "0-1,8-9\n");
    for (cpu, address) in [(0, 0x3fc1_0400_u64), (1, 0x3fc9_0400), (9, 0x1000)] {
        let directory = format!("sys/devices/system/cpu/cpu{cpu}");
        fake.file(
            &format!("{directory}/crash_notes"),
            format!("{address:x}\n"),
        )
        .file(&format!("{directory}/crash_notes_size"), "368\n");
    }
    let machine = fake.read();
    let dump = &machine.dump;
    assert_eq!(dump.cpus.addresses(), [0x3fc1_0400, 0x3fc9_0400, 0x1000]);
    assert_eq!((dump.cpus.size, dump.cpus.absent), (368, 1));
    let note = dump.vmcoreinfo.unwrap();
    assert_eq!((note.start(), note.size()), (0x1_00c6_6000, 4132));
    assert_eq!(dump.elfcorehdr_size, Some(917_616));
    assert_eq!(dump.cma()[0].start(), 0x3800_0000);
    assert_eq!(dump.gart.unwrap().start(), 0x4000_0000);
    assert_eq!(
        (dump.release, machine.x86.gbpages),
        ((6, 12), Known::Unknown)
    );
    let ram: Vec<_> = dump
        .ram
        .ranges()
        .iter()
        .map(|r| (r.start(), r.last()))
        .collect();
    assert_eq!(
        ram,
        [
            (0x1000, 0x9_fbff),
            (0x10_0000, 0x3fff_ffff),
            (0x1_0000_0000, 0x1_47ff_ffff),
        ]
    );
    // Nobody needs it without a reservation, and CPUs are many.
    let none = Fake::new("no-reservation");
    none.file("proc/iomem", "00100000-3fffffff : System RAM\n")
        .file("sys/kernel/vmcoreinfo", "0x0000000100c66000 1024\n");
    assert_eq!(none.read().dump.vmcoreinfo, None);
}
