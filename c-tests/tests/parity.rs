//! A plan made through C is the plan made through Rust, byte for byte.
#![allow(missing_docs)]

use std::ffi::CString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use kexec_core::linux::read_machine_below;
use kexec_core::machine::Machine;
use kexec_core::plan::{Request, SegmentKind, Workspace, plan};
use libkexec_tests::{bzimage, cc, kernels, root, run, scratch, slim};

const LINE: &str = "console=ttyS0 root=/dev/vda1 quiet";

fn hex(out: &mut String, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        let end = if index % 32 == 31 { "\n" } else { "" };
        write!(out, "{byte:02x}{end}").expect("text");
    }
    out.push('\n');
}

/// What `plan.c` prints, through Rust.
fn through_rust(machine_root: &Path, kernel: &Path, initrds: &[PathBuf]) -> String {
    let machine_root = CString::new(machine_root.to_str().expect("UTF-8")).expect("no NUL");
    let mut machine = Box::new(Machine::new());
    read_machine_below(&machine_root, &mut machine);
    let kernel = std::fs::read(kernel).expect("the kernel");
    let files: Vec<Vec<u8>> = initrds
        .iter()
        .map(|path| std::fs::read(path).expect("an initrd"))
        .collect();
    let list: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    let mut seed = [0; 32];
    seed[..31].copy_from_slice(b"0123456789abcdef0123456789abcde");
    let request = Request {
        kernel: &kernel,
        initrds: &list,
        command_line: LINE.as_bytes(),
        rng_seed: Some(seed),
        ..Request::default()
    };
    let mut workspace = Box::new(Workspace::new());
    let plan = plan(&request, &machine, &mut workspace).expect("a plan");
    plan.check().expect("a good plan");

    let mut out = String::new();
    let (entry, flags, start) = (plan.entry, plan.flags, plan.kernel_entry);
    writeln!(out, "entry {entry:x} flags {flags:x} kernel {start:x}").expect("text");
    hex(&mut out, &plan.digest.unwrap_or_default());
    for note in plan.notes() {
        writeln!(out, "note {note}").expect("text");
    }
    for kind in plan.setup_types() {
        writeln!(out, "setup_data {} {kind}", kind.0).expect("text");
    }
    for segment in plan.segments() {
        let (name, number) = match segment.kind {
            SegmentKind::Kernel => ("kernel", 0),
            SegmentKind::Initrd(number) => ("initrd", number),
            SegmentKind::BootParams => ("boot parameters", 0),
            SegmentKind::Purgatory => ("purgatory", 0),
            SegmentKind::CoreHeader => ("elfcorehdr", 0),
            other => panic!("{other:?} is new here"),
        };
        let (mem, memsz, bufsz) = (segment.mem, segment.memsz, segment.buf.len());
        writeln!(
            out,
            "segment {name} {number} mem {mem:x} memsz {memsz:x} bufsz {bufsz:x}"
        )
        .expect("text");
        hex(&mut out, segment.buf);
    }
    out
}

fn write(path: PathBuf, contents: &[u8]) -> PathBuf {
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
    std::fs::write(&path, contents).expect("written");
    path
}

#[test]
fn byte_for_byte() {
    let directory = scratch("parity");
    let program = directory.join("plan");
    let mut compiler = cc();
    compiler.arg(root().join("c-tests/plan.c")).arg(slim());
    run(compiler.arg("-o").arg(&program));

    // A machine with more ranges than boot_params has room for, and EFI.
    let made_up = directory.join("machine");
    let mut iomem = String::from("00100000-bfffffff : System RAM\n");
    for n in 0..200_u64 {
        let start = 0x1_0000_0000 + (n << 24);
        writeln!(
            iomem,
            "{start:x}-{:x} : System RAM",
            start + 0xff_ffff - 0x1000
        )
        .expect("text");
    }
    write(made_up.join("proc/iomem"), iomem.as_bytes());
    write(made_up.join("proc/meminfo"), b"MemTotal: 8000000 kB\n");
    write(made_up.join("proc/cpuinfo"), b"flags\t\t: fpu sha_ni\n");
    let mut page = vec![0_u8; 4096];
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    write(made_up.join("sys/kernel/boot_params/data"), &page);
    let efi = made_up.join("sys/firmware/efi");
    for (name, value) in [
        ("fw_platform_size", "64\n"),
        ("fw_vendor", "0x7feed018\n"),
        ("runtime", "0xfffffffeff5ee000\n"),
        ("config_table", "0x7feec018\n"),
        ("runtime-map/0/type", "0x5\n"),
        ("runtime-map/0/phys_addr", "0x7f000000\n"),
        ("runtime-map/0/virt_addr", "0xfffffffe00000000\n"),
        ("runtime-map/0/num_pages", "0x10\n"),
        ("runtime-map/0/attribute", "0x800000000000000f\n"),
    ] {
        write(efi.join(name), value.as_bytes());
    }

    let mut images = vec![write(directory.join("made-up"), &bzimage(0x12_3450))];
    images.extend(kernels());
    let initrds = [
        write(directory.join("initrd0"), &[7; 12345]),
        write(directory.join("initrd1"), b"small"),
    ];
    for machine in [made_up.as_path(), Path::new("/")] {
        for (number, image) in images.iter().enumerate() {
            // Real kernels are large and this build slow: one plan each, with everything.
            let real = number > 0;
            let first = if real { initrds.len() } else { 0 };
            if real && machine == Path::new("/") {
                continue;
            }
            for count in first..=initrds.len() {
                let files = initrds.get(..count).expect("that many");
                let mut command = Command::new(&program);
                command.arg(machine).arg(image).arg(LINE).args(files);
                let through_c = run(&mut command);
                let through_rust = through_rust(machine, image, files);
                assert!(through_c == through_rust, "{}", image.display());
                assert_eq!(through_c.matches("\nsegment ").count(), 3 + count);
            }
        }
    }
}
