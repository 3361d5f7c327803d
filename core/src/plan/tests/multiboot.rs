//! Multiboot kernels: segments, registers, and the information read back as a kernel reads it.

use super::linux32::{exit_mode, register};
use super::placement::random_machine;
use super::*;
use crate::image::multiboot::tests::{one, two};
use std::string::String;

/// Version 1, of 0x1800 bytes and as many of zeros, at 1 MiB.
fn first(flags: u32) -> Vec<u8> {
    let words = [0x10_0010, 0x10_0000, 0, 0x10_3000, 0x10_0030];
    one(0x10, 0x1_0000 | flags, &words, 0x1800)
}

/// Version 2, at 2 MiB, with Xen's tag for relocation if it can be moved.
fn second(relocation: Option<[u32; 4]>, more: &[(u16, bool, &[u32])]) -> Vec<u8> {
    let mut tags: Vec<(u16, bool, &[u32])> = vec![
        (2, false, &[0x20_0000, 0x20_0000, 0, 0x20_5000]),
        (3, false, &[0x20_0100]),
    ];
    let words = relocation.unwrap_or_default();
    if relocation.is_some() {
        tags.push((10, true, &words));
    }
    tags.extend(more);
    two(0, &tags, 0x1800)
}

const HIGH: [u32; 4] = [0x20_0000, 0xffff_ffff, 0x20_0000, 2];

/// For golden plans.
pub(super) fn any_multiboot(random: &mut Random, name: &mut String) -> (Vec<u8>, bool) {
    match random.below(3) {
        0 => {
            name.push_str(" 1");
            (first([3, 7][random.below(2) as usize]), false)
        }
        1 => {
            name.push_str(" 2");
            (second(None, &[(5, true, &[0, 0, 0])]), false)
        }
        _ => {
            name.push_str(" 2 relocatable");
            let to = [HIGH, [0x1000, 0x7fff_ffff, 0x1000, 1]];
            (second(Some(to[random.below(2) as usize]), &[]), false)
        }
    }
}

/// Memory as it is when the kernel is entered: the segments, and nothing else.
struct Memory<'p>(&'p [Segment<'p>]);

impl Memory<'_> {
    fn bytes(&self, at: u64, size: usize) -> Vec<u8> {
        let mut segments = self.0.iter();
        let segment = segments
            .find(|one| one.mem <= at && at < one.mem + one.memsz)
            .unwrap();
        let mut bytes = segment.buf.to_vec();
        bytes.resize(segment.memsz as usize, 0);
        bytes[(at - segment.mem) as usize..][..size].to_vec()
    }

    fn word(&self, at: u64) -> u64 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().unwrap()).into()
    }

    fn long(&self, at: u64) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().unwrap())
    }

    fn text(&self, at: u64) -> Vec<u8> {
        let bytes = (at..).map(|at| self.bytes(at, 1)[0]);
        bytes.take_while(|byte| *byte != 0).collect()
    }
}

/// What a kernel finds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    line: Vec<u8>,
    loader: Vec<u8>,
    /// Start, end and line.
    modules: Vec<(u64, u64, Vec<u8>)>,
    lower: u64,
    upper: u64,
    /// Address, size and type.
    map: Vec<(u64, u64, u64)>,
    /// Address, pitch, width, height, depth and type.
    screen: Option<[u64; 6]>,
    load_base: Option<u64>,
    efi_64: Option<u64>,
}

