//! Plans to look at, on five machines: docs/plan.md has their pictures, docs/plan.schema.json says
//! what the JSON has. `KEXEC_WRITE_PLANS=1 cargo test -p kexec-cli --test plan` writes the texts anew.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;
mod plan_schema;

use std::ffi::CStr;

use kexec_cli::command::{Request as Asked, parse};
use kexec_cli::plan::{self, Format, Listed, View};
use kexec_core::arch::Arch;
use kexec_core::image::Image;
use kexec_core::machine::{
    EfiMemoryDescriptor, Firmware, IomemAccess, Known, Machine, MemorySource,
};
use kexec_core::memory::{MemoryKind, Range, RangeSet};
use kexec_core::plan::{CrashOptions, Details, Request, Workspace, plan_with_details};
use kexec_core::route::Route;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A machine of which all is known, without memory.
fn empty() -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    machine.platform.arch = Some(Arch::X86_64);
    machine.platform.firmware = Firmware::NotEfi;
    machine.x86.five_level_paging = Known::No;
    machine.maps.source = MemorySource::FirmwareMemmap;
    machine.maps.iomem_access = IomemAccess::Read;
    machine.command_line.set(b"root=/dev/vda1 ro");
    machine
}

/// Adds a range, of whose RAM the running kernel uses all.
fn add(machine: &mut Machine, start: u64, end: u64, kind: MemoryKind) {
    let range = Range::new(start, end - 1).unwrap();
    machine.memory.add(range, kind).unwrap();
    machine.iomem.add(range, kind).unwrap();
}

/// As on every PC.
fn first_mib(machine: &mut Machine) {
    add(machine, 0x1000, 0x9_fc00, MemoryKind::RAM);
    add(machine, 0x9_fc00, 0xa_0000, MemoryKind::RESERVED);
    add(machine, 0xf_0000, 0x10_0000, MemoryKind::RESERVED);
}

fn laptop() -> Box<Machine> {
    let mut machine = empty();
    first_mib(&mut machine);
    add(&mut machine, MIB, 0x9b3e_0000, MemoryKind::RAM);
    add(&mut machine, 0x9b3e_0000, 0x9c40_0000, MemoryKind::RESERVED);
    add(&mut machine, 0x9c40_0000, 0x9c4f_0000, MemoryKind::ACPI);
    add(&mut machine, 0x9c4f_0000, 0x9cc0_0000, MemoryKind::NVS);
    add(&mut machine, 0x9cc0_0000, 0x9cc0_1000, MemoryKind::RAM);
    add(&mut machine, 0x9d00_0000, 0xa000_0000, MemoryKind::RESERVED);
    add(&mut machine, 0xfe01_0000, 0xfe01_1000, MemoryKind::RESERVED);
    add(
        &mut machine,
        4 * GIB,
        16 * GIB + 0x5f80_0000,
        MemoryKind::RAM,
    );
    // The running kernel keeps some of it.
    let kept = Range::from_size(16 * GIB, 64 * MIB).unwrap();
    machine.iomem.add(kept, MemoryKind::RESERVED).unwrap();
    machine
}

/// 2 TiB on eight nodes, with memory errors and tables all over.
fn server() -> Box<Machine> {
    let mut machine = empty();
    first_mib(&mut machine);
    add(&mut machine, MIB, 0x6a00_0000, MemoryKind::RAM);
    add(&mut machine, 0x6a00_0000, 0x9000_0000, MemoryKind::RESERVED);
    for node in 0..8_u64 {
        let start = 4 * GIB + node * 256 * GIB;
        add(&mut machine, start, start + 256 * GIB, MemoryKind::RAM);
        for hole in 0..40 {
            let at = start + (hole + 1) * 6 * GIB + node * 0x1000;
            let kind = [MemoryKind::UNUSABLE, MemoryKind::RESERVED][(hole % 2) as usize];
            add(&mut machine, at, at + 0x1000 * (hole + 1), kind);
        }
    }
    machine
}

fn guest() -> Box<Machine> {
    let mut machine = empty();
    machine.platform.firmware = Firmware::Efi;
    machine.platform.acpi_rsdp = 0x7fb7_e014;
    add(&mut machine, 0, 0xa_0000, MemoryKind::RAM);
    add(&mut machine, MIB, 0x80_0000, MemoryKind::RAM);
    add(&mut machine, 0x80_0000, 0x80_8000, MemoryKind::NVS);
    add(&mut machine, 0x80_8000, 0x7e8e_d000, MemoryKind::RAM);
    add(&mut machine, 0x7e8e_d000, 0x7fb6_d000, MemoryKind::RESERVED);
    add(&mut machine, 0x7fb6_d000, 0x7fb7_f000, MemoryKind::ACPI);
    add(&mut machine, 0x7fb7_f000, 0x7fbf_f000, MemoryKind::NVS);
    add(&mut machine, 0x7fbf_f000, 0x7fe0_0000, MemoryKind::RAM);
    add(&mut machine, 4 * GIB, 6 * GIB, MemoryKind::RAM);
    // Runtime services in what the map calls RAM.
    let runtime = EfiMemoryDescriptor::new([5, 0x7000_0000, 0, 0x100, 1 << 63]).unwrap();
    machine.efi.add(runtime).unwrap();
    machine
}

