//! Fuzz targets: each a function from bytes to nothing that panics when a promise is broken.
//!
//! libFuzzer calls them (`cargo xtask fuzz`, nightly), and so does a runner on stable Rust that
//! mutates the seeds (`cargo xtask test fuzz`). The oracles share no code with what they judge: a
//! memory map is a list of entries here, and a plan is checked against those, the image's fields
//! and the specification.

use std::fmt;

mod arguments;
mod boot_params;
mod c_calls;
mod case;
mod crash;
mod entries;
mod fdt;
mod image;
mod kernel;
mod machine;
mod memory;
mod model;
mod multiboot;
mod plan;
mod procfs;
pub mod random;
mod real_mode;
mod regressions;
mod sysfs;
mod text;
mod uki;
mod unpacked;

/// A fuzz target.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// Runs one input; panics on a finding.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The longest input that is of use, in bytes.
    pub longest: usize,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Target {
    /// The seeds, and the inputs that were findings once.
    #[must_use]
    pub fn corpus(&self) -> Vec<Vec<u8>> {
        let mut all = (self.seeds)();
        all.extend(regressions::of(self.name));
        all
    }
}

macro_rules! targets {
    ($($name:literal $longest:literal $run:path, $seeds:path: $about:literal;)*) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$(Target {
            name: $name,
            about: $about,
            run: $run,
            seeds: $seeds,
            longest: $longest,
        }),*];
    };
}

targets! {
    "image" 16384 image::run, image::seeds: "any file as a kernel image, and what it is compressed by";
    "bzimage" 512 image::run_bzimage, image::shapes: "a bzImage made of fields";
    "uki" 8192 uki::run, uki::seeds: "unified kernel images, their profiles and addons, against a second reader";
    "payload" 512 unpacked::run_payload, unpacked::payload_seeds: "a bzImage with any payload";
    "unpacked" 1024 unpacked::run, unpacked::seeds: "an unpacked kernel and its relocation table, against a walk from its end";
    "multiboot" 512 multiboot::run, multiboot::seeds: "multiboot headers of both versions, against a second reader";
    "vmlinux" 512 image::run_vmlinux, image::shapes: "an ELF kernel made of program headers";
    "iomem" 8192 procfs::run_iomem, procfs::iomem_seeds: "/proc/iomem, whole and in pieces, against a second reader";
    "cpuinfo" 4096 procfs::run_cpuinfo, procfs::cpuinfo_seeds: "/proc/cpuinfo, against a second reader";
    "numbers" 4096 procfs::run_numbers, procfs::number_seeds: "/proc/meminfo and /proc/self/status, in pieces";
    "kcore" 4096 procfs::run_kcore, procfs::kcore_seeds: "/proc/kcore's headers, in pieces";
    "srat" 4096 procfs::run_srat, procfs::srat_seeds: "ACPI's SRAT, whole and in pieces, against a second reader";
    "cmdline" 4096 procfs::run_command_line, procfs::command_line_seeds: "/proc/cmdline, its words and their reuse";
    "sysfs" 4096 sysfs::run, sysfs::seeds: "each small file of /sys";
    "boot_params" 4200 sysfs::run_boot_params, sysfs::boot_params_seeds: "the running kernel's boot_params and e820 tables";
    "ranges" 1024 memory::run_ranges, memory::seeds: "RangeSet and the search for a hole against a model";
    "memmap" 1024 memory::run_map, memory::seeds: "MemoryMap against a model";
    "plan" 2048 plan::run, plan::seeds: "plan and check of any machine, image and request, with all invariants";
    "real_mode" 2048 real_mode::run, plan::seeds: "plans for images in real mode, as their setup code reads them";
    "crash" 2048 crash::run, plan::seeds: "the same for crash kernels; goblin reads the elfcorehdr";
    "fdt" 2048 fdt::run, fdt::seeds: "device trees and copies with edits, against a second reader";
    "arguments" 1024 arguments::run, arguments::seeds: "the command line of kexec(8)";
    "entries" 4096 entries::run, entries::seeds: "boot loader entries, their order, names and variables, against second readers";
    "c_calls" 4096 c_calls::run, c_calls::seeds: "sequences of C calls on objects between canaries";
}
