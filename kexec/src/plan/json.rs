//! A plan as JSON, by docs/plan.schema.json. Nothing in it depends on a random seed.

use core::fmt::{Result, Write};

use kexec_core::image::{Image, Kernel};
use kexec_core::machine::{
    Firmware, IomemAccess, Known, Lockdown, Machine, MemorySource, XenGuest,
};
use kexec_core::memory::{Range, RangeSet};
use kexec_core::plan::{Details, Note, Plan, SegmentKind};
use kexec_core::{Error, arch::Arch};

use super::members::Json;
use super::{View, word};

/// The version of the schema: larger where a reader of the one before may go wrong. Members may be
/// added without.
pub const SCHEMA: u64 = 1;

/// Writes it. `free` is overwritten.
///
/// # Errors
/// What `out` says.
pub fn write(out: &mut dyn Write, view: &View<'_>, free: &mut RangeSet) -> Result {
    let mut json = Json::new(out);
    let arch = view
        .plan
        .map(|plan| plan.arch)
        .or(view.machine.platform.arch);
    json.open("", "{");
    json.number("schema", SCHEMA);
    json.text("generator", concat!("libkexec ", env!("CARGO_PKG_VERSION")));
    json.text("purpose", if view.crash { "crash" } else { "reboot" });
    json.small("actions", |json| {
        let actions = view.actions;
        json.flag("unload", Some(actions.unload));
        json.flag("load", Some(actions.load));
        json.flag("exec", Some(actions.exec));
        json.flag("shutdown", Some(actions.shutdown));
    });
    word_or_null(&mut json, "arch", arch.map(Arch::name));
    machine(&mut json, view.machine);
    json.open("calls", "[");
    for call in view.calls {
        json.text("", call);
    }
    json.close("]");
    json.open("files", "[");
    for file in view.files {
        json.small("", |json| {
            json.text("role", file.role);
            json.bytes("path", file.path);
            json.number("size", file.size);
        });
    }
    json.close("]");
    match view.image {
        Some(kernel) => image(&mut json, kernel),
        None => json.null("image"),
    }
    if view.actions.load {
        json.bytes("command_line", view.command_line());
    } else {
        json.null("command_line");
    }
    match view.plan {
        Some(made) => plan(&mut json, made, view, free),
        None => json.null("plan"),
    }
    notes(&mut json, view.plan.map_or(&[], Plan::notes));
    // Room for what a check of the whole will say.
    json.null("verdict");
    json.close("}");
    json.finish()
}

fn word_or_null(json: &mut Json<'_>, key: &str, word: Option<&str>) {
    match word {
        Some(word) => json.text(key, word),
        None => json.null(key),
    }
}

fn machine(json: &mut Json<'_>, machine: &Machine) {
    json.open("machine", "{");
    word_or_null(json, "arch", machine.platform.arch.map(Arch::name));
    json.number("page_size", machine.platform.page_size.bytes());
    json.small("memory", |json| {
        let source = match machine.maps.source {
            MemorySource::None => None,
            MemorySource::FirmwareMemmap => Some("firmware_memmap"),
            MemorySource::BootParams => Some("boot_params"),
            MemorySource::Iomem => Some("iomem"),
            _ => Some("other"),
        };
        word_or_null(json, "source", source);
        json.number("ranges", machine.memory.entries().len() as u64);
        json.number("ram", machine.memory.ram());
    });
    json.small("iomem", |json| {
        let access = match machine.maps.iomem_access {
            IomemAccess::Missing => "missing",
            IomemAccess::Unreadable => "unreadable",
            IomemAccess::Damaged => "damaged",
            IomemAccess::Unprivileged => "unprivileged",
            IomemAccess::TooLong => "too_long",
            IomemAccess::Read => "read",
        };
        json.text("access", access);
        json.number("ranges", machine.iomem.entries().len() as u64);
    });
    json.maybe("total_ram", machine.platform.total_ram);
    let firmware = match machine.platform.firmware {
        Firmware::Efi => Some("efi"),
        Firmware::NotEfi => Some("not_efi"),
        Firmware::Unknown | Firmware::Unreadable => None,
    };
    word_or_null(json, "firmware", firmware);
    let rsdp = machine.platform.acpi_rsdp;
    json.maybe("acpi_rsdp", Some(rsdp).filter(|address| *address != 0));
    json.flag("five_level_paging", machine.x86.five_level_paging.into());
    let crash = &machine.crash;
    json.small("crash_kernel", |json| {
        let none = machine.reservation() == Err(Error::NoCrashReservation);
        let known = none || crash.region.is_some();
        json.flag("reserved", known.then_some(crash.region.is_some()));
        range(json, "region", crash.region);
        range(json, "low", crash.low);
    });
    let xen = match machine.xen.guest {
        _ if !machine.xen.domain => None,
        XenGuest::Unknown => Some("unknown"),
        XenGuest::Pv => Some("pv"),
        XenGuest::Hvm => Some("hvm"),
        XenGuest::Pvh => Some("pvh"),
        _ => Some("other"),
    };
    word_or_null(json, "xen", xen);
    let state = &machine.kexec;
    let lockdown = match state.lockdown {
        Lockdown::Unknown => None,
        Lockdown::None => Some("none"),
        Lockdown::Integrity => Some("integrity"),
        Lockdown::Confidentiality => Some("confidentiality"),
        _ => Some("other"),
    };
    word_or_null(json, "lockdown", lockdown);
    let mut known = |key, fact: Known| json.flag(key, fact.into());
    known("cap_sys_boot", state.cap_sys_boot);
    known("load_disabled", state.load_disabled);
    known("loaded", state.loaded);
    known("crash_loaded", state.crash_loaded);
    json.close("}");
}

