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

/// One figure of a sample.
type Seconds = fn(&Sample) -> f64;

/// What the downtime is made of.
const PARTS: [(&str, Seconds); 3] = [
    ("the old kernel: CPUs, copying", |sample| sample.before),
    ("the purgatory: its digest", |sample| sample.purgatory),
    ("the new kernel: it unpacks itself", |sample| {
        sample.downtime - sample.before - sample.purgatory
    }),
];

/// The page. Writing to a string cannot fail.
pub fn page(release: &str, sizes: &[usize], repeat: usize, all: &[Series]) -> String {
    let mut text = format!(
        "# Downtime\n\n\
         Written by `cargo xtask downtime --write`. Linux {release} into the same, one CPU, by \
         size of an incompressible initrd, both with nokaslr; {repeat} rounds, each way once a round; given are the \
         median and the quartiles.\n\n\
         QEMU emulates the CPU (TCG), so no figure is one of a real machine, and digests are what \
         it distorts most. The vector registers, in which libkexec's purgatory digests, \
         lie in memory there, and every value goes through it; plain integer code stays in \
         registers. So who digests by plain C, as kexec-tools and the kernel's own purgatory do, \
         loses least, and libkexec's share looks larger than it is: on a real CPU the \
         same code compares as [benchmarks.md](benchmarks.md) says under \"The purgatory's digest\". \
         What also differs, here as there: libkexec digests what was loaded, the others the \
         zeros behind it too.\n\n\
         ## From \"{LEAVES}\" to the new kernel's first line\n\n\
         CPU seconds of QEMU between the two lines on the serial console: the old kernel stops \
         its CPUs and interrupts and copies the segments to their places, the purgatory verifies \
         them, the new kernel unpacks itself; it says nothing before. Without the purgatory's part, as with \
         `-i`, all ways do the same, and what differs there is the noise of the measurement. The \
         guest's memory is the host's before it begins, as a machine's is.\n"
    );
    for (_, cpu) in CPUS {
        let _ = write!(text, "\nA CPU {cpu}:\n\n");
        table(&mut text, sizes, all, cpu, |sample| sample.downtime);
    }
    text.push_str("\nRatios of each round's pair. Below 1: less downtime than the other.\n\n");
    ratios(&mut text, sizes, all);
    text.push_str(
        "\n## Where it goes\n\n\
         The same CPU seconds of a way that is not above, libkexec with `--console-serial`, whose \
         purgatory says when it begins and when it is done:\n",
    );
    for (_, cpu) in CPUS {
        let _ = write!(text, "\nA CPU {cpu}:\n\n");
        columns(&mut text, "", sizes);
        for (part, value) in PARTS {
            let _ = write!(text, "| {part} |");
            for mib in sizes {
                let seconds = values(all, (cpu, *mib, Way::OursSpoken), value);
                let _ = write!(text, " {} |", Spread::of(&seconds));
            }
            text.push('\n');
        }
    }
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
    text.push_str(CONCLUSION);
    text
}

/// What follows from how the calls work, whatever the figures.
const CONCLUSION: &str = "
## Which call is faster

kexec_load, `-c`: the digest is taken where the files lie in the page cache, and the kernel copies \
once, from there to the pages it keeps. kexec_file_load, `-s`: the kernel reads the files into \
memory of its own first, digests that, and copies it to the pages; the purgatory is its own too, \
SHA-256 in plain C on every CPU. So `-c` does less before the downtime, and less in it \
at any size; the tables above show how much of that an \
emulated CPU leaves. The default, `-a`, stays the kernel's call first: it is the one that checks \
signatures and works under lockdown, which is worth more than the difference.

There is no `--fastest`. It could only mean `-c`, which is shorter to write, or `-c -i`, which \
gives up that a damaged image is noticed: a choice about safety, which no option should hide.
";

fn columns(text: &mut String, first: &str, sizes: &[usize]) {
    let columns: Vec<String> = sizes.iter().map(|mib| format!("{mib} MiB")).collect();
    let _ = write!(
        text,
        "| {first} | {} |\n|---|{}\n",
        columns.join(" | "),
        "---|".repeat(sizes.len())
    );
}

fn values(all: &[Series], (cpu, mib, way): (&str, usize, Way), value: Seconds) -> Vec<f64> {
    let found = all
        .iter()
        .find(|series| series.cpu == cpu && series.mib == mib && series.way == way);
    found.map_or_else(Vec::new, |series| {
        series.samples.iter().map(value).collect()
    })
}

fn table(text: &mut String, sizes: &[usize], all: &[Series], cpu: &str, value: Seconds) {
    columns(text, "", sizes);
    for way in Way::COMPARED {
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