/// `crashkernel=512M,high` with its 256 MiB below 4 GiB, and the crash kernel is planned.
fn crash() -> Box<Machine> {
    let mut machine = empty();
    first_mib(&mut machine);
    add(&mut machine, MIB, 0xbffd_0000, MemoryKind::RAM);
    add(&mut machine, 0xbffd_0000, 0xc000_0000, MemoryKind::RESERVED);
    add(&mut machine, 4 * GIB, 32 * GIB, MemoryKind::RAM);
    machine.crash.region = Range::from_size(31 * GIB, 512 * MIB);
    machine.crash.low = Range::from_size(0xa000_0000, 256 * MIB);
    let ram = [(MIB, 0xbfed_0000_u64), (4 * GIB, 28 * GIB)];
    for (start, size) in ram {
        let range = Range::from_size(start, size).unwrap();
        machine.dump.ram.insert(range).unwrap();
    }
    for cpu in 0..4 {
        machine.dump.cpus.add(0x3fc1_0400 + (cpu << 12));
    }
    machine.dump.cpus.size = 368;
    machine.dump.release = (6, 12);
    machine.dump.vmcoreinfo = Range::from_size(0x1_00c6_6000, 4132);
    machine.kexec.crash_loaded = Known::Yes;
    machine
}

fn board() -> Box<Machine> {
    let mut machine = empty();
    first_mib(&mut machine);
    add(&mut machine, MIB, 0x7f0_0000, MemoryKind::RAM);
    add(&mut machine, 0x7f0_0000, 0x800_0000, MemoryKind::RESERVED);
    machine
}

/// Makes a plan and shows it, as with these options.
fn with_view<T>(
    machine: &Machine,
    options: &[&CStr],
    line: &[u8],
    show: impl FnOnce(&View<'_>, &mut RangeSet) -> T,
) -> T {
    let arguments = [&[c"/boot/vmlinuz", c"-l"], options].concat();
    let Ok(Asked::Work(command)) = parse(arguments.into_iter()) else {
        panic!("{options:?}");
    };
    let mut kernel = common::bzimage(1 << 20);
    kernel[0x260..0x264].copy_from_slice(&(60_u32 << 20).to_le_bytes());
    let initrds = [&vec![1; 2 << 20][..], &vec![2; 5000][..]];
    let mut request = Request {
        kernel: &kernel,
        initrds: &initrds,
        command_line: line,
        rng_seed: Some([9; 32]),
        ..Request::default()
    };
    request.options.crash = command.crash().then(CrashOptions::default);
    let mut workspace = Box::new(Workspace::new());
    let mut details = Details::new();
    let plan = plan_with_details(&request, machine, &mut workspace, &mut details).unwrap();
    let image = Image::parse(&kernel, None).unwrap();
    let listed = |role, path, size| Listed { role, path, size };
    let files = [
        listed("kernel", b"/boot/vmlinuz", kernel.len() as u64),
        listed("initrd", b"/boot/initrd.img", 2 << 20),
        listed("initrd", b"/boot/k\xffy.cpio", 5000),
    ];
    let view = View {
        route: Some(Route::Load),
        files: &files,
        line,
        image: Some(&image),
        plan: Some((&plan, &details)),
        ..View::new(&command, machine)
    };
    show(&view, &mut Box::new(RangeSet::new()))
}

const LINE: &[u8] = b"root=/dev/vda1 ro quiet";
const CRASH: &[&CStr] = &[c"-p"];
const EXPLAIN: &[&CStr] = &[c"--explain"];

fn shown(machine: &Machine, options: &[&CStr], line: &[u8], format: Format) -> String {
    with_view(machine, options, line, |view, free| {
        let mut text = String::new();
        plan::write(&mut text, view, format, free).unwrap();
        text
    })
}

fn picture(machine: &Machine, options: &[&CStr]) -> String {
    shown(machine, options, LINE, Format::Map)
}

fn json_of(machine: &Machine, options: &[&CStr], line: &[u8]) -> String {
    shown(machine, options, line, Format::Json)
}

/// The lines of the text that are the reasons.
fn reasons(machine: &Machine, options: &[&CStr]) -> String {
    let options = [options, EXPLAIN].concat();
    let text = shown(machine, &options, LINE, Format::Text);
    let lines = text.split_inclusive('\n');
    let lines = lines.skip_while(|line| !line.starts_with("why "));
    lines
        .take_while(|line| !line.starts_with("would:"))
        .collect()
}

/// Each block of docs/plan.md that a comment names is what is shown.
#[test]
fn the_document_is_what_is_shown() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plan.md");
    let mut document = std::fs::read_to_string(path).unwrap();
    let blocks = [
        ("laptop", picture(&laptop(), &[])),
        ("server", picture(&server(), &[])),
        ("guest", picture(&guest(), &[])),
        ("crash", picture(&crash(), CRASH)),
        ("board", picture(&board(), &[c"--ascii"])),
        ("text", shown(&board(), &[], LINE, Format::Text)),
        ("json", json_of(&board(), EXPLAIN, LINE)),
        ("explain", reasons(&board(), &[])),
    ];
    let committed = document.clone();
    for (name, text) in &blocks {
        let mark = format!("<!-- {name} -->\n```text\n");
        let start = document.find(&mark).expect(name) + mark.len();
        let end = start + document[start..].find("```\n").unwrap();
        document.replace_range(start..end, text);
    }
    if std::env::var_os("KEXEC_WRITE_PLANS").is_some() {
        std::fs::write(path, &document).unwrap();
    } else {
        assert!(document == committed, "stale: see the head of this test");
    }
}

