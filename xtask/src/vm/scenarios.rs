//! The scenarios. Kernels are named by line: `6.1`, `6.12`, `7.x` (see `packages.rs`).

use super::scenario::Scenario;

/// Every scenario, in the order they run.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "bios-pairs",
            "every other kernel, both methods, BIOS",
            "6.1",
        )
        .hop("-c", "6.12")
        .hop("-s", "7.x")
        .hop("-c", "6.1"),
    ]
}
