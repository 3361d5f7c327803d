//! Crash kernels.

use super::*;
use crate::bytes::u16_at;
use crate::machine::KernelText;
use goblin::elf::Elf;
use std::string::String;

pub(super) const REGION: (u64, u64) = (0x4000_0000, 256 << 20);
const DIRECT_MAP: u64 = 0xffff_8f4b_4000_0000;

/// 4 GiB of RAM, four CPUs, this reservation.
pub(super) fn machine(reserved: (u64, u64)) -> Box<Machine> {
    let mut machine = super::machine(&[(1, 3072), (4096, 5120)]);
    let low = Range::new(0, 0x9_fbff).unwrap();
    machine.memory.add(low, MemoryKind::RAM).unwrap();
    machine.crash.region = Range::from_size(reserved.0, reserved.1);
    for range in [(1_u64 << 20, 3071_u64 << 20), (4 << 30, 1 << 30)] {
        let range = Range::from_size(range.0, range.1).unwrap();
        machine.dump.ram.insert(range).unwrap();
    }
    for cpu in 0..4 {
        machine.dump.cpus.add(0x3fc1_0400 + (cpu << 12));
    }
    machine.dump.cpus.size = 368;
    machine.dump.release = (6, 12);
    machine.dump.vmcoreinfo = Range::from_size(0x1_00c6_6000, 4132);
    machine.dump.direct_map = Some(DIRECT_MAP);
    machine.dump.text = Some(KernelText {
        virt: 0xffff_ffff_a820_0000,
        phys: 0x1420_0000,
        size: 0x240_0000,
    });
    machine
}

fn crash_request<'a>(kernel: &'a [u8], initrds: &'a [&'a [u8]]) -> Request<'a, 'a> {
    let mut request = request(kernel, initrds);
    request.options.crash = Some(CrashOptions::default());
    request
}

fn of_kind<'p>(plan: &'p Plan<'_>, kind: SegmentKind) -> &'p Segment<'p> {
    let mut all = plan.segments().iter();
    all.find(|segment| segment.kind == kind).unwrap()
}

fn command_line(plan: &Plan<'_>) -> String {
    let boot = of_kind(plan, SegmentKind::BootParams).buf;
    let line = boot[4096..].split(|byte| *byte == 0).next().unwrap();
    String::from_utf8(line.to_vec()).unwrap()
}

/// The e820 entries: address, size, kind.
fn e820(plan: &Plan<'_>) -> Vec<(u64, u64, u32)> {
    let boot = of_kind(plan, SegmentKind::BootParams).buf;
    let count = usize::from(u8_at(boot, 0x1e8).unwrap());
    let entry = |n| {
        let at = 0x2d0 + 20 * n;
        (
            u64_at(boot, at).unwrap(),
            u64_at(boot, at + 8).unwrap(),
            u32_at(boot, at + 16).unwrap(),
        )
    };
    (0..count).map(entry).collect()
}

#[test]
fn everything_lies_in_the_reservation_above_the_kernels_pages() {
    let kernel = bzimage(0x8000);
    let initrd = vec![1_u8; 40 << 20];
    let initrds = [&initrd[..]];
    let machine = machine(REGION);
    let mut workspace = workspace();
    let plan = plan(&crash_request(&kernel, &initrds), &machine, &mut workspace).unwrap();
    plan.check().unwrap();
    assert_eq!(plan.flags, 0x3e_0001);
    let region = machine.crash.region.unwrap();
    let control = plan.control_pages().unwrap();
    // Without gbpages: a table for each of four GiB, and the two above.
    assert_eq!(control.tables, 4 + 1 + 1);
    for segment in plan.segments() {
        assert!(region.contains(segment.range().unwrap()), "{segment:?}");
        assert!(segment.mem >= region.start() + control.bytes());
    }
    let header = of_kind(&plan, SegmentKind::CoreHeader);
    assert_eq!(
        command_line(&plan),
        std::format!("elfcorehdr={}K console=ttyS0 quiet", header.mem >> 10)
    );
    let elf = Elf::parse(header.buf).unwrap();
    let notes: Vec<u64> = elf
        .program_headers
        .iter()
        .filter(|p| p.p_type == 4)
        .map(|p| p.p_offset)
        .collect();
    assert_eq!(
        notes,
        [
            0x3fc1_0400,
            0x3fc1_1400,
            0x3fc1_2400,
            0x3fc1_3400,
            0x1_00c6_6000
        ]
    );
    let loads: Vec<_> = elf
        .program_headers
        .iter()
        .filter(|p| p.p_type == 1)
        .map(|p| (p.p_vaddr, p.p_paddr, p.p_memsz))
        .collect();
    let ram = |start: u64, end: u64| (DIRECT_MAP + start, start, end - start);
    assert_eq!(
        loads,
        [
            (0xffff_ffff_a820_0000, 0x1420_0000, 0x240_0000),
            ram(1 << 20, region.start()),
            ram(region.last() + 1, 3 << 30),
            ram(4 << 30, 5 << 30),
        ]
    );
    let before = header.mem - region.start();
    assert_eq!(
        e820(&plan),
        [
            (0, 0x9_fc00, 1),
            (region.start(), before, 1),
            (header.mem, header.memsz, 2),
        ][..if header.mem + header.memsz == region.last() + 1 {
            3
        } else {
            0
        }]
    );
}

