//! Placement as a property: correct for random maps.

use super::*;
use crate::memory::PAGE_SIZE;

/// A random map: fragmented, unsorted, overlapping, at the ends of the address space, with
/// bytes over at page edges.
pub fn random_machine(random: &mut Random) -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    let ends = [0, 1 << 20, 16 << 20, 1 << 32, 1 << 46, 1 << 52, u64::MAX];
    for _ in 0..1 + random.below(40) {
        let near = ends[random.below(ends.len() as u64) as usize];
        let start = match random.below(3) {
            0 => near.saturating_sub(random.below(1 << 30)),
            1 => near.saturating_add(random.below(1 << 30)),
            _ => random.below(1 << 34),
        };
        let size = 1 + match random.below(3) {
            0 => random.below(1 << 32),
            1 => random.below(1 << 28),
            _ => random.below(1 << 14),
        };
        let kind = [1, 1, 1, 2, 3, 4, 7][random.below(7) as usize];
        let range = Range::new(start, start.saturating_add(size)).unwrap();
        machine.memory.add(range, MemoryKind(kind)).unwrap();
        if random.below(4) > 0 {
            let kind = [1, 1, 2][random.below(3) as usize];
            let last = start.saturating_add(random.below(size) + 1);
            let range = Range::new(start, last).unwrap();
            machine.iomem.add(range, MemoryKind(kind)).unwrap();
        }
    }
    machine.x86.five_level_paging = Known::of(random.below(2) == 0);
    machine
}

/// Whether one map has nothing but RAM there.
fn is_ram(entries: &[crate::memory::MemoryEntry], range: Range) -> bool {
    let mut next = range.start();
    for entry in entries {
        if entry.range.last() < next || entry.kind != MemoryKind::RAM {
            continue;
        }
        if entry.range.start() > next {
            return false;
        }
        if entry.range.last() >= range.last() {
            return true;
        }
        next = entry.range.last() + 1;
    }
    false
}

#[test]
fn every_segment_lies_in_ram_aligned_in_its_window_beside_nothing_else() {
    let mut workspace = workspace();
    let initrd = vec![7_u8; 123_457];
    let (mut planned, mut refused) = (0, 0);
    for seed in 0..4000 {
        let mut random = Random::new(seed);
        let mut kernel = bzimage(0x2000);
        let alignment = 1_u32 << random.below(28);
        kernel[0x230..0x234].copy_from_slice(&alignment.to_le_bytes());
        let init_size = 0x2000 + random.below(1 << 28) as u32;
        kernel[0x260..0x264].copy_from_slice(&init_size.to_le_bytes());
        if random.below(3) == 0 {
            kernel[0x236] &= !2; // not above 4 GiB
        }
        let machine = random_machine(&mut random);
        let initrds = [&initrd[..], &initrd[..1]];
        let mut request = request(&kernel, &initrds[..random.below(3) as usize]);
        if random.below(3) == 0 {
            request.options.mem_min = random.below(1 << 33);
            request.options.mem_max = request.options.mem_min + random.below(1 << 35);
        }
        let plan = match plan(&request, &machine, &mut workspace) {
            Ok(plan) => plan,
            Err(Error::NoHole { .. }) => {
                refused += 1;
                continue;
            }
            Err(other) => panic!("seed {seed}: {other:?}"),
        };
        planned += 1;
        plan.check().unwrap();
        let image = crate::image::BzImage::parse(&kernel).unwrap();
        for segment in plan.segments() {
            let range = segment.range().unwrap();
            let what = std::format!("seed {seed}: {} at {range}", segment.kind);
            assert!(is_ram(machine.memory.entries(), range), "{what}");
            if !machine.iomem.is_empty() {
                assert!(is_ram(machine.iomem.entries(), range), "{what}");
            }
            assert!(range.start() >= 1 << 20, "{what}");
            assert!(range.start() >= request.options.mem_min, "{what}");
            assert!(range.last() <= request.options.mem_max, "{what}");
            assert_eq!(range.start() % PAGE_SIZE, 0, "{what}");
            assert_eq!(range.size() % PAGE_SIZE, 0, "{what}");
            let above = image.xloadflags() & 2 != 0 || segment.kind == SegmentKind::Purgatory;
            assert!(above || range.last() < 1 << 32, "{what}");
        }
        let kernel_range = plan.segments()[0].range().unwrap();
        assert_eq!(kernel_range.start() % u64::from(alignment), 0);
        assert!(kernel_range.start() >= image.pref_address());
        assert!(kernel_range.size() >= u64::from(init_size));
    }
    assert!(
        planned > 500 && refused > 500,
        "{planned} planned, {refused} refused"
    );
}

/// The kernel is refused only if no aligned address at all would do.
#[test]
fn a_refusal_means_there_is_no_place() {
    let mut workspace = workspace();
    let mut refused = 0;
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let mut kernel = bzimage(0x2000);
        kernel[0x260..0x264].copy_from_slice(&(0x40_0000_u32).to_le_bytes());
        let mut machine = Box::new(Machine::new());
        for _ in 0..1 + random.below(6) {
            let start = random.below(96 << 20);
            let range = Range::from_size(start, 1 + random.below(9 << 20)).unwrap();
            machine.memory.add(range, MemoryKind::RAM).unwrap();
        }
        let request = request(&kernel, &[]);
        let fits = |start: u64| {
            let range = Range::from_size(start, 0x40_0000).unwrap();
            is_ram(machine.memory.entries(), range)
        };
        let possible = (16 << 20..128 << 20).step_by(2 << 20).any(fits);
        match plan(&request, &machine, &mut workspace) {
            Err(Error::NoHole {
                what: "the kernel (init_size)",
                ..
            }) => {
                assert!(!possible, "seed {seed}");
                refused += 1;
            }
            Ok(_) => assert!(possible, "seed {seed}"),
            // The kernel fits and nothing else does: that is another matter.
            Err(Error::NoHole { .. }) => assert!(possible, "seed {seed}"),
            Err(other) => panic!("seed {seed}: {other:?}"),
        }
    }
    assert!(refused > 200, "{refused}");
}