fn range(json: &mut Json<'_>, key: &str, range: Option<Range>) {
    match range {
        Some(range) => json.small(key, |json| {
            json.number("start", range.start());
            json.number("size", range.size());
        }),
        None => json.null(key),
    }
}

fn image(json: &mut Json<'_>, image: &Image<'_>) {
    json.small("image", |json| {
        let facts = image.facts();
        let (format, version) = match image {
            Image::Linux(Kernel::BzImage(image)) => ("bzImage", Some(image.version().into())),
            Image::Linux(Kernel::Vmlinux(_)) => ("vmlinux", None),
            _ => ("other", None),
        };
        json.text("format", format);
        json.maybe("boot_protocol", version);
        json.flag("relocatable", Some(facts.relocatable));
        json.number("preferred_address", facts.pref_address);
        json.number("align", facts.alignment);
        json.number("memsz", facts.size);
        json.number("command_line_max", facts.command_line_max);
    });
}

fn kind(json: &mut Json<'_>, kind: SegmentKind) {
    let (name, number) = word(kind);
    json.text("kind", name);
    if let Some(number) = number {
        json.number("number", number.into());
    }
}

fn plan(json: &mut Json<'_>, plan: &Plan<'_>, view: &View<'_>, free: &mut RangeSet) {
    json.open("plan", "{");
    json.number("entry", plan.entry);
    json.number("kernel_entry", plan.kernel_entry);
    json.number("flags", plan.flags);
    // The digest itself is keyed at random.
    json.flag("verified", Some(plan.digest.is_some()));
    json.open("segments", "[");
    for segment in plan.segments() {
        json.small("", |json| {
            kind(json, segment.kind);
            json.number("mem", segment.mem);
            json.number("memsz", segment.memsz);
            json.number("bufsz", segment.buf.len() as u64);
        });
    }
    json.close("]");
    json.open("setup_data", "[");
    for kind in plan.setup_types() {
        json.number("", kind.0.into());
    }
    json.close("]");
    let control = plan.control_pages();
    json.maybe("control_pages", control.map(|control| control.count()));
    if let Some(details) = view.details {
        placement(json, details, view.machine, free);
    }
    json.close("}");
}

/// Why each block lies where it lies.
fn placement(json: &mut Json<'_>, details: &Details, machine: &Machine, free: &mut RangeSet) {
    let blocks = details.blocks();
    json.open("placement", "[");
    for block in blocks.iter().filter(|block| block.window.is_none()) {
        json.small("", |json| {
            kind(json, block.kind);
            json.number("mem", block.place.start());
            json.number("memsz", block.place.size());
            json.null("window");
            json.null("above");
        });
    }
    // It can be made, for the plan was.
    let _made = details.reasons(machine, free, &mut |_, block, above| {
        json.small("", |json| {
            kind(json, block.kind);
            json.number("mem", block.place.start());
            json.number("memsz", block.place.size());
            let Some(window) = block.window else {
                return;
            };
            json.small("window", |json| {
                json.number("min", window.min);
                json.number("max", window.max);
                json.number("align", window.align);
                json.flag("by_mem_min", Some(window.narrowed.by_mem_min()));
                json.flag("by_mem_max", Some(window.narrowed.by_mem_max()));
                let near = block.near.map(|near| word(near.to).0);
                word_or_null(json, "near", near);
            });
            json.small("above", |json| {
                json.number("size", above.size);
                json.number("placed", above.placed);
                json.number("unusable", above.unusable());
                json.number("free", above.free);
                json.number("largest_free", above.largest);
                let next = above.next.and_then(|next| blocks.get(next));
                word_or_null(json, "next", next.map(|next| word(next.kind).0));
            });
        });
    });
    json.close("]");
}

fn notes(json: &mut Json<'_>, notes: &[Note]) {
    json.open("notes", "[");
    for note in notes {
        json.small("", |json| {
            json.number("code", note.number().into());
            json.flag("warning", Some(note.is_warning()));
            json.format("text", format_args!("{note}"));
        });
    }
    json.close("]");
}
