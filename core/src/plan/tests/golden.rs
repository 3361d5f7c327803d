//! Plans of generated machines and requests, held against recorded ones.
//!
//! `golden.txt` has a line for each case: what was planned, or the number of the error. A change
//! that is meant to leave plans alone leaves the file alone; one that means to change them writes
//! it anew, and the difference shows what it changed:
//!
//! ```text
//! KEXEC_GOLDEN=write cargo test -p kexec-core --lib golden
//! ```
//!
//! An image family has a row in [`FAMILIES`], and cases of its own: each starts its own stream of
//! random numbers, so that a new row adds lines at the end and changes none.
//!
//! Of the purgatory only what the loader writes into it is recorded, not its code nor a digest over
//! it: those change with the compiler.

use super::placement::random_machine;
use super::*;
use crate::machine::EfiMemoryDescriptor;
use core::fmt::Write;
use std::string::String;

/// An image family: the beginning of its lines, how many there are, and what makes an image, adds its
/// name, and says whether it is a vmlinux.
type Family = (
    &'static str,
    u64,
    fn(&mut Random, &mut String) -> (Vec<u8>, bool),
);

/// In the order of the lines. New ones are added at the end.
const FAMILIES: &[Family] = &[
    ("", 400, any_kernel),
    ("32-bit ", 120, any_32_bit),
    ("real mode ", 300, any_real_mode),
    ("multiboot ", 200, super::multiboot::any_multiboot),
    (ELF, 80, any_elf),
];

const RECORDED: &str = include_str!("golden.txt");

/// FNV-1a, 64 bits: any hash will do here.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Adds RAM and reservations to both maps.
fn add(machine: &mut Machine, start: u64, size: u64, kind: MemoryKind) {
    let range = Range::from_size(start, size).unwrap();
    machine.memory.add(range, kind).unwrap();
    machine.iomem.add(range, kind).unwrap();
}

/// 8 GiB with a hole below 4 GiB, as firmware of PCs gives it.
fn laptop(machine: &mut Machine) {
    add(machine, 0, 0x9_fc00, MemoryKind::RAM);
    add(machine, 0xf_0000, 0x1_0000, MemoryKind::RESERVED);
    add(machine, 0x10_0000, 0x7ee0_0000, MemoryKind::RAM);
    add(machine, 0x7ef0_0000, 0x10_0000, MemoryKind(3));
    add(machine, 0x7f00_0000, 0x10_0000, MemoryKind(4));
    add(machine, 0x1_0000_0000, 0x1_8000_0000, MemoryKind::RAM);
    machine.platform.acpi_rsdp = 0xf_5a40;
    machine.platform.total_ram = Some(8 << 30);
}

/// Hundreds of ranges over 2 TiB: more e820 entries than boot_params holds.
fn server(machine: &mut Machine, random: &mut Random) {
    for n in 0..100 + random.below(200) {
        let start = (n << 33) + (1 << 20);
        add(machine, start, (1 << 32) + (n << 12), MemoryKind::RAM);
        let reserved = start + (6 << 30);
        add(machine, reserved, 1 << 20, MemoryKind::RESERVED);
    }
    machine.x86.five_level_paging = Known::of(random.below(2) == 0);
}

/// What a machine with UEFI adds.
fn uefi(machine: &mut Machine, random: &mut Random) {
    let mut page = [0_u8; 4096];
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    page[0x1c4..0x1c8].copy_from_slice(&0x7f9e_e018_u32.to_le_bytes());
    page[0x00f] = 0x70;
    page[0x1ec] = random.below(4) as u8;
    machine.x86.boot_params.set(&page);
    machine.platform.firmware = Firmware::Efi;
    machine.efi.fw_vendor = 0x7f00_0010;
    machine.efi.runtime = 0x7f00_0020;
    machine.efi.config_table = 0x7f00_0030;
    machine.efi.smbios = 0x7f00_0040;
    for n in 0..random.below(30) {
        let descriptor = EfiMemoryDescriptor {
            kind: 5 + (n % 2) as u32,
            physical: 0x7000_0000 + (n << 21),
            virtual_: 0xffff_fffe_0000_0000 + (n << 21),
            pages: 1 + random.below(64),
            attribute: 1 << 63 | 0xf,
        };
        machine.efi.add(descriptor).unwrap();
    }
}

