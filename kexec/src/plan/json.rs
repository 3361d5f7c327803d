//! A plan as JSON, by docs/plan.schema.json. Nothing in it depends on a random seed.

use core::fmt::{Result, Write};

use kexec_core::image::{Format, Image, Kernel};
use kexec_core::machine::{Firmware, IomemAccess, Lockdown, Machine, MemorySource, XenGuest};
use kexec_core::memory::{Range, RangeSet};
use kexec_core::plan::{Above, Details, Entry, Placed, Plan, SegmentKind};
use kexec_core::verdict::{Outcome, Verdict, Weight};
use kexec_core::{Error, arch::Arch};

use super::members::Json;
use super::{Unified, View, name};
use crate::reasons::{Said, about};
use crate::segment::word;
use crate::table::Id;

/// The version of the schema: larger where a reader of the one before may go wrong. Members may be
/// added without.
pub const SCHEMA: u64 = 1;

/// Writes it. `free` is overwritten.
///
/// # Errors
/// As `out` returns them.
pub fn write(out: &mut dyn Write, view: &View<'_>, free: &mut RangeSet) -> Result {
    let json = &mut Json::new(out);
    let (machine, made, actions) = (view.machine, view.plan(), view.command.actions);
    let arch = made.map(|plan| plan.arch).or(machine.platform.arch);
    let crash = view.command.crash();
    json.open("", "{");
    json.number("schema", SCHEMA);
    json.text("generator", concat!("libkexec ", env!("CARGO_PKG_VERSION")));
    json.text("purpose", if crash { "crash" } else { "reboot" });
    json.open_small("actions");
    json.flag("unload", Some(actions.unload));
    json.flag("load", Some(actions.load));
    json.flag("exec", Some(actions.exec));
    json.flag("shutdown", Some(actions.shutdown));
    json.close_small();
    json.text_or_null("arch", arch.map(Arch::name));
    facts(json, machine, view.command.given(Id::Check));
    json.open("calls", "[");
    if let Some(route) = view.route {
        json.text("", name(route.first()));
        if let Some(second) = route.second() {
            json.text("", name(second));
        }
    }
    json.close("]");
    json.maybe("file_flags", view.file_flags);
    json.open("files", "[");
    for file in view.files {
        json.open_small("");
        json.text("role", file.role);
        json.bytes("path", file.path);
        json.number("size", file.size);
        json.close_small();
    }
    json.close("]");
    match view.image {
        Some(kernel) => image(json, kernel),
        None => json.null("image"),
    }
    if let Some(from) = view.unified {
        unified(json, from);
    }
    if actions.load {
        json.bytes("command_line", made.map_or(view.line, Plan::command_line));
    } else {
        json.null("command_line");
    }
    match made {
        Some(made) => plan(json, made, view, free),
        None => json.null("plan"),
    }
    json.open("notes", "[");
    for note in made.map_or(&[][..], Plan::notes) {
        json.open_small("");
        json.number("code", note.number().into());
        json.flag("warning", Some(note.is_warning()));
        json.format("text", format_args!("{note}"));
        json.close_small();
    }
    json.close("]");
    match view.verdict {
        Some((found, code)) => verdict(json, found, code, view.file()),
        None => json.null("verdict"),
    }
    json.close("}");
    json.finish()
}

fn unified(json: &mut Json<'_>, image: &Unified<'_>) {
    json.open_small("unified");
    json.number("profile", image.profile as u64);
    json.number("profiles", image.profiles as u64);
    json.bytes("id", image.id);
    json.bytes("title", image.title);
    json.bytes("release", image.release);
    json.bytes("system", image.system);
    json.close_small();
}