#[test]
fn an_upper_and_a_lower_region() {
    let kernel = bzimage(0x8000);
    let mut machine = machine((0x1_1000_0000, 256 << 20));
    machine.crash.low = Range::from_size(0x2000_0000, 256 << 20);
    let mut workspace = workspace();
    let plan = plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap();
    plan.check().unwrap();
    let map = e820(&plan);
    assert_eq!(map[0], (0, 0x9_fc00, 1));
    assert_eq!(map[1], (0x2000_0000, 256 << 20, 1));
    assert_eq!(map[2].0, 0x1_1000_0000);
    let header = of_kind(&plan, SegmentKind::CoreHeader);
    let elf = Elf::parse(header.buf).unwrap();
    let dumped = |address: u64| {
        let mut loads = elf.program_headers.iter().skip(6);
        loads.any(|p| p.p_paddr <= address && address < p.p_paddr + p.p_memsz)
    };
    for (address, is) in [
        (0x1_1000_0000, false),
        (0x2000_0000, false),
        (0x2fff_ffff, false),
        (0x3000_0000, true),
        (0x1fff_ffff, true),
        (0x1_0fff_ffff, true),
    ] {
        assert_eq!(dumped(address), is, "{address:#x}");
    }
}

#[test]
fn a_small_reservation_says_what_is_missing() {
    let kernel = bzimage(0x1000);
    let initrd = vec![1_u8; (30 << 20) + 1];
    let initrds = [&initrd[..]];
    let mut workspace = workspace();
    let request = crash_request(&kernel, &initrds);
    let small = machine((0x4000_0000, 64 << 20));
    let error = plan(&request, &small, &mut workspace).unwrap_err();
    let Error::CrashTooSmall { have, need } = error else {
        panic!("{error:?}")
    };
    assert_eq!(have, 64 << 20);
    let text = error.to_string();
    assert!(
        text.contains(&std::format!("{} are missing", need - have)),
        "{text}"
    );
    // It is the smallest that does.
    let missing = (need >> 20) - 1;
    assert!(
        plan(
            &request,
            &machine((0x4000_0000, missing << 20)),
            &mut workspace
        )
        .is_err()
    );
    let enough = machine((0x4000_0000, need));
    plan(&request, &enough, &mut workspace)
        .unwrap()
        .check()
        .unwrap();
}

#[test]
fn hotplug_gets_room_and_is_not_verified() {
    let kernel = bzimage(0x1000);
    let mut machine = machine(REGION);
    let mut request = crash_request(&kernel, &[]);
    request.options.crash = Some(CrashOptions {
        hotplug: true,
        memmap: false,
    });
    let mut workspace = workspace();
    assert_eq!(
        plan(&request, &machine, &mut workspace).unwrap_err(),
        Error::NoCrashHotplug
    );
    machine.dump.elfcorehdr_size = Some(917_616);
    let digest = plan(&request, &machine, &mut workspace).unwrap().digest;
    let with = plan(&request, &machine, &mut workspace).unwrap();
    assert_eq!(with.flags, 0x3e_0005);
    assert!(with.notes().contains(&Note::Hotplug));
    let header = of_kind(&with, SegmentKind::CoreHeader);
    assert_eq!(header.memsz, 921_600);
    // The last that begins like an ELF file.
    let last = with
        .segments()
        .iter()
        .rfind(|s| s.buf.starts_with(b"\x7fELF"));
    assert_eq!(last.unwrap().kind, SegmentKind::CoreHeader);
    drop(with);
    // Another CPU changes the header only.
    machine.dump.cpus.add(0x1000);
    assert_eq!(
        plan(&request, &machine, &mut workspace).unwrap().digest,
        digest
    );
    request.options.crash = Some(CrashOptions::default());
    let verified = plan(&request, &machine, &mut workspace).unwrap().digest;
    machine.dump.cpus.add(0x2000);
    assert_ne!(
        plan(&request, &machine, &mut workspace).unwrap().digest,
        verified
    );
}

