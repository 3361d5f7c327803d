//! The differences that are meant: one row each, with both values and the reason.
//!
//! docs/differences.md shows this table; a test keeps the two the same.

use crate::compare::{Difference, Value};
use crate::fields::FIELDS;
use crate::image::Image;

/// What a side must have in the field for the row to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// This number.
    Is(u64),
    /// What the image has at the same place.
    Image,
    /// What the running kernel was started with.
    Running,
    /// 0, because the running kernel's boot_params cannot be read.
    Unknown,
    /// RAM from 1 MiB on in KiB, as far as the field holds it.
    Ram,
    /// As [`Rule::Ram`], by the entry as the firmware lists it, and 1 less.
    RamListed,
    /// The image's bytes at the same place, but only so many, and zeros after them.
    ImageStart(usize),
    /// Bytes of the image's setup sectors, where kexec-tools puts the command line.
    SetupSize,
    /// These words.
    Says(&'static str),
}

impl Rule {
    fn fits(self, value: &Value, field: &str, context: &Context<'_>) -> bool {
        let field = FIELDS.iter().find(|known| known.name == field);
        let same = |page: &[u8]| {
            field.is_some_and(|field| match value {
                Value::Number(number) => *number == crate::handover::number(field.of(page)),
                Value::Bytes(bytes) => bytes == field.of(page),
                Value::Words(_) => false,
            })
        };
        let is = |number: u64| match value {
            Value::Number(value) => *value == number,
            Value::Bytes(bytes) => number == 0 && bytes.iter().all(|byte| *byte == 0),
            Value::Words(_) => false,
        };
        let most = match field {
            Some(field) if field.size == 2 => 0xfc00,
            _ => u64::from(u32::MAX),
        };
        match self {
            Self::Is(number) => is(number),
            Self::Image => same(&context.image.file),
            Self::Running => same(context.running.unwrap_or(&[0; 4096])),
            Self::Unknown => context.running.is_none() && is(0),
            Self::Ram => is(context.ram_kib.min(most)),
            Self::RamListed => is(context.ram_kib_listed.saturating_sub(1).min(most)),
            Self::ImageStart(count) => field.is_some_and(|field| {
                let mut start = field.of(&context.image.file).to_vec();
                start[count..].fill(0);
                matches!(value, Value::Bytes(bytes) if *bytes == start)
            }),
            Self::SetupSize => is(context.image.setup_size() as u64),
            Self::Says(words) => matches!(value, Value::Words(said) if said == words),
        }
    }

    /// In the document.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Is(number) if number < 10 => format!("{number}"),
            Self::Is(number) => format!("{number:#x}"),
            Self::Image => "the image's".into(),
            Self::Running => "the running kernel's".into(),
            Self::Unknown => "0, if not known".into(),
            Self::Ram => "RAM from 1 MiB on in KiB".into(),
            Self::RamListed => "1 KiB less".into(),
            Self::ImageStart(count) => format!("{count} bytes of the image's"),
            Self::SetupSize => "bytes of the setup sectors".into(),
            Self::Says(words) => words.into(),
        }
    }
}

/// What rules are about.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The image loaded.
    pub image: &'a Image,
    /// The running kernel's boot_params, if they can be read.
    pub running: Option<&'a [u8]>,
    /// RAM from 1 MiB on, in KiB.
    pub ram_kib: u64,
    /// The same by the firmware's entry, whatever other entries say.
    pub ram_kib_listed: u64,
}

/// A difference that is meant.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The field, as [`Difference::field`].
    pub field: &'static str,
    /// kexec-tools' side.
    pub reference: Rule,
    /// libkexec's side.
    pub ours: Rule,
    /// Why.
    pub reason: &'static str,
    /// Whether it shows by chance only, so that not seeing it says nothing.
    pub by_chance: bool,
}

impl Row {
    const fn by_chance(mut self) -> Self {
        self.by_chance = true;
        self
    }

    /// Whether it speaks of this difference.
    #[must_use]
    pub fn fits(&self, difference: &Difference, context: &Context<'_>) -> bool {
        let Difference {
            field,
            reference,
            ours,
        } = difference;
        self.field == field
            && self.reference.fits(reference, field, context)
            && self.ours.fits(ours, field, context)
    }
}