fn facts(json: &mut Json<'_>, machine: &Machine, checks: bool) {
    let platform = &machine.platform;
    json.open("machine", "{");
    json.text_or_null("arch", platform.arch.map(Arch::name));
    json.number("page_size", platform.page_size.bytes());
    json.open_small("memory");
    let source = match machine.maps.source {
        MemorySource::None => None,
        MemorySource::FirmwareMemmap => Some("firmware_memmap"),
        MemorySource::BootParams => Some("boot_params"),
        MemorySource::Iomem => Some("iomem"),
        _ => Some("other"),
    };
    json.text_or_null("source", source);
    json.number("ranges", machine.memory.entries().len() as u64);
    json.number("ram", machine.memory.ram());
    json.close_small();
    json.open_small("iomem");
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
    json.close_small();
    json.maybe("total_ram", platform.total_ram);
    let firmware = match platform.firmware {
        Firmware::Efi => Some("efi"),
        Firmware::NotEfi => Some("not_efi"),
        Firmware::Unknown | Firmware::Unreadable => None,
    };
    json.text_or_null("firmware", firmware);
    let rsdp = Some(platform.acpi_rsdp);
    json.maybe("acpi_rsdp", rsdp.filter(|address| *address != 0));
    json.flag("five_level_paging", machine.x86.five_level_paging.into());
    json.open_small("crash_kernel");
    let reserved = machine.crash.region.is_some();
    let none = machine.reservation() == Err(Error::NoCrashReservation);
    json.flag("reserved", (none || reserved).then_some(reserved));
    range(json, "region", machine.crash.region);
    range(json, "low", machine.crash.low);
    json.close_small();
    let xen = match machine.xen.guest {
        _ if !machine.xen.domain => None,
        XenGuest::Unknown => Some("unknown"),
        XenGuest::Pv => Some("pv"),
        XenGuest::Hvm => Some("hvm"),
        XenGuest::Pvh => Some("pvh"),
        _ => Some("other"),
    };
    json.text_or_null("xen", xen);
    let state = &machine.kexec;
    let lockdown = match state.lockdown {
        Lockdown::Unknown => None,
        Lockdown::None => Some("none"),
        Lockdown::Integrity => Some("integrity"),
        Lockdown::Confidentiality => Some("confidentiality"),
        _ => Some("other"),
    };
    json.text_or_null("lockdown", lockdown);
    json.flag("cap_sys_boot", state.cap_sys_boot.into());
    json.flag("load_disabled", state.load_disabled.into());
    json.flag("loaded", state.loaded.into());
    json.flag("crash_loaded", state.crash_loaded.into());
    // Not in a plan: available memory changes all the time.
    if checks {
        host(json, machine);
    }
    json.close("}");
}

/// The names of [`Host::flags`](kexec_core::machine::Host::flags).
const FLAGS: [&str; 7] = [
    "kexec_load",
    "kexec_file_load",
    "signatures",
    "signatures_forced",
    "secure_boot",
    "first_user_namespace",
    "first_pid_namespace",
];

fn host(json: &mut Json<'_>, machine: &Machine) {
    let host = &machine.host;
    json.open("host", "{");
    for (key, fact) in FLAGS.iter().zip(host.flags()) {
        json.flag(key, fact.into());
    }
    json.flag("handover", host.handover.into());
    let state = &machine.kexec;
    // Null is also no limit: the verdict says if it is unknown.
    let left = |limit: Option<i64>| limit.and_then(|limit| u64::try_from(limit).ok());
    json.maybe("loads_left", left(state.load_limit_reboot));
    json.maybe("crash_loads_left", left(state.load_limit_panic));
    json.maybe("available_ram", machine.platform.available_ram);
    let watchdogs = &host.watchdogs;
    let running = Some(watchdogs.running);
    json.maybe(
        "watchdogs_running",
        running.filter(|_| watchdogs.unread == 0),
    );
    json.close("}");
}

fn verdict(json: &mut Json<'_>, verdict: &Verdict<'_>, code: u8, file: &[u8]) {
    json.open("verdict", "{");
    let outcome = match verdict.outcome {
        Outcome::Yes => "yes",
        Outcome::No => "no",
        Outcome::Unknown => "unknown",
    };
    json.text("outcome", outcome);
    json.text_or_null("call", verdict.call.map(name));
    json.number("exit_code", code.into());
    json.open("findings", "[");
    for finding in verdict.findings() {
        json.open_small("");
        let weight = match finding.weight {
            Weight::Refuses => "refuses",
            Weight::Unknown => "unknown",
            Weight::Warns => "warns",
            Weight::MayWarn => "may_warn",
        };
        json.text("weight", weight);
        json.text("about", about(finding.about).0);
        json.text_or_null("call", finding.call.map(name));
        let said = Said {
            finding,
            verdict,
            file,
        };
        json.format("text", format_args!("{said}"));
        json.close_small();
    }
    json.close("]");
    json.close("}");
}

fn range(json: &mut Json<'_>, key: &str, range: Option<Range>) {
    let Some(range) = range else {
        return json.null(key);
    };
    json.open_small(key);
    json.number("start", range.start());
    json.number("size", range.size());
    json.close_small();
}