/// The decompressor's KASLR looks for room in boot_params' map, whatever the command line says:
/// it must not find the crashed kernel's RAM there.
#[test]
fn memory_by_command_line_is_in_boot_params_too() {
    let kernel = bzimage(0x1000);
    let machine = machine(REGION);
    let mut request = crash_request(&kernel, &[]);
    request.options.crash = Some(CrashOptions {
        hotplug: false,
        memmap: true,
    });
    let mut workspace = workspace();
    let plan = plan(&request, &machine, &mut workspace).unwrap();
    let header = of_kind(&plan, SegmentKind::CoreHeader).mem >> 10;
    assert_eq!(
        command_line(&plan),
        std::format!(
            "elfcorehdr={header}K memmap=exactmap memmap=639K@0K memmap={}K@1048576K \
             console=ttyS0 quiet",
            header - 1_048_576
        )
    );
    let map = e820(&plan);
    drop(plan);
    request.options.crash = Some(CrashOptions::default());
    let without = super::plan(&request, &machine, &mut workspace).unwrap();
    assert_eq!(map[0], (0, 0x9_fc00, 1));
    assert_eq!(map, e820(&without));
}

#[test]
fn an_old_kernel_gets_acpi_rsdp_on_its_command_line() {
    let mut kernel = bzimage(0x1000);
    let mut machine = machine(REGION);
    machine.platform.acpi_rsdp = 0x7fb7_e014;
    let mut workspace = workspace();
    let line = |kernel: &[u8], workspace: &mut Workspace| {
        command_line(&plan(&crash_request(kernel, &[]), &machine, workspace).unwrap())
    };
    assert!(!line(&kernel, &mut workspace).contains("acpi_rsdp"));
    kernel[0x206] = 0x0d;
    assert!(line(&kernel, &mut workspace).contains(" acpi_rsdp=0x7fb7e014 "));
}

#[test]
fn the_command_line_is_measured_with_what_is_added() {
    let kernel = bzimage(0x1000);
    let machine = machine(REGION);
    let mut workspace = workspace();
    let line = [b'x'; 2047];
    let mut request = crash_request(&kernel, &[]);
    request.command_line = &line[..2047 - 20];
    let full = plan(&request, &machine, &mut workspace).unwrap();
    assert_eq!(command_line(&full).len(), 2047);
    drop(full);
    request.command_line = &line[..2047 - 19];
    assert_eq!(
        plan(&request, &machine, &mut workspace).unwrap_err(),
        Error::CommandLineTooLong {
            length: 2048,
            limit: 2047
        }
    );
}

#[test]
fn what_a_crash_kernel_cannot_do_without() {
    let kernel = bzimage(0x1000);
    let mut workspace = workspace();
    let mut refused = |change: fn(&mut Machine)| {
        let mut machine = machine(REGION);
        change(&mut machine);
        plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap_err()
    };
    assert_eq!(
        refused(|m| m.crash.region = None),
        Error::NoCrashReservation
    );
    assert_eq!(refused(|m| m.dump.vmcoreinfo = None), Error::NoVmcoreinfo);
    let full = |what, capacity| Error::Full { what, capacity };
    assert_eq!(
        refused(|m| m.dump.ram_full = true),
        full("RangeSet::CAPACITY", 8704)
    );
    assert_eq!(
        refused(|m| m.dump.cpus.full = true),
        full("CpuNotes::CAPACITY", 8192)
    );
}

#[test]
fn twelve_initrds_fit_and_thirteen_do_not() {
    let kernel = bzimage(0x1000);
    let machine = machine(REGION);
    let mut workspace = workspace();
    let initrds = [&[1_u8][..]; 13];
    let twelve = plan(
        &crash_request(&kernel, &initrds[..12]),
        &machine,
        &mut workspace,
    )
    .unwrap();
    assert_eq!(twelve.segments().len(), 16);
    twelve.check().unwrap();
    drop(twelve);
    assert_eq!(
        plan(&crash_request(&kernel, &initrds), &machine, &mut workspace).unwrap_err(),
        Error::TooManySegments { count: 17, max: 16 }
    );
}

