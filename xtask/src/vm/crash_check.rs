//! Where a crash kernel came up: in the memory that was reserved for it and in nothing else, or it
//! wrote over what it was to save. And that it found the ACPI tables.

use super::facts::Facts;
use super::scenario::Scenario;

const MIB: u64 = 1 << 20;

/// What of a reservation may be no RAM: the elfcorehdr, and low memory's copy.
const NOT_RAM: u64 = 2 * MIB;

/// What is wrong with the crash kernel's place; nothing where there is none.
pub fn problems(scenario: &Scenario, facts: &Facts) -> Vec<String> {
    if scenario.capture.is_none() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let mut ranges = |hop, name| {
        let (found, printed) = (ranges(facts, hop, name), facts.all(hop, name).len());
        if found.is_empty() || found.len() != printed {
            problems.push(format!("hop {hop}: {name}: {:?}", facts.all(hop, name)));
        }
        found
    };
    let reservation = ranges(0, "reservation");
    let image = ranges(1, "image");
    let mut ram = ranges(1, "ram");
    // The low MiB is every crash kernel's.
    ram.retain(|&(start, _)| start >= MIB);
    let inside = |regions: &[(u64, u64)], (start, last): (u64, u64)| {
        let mut regions = regions.iter();
        regions.any(|&(first, end)| first <= start && last <= end)
    };
    let upper = reservation.iter().max().copied();
    let upper = upper.as_slice();
    // It is loaded to the upper region, and KASLR may choose the lower one to unpack to.
    for part in image {
        if !inside(&reservation, part) {
            problems.push(format!("the crash kernel lies at {part:x?}, not reserved"));
        }
    }
    let header = elfcorehdr(facts);
    if !header.is_some_and(|address| inside(upper, (address, address))) {
        problems.push(format!("elfcorehdr at {header:x?}, not in {upper:x?}"));
    }
    let rsdp = |hop| facts.one(hop, "acpi_rsdp");
    if rsdp(1).is_none() || rsdp(0) != rsdp(1) {
        problems.push(format!("acpi_rsdp {:?}, was {:?}", rsdp(1), rsdp(0)));
    }
    for part in &ram {
        if !inside(&reservation, *part) {
            problems.push(format!(
                "{part:x?} is the crash kernel's RAM, and not reserved"
            ));
        }
    }
    for region in reservation {
        let got = ram.iter().filter(|part| inside(&[region], **part));
        let got: u64 = got.map(|(start, last)| last - start + 1).sum();
        if got.saturating_add(NOT_RAM) < region.1 - region.0 {
            problems.push(format!(
                "of {region:x?} the crash kernel got {got:#x} bytes"
            ));
        }
    }
    problems
}

/// Facts that are lines of /proc/iomem.
fn ranges(facts: &Facts, hop: usize, name: &str) -> Vec<(u64, u64)> {
    let range = |line: &&str| {
        let (range, _) = line.split_once(" : ")?;
        let (start, last) = range.split_once('-')?;
        let hex = |text| u64::from_str_radix(text, 16).ok();
        Some((hex(start)?, hex(last)?)).filter(|(start, last)| start <= last)
    };
    facts.all(hop, name).iter().filter_map(range).collect()
}

/// By the command line: `elfcorehdr=N` or, with kexec_load, `elfcorehdr=NK`.
fn elfcorehdr(facts: &Facts) -> Option<u64> {
    let mut words = facts.one(1, "cmdline")?.split_ascii_whitespace();
    let value = words.find_map(|word| word.strip_prefix("elfcorehdr="))?;
    match value.strip_suffix('K') {
        Some(kib) => kib.parse::<u64>().ok()?.checked_mul(1024),
        None => u64::from_str_radix(value.strip_prefix("0x")?, 16).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "\
FACT hop=0 acpi_rsdp=0x7fb7e014
FACT hop=0 reservation=2e000000-3dffffff : Crash kernel
FACT hop=0 reservation=168000000-17fffffff : Crash kernel
FACT hop=1 cmdline=elfcorehdr=6291448K console=ttyS0
FACT hop=1 acpi_rsdp=0x7fb7e014
FACT hop=1 image=170000000-171ffffff : Kernel code
FACT hop=1 image=172000000-172ffffff : Kernel bss
FACT hop=1 ram=00001000-0009fbff : System RAM
FACT hop=1 ram=2e000000-3dffffff : System RAM
FACT hop=1 ram=168000000-17fdfffff : System RAM
FACT hop=1 ram=17fe01000-17fffffff : System RAM";

    fn found(log: &str) -> usize {
        let mut facts = Facts::default();
        log.lines().for_each(|line| facts.read(line));
        let scenario = Scenario::new("name", "about", "6.1").capture("script");
        problems(&scenario, &facts).len()
    }

    #[test]
    fn a_crash_kernel_in_its_place() {
        assert_eq!(found(RIGHT), 0);
        let by_kernel = RIGHT.replace("6291448K", "0x17ffff000");
        assert_ne!(by_kernel, RIGHT);
        assert_eq!(found(&by_kernel), 0);
    }

    #[test]
    fn anything_out_of_place_is_found() {
        for (right, wrong) in [
            ("=172000000-172ffffff", "=12000000-12ffffff"),
            ("=172000000-172ffffff", "=17f000000-1800fffff"),
            ("172ffffff : Kernel", "172ffffff Kernel"),
            ("6291448K", "0x3ffff000"),
            ("elfcorehdr", "elfcore"),
            ("=2e000000-3dffffff : System", "=2e000000-3e000fff : System"),
            ("=2e000000-3dffffff : System", "=2e000000-3d5fffff : System"),
            ("FACT hop=1 ram=2e000000-3dffffff : System RAM\n", ""),
            (
                "-0009fbff : System RAM",
                "-0009fbff : System RAM\nFACT hop=1 ram=00100000-2dffffff : System RAM",
            ),
            ("hop=1 acpi_rsdp=0x7fb7e014", "hop=1 acpi_rsdp=0x7fb7e000"),
            ("acpi_rsdp", "rsdp"),
            ("image", "picture"),
            ("reservation", "reserved"),
        ] {
            let log = RIGHT.replace(right, wrong);
            assert_ne!(log, RIGHT, "{right}");
            assert_ne!(found(&log), 0, "{wrong}");
        }
    }
}