fn image(json: &mut Json<'_>, image: &Image<'_>) {
    let facts = image.facts();
    let (format, version) = match image {
        Image::Linux(Kernel::BzImage(image)) => ("bzImage", Some(image.version().into())),
        Image::Linux(Kernel::Unpacked(kernel)) => {
            ("bzImage", Some(kernel.image().version().into()))
        }
        Image::Linux(Kernel::Vmlinux(_)) => ("vmlinux", None),
        Image::LinuxArm64(_) => ("arm64", None),
        Image::Multiboot(image) if image.format() == Format::Multiboot1 => ("multiboot", None),
        Image::Multiboot(_) => ("multiboot2", None),
        Image::Program(_) => ("elf", None),
        _ => ("other", None),
    };
    json.open_small("image");
    json.text("format", format);
    json.maybe("boot_protocol", version);
    json.flag("relocatable", Some(facts.relocatable));
    json.number("preferred_address", facts.pref_address);
    json.number("align", facts.alignment);
    json.number("memsz", facts.size);
    let limit = Some(facts.command_line_max).filter(|limit| *limit != u64::MAX);
    json.maybe("command_line_max", limit);
    json.close_small();
}

fn kind(json: &mut Json<'_>, kind: SegmentKind) {
    let (name, number) = word(kind);
    json.text("kind", name);
    if let Some(number) = number {
        json.number("number", number.into());
    }
}

/// In which mode the new kernel is entered.
const fn mode(entry: Entry) -> Option<&'static str> {
    match entry {
        Entry::X86Long => Some("64-bit"),
        Entry::X86Protected => Some("32-bit"),
        Entry::X86Real => Some("real"),
        _ => None,
    }
}

fn plan(json: &mut Json<'_>, plan: &Plan<'_>, view: &View<'_>, free: &mut RangeSet) {
    json.open("plan", "{");
    json.number("entry", plan.entry);
    json.number("kernel_entry", plan.kernel_entry);
    json.text_or_null("kernel_mode", mode(plan.mode));
    json.number("flags", plan.flags);
    // The digest itself is keyed at random.
    json.flag("verified", Some(plan.digest.is_some()));
    json.open("segments", "[");
    for segment in plan.segments() {
        json.open_small("");
        kind(json, segment.kind);
        json.number("mem", segment.mem);
        json.number("memsz", segment.memsz);
        json.number("bufsz", segment.buf.len() as u64);
        json.close_small();
    }
    json.close("]");
    json.open("setup_data", "[");
    for kind in plan.setup_types() {
        json.number("", kind.0.into());
    }
    json.close("]");
    let control = plan.control_pages();
    json.maybe("control_pages", control.map(|control| control.count()));
    if let Some(details) = view.reasons() {
        placement(json, details, view.machine, free);
    }
    json.close("}");
}

/// Why each block lies where it lies.
fn placement(json: &mut Json<'_>, details: &Details, machine: &Machine, free: &mut RangeSet) {
    let blocks = details.blocks();
    json.open("placement", "[");
    for block in blocks.iter().filter(|block| block.window.is_none()) {
        placed(json, block, None, blocks);
    }
    // It can be made, for the plan was.
    let _made = details.reasons(machine, free, &mut |_, block, above| {
        placed(json, block, Some(above), blocks);
    });
    json.close("]");
}

fn placed(json: &mut Json<'_>, block: &Placed, above: Option<&Above>, blocks: &[Placed]) {
    json.open_small("");
    kind(json, block.kind);
    json.number("mem", block.place.start());
    json.number("memsz", block.place.size());
    if let (Some(window), Some(above)) = (block.window, above) {
        json.open_small("window");
        json.number("min", window.min);
        json.number("max", window.max);
        json.number("align", window.align);
        json.flag("by_mem_min", Some(window.narrowed.by_mem_min()));
        json.flag("by_mem_max", Some(window.narrowed.by_mem_max()));
        json.text_or_null("near", block.near.map(|near| word(near.to).0));
        json.close_small();
        json.open_small("above");
        json.number("size", above.size);
        json.number("placed", above.placed);
        json.number("unusable", above.unusable());
        json.number("free", above.free);
        json.number("largest_free", above.largest);
        let next = above.next.and_then(|next| blocks.get(next));
        json.text_or_null("next", next.map(|next| word(next.kind).0));
        json.close_small();
    } else {
        json.null("window");
        json.null("above");
    }
    json.close_small();
}
