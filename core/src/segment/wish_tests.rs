use super::*;
use crate::error::{Error, Narrowed};
use crate::memory::PageSize;
use crate::request::Options;
use crate::segment::{Bytes, anywhere, place};
use std::collections::BTreeMap;
use std::vec::Vec;

fn free(ranges: &[(u64, u64)]) -> RangeSet {
    let mut set = RangeSet::new();
    for (start, size) in ranges {
        set.insert(Range::from_size(*start, *size).unwrap())
            .unwrap();
    }
    set
}

/// Places a kernel of 0x20_0000 bytes from 0x100_0000 on with this wish, and an initrd of this size; returns
/// both places. Nothing else is taken.
fn placed(wish: Wish, initrd: u64, ranges: &[(u64, u64)]) -> Result<(u64, u64)> {
    let mut items = Items::new();
    items.block(Window {
        what: "the kernel",
        size: 0x20_0000,
        align: 0x20_0000,
        min: 0x100_0000,
        max: u64::MAX,
        narrowed: Narrowed::No,
    });
    items.piece(SegmentKind::Kernel, Bytes::Zero, 0, 0x20_0000);
    items.block(anywhere("the initrd", initrd, u64::MAX));
    items.piece(SegmentKind::Initrd(0), Bytes::Zero, 0, initrd);
    items.wish(SegmentKind::Kernel, wish);
    let bounds = Bounds::new(0, u64::MAX, &Options::DEFAULT, PageSize::K4);
    let (all, mut set) = (free(ranges), free(ranges));
    place(&mut items, &bounds, &mut set)?;
    let starts = [SegmentKind::Kernel, SegmentKind::Initrd(0)].map(|kind| items.start(kind));
    let mut expected = all;
    for (start, size) in starts.into_iter().zip([0x20_0000, initrd]) {
        let range = Range::from_size(start, size).unwrap();
        assert!(expected.contains(range));
        expected.remove(range).unwrap();
    }
    assert_eq!(set.ranges(), expected.ranges());
    Ok((starts[0], starts[1]))
}

const EVERYWHERE: u64 = u64::MAX;

fn drawn(random: u64, last: u64) -> Wish {
    Wish::Drawn { random, last }
}

#[test]
fn every_place_is_drawn_as_often_as_any_other() {
    // Below 0x100_0000 nothing is drawn; in the first range there are 4 places, in the second, which
    // begins and ends beside one, 2; one of the third, with the initrd at its end, is left.
    let ranges = [
        (0x80_0000, 0x100_0000),
        (0x200_1000, 0x5f_f000),
        (0x1_0000_0000, 0x3f_0000),
    ];
    let mut found = BTreeMap::new();
    for random in 0..70 {
        let (kernel, initrd) = placed(drawn(random, EVERYWHERE), 0x10_0000, &ranges).unwrap();
        assert_eq!(initrd, 0x1_002f_0000);
        *found.entry(kernel).or_insert(0) += 1;
    }
    let expected = [
        0x100_0000,
        0x120_0000,
        0x140_0000,
        0x160_0000,
        0x220_0000,
        0x240_0000,
        0x1_0000_0000,
    ];
    assert_eq!(found, expected.map(|place| (place, 10)).into());
    // Up to an address.
    let places: Vec<u64> = (0..5)
        .map(|random| {
            placed(drawn(random, 0x17f_ffff), 0x1000, &ranges)
                .unwrap()
                .0
        })
        .collect();
    assert_eq!(
        places,
        [0x100_0000, 0x120_0000, 0x140_0000, 0x160_0000, 0x100_0000]
    );
    assert_eq!(
        placed(drawn(u64::MAX, EVERYWHERE), 0x1000, &ranges)
            .unwrap()
            .0,
        // (2^64 - 1) % 7 = 1.
        0x120_0000
    );
}

#[test]
fn without_a_place_the_block_is_as_high_as_possible() {
    // If the initrd came first it would take the only room for the kernel: the order is the usual one.
    let ranges = [(0x100_0000, 0x20_0000), (0x10_0000, 0x10_0000)];
    assert_eq!(
        placed(drawn(3, EVERYWHERE), 0x10_0000, &ranges),
        Ok((0x100_0000, 0x10_0000))
    );
    // Nothing is below the highest address that may be drawn.
    let ranges = [(0x200_0000, 0x40_0000)];
    assert_eq!(
        placed(drawn(0, 0x1ff_ffff), 0x1000, &ranges),
        Ok((0x220_0000, 0x21f_f000))
    );
    assert!(matches!(
        placed(drawn(0, EVERYWHERE), 0x1000, &[(0, 0x100_0000)]),
        Err(Error::NoHole {
            what: "the kernel",
            ..
        })
    ));
}

#[test]
fn a_preferred_place_and_an_exact_one() {
    let ranges = [(0x80_0000, 0x100_0000), (0x200_0000, 0x80_0000)];
    for (start, found) in [
        (0x100_0000, 0x100_0000),
        (0x140_0000, 0x140_0000),
        (0x180_0000, 0x260_0000),
        (0x80_0000, 0x260_0000),
        (0x110_0000, 0x260_0000),
        (u64::MAX, 0x260_0000),
    ] {
        let (kernel, _) = placed(Wish::Preferred(start), 0x20_0000, &ranges).unwrap();
        assert_eq!(kernel, found, "{start:#x}");
        let exact = placed(Wish::Exactly(start), 0x20_0000, &ranges);
        assert_eq!(
            exact.ok().map(|(kernel, _)| kernel),
            (start == found).then_some(found)
        );
    }
}