/// What a machine with a crash reservation adds.
fn reserved(machine: &mut Machine, random: &mut Random) {
    let size = [96_u64, 128, 256, 512][random.below(4) as usize] << 20;
    let start = [0x2000_0000, 0x1_2000_0000][random.below(2) as usize];
    machine.crash.region = Range::from_size(start, size);
    if start > 1 << 32 {
        machine.crash.low = Range::from_size(0x4000_0000, 256 << 20);
    }
    for (start, size) in [(0x10_0000, 0x7ee0_0000), (0x1_0000_0000, 0x1_8000_0000)] {
        let range = Range::from_size(start, size).unwrap();
        machine.dump.ram.insert(range).unwrap();
    }
    for cpu in 0..1 + random.below(64) {
        machine.dump.cpus.add(0x3fc1_0400 + (cpu << 12));
    }
    machine.dump.cpus.size = 368;
    machine.dump.release = [(6, 12), (5, 4), (7, 3), (0, 0)][random.below(4) as usize];
    machine.dump.vmcoreinfo = Range::from_size(0x1_00c6_6000, 4132);
    if random.below(2) == 0 {
        machine.dump.direct_map = Some(0xffff_8f4b_4000_0000);
        machine.dump.text = Some(crate::machine::KernelText {
            virt: 0xffff_ffff_a820_0000,
            phys: 0x1420_0000,
            size: 0x240_0000,
        });
    }
    if random.below(2) == 0 {
        machine.dump.elfcorehdr_size = Some(0x1_0000);
    }
}

fn any_machine(random: &mut Random, crash: bool, name: &mut String) -> Box<Machine> {
    let kind = if crash { 0 } else { random.below(4) };
    let mut machine = Box::new(Machine::new());
    match kind {
        0 | 1 => {
            name.push_str("laptop");
            laptop(&mut machine);
        }
        2 => {
            name.push_str("server");
            server(&mut machine, random);
        }
        _ => {
            name.push_str("random");
            machine = random_machine(random);
        }
    }
    machine.maps.iomem_access = IomemAccess::Read;
    machine.platform.firmware = Firmware::NotEfi;
    machine.command_line.set(b"ro");
    if machine.x86.five_level_paging == Known::Unknown {
        machine.x86.five_level_paging = Known::No;
    }
    if kind < 2 && random.below(2) == 0 {
        name.push_str("+efi");
        uefi(&mut machine, random);
    }
    if crash {
        name.push_str("+reserved");
        reserved(&mut machine, random);
    }
    machine
}

