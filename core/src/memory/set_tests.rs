use super::*;
use crate::testing::Random;

/// Against a table with one cell an address.
#[test]
fn matches_a_table_of_single_addresses() {
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let base = if seed % 2 == 0 { 0 } else { u64::MAX - 63 };
        let mut cells = [false; 64];
        let mut set = RangeSet::new();
        for _ in 0..random.below(30) {
            let (a, b) = (random.below(64), random.below(64));
            let (start, last) = (a.min(b), a.max(b));
            let range = Range::new(base + start, base + last).unwrap();
            let put = random.below(2) == 0;
            if put {
                set.insert(range).unwrap();
            } else {
                set.remove(range).unwrap();
            }
            cells[start as usize..=last as usize].fill(put);
            assert_eq!(set.contains(range), put);
        }
        let mut found = [false; 64];
        let mut before: Option<Range> = None;
        for range in set.ranges() {
            assert!(
                before.is_none_or(|b| b.last() + 1 < range.start()),
                "they touch"
            );
            before = Some(*range);
            found[(range.start() - base) as usize..=(range.last() - base) as usize].fill(true);
        }
        assert_eq!(found, cells, "seed {seed}");
    }
}

#[test]
fn a_full_set_says_so() {
    let mut set = RangeSet::new();
    for n in 0..RangeSet::CAPACITY as u64 {
        set.insert(Range::from_size(n * 0x10, 8).unwrap()).unwrap();
    }
    let middle = Range::from_size(0x12, 2).unwrap();
    assert_eq!(set.remove(middle), Err(SetFull));
}