/// 80 columns, 23 lines and a prompt; every address of a segment is there.
#[test]
fn a_picture_fits_a_serial_console() {
    for (machine, options) in [
        (laptop(), &[][..]),
        (server(), &[]),
        (guest(), &[]),
        (crash(), CRASH),
        (board(), &[]),
    ] {
        for more in [&[][..], &[c"--ascii"]] {
            let options = [options, more].concat();
            let text = picture(&machine, &options);
            assert!(text.lines().count() <= 23, "{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
            assert_eq!(text.is_ascii(), !more.is_empty(), "{text}");
            with_view(&machine, &options, LINE, |view, _| {
                for segment in view.plan.unwrap().0.segments() {
                    assert!(text.contains(&format!(" {:#x} ", segment.mem)), "{text}");
                }
            });
        }
    }
}

/// 80 columns, and what would be done is said last.
#[test]
fn a_text_fits_a_screen() {
    for (machine, options) in [(laptop(), &[][..]), (server(), &[]), (crash(), CRASH)] {
        let options = [options, EXPLAIN].concat();
        let text = shown(&machine, &options, LINE, Format::Text);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("would:           load the "), "{text}");
        assert!(
            reasons(&machine, &options).contains("why kernel: "),
            "{text}"
        );
    }
}

/// All of a map is in the rows: nothing is lost by folding.
#[test]
fn a_folded_map_has_all_ranges() {
    let text = picture(&server(), &[c"--ascii"]);
    let folded = text.lines().filter(|line| line.contains(" ranges"));
    assert!(folded.count() > 3, "{text}");
    assert!(text.contains("2 TiB of RAM"), "{text}");
}

#[test]
fn json_is_by_the_schema_and_the_same_each_time() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plan.schema.json");
    let schema = std::fs::read_to_string(schema).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for (machine, options) in [(laptop(), &[][..]), (server(), EXPLAIN), (crash(), CRASH)] {
        let text = json_of(&machine, options, LINE);
        assert_eq!(text, json_of(&machine, options, LINE));
        let crash = options == CRASH;
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        plan_schema::check(&schema, &value, "$");
        assert_eq!(value["purpose"], if crash { "crash" } else { "reboot" });
        assert_eq!(value["files"][2]["path"], "/boot/k\u{fffd}y.cpio");
        assert_eq!(
            value["files"][2]["path_hex"],
            "2f626f6f742f6bff792e6370696f"
        );
        let line = value["command_line"].as_str().unwrap();
        assert_eq!(line.contains("elfcorehdr="), crash, "{line}");
        let placement = value["plan"].get("placement");
        assert_eq!(placement.is_some(), options == EXPLAIN);
        with_view(&machine, options, LINE, |view, _| {
            let (plan, _) = view.plan.unwrap();
            assert_eq!(value["plan"]["entry"], plan.entry);
            let segments = value["plan"]["segments"].as_array().unwrap();
            assert_eq!(segments.len(), plan.segments().len());
            for (value, segment) in segments.iter().zip(plan.segments()) {
                assert_eq!(value["mem"], segment.mem);
                assert_eq!(value["memsz"], segment.memsz);
                assert_eq!(value["bufsz"], segment.buf.len());
            }
            let codes = value["notes"].as_array().unwrap().iter();
            let codes: Vec<_> = codes.map(|note| note["code"].as_u64().unwrap()).collect();
            let notes = plan.notes().iter();
            assert_eq!(
                codes,
                notes.map(|note| note.number().into()).collect::<Vec<u64>>()
            );
        });
    }
    let text = json_of(&board(), &[], b"a=\"\\\xff\x1b\n");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    plan_schema::check(&schema, &value, "$");
    assert_eq!(value["command_line"], "a=\"\\\u{fffd}\u{1b}\n");
    assert_eq!(value["command_line_hex"], "613d225cff1b0a");
}

/// The checker finds what it is there for.
#[test]
#[should_panic(expected = "$.machine.page_size")]
fn a_wrong_type_is_found() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plan.schema.json");
    let schema = std::fs::read_to_string(schema).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    let text = json_of(&board(), EXPLAIN, LINE);
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["machine"]["page_size"] = "4096".into();
    plan_schema::check(&schema, &value, "$");
}