/// As the specification of version 1 describes it.
fn read_one(memory: &Memory<'_>, at: u64) -> Found {
    let flags = memory.word(at);
    assert_eq!(flags & !0x124d, 0, "{flags:#x}");
    assert_eq!(flags & 0x245, 0x245, "{flags:#x}");
    let mut found = Found {
        lower: memory.word(at + 4),
        upper: memory.word(at + 8),
        line: memory.text(memory.word(at + 16)),
        loader: memory.text(memory.word(at + 64)),
        ..Found::default()
    };
    if flags & 8 != 0 {
        let table = memory.word(at + 24);
        for entry in (table..).step_by(16).take(memory.word(at + 20) as usize) {
            let line = memory.text(memory.word(entry + 8));
            found
                .modules
                .push((memory.word(entry), memory.word(entry + 4), line));
        }
    }
    let (mut entry, size) = (memory.word(at + 48), memory.word(at + 44));
    let end = entry + size;
    while entry < end {
        let [from, length] = [4, 12].map(|offset| memory.long(entry + offset));
        found.map.push((from, length, memory.word(entry + 20)));
        entry += memory.word(entry) + 4;
    }
    assert_eq!(entry, end);
    if flags & 0x1000 != 0 {
        let [pitch, width, height] = [96, 100, 104].map(|offset| memory.word(at + offset));
        let [depth, kind] = [108, 109].map(|offset| memory.bytes(at + offset, 1)[0].into());
        found.screen = Some([memory.long(at + 88), pitch, width, height, depth, kind]);
    }
    found
}

/// As the specification of version 2 describes it.
fn read_two(memory: &Memory<'_>, start: u64) -> Found {
    let mut found = Found::default();
    let end = start + memory.word(start);
    let mut at = start + 8;
    loop {
        let (kind, size) = (memory.word(at), memory.word(at + 4));
        assert_eq!(at % 8, 0);
        match kind {
            0 => {
                assert_eq!((size, at + size), (8, end));
                return found;
            }
            1 => found.line = memory.text(at + 8),
            2 => found.loader = memory.text(at + 8),
            3 => {
                let [from, to] = [8, 12].map(|offset| memory.word(at + offset));
                found.modules.push((from, to, memory.text(at + 16)));
            }
            4 => (found.lower, found.upper) = (memory.word(at + 8), memory.word(at + 12)),
            6 => {
                assert_eq!((memory.word(at + 8), memory.word(at + 12)), (24, 0));
                for entry in (at + 16..at + size).step_by(24) {
                    let [from, length] = [0, 8].map(|offset| memory.long(entry + offset));
                    found.map.push((from, length, memory.word(entry + 16)));
                }
            }
            8 => {
                let [pitch, width, height] = [16, 20, 24].map(|offset| memory.word(at + offset));
                let [depth, kind] = [28, 29].map(|offset| memory.bytes(at + offset, 1)[0].into());
                found.screen = Some([memory.long(at + 8), pitch, width, height, depth, kind]);
            }
            12 => found.efi_64 = Some(memory.long(at + 8)),
            21 => found.load_base = Some(memory.word(at + 8)),
            other => panic!("tag {other}"),
        }
        at += size.next_multiple_of(8);
    }
}

const MODULES: [Module<'static, 'static>; 2] = [
    Module {
        bytes: &[5; 5000],
        arguments: b"vmlinuz console=hvc0",
    },
    Module {
        bytes: &[6; 4096],
        arguments: b"",
    },
];

fn asked<'a>(kernel: &'a [u8], modules: &'a [Module<'a, 'a>]) -> Request<'a, 'a> {
    Request {
        modules,
        ..request(kernel, &[])
    }
}

fn laptop() -> Box<Machine> {
    let mut machine = machine(&[(1, 2048), (4096, 8192)]);
    let low = Range::new(0, 0x9_fbff).unwrap();
    machine.memory.add(low, MemoryKind::RAM).unwrap();
    machine.iomem.add(low, MemoryKind::RAM).unwrap();
    machine
}

