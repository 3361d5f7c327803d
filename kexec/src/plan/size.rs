//! Sizes in the units people use.

use core::fmt;

/// Bytes, shown in the largest unit of which there is one: "640 KiB", "15.9 GiB". At most eight
/// characters up to 1023 EiB. Cut off, not rounded: never more than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shift = 0_u32;
        let mut unit = "B";
        for name in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            if self.0 >> shift < 1024 {
                break;
            }
            shift = shift.saturating_add(10);
            unit = name;
        }
        let whole = self.0 >> shift;
        // A tenth, of what is left below a whole unit.
        let tenth = match shift.checked_sub(10) {
            Some(less) => ((self.0 >> less) & 1023).saturating_mul(10) >> 10,
            None => 0,
        };
        if tenth == 0 || whole >= 100 {
            write!(f, "{whole} {unit}")
        } else {
            write!(f, "{whole}.{tenth} {unit}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn the_largest_unit() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (0x9_fc00, "639 KiB"),
            (1536, "1.5 KiB"),
            ((1 << 20) - 1, "1023 KiB"),
            (17_066_622_976, "15.8 GiB"),
            (1 << 41, "2 TiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), text);
        }
    }
}
