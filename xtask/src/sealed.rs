//! Pages of figures that a command writes: their last line is a sum of what is above it, so that
//! a figure changed by hand is found (`cargo xtask test house`).

const BEFORE: &str = "\n<!-- written by the command named above, not by hand: ";
const AFTER: &str = " -->\n";

/// FNV-1a, 64 bits: against slips, not against malice.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The text with its sum.
pub fn seal(text: &str) -> String {
    format!("{text}{BEFORE}{:016x}{AFTER}", sum(text))
}

/// Whether a text is as [`seal`] made it.
pub fn is_sealed(text: &str) -> bool {
    text.rsplit_once(BEFORE)
        .is_some_and(|(above, _)| seal(above) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_figure_is_found() {
        let page = seal("# Page\n\n| 1.5 |\n");
        assert!(is_sealed(&page));
        assert!(!is_sealed(&page.replace("1.5", "1.4")));
        assert!(!is_sealed("# Page\n\n| 1.5 |\n"));
        assert!(!is_sealed(&format!("{page}| 9 |\n")));
    }
}