/// All rows, in the order of boot_params.
pub const ROWS: &[Row] = &[
    row("screen_info.ext_mem_k", Rule::RamListed, Rule::Ram, RAM_KIB),
    row(
        "screen_info.orig_video_cols",
        Rule::Is(80),
        Rule::Unknown,
        NO_BOOT_PARAMS,
    ),
    row(
        "screen_info.orig_video_lines",
        Rule::Is(25),
        Rule::Unknown,
        NO_BOOT_PARAMS,
    ),
    row(
        "screen_info.orig_video_isVGA",
        Rule::Is(1),
        Rule::Unknown,
        NO_BOOT_PARAMS,
    ),
    row(
        "screen_info.orig_video_points",
        Rule::Is(16),
        Rule::Unknown,
        NO_BOOT_PARAMS,
    ),
    row(
        "screen_info.cl_magic",
        Rule::Is(0xa33f),
        Rule::Running,
        OLD_COMMAND_LINE,
    ),
    row(
        "screen_info.cl_offset",
        Rule::SetupSize,
        Rule::Running,
        OLD_COMMAND_LINE,
    ),
    row(
        "ist_info",
        Rule::Is(0),
        Rule::Running,
        "The CPU's SpeedStep BIOS call, read by speedstep-smi. The new kernel runs on the same machine.",
    ),
    row(
        "edid_info",
        Rule::Is(0),
        Rule::Running,
        "The monitor's data. A driver of the firmware's frame buffer cannot read it again.",
    ),
    row("alt_mem_k", Rule::RamListed, Rule::Ram, RAM_KIB),
    row("eddbuf_entries", Rule::Is(0), Rule::Running, EDD),
    row("edd_mbr_sig_buf_entries", Rule::Is(0), Rule::Running, EDD),
    row(
        "secure_boot",
        Rule::Is(0),
        Rule::Running,
        "Whether firmware verified what it started; 0 means \"unset\". The kernel's own loader copies it.",
    ),
    row(
        "hdr.root_flags",
        Rule::Is(0xffff),
        Rule::Image,
        "Part of the image's defaults. Any value except 0 mounts the root read-only; `ro` and `rw` on the command line override it.",
    ),
    row(
        "hdr.root_dev",
        Rule::Is(0x300),
        Rule::Image,
        "Part of the image's defaults: 0x300 is `/dev/hda`; `root=` overrides it.",
    ),
    row(
        "hdr.boot_flag",
        Rule::Is(0x55),
        Rule::Image,
        "0xaa55. kexec-tools clears the second byte, because it treats 0x1ff as aux_device_info of older kernels.",
    ),
    row(
        "hdr.hardware_subarch_data",
        Rule::Is(0),
        Rule::Running,
        "It belongs to hardware_subarch, which both copy.",
    ),
    row(
        "_pad7",
        Rule::ImageStart(4),
        Rule::ImageStart(21),
        "Setup header fields of future protocols. kexec-tools copies at most 127 bytes of the header; libkexec copies everything that the jump at its start can skip.",
    ),
    row("edd_mbr_sig_buffer", Rule::Is(0), Rule::Running, EDD),
    row("eddbuf", Rule::Is(0), Rule::Running, EDD),
    row(
        "e820 start",
        Rule::Is(0x400),
        Rule::Is(0),
        "kexec-tools hides the real-mode interrupt vectors. The kernel reserves the first page by itself. With the firmware's map unchanged, the next kernel and those after it see the same machine.",
    ),
    row(
        "e820 type",
        Rule::Is(2),
        Rule::Is(5),
        "Unusable memory stays unusable; kexec-tools has no number for it and reports it as reserved.",
    ),
    row(
        "e820 type",
        Rule::Is(2),
        Rule::Is(0xefff_ffff),
        "Soft Reserved memory (EFI_MEMORY_SP) keeps its type, so that the next kernel's dax drivers find it; kexec-tools does not know the name and reports it as reserved.",
    ),
    row(
        "e820",
        Rule::Says("/proc/iomem's map"),
        Rule::Says("the firmware's map"),
        "Without /sys/firmware/memmap kexec-tools takes /proc/iomem; libkexec takes the e820 table that the running kernel was started with, which is the firmware's own.",
    ),
    row(
        "e820",
        Rule::Says("the firmware's map"),
        Rule::Says("the firmware's map, overlaps resolved"),
        "If entries overlap, libkexec uses the higher type, as the kernel does, before it searches for free memory; kexec-tools passes them on and may use memory that another entry reserves.",
    ),
    row(
        "setup_data order",
        Rule::Says("RNG_SEED, E820_EXT, EFI"),
        Rule::Says("EFI, E820_EXT, RNG_SEED"),
        "A list; its order means nothing to the kernel. kexec-tools inserts new nodes at its head.",
    ),
    row(
        "EFI map order",
        Rule::Says("by chance"),
        Rule::Says("by address"),
        "kexec-tools takes the order in which sysfs lists the entries, which is not defined; libkexec sorts them, so that the same machine gives the same plan.",
    ),
    row(
        "EFI map padding",
        Rule::Says("whatever was there"),
        Rule::Says("0"),
        "Four bytes after a descriptor's type; kexec-tools does not write them.",
    )
    .by_chance(),
];

const RAM_KIB: &str = "kexec-tools takes the last address as the end. Only kernels that get no e820 table read the field.";
const NO_BOOT_PARAMS: &str = "Only if /sys/kernel/boot_params cannot be read, so that nothing is known about the screen. kexec-tools reports a text screen of 80 × 25; libkexec reports none, with a note.";
const OLD_COMMAND_LINE: &str = "Loaders of protocol 2.01 and before put the command line here; the kernel reads cmd_line_ptr. libkexec passes screen_info on unchanged.";
const EDD: &str = "kexec-tools reads /sys/firmware/edd, which needs the module edd; libkexec reads the running kernel's boot_params, the source of that module.";

const fn row(field: &'static str, reference: Rule, ours: Rule, reason: &'static str) -> Row {
    Row {
        field,
        reference,
        ours,
        reason,
        by_chance: false,
    }
}