/// A bzImage or a vmlinux of some kind.
fn any_kernel(random: &mut Random, name: &mut String) -> (Vec<u8>, bool) {
    if random.below(6) == 0 {
        name.push_str(" vmlinux");
        let at = [0x100_0000_u64, 0x1000, 0x120_0000][random.below(3) as usize];
        return (vmlinux(at), true);
    }
    name.push_str(" bzImage");
    let mut kernel = bzimage(0x2000 + random.below(0x4000) as usize);
    let mut put = |offset: usize, bytes: &[u8]| {
        kernel[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    match random.below(5) {
        0 => put(0x234, &[0]),
        1 => put(0x236, &[0x7d]),
        2 => put(0x236, &[0x1f]),
        _ => {}
    }
    if random.below(3) == 0 {
        let alignment = 1_u32 << (12 + random.below(16));
        put(0x230, &alignment.to_le_bytes());
        let size = 0x8000 + random.below(1 << 28) as u32;
        put(0x260, &size.to_le_bytes());
    }
    (kernel, false)
}

/// A bzImage of any protocol, without a 64-bit entry.
fn any_32_bit(random: &mut Random, name: &mut String) -> (Vec<u8>, bool) {
    let version = 0x0200 + random.below(16) as u16;
    let _ = write!(name, " {version:x}");
    let mut kernel = super::linux32::kernel(version, 0);
    if random.below(3) == 0 {
        kernel[0x234] = 0;
    }
    if random.below(3) == 0 {
        kernel[0x215] = 1 + random.below(4) as u8;
    }
    (kernel, false)
}

/// A bzImage of any protocol, without another entry than that in real mode.
fn any_real_mode(random: &mut Random, name: &mut String) -> (Vec<u8>, bool) {
    let (mut kernel, _) = any_32_bit(random, name);
    // code32_start, or syssize.
    let field = [0x214, 0x1f4][random.below(2) as usize];
    kernel[field..field + 4].fill(0);
    (kernel, false)
}

/// The family of ELF programs.
const ELF: &str = "ELF ";

/// An ELF program of either class, for one place or any.
fn any_elf(random: &mut Random, name: &mut String) -> (Vec<u8>, bool) {
    let (is_64, anywhere) = (random.below(2) == 0, random.below(3) == 0);
    let first = if anywhere {
        0
    } else {
        0x8000 << (4 * random.below(4))
    };
    let mut next = first;
    let loads: Vec<[u64; 4]> = (0..=random.below(3))
        .map(|number| {
            let in_file = 0x100 + random.below(0xf00);
            let in_memory = in_file + random.below(2) * random.below(0x5000);
            let load = [0x1000 + number * 0x1000, next, in_file, in_memory];
            next = (next + in_memory).next_multiple_of(0x1000) + random.below(3) * 0x1000;
            load
        })
        .collect();
    let align = 0x1000 << random.below(10);
    let _ = write!(
        name,
        " {} bits {first:x} {}",
        if is_64 { 64 } else { 32 },
        loads.len()
    );
    let kind = if anywhere { 3 } else { 2 };
    (
        super::elf::file(is_64, kind, first + random.below(0x100), align, &loads),
        false,
    )
}

/// An ELF kernel of three parts from `at` on.
fn vmlinux(at: u64) -> Vec<u8> {
    let mut file = vec![0x90_u8; 0x4000];
    // What says that it supports 5-level paging and takes EFI over.
    let text = b"\0pgdir_shift\0ptrs_per_p4d\0Linux version 6.1.0 (x";
    file[0x1200..][..text.len()].copy_from_slice(text);
    file[..64].fill(0);
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16] = 2;
    file[18] = 62;
    file[24..32].copy_from_slice(&(at + 0x100).to_le_bytes());
    file[32] = 64;
    file[54] = 56;
    file[56] = 3;
    for (index, (offset, address, in_file, in_memory)) in [
        (0x1000_u64, at, 0x1800_u64, 0x1800_u64),
        (0x2800, at + 0x20_0000, 0x800, 0x1800),
        (0x3000, at + 0x40_0000, 0, 0x2345),
    ]
    .into_iter()
    .enumerate()
    {
        let header = &mut file[64 + 56 * index..][..56];
        header.fill(0);
        header[..4].copy_from_slice(&1_u32.to_le_bytes());
        for (field, value) in [
            (8, offset),
            (24, address),
            (32, in_file),
            (40, in_memory),
            (48, 0x20_0000),
        ] {
            header[field..field + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
    file
}

fn any_options(random: &mut Random, crash: bool, name: &mut String) -> Options {
    let mut options = Options {
        efi: random.below(4) > 0,
        verify: random.below(3) > 0,
        ..Options::DEFAULT
    };
    if random.below(4) == 0 {
        options.mem_min = random.below(1 << 31);
        options.mem_max = options.mem_min + random.below(1 << 34);
        name.push_str(" window");
    }
    if random.below(4) == 0 {
        options.on_failure = OnFailure::Reboot;
        options.console.vga = random.below(2) == 0;
        options.console.serial = true;
        options.console.serial_baud = 115_200;
        name.push_str(" console");
    }
    if crash {
        options.crash = Some(CrashOptions {
            hotplug: random.below(3) == 0,
            memmap: random.below(4) == 0,
        });
        name.push_str(" crash");
    }
    options
}

/// What is recorded of a case.
fn record(family: &Family, number: u64, workspace: &mut Workspace) -> String {
    let (start, _, any_kernel) = *family;
    let mut random = Random::new(number);
    let mut line = std::format!("{start}{number:03} ");
    let crash = random.below(3) == 0;
    let machine = any_machine(&mut random, crash, &mut line);
    let (kernel, args_linux) = any_kernel(&mut random, &mut line);
    let small = random.below(if crash || args_linux { 12 } else { 4 }) == 0;
    // plan_to_boot takes no other family.
    let small = small && start.is_empty();
    let mut options = any_options(&mut random, crash, &mut line);
    options.elf = args_linux.then_some(ElfAs::Linux);
    // Most of what the others get is refused.
    let little = start == ELF && random.below(8) > 0;
    if start == ELF {
        let bare = random.below(2) == 0;
        options.elf = Some(if bare { ElfAs::Bare } else { ElfAs::BootNotes });
        let _ = write!(line, " {:?}", options.elf);
    }
    if little {
        options.crash = None;
    }
    if small {
        options.console = Console::DEFAULT;
    }
    let files = [vec![3_u8; 5000], vec![5; 1 << 20], vec![7; 4096]];
    let count = match random.below(10) {
        _ if little => 0,
        0 => 13,
        _ => random.below(5),
    };
    let mut initrds: Vec<&[u8]> = (0..count)
        .map(|n| files[n as usize % 3].as_slice())
        .collect();
    let mut modules: Vec<Module<'_, '_>> = Vec::new();
    if start == "multiboot " && random.below(10) > 0 {
        let all = initrds.drain(..);
        modules.extend(all.map(|bytes| Module {
            bytes,
            arguments: b"module with words",
        }));
    }
    let text = [b'x'; 2100];
    let length = [0, 20, 300, 500, 2000, 2047, 2048][random.below(7) as usize];
    let length = if little && options.elf == Some(ElfAs::Bare) {
        0
    } else {
        length
    };
    let dtb = [0xd0_u8; 700];
    let request = Request {
        kernel: &kernel,
        initrds: &initrds,
        modules: &modules,
        command_line: &text[..length],
        dtb: (random.below(5) == 0 && start != "multiboot " && !little).then_some(&dtb),
        rng_seed: (random.below(4) > 0).then_some([9; 32]),
        digest_secret: None,
        options,
    };
    let _ = write!(line, " {} initrds: ", initrds.len());
    if !modules.is_empty() {
        let _ = write!(line, "{} modules: ", modules.len());
    }
    let plan = if small {
        line.push_str("to_boot ");
        plan_to_boot(&request, &machine, workspace)
    } else {
        plan(&request, &machine, workspace)
    };
    match plan {
        Ok(plan) => describe(&plan, &mut line),
        Err(error) => {
            let _ = write!(line, "error {}", error.number());
        }
    }
    line
}

fn describe(plan: &Plan<'_>, line: &mut String) {
    let _ = write!(
        line,
        "entry {:x} kernel {:x} flags {:x} digest {} setup {:?} check {} notes {}",
        plan.entry,
        plan.kernel_entry,
        plan.flags,
        u8::from(plan.digest.is_some()),
        plan.setup_types()
            .iter()
            .map(|kind| kind.0)
            .collect::<Vec<_>>(),
        plan.check().map_or_else(|error| error.number(), |()| 0),
        plan.notes().len(),
    );
    for segment in plan.segments() {
        let (loaded, length) = match segment.kind {
            SegmentKind::Purgatory => (written(segment.buf), 0),
            _ => (segment.buf.to_vec(), segment.buf.len()),
        };
        let _ = write!(
            line,
            " | {} {:x}+{:x} {:x} {:016x}",
            segment.kind,
            segment.mem,
            segment.memsz,
            length,
            hash(&loaded)
        );
    }
}

/// What the loader wrote into a purgatory, without digests.
fn written(bytes: &[u8]) -> Vec<u8> {
    use crate::purgatory::{BARE, PARAMETERS_OFFSET, layout::offset};
    if bytes.len() == purgatory::SEGMENT_SIZE {
        // The secret and the digests are last.
        bytes[PARAMETERS_OFFSET..][..offset::SECRET].to_vec()
    } else {
        bytes[BARE.len()..].to_vec()
    }
}

#[test]
fn plans_are_the_recorded_ones() {
    let mut workspace = workspace();
    let mut now: Vec<String> = Vec::new();
    for family in FAMILIES {
        now.extend((0..family.1).map(|number| record(family, number, &mut workspace)));
    }
    if std::env::var_os("KEXEC_GOLDEN").is_some_and(|value| value == "write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/plan/tests/golden.txt");
        std::fs::write(path, now.join("\n") + "\n").unwrap();
        return;
    }
    let recorded: Vec<&str> = RECORDED.lines().collect();
    let changed: Vec<String> = now
        .iter()
        .zip(&recorded)
        .filter(|(now, recorded)| now != *recorded)
        .map(|(now, recorded)| std::format!("- {recorded}\n+ {now}"))
        .collect();
    assert!(
        changed.is_empty() && now.len() == recorded.len(),
        "{} of {} plans changed; the first:\n{}",
        changed.len(),
        now.len(),
        changed.first().map_or("", |text| text)
    );
    // The cases reach what they are there for.
    let with = |text: &str| recorded.iter().filter(|line| line.contains(text)).count();
    for (text, least) in [
        ("digest 1", 60),
        ("digest 0", 30),
        ("elfcorehdr", 30),
        ("low memory", 8),
        ("vmlinux", 40),
        ("to_boot", 60),
        ("error", 60),
        ("setup [4", 20),
        ("setup [1", 5),
        ("initrd 13", 1),
    ] {
        assert!(with(text) >= least, "{text}: {}", with(text));
    }
}
