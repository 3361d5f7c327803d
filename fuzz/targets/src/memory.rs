//! Sets and maps of ranges against the model, and the search for a hole.

use std::cell::RefCell;

use arbitrary::{Arbitrary, Unstructured};
use kexec_core::Error;
use kexec_core::memory::{MemoryKind, MemoryMap, Range, RangeSet, Window, find_hole, largest_hole};

use crate::case::{Address, Region};
use crate::model::{self, Entry, Span, span};
use crate::random::Random;

/// Inputs that become steps.
pub fn seeds() -> Vec<Vec<u8>> {
    Random::inputs(5, &[16, 64, 256], 16)
}

#[derive(Arbitrary, Debug)]
enum Step {
    Insert(Region),
    Remove(Region),
    Contains(Region),
    Hole {
        size: Address,
        shift: u8,
        min: Address,
        max: Address,
    },
}

fn range(region: Region) -> Range {
    Range::new(region.start, region.last).expect("a region")
}

fn spans(set: &RangeSet) -> Vec<Span> {
    set.ranges()
        .iter()
        .map(|range| span(range.start(), range.last()))
        .collect()
}

thread_local! {
    static ROOM: RefCell<(Box<RangeSet>, Box<MemoryMap>)> = RefCell::default();
}

/// RangeSet.
pub fn run_ranges(data: &[u8]) {
    ROOM.with_borrow_mut(|(set, _)| ranges(data, set));
}

fn ranges(data: &[u8], set: &mut RangeSet) {
    let mut input = Unstructured::new(data);
    set.clear();
    let mut model: Vec<Span> = Vec::new();
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        let Ok(step) = input.arbitrary::<Step>() else {
            break;
        };
        match step {
            Step::Insert(region) => {
                set.insert(range(region)).expect("room");
                model.push(span(region.start, region.last));
                model = model::union(&model);
            }
            Step::Remove(region) => {
                set.remove(range(region)).expect("room");
                model = model::without(&model, &[span(region.start, region.last)]);
            }
            Step::Contains(region) => {
                let inside = model::holds(&model, span(region.start, region.last));
                assert_eq!(set.contains(range(region)), inside, "{region:?}");
            }
            Step::Hole {
                size,
                shift,
                min,
                max,
            } => {
                let align = 1 << (shift & 63);
                let window = Window {
                    what: "it",
                    size: size.0,
                    align,
                    min: min.0,
                    max: max.0,
                    narrowed: kexec_core::Narrowed::No,
                };
                hole(set, &model, &window);
            }
        }
        assert_eq!(spans(set), model);
    }
}

fn hole(set: &RangeSet, model: &[Span], window: &Window) {
    let Window {
        size,
        align,
        min,
        max,
        ..
    } = *window;
    let there = if min <= max {
        model::largest(model, min, max)
    } else {
        0
    };
    let passed = there.min(u128::from(u64::MAX)) as u64;
    assert_eq!(largest_hole(set, min, max), passed);
    match find_hole(set, window) {
        Ok(found) => {
            let place = span(found.start(), found.last());
            assert!(model::holds(model, place), "{found} is not free");
            assert_eq!(place.1 - place.0, size.into());
            assert!(min <= found.start() && found.last() <= max && found.start() % align == 0);
            // Nothing higher would do.
            if let Some(next) = found.start().checked_add(align).filter(|next| *next <= max) {
                assert!(
                    !model::fits(model, next, max, size, align),
                    "not the highest"
                );
            }
        }
        Err(Error::BadArgument { .. }) => assert_eq!(size, 0),
        Err(Error::NoHole { largest, .. }) => {
            assert_eq!(largest, passed);
            assert!(
                min > max || !model::fits(model, min, max, size, align),
                "there is one"
            );
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// MemoryMap.
pub fn run_map(data: &[u8]) {
    ROOM.with_borrow_mut(|(_, map)| maps(data, map));
}

fn maps(data: &[u8], map: &mut MemoryMap) {
    let mut input = Unstructured::new(data);
    map.clear();
    let mut model: Vec<Entry> = Vec::new();
    for _ in 0..40 {
        if input.is_empty() {
            break;
        }
        let Ok((region, kind)) = input.arbitrary::<(Region, u8)>() else {
            break;
        };
        let kind = [0, 1, 1, 2, 3, 7, 12, 0xefff_ffff][usize::from(kind & 7)];
        map.add(range(region), MemoryKind(kind)).expect("room");
        model.push((region.start, region.last, kind));
    }
    let joined = model::resolve(&model);
    let passed = |map: &MemoryMap| -> Vec<Entry> {
        let entries = map.entries().iter();
        entries
            .map(|entry| (entry.range.start(), entry.range.last(), entry.kind.0))
            .collect()
    };
    let entries = passed(map);
    for pair in entries.windows(2) {
        assert!(
            pair[0].1 < pair[1].0,
            "entries overlap or are not sorted: {pair:x?}"
        );
    }
    assert_eq!(model::resolve(&entries), joined);
    map.join_touching();
    let entries = passed(map);
    assert_eq!(
        entries.len(),
        joined.len(),
        "touching entries of one kind stay apart"
    );
    assert_eq!(model::resolve(&entries), joined);
    let ram = model::ram(&model)
        .iter()
        .map(|(start, end)| end - start)
        .sum::<u128>();
    assert_eq!(u128::from(map.ram()), ram.min(u128::from(u64::MAX)));
}
