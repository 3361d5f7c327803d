use super::*;
use crate::testing::Random;

/// Every result is correct, and a hole is found whenever trying every address finds one.
#[test]
fn finds_what_trying_every_address_finds() {
    let (mut found, mut none) = (0, 0);
    for seed in 0..20_000 {
        let mut random = Random::new(seed);
        let base = if seed % 2 == 0 { 0 } else { u64::MAX - 127 };
        let mut free = [false; 128];
        let mut set = RangeSet::new();
        for _ in 0..random.below(12) {
            let (start, size) = (random.below(128), 1 + random.below(40));
            let last = (start + size - 1).min(127);
            set.insert(Range::new(base + start, base + last).unwrap())
                .unwrap();
            free[start as usize..=last as usize].fill(true);
        }
        let (a, b) = (random.below(128), random.below(128));
        let window = Window {
            what: "a test",
            size: 1 + random.below(24),
            align: 1 << random.below(6),
            min: base + a.min(b),
            max: base + a.max(b),
            narrowed: Narrowed::No,
        };
        let fits = |offset: u64| {
            let start = base + offset;
            let last = offset + window.size - 1;
            start % window.align == 0
                && start >= window.min
                && last < 128
                && base + last <= window.max
                && (offset..=last).all(|cell| free[cell as usize])
        };
        let oracle = (0..128).rev().find(|offset| fits(*offset));
        match (find_hole(&set, &window), oracle) {
            (Ok(hole), Some(offset)) => {
                assert_eq!((hole.start(), hole.size()), (base + offset, window.size));
                found += 1;
            }
            (Err(Error::NoHole { .. }), None) => none += 1,
            (got, want) => panic!("seed {seed}: {window:?}: got {got:?}, want {want:?}"),
        }
    }
    // The property is worth nothing if one side hardly happens.
    assert!(found > 2000 && none > 2000, "{found} found, {none} not");
}

#[test]
fn says_what_is_missing() {
    let mut free = RangeSet::new();
    free.insert(Range::new(0x1000, 0x2fff).unwrap()).unwrap();
    let window = Window {
        what: "the kernel",
        size: 0x3000,
        align: 0x1000,
        min: 0,
        max: u64::MAX,
        narrowed: Narrowed::No,
    };
    assert_eq!(
        find_hole(&free, &window),
        Err(Error::NoHole {
            what: "the kernel",
            size: 0x3000,
            align: 0x1000,
            min: 0,
            max: u64::MAX,
            largest: 0x2000,
            narrowed: Narrowed::No,
        })
    );
    for (size, align) in [(0, 1), (1, 0), (1, 3)] {
        let wrong = Window {
            size,
            align,
            ..window
        };
        assert!(matches!(
            find_hole(&free, &wrong),
            Err(Error::BadArgument { .. })
        ));
    }
}
