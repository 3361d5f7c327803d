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
pub fn page(release: &str, sizes: &[usize], all: &[Series]) -> String {
    let rounds = all.iter().map(|series| series.samples.len());
    let (least, most) = (rounds.clone().min(), rounds.max());
    let rounds = match (least.unwrap_or(0), most.unwrap_or(0)) {
        (least, most) if least == most => format!("{least} rounds"),
        (least, most) => format!("{least} to {most} rounds a size"),
    };
    let mut text = format!(
        "# Downtime\n\n\
         `cargo xtask downtime --write` writes this page. Linux {release} starts the same kernel, with \
         one CPU, by size of an incompressible initrd, both with nokaslr. Each way ran once per round in \
         {rounds}; the figures are the median and the quartiles.\n\n\
         QEMU emulates the CPU (TCG), so no figure is that of a real machine. It distorts digests most. \
         libkexec's purgatory digests in vector registers, which QEMU keeps in memory, so every value \
         goes through memory; plain integer code stays in registers. So digests in plain C, as in \
         kexec-tools and the kernel's own purgatory, lose least, and libkexec's share looks larger than \
         it is. [benchmarks.md](benchmarks.md), \"The purgatory's digest\", compares the same code on a \
         real CPU. There is one more difference, here and there: libkexec digests only what was loaded, \
         the others also digest the zeros after it.\n\n\
         ## From \"{LEAVES}\" to the new kernel's first line\n\n\
         CPU seconds of QEMU between the two lines on the serial console. In this time the old kernel \
         stops its CPUs and interrupts and copies the segments to their addresses, the purgatory verifies \
         them, and the new kernel unpacks itself before its first output. Without the purgatory's part, as \
         with `-i`, all ways do the same, and the differences are the noise of the measurement. The host \
         has backed the guest's memory before the measurement begins, as on a real machine.\n"
    );
    for (_, cpu) in CPUS {
        let _ = write!(text, "\nA CPU {cpu}:\n\n");
        table(&mut text, sizes, all, cpu, |sample| sample.downtime);
    }
    text.push_str("\nRatios of each round's pair. Below 1: less downtime than the other.\n\n");
    ratios(&mut text, sizes, all);
    text.push_str(
        "\n## Parts of the downtime\n\n\
         The same CPU seconds for a way that is not in the tables above: libkexec with \
         `--console-serial`, whose purgatory prints a line when it begins and when it ends:\n",
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
    text.push_str("\nWall seconds of the guest's clock, which continues while the host is busy:\n");
    for (_, cpu) in CPUS {
        let _ = write!(text, "\nA CPU {cpu}:\n\n");
        table(&mut text, sizes, all, cpu, |sample| sample.load_wall);
    }
    text.push_str(
        "\nWith `-i`, `-c` reads none of the files' bytes, so nearly all of its time is the kernel's, \
         inside kexec_load(2). A likely cause, which was not measured: the kernel keeps free pages that \
         lie in the segments' own addresses on a list, and searches it for each page that follows \
         (kernel/kexec_core.c, kimage_alloc_page). Which way meets that would depend on the pages that \
         are free at that moment.\n",
    );
    text.push_str(CONCLUSION);
    text
}

/// What follows from how the calls work, whatever the figures.
const CONCLUSION: &str = "
## Which call is faster

With kexec_load, `-c`, the command digests the files in the page cache, and the kernel copies \
once, from there to the pages it keeps. With kexec_file_load, `-s`, the kernel first reads the files \
into its own memory, digests that, and copies it to the pages. The purgatory is also the kernel's own: \
SHA-256 in plain C on every CPU. So `-c` does less work before the downtime, and less during it, \
at any size; the tables above show how much of that remains on an \
emulated CPU. The default, `-a`, tries the kernel's call first, because that call checks \
signatures and works under lockdown. This is worth more than the difference in time.

There is no option `--fastest`. It could only mean `-c`, which is shorter to write, or `-c -i`, which \
no longer detects a damaged image. That is a choice about safety, which no option should hide.
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
