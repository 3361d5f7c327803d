//! Which RAM is dumped.

use super::x86::{LOW_MEMORY, NOT_BACKED_UP};
use crate::error::Result;
use crate::machine::{CrashReservation, Dump};
use crate::memory::RangeSet;

/// Fills `out` with the RAM in a dump: all System RAM, including that of drivers (kmem, virtio_mem),
/// without the low MiB (but with the part that `backup` keeps), the crash kernel's own memory (both
/// reservations and the CMA ranges), and the GART, because reading it can stop the machine.
///
/// # Errors
/// [`crate::Error::Full`] when there are more ranges after the cuts than fit in a [`RangeSet`].
pub fn dump_ranges(
    dump: &Dump,
    reservation: &CrashReservation,
    backup: bool,
    out: &mut RangeSet,
) -> Result<()> {
    out.clear();
    for range in dump.ram.ranges() {
        out.insert(*range)?;
    }
    let crash = [reservation.region, reservation.low];
    let low = if backup { NOT_BACKED_UP } else { LOW_MEMORY };
    let others = [low, dump.gart];
    for range in crash.into_iter().chain(others).flatten() {
        out.remove(range)?;
    }
    for range in dump.cma() {
        out.remove(*range)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Range;
    use crate::testing::Random;
    use std::boxed::Box;
    use std::vec::Vec;

    fn range(start: u64, last: u64) -> Range {
        Range::new(start, last).unwrap()
    }

    fn dumped(dump: &Dump, reservation: &CrashReservation) -> Vec<(u64, u64)> {
        dumped_with(dump, reservation, false)
    }

    fn dumped_with(dump: &Dump, reservation: &CrashReservation, backup: bool) -> Vec<(u64, u64)> {
        let mut out = Box::new(RangeSet::new());
        dump_ranges(dump, reservation, backup, &mut out).unwrap();
        let ranges = out.ranges().iter();
        ranges.map(|range| (range.start(), range.last())).collect()
    }

    #[test]
    fn everything_that_is_not_to_be_read_is_cut_out() {
        let mut dump = Box::new(Dump::new());
        for ram in [
            range(0x1000, 0x9_fbff),
            range(0x10_0000, 0x7fff_ffff),
            range(0x1_0000_0000, 0x2_7fff_ffff),
        ] {
            dump.ram.insert(ram).unwrap();
        }
        dump.gart = Some(range(0x2000_0000, 0x23ff_ffff));
        dump.set_cma(b"140000000-14fffffff\n160000000-16fffffff\n");
        let reservation = CrashReservation {
            region: Some(range(0x2_5f00_0000, 0x2_7eff_ffff)),
            low: Some(range(0x2e00_0000, 0x3dff_ffff)),
        };
        assert_eq!(
            dumped(&dump, &reservation),
            [
                (0x10_0000, 0x1fff_ffff),
                (0x2400_0000, 0x2dff_ffff),
                (0x3e00_0000, 0x7fff_ffff),
                (0x1_0000_0000, 0x1_3fff_ffff),
                (0x1_5000_0000, 0x1_5fff_ffff),
                (0x1_7000_0000, 0x2_5eff_ffff),
                (0x2_7f00_0000, 0x2_7fff_ffff),
            ]
        );
    }

    #[test]
    fn low_memory_that_is_copied_is_dumped() {
        let mut dump = Box::new(Dump::new());
        for ram in [range(0x1000, 0x9_fbff), range(0x9_fd00, 0x7fff_ffff)] {
            dump.ram.insert(ram).unwrap();
        }
        let reservation = CrashReservation::default();
        assert_eq!(
            dumped_with(&dump, &reservation, true),
            [
                (0x1000, 0x9_fbff),
                (0x9_fd00, 0x9_ffff),
                (0x10_0000, 0x7fff_ffff)
            ]
        );
    }

    /// Against one flag a page.
    #[test]
    fn as_page_by_page() {
        const PAGES: usize = 600;
        let mut random = Random::new(5);
        for _ in 0..200 {
            let mut dump = Box::new(Dump::new());
            let mut flags = [false; PAGES];
            let any = |random: &mut Random| {
                let start = random.below(PAGES as u64 - 40);
                let length = random.below(40) + 1;
                (
                    range(start << 12, ((start + length) << 12) - 1),
                    start as usize..(start + length) as usize,
                )
            };
            for _ in 0..random.below(30) {
                let (ram, pages) = any(&mut random);
                dump.ram.insert(ram).unwrap();
                flags[pages].fill(true);
            }
            let (region, one) = any(&mut random);
            let (low, two) = any(&mut random);
            let (gart, three) = any(&mut random);
            dump.gart = Some(gart);
            for pages in [one, two, three, 0..256] {
                flags[pages].fill(false);
            }
            let reservation = CrashReservation {
                region: Some(region),
                low: Some(low),
            };
            let mut seen = [false; PAGES];
            for (start, last) in dumped(&dump, &reservation) {
                seen[(start >> 12) as usize..=(last >> 12) as usize].fill(true);
            }
            assert_eq!(seen, flags);
        }
    }
}
