//! Why segments lie where they lie.

use super::placement::random_machine;
use super::*;
use crate::memory::Window;

/// The highest address that 4-level page tables leave for segments.
const LAST: u64 = (1 << 46) - 2;

fn window(block: &Placed) -> &Window {
    block.window.as_ref().unwrap()
}

fn reasons(details: &Details, machine: &Machine) -> Vec<(usize, Above)> {
    let mut free = Box::new(RangeSet::new());
    let mut all = Vec::new();
    details
        .reasons(machine, &mut free, &mut |number, _, above| {
            all.push((number, *above));
        })
        .unwrap();
    all
}

#[test]
fn each_block_has_its_window_and_what_is_above_it() {
    let kernel = bzimage(0x8000);
    let initrd = vec![1_u8; 5000];
    let initrds = [&initrd[..]];
    let machine = machine(&[(1, 64), (65, 1024)]);
    let (mut workspace, mut details) = (workspace(), Details::new());
    let request = request(&kernel, &initrds);
    let plan = plan_with_details(&request, &machine, &mut workspace, &mut details).unwrap();
    let [k, i, boot, purgatory] = details.blocks() else {
        panic!()
    };
    assert_eq!(k.kind, SegmentKind::Kernel);
    assert_eq!((k.place.start(), k.place.size()), (0x3c20_0000, 0x3c3_9000));
    assert_eq!((window(k).size, window(k).align), (0x3c3_9000, 0x20_0000));
    assert_eq!((window(k).min, window(k).max), (0x100_0000, LAST));
    assert_eq!((i.place.start(), i.place.size()), (0x3fff_e000, 0x2000));
    assert_eq!(
        (window(i).min, window(i).align, i.near),
        (0x10_0000, 0x1000, None)
    );
    assert_eq!(boot.kind, SegmentKind::BootParams);
    assert_eq!(purgatory.kind, SegmentKind::Purgatory);
    for (block, segment) in details.blocks().iter().zip(plan.segments()) {
        assert_eq!(segment.range(), Some(block.place));
    }
    let reasons = reasons(&details, &machine);
    // The alignment leaves it room above.
    let above_kernel = Above {
        size: LAST - 0x3fe3_8fff,
        placed: 0,
        free: 0x1c_7000,
        largest: 0x1c_7000,
        next: None,
    };
    assert_eq!(reasons[0], (0, above_kernel));
    assert_eq!(above_kernel.unusable(), LAST - 0x3fff_ffff);
    assert_eq!(
        reasons[1].1,
        Above {
            size: LAST - 0x3fff_ffff,
            placed: 0,
            free: 0,
            largest: 0,
            next: None,
        }
    );
    // Just below the initrd, which was placed before it.
    assert_eq!((reasons[2].1.placed, reasons[2].1.next), (0x2000, Some(1)));
    assert_eq!(reasons[3].1.next, Some(2));
    assert_eq!(reasons.len(), 4);
}

/// `mem_max` is part of the window, and there is nothing above what reaches it.
#[test]
fn the_callers_limits_narrow_the_windows() {
    let kernel = bzimage(0x8000);
    let machine = machine(&[(1, 1024)]);
    let (mut workspace, mut details) = (workspace(), Details::new());
    let mut request = request(&kernel, &[]);
    request.options.mem_max = 0x3fe3_8fff;
    plan_with_details(&request, &machine, &mut workspace, &mut details).unwrap();
    let kernel = &details.blocks()[0];
    assert_eq!(window(kernel).max, 0x3fe3_8fff);
    assert!(window(kernel).narrowed.by_mem_max());
    assert_eq!(reasons(&details, &machine)[0].1.size, 0);
    let mut free = Box::new(RangeSet::new());
    details.usable(&machine, &mut free).unwrap();
    assert_eq!(free.ranges(), [Range::new(0x10_0000, 0x3fe3_8fff).unwrap()]);
}

#[test]
fn details_of_no_plan_are_refused() {
    let mut free = Box::new(RangeSet::new());
    let details = Details::new();
    let refused = details.usable(&machine(&[(1, 64)]), &mut free);
    assert!(matches!(refused, Err(Error::BadArgument { .. })));
    // Those of an earlier plan are gone.
    let kernel = bzimage(0x8000);
    let (mut workspace, mut details) = (workspace(), Details::new());
    let large = machine(&[(1, 1024)]);
    let request = request(&kernel, &[]);
    plan_with_details(&request, &large, &mut workspace, &mut details).unwrap();
    let small = machine(&[(1, 2)]);
    let refused = plan_with_details(&request, &small, &mut workspace, &mut details);
    assert!(matches!(refused, Err(Error::NoHole { .. })));
    assert!(details.blocks().is_empty());
}

/// On random machines: the plan is the same, the parts of what is above add up, and none of its free
/// ranges could have held the block.
#[test]
fn there_is_never_room_above() {
    let (mut workspace, mut details) = (workspace(), Details::new());
    let initrd = vec![7_u8; 123_457];
    let mut planned = 0;
    for seed in 0..1500 {
        let mut random = Random::new(seed);
        let mut kernel = bzimage(0x2000);
        let alignment = 1_u32 << random.below(28);
        kernel[0x230..0x234].copy_from_slice(&alignment.to_le_bytes());
        let machine = random_machine(&mut random);
        let initrds = [&initrd[..], &initrd[..1]];
        let mut request = request(&kernel, &initrds[..random.below(3) as usize]);
        if random.below(3) == 0 {
            request.options.mem_max = random.below(1 << 35);
        }
        let Ok(plain) = plan(&request, &machine, &mut workspace) else {
            continue;
        };
        let places = |plan: &Plan<'_>| -> Vec<_> {
            let segments = plan.segments().iter();
            segments
                .map(|segment| (segment.kind, segment.mem))
                .collect()
        };
        let expected = (plain.entry, plain.digest, places(&plain));
        drop(plain);
        let plan = plan_with_details(&request, &machine, &mut workspace, &mut details).unwrap();
        assert_eq!((plan.entry, plan.digest, places(&plan)), expected);
        for (number, above) in reasons(&details, &machine) {
            let block = &details.blocks()[number];
            let window = window(block);
            assert!(above.placed + above.free <= above.size, "seed {seed}");
            assert!(above.largest <= above.free, "seed {seed}");
            // A range that begins anywhere loses less than the alignment.
            assert!(
                above.largest < window.size + window.align,
                "seed {seed}: {above:?}"
            );
            assert_eq!(above.placed == 0, above.next.is_none(), "seed {seed}");
        }
        planned += 1;
    }
    assert!(planned > 500, "{planned}");
}
