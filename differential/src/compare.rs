//! Two handovers side by side.

use crate::fields::{FIELDS, Meaning};
use crate::handover::{E820, Handover, SETUP_E820_EXT, SETUP_EFI, SETUP_RNG_SEED, number};
use crate::image::Image;
use crate::machine::{Kind, Machine, RAM, Span, merged};
use crate::request::Request;
use std::fmt;

/// What a side has in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number of at most 8 bytes.
    Number(u64),
    /// More bytes.
    Bytes(Vec<u8>),
    /// Something that is said better in words.
    Words(String),
}

impl Value {
    fn of(bytes: &[u8]) -> Self {
        if bytes.len() <= 8 {
            Self::Number(number(bytes))
        } else {
            Self::Bytes(bytes.to_vec())
        }
    }

    fn words(text: impl Into<String>) -> Self {
        Self::Words(text.into())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number:#x}"),
            Self::Words(words) => f.write_str(words),
            Self::Bytes(bytes) if bytes.iter().all(|byte| *byte == 0) => {
                write!(f, "{} bytes of 0", bytes.len())
            }
            Self::Bytes(bytes) => {
                for byte in bytes.iter().take(64) {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str(if bytes.len() > 64 { "…" } else { "" })
            }
        }
    }
}

/// A field in which the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name: of [`FIELDS`], or of what an address leads to.
    pub field: String,
    /// kexec-tools' value.
    pub reference: Value,
    /// libkexec's.
    pub ours: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            reference,
            ours,
        } = self;
        write!(f, "{field}: kexec-tools {reference}, libkexec {ours}")
    }
}

/// Every difference, in the order of boot_params, then of what it points at.
#[must_use]
pub fn compare(reference: &Handover, ours: &Handover, machine: &Machine) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    for field in FIELDS
        .iter()
        .filter(|field| field.meaning == Meaning::Value)
    {
        let (theirs, mine) = (field.of(&reference.page), field.of(&ours.page));
        found.values(field.name, Value::of(theirs), Value::of(mine));
    }
    found.values(
        "the command line",
        text(reference.command_line.as_deref()),
        text(ours.command_line.as_deref()),
    );
    found.values(
        "the initrd",
        digest(reference.initrd.as_deref()),
        digest(ours.initrd.as_deref()),
    );
    e820(&mut found, reference, ours, machine);
    setup_data(&mut found, reference, ours);
    efi_map(&mut found, reference, ours);
    found.values(
        "the kernel's bytes",
        digest(Some(&reference.kernel.bytes)),
        digest(Some(&ours.kernel.bytes)),
    );
    found.values(
        "the kernel's memory",
        Value::Number(reference.kernel.memsz),
        Value::Number(ours.kernel.memsz),
    );
    found.values(
        "kexec_load flags",
        Value::Number(reference.flags),
        Value::Number(ours.flags),
    );
    found.0
}

/// What must hold of either side for itself, whatever the other has.
#[must_use]
pub fn complaints(
    handover: &Handover,
    image: &Image,
    machine: &Machine,
    request: &Request,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            complaints.push(what.to_string());
        }
    };
    let command_line = handover.command_line.as_deref().unwrap_or_default();
    must(
        command_line == request.command_line.as_bytes(),
        "another command line",
    );
    must(handover.initrd == request.initrd, "another initrd");
    must(
        handover.kernel.bytes == image.kernel(),
        "not all of the kernel, or other bytes",
    );
    must(
        handover.kernel.memsz >= image.init_size(),
        "less memory than init_size",
    );
    let pref_address = number(&image.file[0x258..0x260]);
    must(
        handover.kernel.mem >= pref_address,
        "kernel below pref_address",
    );
    let alignment = number(&image.file[0x230..0x234]).max(1);
    must(
        handover.kernel.mem.is_multiple_of(alignment),
        "kernel not aligned",
    );
    must(handover.page[0x1ef] == 0, "sentinel is not 0");
    must(
        handover.purgatory,
        "the entry is in no purgatory that knows kernel and boot_params",
    );
    let efi = &handover.page[0x1c0..0x1c4] != b"\0\0\0\0";
    let node = handover
        .setup_data
        .iter()
        .any(|(kind, _)| *kind == SETUP_EFI);
    must(
        efi == node,
        "efi_info without SETUP_EFI, or the other way round",
    );
    let ram = |start: u64, last: u64| {
        let inside = |area: &&Span| area.kind == RAM && area.start <= start && last <= area.last;
        machine.map.iter().any(|area| inside(&area))
    };
    let kernel = &handover.kernel;
    must(
        ram(kernel.mem, kernel.mem + kernel.memsz - 1),
        "kernel outside RAM",
    );
    complaints
}