#[test]
fn memory_only_one_of_the_maps_calls_ram_is_not_used() {
    let mut machine = Box::new(Machine::new());
    let mib = |start: u64, end: u64| Range::new(start << 20, (end << 20) - 1).unwrap();
    machine.memory.add(mib(0, 4096), MemoryKind::RAM).unwrap();
    machine.iomem.add(mib(0, 2048), MemoryKind::RAM).unwrap();
    machine
        .iomem
        .add(mib(1000, 1001), MemoryKind::RESERVED)
        .unwrap();
    let mut free = RangeSet::new();
    crate::purpose::usable(&machine, 1 << 20, u64::MAX, &mut free).unwrap();
    let expected: Vec<Range> = vec![mib(1, 1000), mib(1001, 2048)];
    assert_eq!(free.ranges(), expected);
}

#[test]
fn an_efi_region_past_the_last_address_is_not_used() {
    use crate::machine::EfiMemoryDescriptor;
    for (physical, pages) in [
        (2 << 30, u64::MAX),
        (2 << 30, 1 << 52),
        (2 << 30, (u64::MAX - (2 << 30)) / PAGE_SIZE + 1),
    ] {
        let mut machine = super::machine(&[(1, 4096)]);
        let descriptor = EfiMemoryDescriptor {
            kind: 6,
            physical,
            virtual_: 0,
            pages,
            attribute: 0,
        };
        machine.efi.add(descriptor).unwrap();
        let mut free = RangeSet::new();
        crate::purpose::usable(&machine, 1 << 20, u64::MAX, &mut free).unwrap();
        let below = Range::new(1 << 20, (2 << 30) - 1).unwrap();
        assert_eq!(free.ranges(), [below], "{pages:#x} pages");
    }
}

#[test]
fn limits_that_exclude_each_other_are_named() {
    let kernel = bzimage(0x1000);
    let machine = machine(&[(1, 1024)]);
    let mut workspace = workspace();
    let mut request = request(&kernel, &[]);
    (request.options.mem_min, request.options.mem_max) = (0x2000_0000, 0x1fff_ffff);
    for crash in [None, Some(CrashOptions::default())] {
        request.options.crash = crash;
        let error = plan(&request, &machine, &mut workspace).unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }), "{error:?}");
        assert!(error.to_string().contains("mem_min"), "{error}");
    }
    request.options.crash = None;
    request.options.mem_max = u64::MAX;
    plan(&request, &machine, &mut workspace).unwrap();
}

#[test]
fn a_refusal_says_which_limit_narrows_the_window() {
    use crate::error::Narrowed;
    const MIB: u64 = 1 << 20;
    let kernel = bzimage(0x1000);
    let mut workspace = workspace();
    // RAM up to an address, mem_min, mem_max; the window, and the largest range in it.
    for (ram, mem_min, mem_max, min, max, largest, by) in [
        (64, 0, u64::MAX, 16 * MIB, (1 << 46) - 2, 48, Narrowed::No),
        (
            64,
            8 * MIB,
            u64::MAX,
            16 * MIB,
            (1 << 46) - 2,
            48,
            Narrowed::No,
        ),
        (
            2048,
            0,
            32 * MIB - 1,
            16 * MIB,
            32 * MIB - 1,
            16,
            Narrowed::MemMax,
        ),
        (
            128,
            96 * MIB,
            u64::MAX,
            96 * MIB,
            (1 << 46) - 2,
            32,
            Narrowed::MemMin,
        ),
        (
            2048,
            512 * MIB,
            544 * MIB - 1,
            512 * MIB,
            544 * MIB - 1,
            32,
            Narrowed::Both,
        ),
        // Nothing of the kernel's window is left: below what it prefers.
        (
            2048,
            0,
            8 * MIB,
            16 * MIB,
            (1 << 46) - 2,
            0,
            Narrowed::MemMax,
        ),
        (
            2048,
            1 << 50,
            u64::MAX,
            16 * MIB,
            (1 << 46) - 2,
            0,
            Narrowed::MemMin,
        ),
    ] {
        let machine = machine(&[(1, ram)]);
        let mut request = request(&kernel, &[]);
        (request.options.mem_min, request.options.mem_max) = (mem_min, mem_max);
        let expected = Error::NoHole {
            what: "the kernel (init_size)",
            size: 0x3c3_9000,
            align: 2 * MIB,
            min,
            max,
            largest: largest * MIB,
            narrowed: by,
        };
        let error = plan(&request, &machine, &mut workspace).unwrap_err();
        assert_eq!(error, expected);
        let text = error.to_string();
        assert_eq!(text.contains("mem_min"), by.by_mem_min(), "{text}");
        assert_eq!(text.contains("mem_max"), by.by_mem_max(), "{text}");
    }
}