#[test]
fn version_1_is_loaded_at_its_place_and_told_of_its_modules() {
    let kernel = first(3);
    let mut workspace = workspace();
    let plan = plan(&asked(&kernel, &MODULES), &laptop(), &mut workspace).unwrap();
    plan.check().unwrap();
    let [k, a, b, info, purgatory] = plan.segments() else {
        panic!("{:?}", plan.segments())
    };
    assert_eq!(
        (k.mem, k.memsz, k.buf.as_ptr()),
        (0x10_0000, 0x3000, kernel.as_ptr())
    );
    assert_eq!(
        (a.kind, a.mem + a.memsz),
        (SegmentKind::Module(0), 0x8000_0000)
    );
    assert_eq!((b.kind, b.mem + b.memsz), (SegmentKind::Module(1), a.mem));
    assert_eq!(
        (info.kind, info.mem + info.memsz),
        (SegmentKind::Info, b.mem)
    );
    assert_eq!(a.buf.as_ptr(), MODULES[0].bytes.as_ptr());
    // EAX, EBX and EIP, in 32-bit mode.
    assert_eq!(exit_mode(purgatory), Some(1));
    let registers = [0, 1, 16].map(|number| register(purgatory, number));
    assert_eq!(registers, [0x2bad_b002, info.mem, 0x10_0030]);
    assert_eq!(plan.kernel_entry, 0x10_0030);
    assert_eq!(plan.command_line(), b"console=ttyS0 quiet");
    assert!(plan.digest.is_some());
    let found = read_one(&Memory(plan.segments()), info.mem);
    let expected = Found {
        line: b"kernel console=ttyS0 quiet".to_vec(),
        loader: b"kexec".to_vec(),
        modules: vec![
            (a.mem, a.mem + 5000, b"vmlinuz console=hvc0".to_vec()),
            (b.mem, b.mem + 4096, Vec::new()),
        ],
        lower: 639,
        upper: 2047 << 10,
        map: vec![
            (0, 0x9_fc00, 1),
            (0x10_0000, 2047 << 20, 1),
            (4 << 30, 4 << 30, 1),
        ],
        ..Found::default()
    };
    assert_eq!(found, expected);
}

