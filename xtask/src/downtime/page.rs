//! docs/downtime.md.

use super::{CPUS, LEAVES, Sample, Series, Way};
use crate::compare::stats::Spread;
use std::fmt::Write;

/// Pairs of one round that are compared: what must be below 1.
const RATIOS: [(Way, Way); 5] = [
    (Way::Ours, Way::Reference),
    (Way::Ours, Way::File),
    (Way::OursUnverified, Way::Reference),
    (Way::OursUnverified, Way::File),
    (Way::OursUnverified, Way::ReferenceUnverified),
];

/// The page. Writing to a string cannot fail.
pub fn page(release: &str, sizes: &[usize], repeat: usize, all: &[Series]) -> String {
    let mut text = format!(
        "# Downtime\n\n\
         Written by `cargo xtask downtime --write`. Linux {release} into the same, one CPU, by \
         size of an incompressible initrd; {repeat} rounds, each way once a round; given are the \
         median and the quartiles.\n\n\
         QEMU emulates the CPU (TCG, `-cpu max`, with and without `sha-ni=off`), so no figure is \
         one of a real machine. What is distorted: an SHA instruction is a call of a C function \
         there, where a CPU takes a few cycles; plain integer code loses less, vectors of four \
         words hardly more than single words. The ways that verify by SHA-NI look worse here \
         than they are, against those that verify by plain C. For digests on a real CPU see \
         [benchmarks.md](benchmarks.md).\n\n\
         ## From \"{LEAVES}\" to the new kernel's first line\n\n\
         CPU seconds of QEMU between the two lines on the serial console: the old kernel stops \
         its devices and copies the segments to their places, the purgatory verifies them, the \
         new kernel's decompressor begins. What `-i` takes is the copying.\n"
    );
    for (_, cpu) in CPUS {
        let _ = write!(text, "\nA CPU {cpu}:\n\n");
        table(&mut text, sizes, all, cpu, |sample| sample.downtime);
    }
    text.push_str("\nRatios of each round's pair. Below 1: less downtime than the other.\n\n");
    ratios(&mut text, sizes, all);
    text.push_str(
        "\n## The load before it\n\n\
         From the start of the command to its end, everything in the page cache. CPU seconds of \
         QEMU, user space and kernel of the guest together:\n",
    );
    for (_, cpu) in CPUS {
        let _ = write!(text, "\nA CPU {cpu}:\n\n");
        table(&mut text, sizes, all, cpu, |sample| sample.load_cpu);
    }
    text.push_str("\nWall seconds by the guest's clock, which goes on while the host is busy:\n");
    for (_, cpu) in CPUS {
        let _ = write!(text, "\nA CPU {cpu}:\n\n");
        table(&mut text, sizes, all, cpu, |sample| sample.load_wall);
    }
    text
}

fn columns(text: &mut String, first: &str, sizes: &[usize]) {
    let columns: Vec<String> = sizes.iter().map(|mib| format!("{mib} MiB")).collect();
    let _ = write!(
        text,
        "| {first} | {} |\n|---|{}\n",
        columns.join(" | "),
        "---|".repeat(sizes.len())
    );
}

fn values(
    all: &[Series],
    (cpu, mib, way): (&str, usize, Way),
    value: fn(&Sample) -> f64,
) -> Vec<f64> {
    let found = all
        .iter()
        .find(|series| series.cpu == cpu && series.mib == mib && series.way == way);
    found.map_or_else(Vec::new, |series| {
        series.samples.iter().map(value).collect()
    })
}

fn table(text: &mut String, sizes: &[usize], all: &[Series], cpu: &str, value: fn(&Sample) -> f64) {
    columns(text, "", sizes);
    for way in Way::ALL {
        let _ = write!(text, "| {} |", way.name());
        for mib in sizes {
            let spread = Spread::of(&values(all, (cpu, *mib, way), value));
            let _ = write!(text, " {spread} |");
        }
        text.push('\n');
    }
}

fn ratios(text: &mut String, sizes: &[usize], all: &[Series]) {
    columns(text, "", sizes);
    for (_, cpu) in CPUS {
        for (of, to) in RATIOS {
            let short = |way: Way| way.name().split(" (").next().unwrap_or_default();
            let _ = write!(text, "| {} / {}, {cpu} |", short(of), short(to));
            for mib in sizes {
                let of = values(all, (cpu, *mib, of), |sample| sample.downtime);
                let to = values(all, (cpu, *mib, to), |sample| sample.downtime);
                let _ = write!(text, " {} |", Spread::ratio(&of, &to));
            }
            text.push('\n');
        }
    }
}
