use super::*;
use crate::error::Error;
use crate::memory::{PageSize, Range};
use crate::request::Options;
use crate::segment::Near;
use crate::segment::{Bytes, SegmentKind};
use crate::testing::Random;

fn free(ranges: &[(u64, u64)]) -> RangeSet {
    let mut set = RangeSet::new();
    for (start, size) in ranges {
        set.insert(Range::from_size(*start, *size).unwrap())
            .unwrap();
    }
    set
}

fn range(start: u64, size: u64) -> Range {
    Range::from_size(start, size).unwrap()
}

fn bounds(page: PageSize) -> Bounds {
    Bounds::new(0, u64::MAX, &Options::DEFAULT, page)
}

#[test]
fn blocks_go_high_in_order_and_pieces_at_their_offsets() {
    let mut items = Items::new();
    items.block(anywhere("a", 0x1800, u64::MAX));
    items.piece(SegmentKind::Initrd(0), Bytes::Zero, 0, 0x800);
    items.piece(SegmentKind::Initrd(1), Bytes::Zero, 0x1000, 0x800);
    items.fixed(0x20_0000);
    items.piece(SegmentKind::Backup, Bytes::Zero, 0, 0x1000);
    items.unverified();
    items.block(anywhere("b", 1, 0x10_ffff));
    items.piece(SegmentKind::Purgatory, Bytes::Made(1), 0, 1);
    let mut free = free(&[(0x10_0000, 0x10_0000)]);
    place(&mut items, &bounds(PageSize::K4), &mut free).unwrap();
    let places = items.pieces().iter().map(|piece| items.address(piece));
    assert!(places.eq([0x1f_e000, 0x1f_f000, 0x20_0000, 0x10_f000]));
    assert!(
        items
            .pieces()
            .iter()
            .map(|piece| piece.verified)
            .eq([true, true, false, true])
    );
    assert_eq!(items.start(SegmentKind::Initrd(1)), 0x1f_f000);
    assert_eq!(items.start(SegmentKind::Kernel), 0);
    assert!(!free.contains(range(0x1f_e000, 1)));
}

#[test]
fn larger_pages_round_sizes_and_places() {
    let mut items = Items::new();
    items.block(anywhere("a", 0x1800, u64::MAX));
    items.piece(SegmentKind::Kernel, Bytes::Zero, 0, 0x1800);
    for (page, start) in [
        (PageSize::K4, 0x1f_e000),
        (PageSize::K16, 0x1f_8000),
        (PageSize::K64, 0x1e_0000),
    ] {
        // The last page of 16 and of 64 KiB is not whole.
        let last = if page == PageSize::K4 { 0 } else { 0x1000 };
        let mut free = free(&[(0x10_0000, 0x10_0000 - last)]);
        place(&mut items, &bounds(page), &mut free).unwrap();
        assert_eq!(items.start(SegmentKind::Kernel), start);
    }
}

#[test]
fn too_many_pieces_are_counted() {
    let mut items = Items::new();
    for number in 0..20 {
        items.block(anywhere("x", 1, u64::MAX));
        items.piece(SegmentKind::Initrd(number), Bytes::Zero, 0, 1);
    }
    assert_eq!(
        items.check(),
        Err(Error::TooManySegments { count: 20, max: 16 })
    );
}

/// arm64's rule (Documentation/arch/arm64/booting.rst): the initrd lies in one range of up to 32 GiB,
/// aligned to 1 GiB, that covers the kernel too. By trying every such range.
#[test]
fn near_blocks_share_an_aligned_range() {
    const GIB: u64 = 1 << 30;
    let near = Near {
        to: SegmentKind::Kernel,
        unit: GIB,
        within: 32 * GIB,
    };
    let share = |one: Range, other: Range| {
        (0..130).any(|number| {
            range(number * GIB, 32 * GIB).contains(one)
                && range(number * GIB, 32 * GIB).contains(other)
        })
    };
    let (mut placed, mut refused) = (0, 0);
    for seed in 0..800 {
        let mut random = Random::new(seed);
        let kernel = range(
            random.below(80 * GIB) & !0xfff,
            0x4000_0000 >> random.below(8),
        );
        let mut set = RangeSet::new();
        for _ in 0..1 + random.below(3) {
            let start = random.below(120 * GIB) & !0xfff;
            let _ = set.insert(range(start, 0x1000 << random.below(6)));
        }
        set.remove(kernel).unwrap();
        let size = 0x1000 << random.below(4);
        let mut items = Items::new();
        items.fixed(kernel.start());
        items.piece(SegmentKind::Kernel, Bytes::Zero, 0, kernel.size());
        items.block_near(anywhere("the initrd", size, u64::MAX), near);
        items.piece(SegmentKind::Initrd(0), Bytes::Zero, 0, size);
        match place(&mut items, &bounds(PageSize::K4), &mut set.clone()) {
            Ok(()) => {
                let initrd = range(items.start(SegmentKind::Initrd(0)), size);
                placed += 1;
                assert!(share(kernel, initrd), "{seed}");
            }
            Err(_) => {
                refused += 1;
                // No page at which it would fit shares a range with the kernel.
                for free in set.ranges() {
                    let mut at = free.start();
                    while at + size - 1 <= free.last() {
                        assert!(!share(kernel, range(at, size)), "{seed} {at:#x}");
                        at += 0x1000;
                    }
                }
            }
        }
    }
    assert!(placed > 150 && refused > 150, "{placed} {refused}");
}
