//! Scenarios of arm64 machines.

use super::scenario::Scenario;

/// In the order they run.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "arm64-el1",
            "arm64 with a device tree and GICv2, at EL1",
            "arm64-6.12",
        )
        .arm64(",gic-version=2")
        .hop("-c -i", "arm64-7.x")
        .hop("-c -i", "arm64-6.12")
        .shows("FACT hop=2 level=EL1"),
        Scenario::new(
            "arm64-el2",
            "arm64 at EL2, each kernel line, above 4 GiB, two initrds",
            "arm64-6.1",
        )
        .slow()
        .arm64(",gic-version=2,virtualization=on")
        .memory(6144)
        .hop("-c -i", "arm64-6.1")
        .with("nokaslr")
        .hop("-i", "arm64-7.x")
        .split()
        .hop("-c -i", "arm64-6.1")
        .shows("FACT hop=3 level=EL2"),
    ]
}