struct Found(Vec<Difference>);

impl Found {
    fn values(&mut self, field: impl Into<String>, reference: Value, ours: Value) {
        if reference != ours {
            self.0.push(Difference {
                field: field.into(),
                reference,
                ours,
            });
        }
    }
}

fn text(bytes: Option<&[u8]>) -> Value {
    Value::words(match bytes {
        None => "none".into(),
        Some(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
    })
}

/// Long bytes: their length and a number that changes with any of them (FNV-1a).
fn digest(bytes: Option<&[u8]>) -> Value {
    Value::words(match bytes {
        None => "none".into(),
        Some(bytes) => {
            let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
            });
            format!("{} bytes, {hash:016x}", bytes.len())
        }
    })
}

/// Entry by entry where the two have the same ones, by where they come from where not.
fn e820(found: &mut Found, reference: &Handover, ours: &Handover, machine: &Machine) {
    let end = |entry: &E820| entry.start.wrapping_add(entry.size);
    let same_places = reference.e820.len() == ours.e820.len()
        && reference
            .e820
            .iter()
            .zip(&ours.e820)
            .all(|(a, b)| end(a) == end(b));
    if !same_places {
        let source = |side: &Handover| Value::words(e820_source(&side.e820, machine));
        found.values("e820", source(reference), source(ours));
        if reference.e820 != ours.e820 && found.0.last().is_none_or(|last| last.field != "e820") {
            // Neither is any source's, and both in the same words.
            found.values(
                "e820",
                Value::words("another one"),
                Value::words("another one again"),
            );
        }
        return;
    }
    for (a, b) in reference.e820.iter().zip(&ours.e820) {
        found.values("e820 start", Value::Number(a.start), Value::Number(b.start));
        let kind = |entry: &E820| Value::Number(u64::from(entry.kind));
        found.values("e820 type", kind(a), kind(b));
    }
}

fn e820_source(entries: &[E820], machine: &Machine) -> String {
    let spans = entries.iter().map(|entry| Span {
        // RAM at 0 has a row of its own, "e820 start".
        start: if entry.start == 0x400 { 0 } else { entry.start },
        last: entry.start.wrapping_add(entry.size).wrapping_sub(1),
        // The name says nothing that the number does not.
        kind: Kind(entry.kind, ""),
    });
    let nameless = |map: Vec<Span>| -> Vec<Span> {
        let without = map.into_iter().map(|entry| Span {
            kind: Kind(entry.kind.0, ""),
            ..entry
        });
        without.collect()
    };
    let exact: Vec<Span> = spans.collect();
    let whole = merged(exact.iter().copied());
    if exact == nameless(machine.map.clone()) {
        "the firmware's map".into()
    } else if whole == nameless(machine.without_overlaps()) {
        "the firmware's map, overlaps resolved".into()
    } else if whole == nameless(machine.resources()) {
        "/proc/iomem's map".into()
    } else {
        let mut text = format!("{} entries:", entries.len());
        for entry in entries.iter().take(12) {
            text += &format!(" {:#x}+{:#x}={}", entry.start, entry.size, entry.kind);
        }
        text
    }
}

