use super::*;
use crate::plan::SegmentKind;

const LIMITS: Limits = Limits {
    destination: X86_64_LIMIT_4_LEVEL,
    total_ram: 1 << 30,
    crash: None,
    page_size: PageSize::K4,
};

fn segment(mem: u64, memsz: u64, buf: &[u8]) -> Segment<'_> {
    Segment {
        kind: SegmentKind::Kernel,
        buf,
        mem,
        memsz,
    }
}

fn broken(segments: &[Segment<'_>], limits: &Limits) -> Option<(u8, Rule)> {
    match check(segments, 0x10_0000, limits) {
        Ok(()) => None,
        Err(Error::Check { segment, rule }) => Some((segment, rule)),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_good_list_passes() {
    let segments = [
        segment(0x10_0000, 0x1000, b"x"),
        segment(0x10_1000, 0x2000, b""),
    ];
    assert_eq!(broken(&segments, &LIMITS), None);
}

#[test]
fn every_rule_is_named_with_its_segment() {
    let good = segment(0x10_0000, 0x1000, b"x");
    let large = [0_u8; 0x1001];
    let cases = [
        (segment(u64::MAX - 0xfff, 0x2000, b""), Rule::Wraps),
        (segment(0x20_0800, 0x1000, b""), Rule::Unaligned),
        (segment(0x20_0000, 0x800, b""), Rule::Unaligned),
        (segment((1 << 46) - 0x1000, 0x1000, b""), Rule::PastLimit),
        (segment(0x10_0000, 0x1000, b"x"), Rule::Overlap { other: 0 }),
        (segment(0xf_f000, 0x2000, b""), Rule::Overlap { other: 0 }),
        (segment(0x20_0000, 0x1000, &large), Rule::BufferTooLarge),
        (
            segment(0x20_0000, (1 << 29) + 0x1000, b""),
            Rule::TooMuchMemory,
        ),
    ];
    for (bad, rule) in cases {
        assert_eq!(broken(&[good, bad], &LIMITS), Some((1, rule)));
    }
}

#[test]
fn the_largest_destination_ends_below_the_limit() {
    // The kernel refuses mem + memsz >= KEXEC_DESTINATION_MEMORY_LIMIT.
    let last = segment((1 << 46) - 0x2000, 0x1000, b"");
    assert_eq!(
        broken(&[segment(0x10_0000, 0x1000, b"x"), last], &LIMITS),
        None
    );
}

#[test]
fn earlier_rules_win_over_earlier_segments() {
    // The kernel walks the list once for each rule.
    let large = [0_u8; 0x1001];
    let segments = [
        segment(0x10_0000, 0x1000, &large),
        segment(0x20_0800, 0x1000, b""),
    ];
    assert_eq!(broken(&segments, &LIMITS), Some((1, Rule::Unaligned)));
}

#[test]
fn all_together_take_at_most_half_of_the_ram() {
    let quarter = 1 << 28;
    let segments = [
        segment(0x10_0000, quarter, b"x"),
        segment(0x8000_0000, quarter, b""),
        segment(0x1_0000_0000, 0x1000, b""),
    ];
    assert_eq!(broken(&segments[..2], &LIMITS), None);
    assert_eq!(broken(&segments, &LIMITS), Some((2, Rule::TooMuchMemory)));
}

#[test]
fn a_crash_image_stays_in_its_reservation() {
    let limits = Limits {
        crash: Range::new(0x10_0000, 0x1f_ffff),
        ..LIMITS
    };
    let inside = segment(0x10_0000, 0x10_0000, b"x");
    assert_eq!(broken(&[inside], &limits), None);
    let outside = segment(0x20_0000, 0x1000, b"");
    assert_eq!(
        broken(&[inside, outside], &limits),
        Some((1, Rule::OutsideCrashReservation))
    );
}

#[test]
fn the_entry_lies_in_a_segment() {
    assert!(matches!(
        check(&[segment(0x10_0000, 0x1000, b"x")], 0x10_1000, &LIMITS),
        Err(Error::Check {
            rule: Rule::EntryOutside,
            ..
        })
    ));
}

#[test]
fn seventeen_segments_are_too_many() {
    let segments: [_; 17] = core::array::from_fn(|n| segment((n as u64 + 256) << 12, 0x1000, b"x"));
    assert_eq!(
        check(&segments, 0x10_0000, &LIMITS),
        Err(Error::TooManySegments { count: 17, max: 16 })
    );
    assert_eq!(broken(&segments[..16], &LIMITS), None);
}

#[test]
fn a_destination_outside_ram_is_found() {
    let mut free = RangeSet::new();
    free.insert(Range::new(0x10_0000, 0x1f_ffff).unwrap())
        .unwrap();
    assert_eq!(
        check_in_ram(&[segment(0x10_0000, 0x10_0000, b"x")], &free),
        Ok(())
    );
    assert_eq!(
        check_in_ram(&[segment(0x1f_f000, 0x2000, b"")], &free),
        Err(Error::Check {
            segment: 0,
            rule: Rule::NotRam
        })
    );
}

#[test]
fn the_entry_lies_in_bytes_that_are_loaded() {
    let segments = [
        segment(0x10_0000, 0x1000, b"four"),
        segment(0x20_0000, 0x1000, b""),
    ];
    for (entry, good) in [
        (0x10_0000, true),
        (0x10_0003, true),
        (0x10_0004, false),
        (0x10_0fff, false),
        (0x10_1000, false),
        (0x0f_ffff, false),
        (0x20_0000, false),
        (u64::MAX, false),
    ] {
        let outside = Error::Check {
            segment: 0,
            rule: Rule::EntryOutside,
        };
        let expected = if good { Ok(()) } else { Err(outside) };
        assert_eq!(check(&segments, entry, &LIMITS), expected, "{entry:#x}");
    }
}

#[test]
fn the_kernels_entry_lies_in_its_own_bytes() {
    let kernel = segment(0x10_0000, 0x1000, b"four");
    let other = Segment {
        kind: SegmentKind::Initrd(0),
        ..segment(0x20_0000, 0x1000, b"four")
    };
    let outside = Error::Check {
        segment: 0,
        rule: Rule::KernelEntryOutside,
    };
    for (entry, expected) in [
        (0x10_0003, Ok(())),
        (0x10_0004, Err(outside)),
        (0x20_0000, Err(outside)),
    ] {
        assert_eq!(
            kernel_entry(&[kernel, other], entry),
            expected,
            "{entry:#x}"
        );
    }
}

#[test]
fn an_empty_segment_outside_the_crash_reservation_is_refused_too() {
    let limits = Limits {
        crash: Range::new(0x10_0000, 0x1f_ffff),
        ..LIMITS
    };
    let first = segment(0x10_0000, 0x1000, b"x");
    for (mem, good) in [
        (0, false),
        (0xf_f000, false),
        (0x10_0000, true),
        (0x20_0000, true),
        (0x20_1000, false),
    ] {
        // mem - 1 is its last address (kernel/kexec_core.c, sanity_check_segment_list).
        let expected = (!good).then_some((1, Rule::OutsideCrashReservation));
        assert_eq!(
            broken(&[first, segment(mem, 0, b"")], &limits),
            expected,
            "{mem:#x}"
        );
    }
}