#[test]
fn notes_say_what_the_dump_will_lack() {
    let kernel = bzimage(0x1000);
    let mut machine = machine(REGION);
    let mut workspace = workspace();
    let quiet = plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap();
    assert!(!quiet.notes().iter().any(|note| matches!(
        note,
        Note::NoKcore | Note::CpusWithoutNotes { .. } | Note::LowMemoryLost | Note::LowMemoryCopied
    )));
    drop(quiet);
    machine.dump.direct_map = None;
    machine.dump.text = None;
    machine.dump.cpus.absent = 4;
    machine.dump.release = (0, 0);
    let noted = plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap();
    for note in [
        Note::NoKcore,
        Note::CpusWithoutNotes { count: 4 },
        Note::LowMemoryLost,
    ] {
        assert!(noted.notes().contains(&note), "{note:?}");
    }
    let header = of_kind(&noted, SegmentKind::CoreHeader);
    let elf = Elf::parse(header.buf).unwrap();
    assert_eq!(elf.program_headers[5].p_vaddr, 0xffff_8880_0010_0000);
}

/// A kernel as an ELF file: its parts keep their distances, wherever they are put.
#[test]
fn a_vmlinux_is_moved_as_a_whole() {
    let mut kernel = vec![0_u8; 0x6000];
    kernel[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    kernel[16] = 2;
    kernel[18] = 62;
    kernel[24..32].copy_from_slice(&0x100_0040_u64.to_le_bytes());
    kernel[32] = 64;
    kernel[54] = 56;
    kernel[56] = 2;
    let parts = [
        (0x1000_u64, 0x100_0000_u64, 0x3000_u64, 0x3000_u64),
        (0x4000, 0x120_0000, 0x1800, 0x20_0000),
    ];
    for (index, (offset, address, in_file, in_memory)) in parts.iter().enumerate() {
        let at = 64 + 56 * index;
        kernel[at] = 1;
        for (field, value) in [(8, offset), (24, address), (32, in_file), (40, in_memory)] {
            kernel[at + field..at + field + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
    let machine = machine(REGION);
    let mut workspace = workspace();
    let mut request = crash_request(&kernel, &[]);
    assert!(matches!(
        plan(&request, &machine, &mut workspace).unwrap_err(),
        Error::NotBootable { .. }
    ));
    request.options.elf = Some(ElfAs::Linux);
    let plan = plan(&request, &machine, &mut workspace).unwrap();
    plan.check().unwrap();
    let [text, data, ..] = plan.segments() else {
        panic!()
    };
    assert_eq!((text.mem % 0x20_0000, text.memsz), (0, 0x3000));
    assert_eq!((data.mem, data.memsz), (text.mem + 0x20_0000, 0x20_0000));
    assert_eq!(
        (text.buf, data.buf),
        (&kernel[0x1000..0x4000], &kernel[0x4000..0x5800])
    );
    assert_eq!(plan.kernel_entry, text.mem + 0x40);
    let boot = of_kind(&plan, SegmentKind::BootParams).buf;
    assert_eq!(u16_at(boot, 0x1fe), Some(0xaa55));
    assert_eq!(&boot[0x202..0x208], b"HdrS\x0f\x02");
    // Or the new kernel would ignore the initrd.
    assert_eq!(u8_at(boot, 0x210), Some(0xd0));
}

/// A running kernel older than 5.5: its low memory is copied, with a note, and stays in the dump.
#[test]
fn an_old_kernel_needs_a_copy_of_low_memory() {
    let kernel = bzimage(0x1000);
    let mut machine = machine(REGION);
    let mut workspace = workspace();
    machine
        .dump
        .ram
        .insert(Range::new(0x1000, 0x9_fbff).unwrap())
        .unwrap();
    for (release, copied) in [
        ((5, 5), false),
        ((0, 0), false),
        ((5, 4), true),
        ((4, 19), true),
    ] {
        machine.dump.release = release;
        let plan = plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        let backup = plan
            .segments()
            .iter()
            .find(|s| s.kind == SegmentKind::Backup);
        assert_eq!(backup.is_some(), copied, "{release:?}");
        assert_eq!(plan.notes().contains(&Note::LowMemoryCopied), copied);
        let elf = Elf::parse(of_kind(&plan, SegmentKind::CoreHeader).buf).unwrap();
        let low = elf.program_headers.iter().find(|p| p.p_paddr == 0x1000);
        assert_eq!(low.is_some(), copied);
        let Some(backup) = backup else { continue };
        assert_eq!((backup.buf.len(), backup.memsz), (0, 0xa_0000));
        assert_eq!(low.unwrap().p_offset, backup.mem + 0x1000);
        assert_eq!(low.unwrap().p_memsz, 0x9_ec00);
        assert!(e820(&plan).contains(&(backup.mem, backup.memsz, 2)));
        // The purgatory's parameters.
        let purgatory = of_kind(&plan, SegmentKind::Purgatory).buf;
        let block = purgatory.len() - crate::purgatory::layout::SIZE;
        let offset = crate::purgatory::layout::offset::BACKUP;
        let passed = |n: usize| u64_at(purgatory, block + offset + 8 * n).unwrap();
        assert_eq!([passed(0), passed(1), passed(2)], [0, backup.mem, 0xa_0000]);
        // It is not verified: regions are kernel, boot parameters, elfcorehdr.
        let offset = crate::purgatory::layout::offset::REGION_COUNT;
        assert_eq!(u32_at(purgatory, block + offset), Some(3));
    }
    // Too small for it, and the size that would do does.
    machine.dump.release = (5, 4);
    for bytes in [64 << 10, 1 << 20] {
        machine.crash.region = Range::from_size(0x4000_0000, bytes);
        let error = plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap_err();
        let Error::CrashTooSmall { need, .. } = error else {
            panic!("{error:?}")
        };
        machine.crash.region = Range::from_size(0x4000_0000, need);
        let plan = plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap();
        plan.check().unwrap();
    }
}

#[test]
fn a_reservation_the_kernel_cannot_map_is_refused() {
    let kernel = bzimage(0x1000);
    let mut workspace = workspace();
    for (five_level, limit) in [(false, 1_u64 << 46), (true, 1 << 52)] {
        for (start, last) in [
            (u64::MAX, u64::MAX),
            (u64::MAX - (256 << 20) + 1, u64::MAX),
            (limit, limit + (256 << 20) - 1),
            // 48 MiB below the limit hold no kernel of 60 MiB.
            (limit - (48 << 20), limit + (256 << 20) - 1),
        ] {
            let mut machine = machine(REGION);
            machine.x86.five_level_paging = Known::of(five_level);
            machine.crash.region = Range::new(start, last);
            for release in [(6, 12), (5, 4)] {
                machine.dump.release = release;
                let error = plan(&crash_request(&kernel, &[]), &machine, &mut workspace);
                let error = error.unwrap_err();
                let passed = match error {
                    Error::NotBootable { .. } => start >= limit,
                    Error::NoHole { max, .. } => max == limit - 2,
                    _ => false,
                };
                assert!(passed, "{start:#x}-{last:#x}: {error:?}");
            }
        }
        let mut machine = machine(REGION);
        machine.x86.five_level_paging = Known::of(five_level);
        machine.crash.region = Range::new(limit - (256 << 20), limit + (256 << 20) - 1);
        let plan = plan(&crash_request(&kernel, &[]), &machine, &mut workspace).unwrap();
        plan.check().unwrap();
    }
}

/// What a crash kernel's purpose places itself has no window, and comes before the others.
#[test]
fn details_are_inside_the_reservation() {
    let kernel = bzimage(0x8000);
    let machine = machine(REGION);
    let (mut workspace, mut details) = (workspace(), Details::new());
    let request = crash_request(&kernel, &[]);
    plan_with_details(&request, &machine, &mut workspace, &mut details).unwrap();
    let blocks = details.blocks();
    let header = blocks.iter().find(|block| block.window.is_none()).unwrap();
    assert_eq!(header.kind, SegmentKind::CoreHeader);
    assert_eq!(header.place.last(), 0x4fff_ffff);
    let mut free = Box::new(RangeSet::new());
    let mut above_purgatory = None;
    let mut numbers = Vec::new();
    details
        .reasons(&machine, &mut free, &mut |number, block, above| {
            assert_eq!(block.window.unwrap().max, 0x4fff_ffff);
            numbers.push(number);
            if block.kind == SegmentKind::Purgatory {
                above_purgatory = Some(*above);
            }
        })
        .unwrap();
    assert_eq!(numbers, [0, 1, 3]);
    let above = above_purgatory.unwrap();
    // All of it is placed but what the kernel's alignment leaves.
    assert_eq!(above.unusable(), 0);
    assert_eq!(blocks[above.next.unwrap()].kind, SegmentKind::BootParams);
}