fn setup_data(found: &mut Found, reference: &Handover, ours: &Handover) {
    let order = |side: &Handover| {
        let names: Vec<String> = side
            .setup_data
            .iter()
            .map(|(kind, _)| name(*kind))
            .collect();
        names
    };
    let (theirs, mine) = (order(reference), order(ours));
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    if sorted(&theirs) == sorted(&mine) {
        found.values("setup_data order", list_order(&theirs), list_order(&mine));
    } else {
        found.values(
            "setup_data types",
            Value::words(theirs.join(", ")),
            Value::words(mine.join(", ")),
        );
    }
    for (kind, theirs) in &reference.setup_data {
        let Some((_, mine)) = ours.setup_data.iter().find(|(other, _)| other == kind) else {
            continue;
        };
        match *kind {
            SETUP_EFI => {
                let names = ["fw_vendor", "unused", "tables", "smbios"];
                for (field, (a, b)) in theirs.chunks(8).zip(mine.chunks(8)).enumerate() {
                    let field = names.get(field).copied().unwrap_or("reserved");
                    found.values(format!("SETUP_EFI.{field}"), Value::of(a), Value::of(b));
                }
                lengths(found, *kind, theirs, mine);
            }
            SETUP_RNG_SEED => {
                lengths(found, *kind, theirs, mine);
                // Two that are equal are no random bytes.
                for (side, seed) in [("kexec-tools", theirs), ("libkexec", mine)] {
                    let zero = seed.iter().all(|byte| *byte == 0);
                    let other = if zero { "zeros" } else { "random" };
                    found.values(
                        format!("SETUP_RNG_SEED of {side}"),
                        Value::words("random"),
                        Value::words(other),
                    );
                }
            }
            // Compared with the table it continues.
            SETUP_E820_EXT => {}
            _ => found.values(name(*kind), Value::of(theirs), Value::of(mine)),
        }
    }
}

/// The list's order, by that of a list that has all the nodes there can be, or as it is.
fn list_order(names: &[String]) -> Value {
    let orders = [
        ["EFI", "E820_EXT", "RNG_SEED"],
        ["RNG_SEED", "E820_EXT", "EFI"],
    ];
    let fits = |order: &&[&str; 3]| {
        let mut whole = order.iter();
        names.iter().all(|name| whole.any(|other| other == name))
    };
    let order = orders.iter().find(fits);
    Value::words(order.map_or_else(|| names.join(", "), |order| order.join(", ")))
}

fn lengths(found: &mut Found, kind: u32, theirs: &[u8], mine: &[u8]) {
    let length = |data: &[u8]| Value::Number(data.len() as u64);
    found.values(
        format!("{} length", name(kind)),
        length(theirs),
        length(mine),
    );
}

fn name(kind: u32) -> String {
    match kind {
        SETUP_E820_EXT => "E820_EXT".into(),
        SETUP_EFI => "EFI".into(),
        SETUP_RNG_SEED => "RNG_SEED".into(),
        other => format!("type {other:#x}"),
    }
}

/// As sets of descriptors without their padding, then the padding, then the order.
fn efi_map(found: &mut Found, reference: &Handover, ours: &Handover) {
    let fields = |side: &Handover| -> Vec<(u64, [u8; 36])> {
        let without_padding = side.efi_map.iter().map(|raw| {
            let mut fields = [0; 36];
            fields[..4].copy_from_slice(&raw[..4]);
            fields[4..].copy_from_slice(&raw[8..]);
            (number(&raw[8..16]), fields)
        });
        without_padding.collect()
    };
    let padding = |side: &Handover| {
        let zero = side.efi_map.iter().all(|raw| raw[4..8] == [0; 4]);
        Value::words(if zero { "0" } else { "whatever was there" })
    };
    let (mut theirs, mut mine) = (fields(reference), fields(ours));
    let order = |map: &[(u64, [u8; 36])]| {
        let sorted = map.is_sorted_by_key(|(address, _)| *address);
        Value::words(if sorted { "by address" } else { "by chance" })
    };
    found.values("EFI map order", order(&theirs), order(&mine));
    found.values("EFI map padding", padding(reference), padding(ours));
    theirs.sort_unstable();
    mine.sort_unstable();
    for index in 0..theirs.len().max(mine.len()) {
        let value = |map: &[(u64, [u8; 36])]| match map.get(index) {
            Some((_, fields)) => Value::of(fields),
            None => Value::words("none"),
        };
        found.values("EFI map", value(&theirs), value(&mine));
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