#[test]
fn version_2_is_moved_as_its_header_says() {
    let machine = laptop();
    let mut workspace = workspace();
    for (relocation, start) in [
        (None, 0x20_0000),
        // As high as possible, at 2 MiB, below 4 GiB; within 64 MiB; as low as possible.
        (Some(HIGH), 0x7fe0_0000),
        (Some([0x20_0000, 0x3ff_ffff, 0x1000, 0]), 0x3ff_b000),
        (Some([0x20_0000, 0x3ff_ffff, 0x10_0000, 1]), 0x20_0000),
        (Some([0x20_0001, 0x3ff_ffff, 0x10_0000, 1]), 0x30_0000),
        (Some([0, 0xffff_ffff, 0x1000, 1]), 0x10_0000),
    ] {
        let kernel = second(relocation, &[]);
        let plan = plan(&asked(&kernel, &[]), &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        let [k, info, purgatory] = plan.segments() else {
            panic!("{:?}", plan.segments())
        };
        assert_eq!((k.mem, k.memsz), (start, 0x5000), "{relocation:x?}");
        assert_eq!(plan.kernel_entry, start + 0x100);
        let registers = [0, 1, 16].map(|number| register(purgatory, number));
        assert_eq!(registers, [0x36d7_6289, info.mem, start + 0x100]);
        assert_eq!(plan.command_line(), b"console=ttyS0 quiet");
        let found = read_two(&Memory(plan.segments()), info.mem);
        assert_eq!(found.load_base, relocation.map(|_| start));
        assert_eq!(found.line, b"kernel console=ttyS0 quiet");
    }
    let kernel = second(Some([0x20_0000, 0x20_3fff, 0x1000, 2]), &[]);
    let none = plan(&asked(&kernel, &[]), &machine, &mut workspace).unwrap_err();
    assert!(
        matches!(
            none,
            Error::NoHole {
                what: "the kernel",
                ..
            }
        ),
        "{none:?}"
    );
}

/// A machine started by EFI, with a frame buffer.
fn efi_machine() -> Box<Machine> {
    let mut machine = laptop();
    let mut page = [0_u8; 4096];
    page[0x0f] = 0x70;
    page[0x12..0x18].copy_from_slice(&[0, 4, 0, 3, 32, 0]);
    page[0x1b] = 0x80;
    page[0x25] = 0x10;
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    page[0x1c4..0x1c8].copy_from_slice(&0x7f9e_e018_u32.to_le_bytes());
    machine.x86.boot_params.set(&page);
    machine.platform.firmware = Firmware::Efi;
    machine.platform.acpi_rsdp = 0x7f00_0014;
    machine
}

#[test]
fn a_machine_without_a_bios_gets_a_first_page() {
    let kernel = second(Some(HIGH), &[(5, true, &[0, 0, 0])]);
    let mut workspace = workspace();
    let mut machine = efi_machine();
    let plan1 = plan(&asked(&kernel, &MODULES), &machine, &mut workspace).unwrap();
    plan1.check().unwrap();
    let [_, _, _, info, page, _] = plan1.segments() else {
        panic!("{:?}", plan1.segments())
    };
    assert_eq!(
        (page.kind, page.mem, page.memsz),
        (SegmentKind::FirstPage, 0, 0x1000)
    );
    assert_eq!(page.buf[0x413..0x415], 639_u16.to_le_bytes());
    let found = read_two(&Memory(plan1.segments()), info.mem);
    assert_eq!(found.screen, Some([0x8000_0000, 4096, 1024, 768, 32, 1]));
    // Boot services have ended: there is no table that was not asked for.
    assert_eq!(found.efi_64, None);
    assert!(
        plan1
            .notes()
            .iter()
            .any(|note| matches!(note, Note::NoEfi { .. }))
    );
    drop(plan1);
    let kernel = second(None, &[(1, false, &[12])]);
    let plan2 = plan(&asked(&kernel, &[]), &machine, &mut workspace).unwrap();
    let info = plan2.segments()[1].mem;
    let found = read_two(&Memory(plan2.segments()), info);
    assert_eq!((found.efi_64, found.screen), (Some(0x7f9e_e018), None));
    drop(plan2);
    // Neither is known: the page serves with a BIOS too.
    machine.platform.firmware = Firmware::Unknown;
    let plan3 = plan(&asked(&kernel, &[]), &machine, &mut workspace).unwrap();
    let kinds = plan3.segments().iter().map(|segment| segment.kind);
    assert!(kinds.clone().any(|kind| kind == SegmentKind::FirstPage));
}

#[test]
fn what_a_multiboot_kernel_does_not_have_is_refused() {
    let kernel = first(3);
    let machine = laptop();
    let mut workspace = workspace();
    let mut refused = |request: &Request<'_, '_>| {
        let refused = plan(request, &machine, &mut workspace).unwrap_err();
        refused.to_string()
    };
    let initrds = [&[1_u8][..]];
    for (request, why) in [
        (request(&kernel, &initrds), "takes modules, no initrds"),
        (
            Request {
                dtb: Some(b"d"),
                ..asked(&kernel, &[])
            },
            "no device tree",
        ),
        (
            Request {
                command_line: b"a\0",
                ..asked(&kernel, &[])
            },
            "NUL",
        ),
    ] {
        assert!(refused(&request).contains(why), "{}", refused(&request));
    }
    let mut crash = asked(&kernel, &[]);
    crash.options.crash = Some(CrashOptions::default());
    assert!(
        refused(&crash).contains("told of all memory"),
        "{}",
        refused(&crash)
    );
    let mut entry = asked(&kernel, &[]);
    entry.options.entry = Some(Entry::X86Long);
    assert!(refused(&entry).contains("entry"));
    for (module, why) in [
        (
            Module {
                bytes: b"",
                arguments: b"",
            },
            "empty",
        ),
        (
            Module {
                bytes: b"m",
                arguments: b"a\0b",
            },
            "NUL",
        ),
    ] {
        assert!(refused(&asked(&kernel, &[module])).contains(why));
    }
    let modules = [MODULES[0]; 14];
    assert!(refused(&asked(&kernel, &modules)).starts_with("17 segments"));
    // A screen is required, and there is none.
    let kernel = first(7);
    assert!(refused(&asked(&kernel, &[])).contains("requires a screen"));
    let linux = bzimage(0x1000);
    assert!(refused(&asked(&linux, &MODULES)).contains("no modules"));
}

#[test]
fn a_map_that_a_kernel_has_no_room_for_is_refused() {
    let kernel = first(3);
    let mut machine = laptop();
    for n in 0..1020_u64 {
        let range = Range::from_size((1 << 40) + (n << 20), 4096).unwrap();
        machine
            .memory
            .add(range, MemoryKind(2 + (n % 3) as u32))
            .unwrap();
    }
    let mut workspace = workspace();
    plan(&asked(&kernel, &[]), &machine, &mut workspace).unwrap();
    for n in 0..2_u64 {
        let range = Range::from_size((1 << 41) + (n << 20), 4096).unwrap();
        machine.memory.add(range, MemoryKind(2)).unwrap();
    }
    let full = plan(&asked(&kernel, &[]), &machine, &mut workspace).unwrap_err();
    assert!(
        matches!(full, Error::Full { capacity: 1024, .. }),
        "{full:?}"
    );
}

/// Plans for machines of any kind: what is read back is what was given, and nothing but the first page
/// lies below 1 MiB, or above 4 GiB.
#[test]
fn any_plan_says_what_was_asked_for() {
    let mut random = Random::new(0x6d62);
    let mut workspace = workspace();
    let (mut made, mut name) = (0, String::new());
    for case in 0..600 {
        let mut machine = random_machine(&mut random);
        machine.maps.iomem_access = IomemAccess::Read;
        machine.command_line.set(b"ro");
        machine.platform.firmware = [Firmware::NotEfi, Firmware::Unknown][random.below(2) as usize];
        if random.below(2) == 0 {
            for map in [&mut machine.memory, &mut machine.iomem] {
                map.add(Range::new(0, 0x9_ffff).unwrap(), MemoryKind::RAM)
                    .unwrap();
                map.add(Range::new(0x10_0000, 0xfff_ffff).unwrap(), MemoryKind::RAM)
                    .unwrap();
            }
        }
        let (kernel, _) = any_multiboot(&mut random, &mut name);
        let modules = &MODULES[..random.below(3) as usize];
        let Ok(plan) = plan(&asked(&kernel, modules), &machine, &mut workspace) else {
            continue;
        };
        made += 1;
        plan.check().unwrap();
        for segment in plan.segments() {
            let range = segment.range().unwrap();
            assert!(range.last() < 1 << 32, "{case}: {segment:?}");
            assert!(
                segment.kind == SegmentKind::FirstPage || range.start() >= 1 << 20,
                "{case}: {segment:?}"
            );
        }
        let memory = Memory(plan.segments());
        let purgatory = plan.segments().last().unwrap();
        let (magic, info) = (register(purgatory, 0), register(purgatory, 1));
        let found = match magic {
            0x2bad_b002 => read_one(&memory, info),
            0x36d7_6289 => read_two(&memory, info),
            other => panic!("{other:#x}"),
        };
        assert_eq!(found.line, b"kernel console=ttyS0 quiet");
        assert_eq!(found.modules.len(), modules.len());
        for ((start, end, line), module) in found.modules.iter().zip(modules) {
            assert_eq!(memory.bytes(*start, module.bytes.len()), module.bytes);
            assert_eq!(
                (*end - *start, *start % 4096),
                (module.bytes.len() as u64, 0)
            );
            assert_eq!(line, module.arguments);
        }
        // Every byte of the machine's map has its type, and no other has one.
        let mut told = crate::memory::MemoryMap::new();
        for (start, size, kind) in found.map {
            told.add(
                Range::from_size(start, size).unwrap(),
                MemoryKind(kind as u32),
            )
            .unwrap();
        }
        for kind in [1, 3, 4, 5] {
            let ram = |map: &crate::memory::MemoryMap| {
                let ranges = map.of_kind(MemoryKind(kind));
                ranges.fold(0, |sum: u128, range| sum + u128::from(range.size()))
            };
            assert_eq!(ram(&told), ram(&machine.memory), "{case}: {kind}");
        }
        for entry in machine.memory.entries() {
            let mut all = told.entries().iter();
            let holds = all.find(|told| told.range.contains(entry.range)).unwrap();
            let kind = if entry.kind.0 == 7 { 2 } else { entry.kind.0 };
            assert_eq!(holds.kind.0, kind);
        }
    }
    assert!(made > 150, "{made}");
}
