//! A plan made through C is the plan made through Rust, byte for byte.
#![allow(missing_docs)]

use std::ffi::CString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use kexec_core::linux::read_machine_below;
use kexec_core::machine::Machine;
use kexec_core::plan::{CrashOptions, Options, Request, SegmentKind, Workspace, plan};
use libkexec_tests::{bzimage, cc, kernels, root, run, scratch, slim};

const LINE: &str = "console=ttyS0 root=/dev/vda1 quiet";

/// KX_REQUEST_*.
const CRASH: u32 = 32;
const HOTPLUG: u32 = 64;
const MEMMAP: u32 = 128;
const VMLINUX: u32 = 256;

fn options(flags: u32) -> Options {
    let has = |flag| flags & flag != 0;
    Options {
        args_linux: has(VMLINUX),
        crash: has(CRASH).then_some(CrashOptions {
            hotplug: has(HOTPLUG),
            memmap: has(MEMMAP),
        }),
        ..Options::default()
    }
}

fn hex(out: &mut String, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        let end = if index % 32 == 31 { "\n" } else { "" };
        write!(out, "{byte:02x}{end}").expect("text");
    }
    out.push('\n');
}

/// What `plan.c` prints, through Rust.
fn through_rust(flags: u32, machine_root: &Path, kernel: &Path, initrds: &[PathBuf]) -> String {
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
        options: options(flags),
        ..Request::default()
    };
    let mut workspace = Box::new(Workspace::new());
    let plan = plan(&request, &machine, &mut workspace).expect("a plan");
    plan.check().expect("a good plan");

    let mut out = String::new();
    let (entry, flags, start) = (plan.entry, plan.flags, plan.kernel_entry);
    writeln!(out, "entry {entry:x} flags {flags:x} kernel {start:x}").expect("text");
    let pages = plan.control_pages();
    let pages = pages.map_or(0, |pages| pages.fixed + pages.tables);
    writeln!(out, "control pages {pages}").expect("text");
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

fn program(directory: &Path) -> PathBuf {
    let program = directory.join("plan");
    let mut compiler = cc();
    compiler.arg(root().join("c-tests/plan.c")).arg(slim());
    run(compiler.arg("-o").arg(&program));
    program
}

/// The same plan by both; answers what they say of it.
fn same(program: &Path, flags: u32, machine: &Path, image: &Path, initrds: &[PathBuf]) -> String {
    let mut command = Command::new(program);
    command.arg(flags.to_string()).arg(machine);
    command.arg(image).arg(LINE).args(initrds);
    let through_c = run(&mut command);
    let through_rust = through_rust(flags, machine, image, initrds);
    assert!(
        through_c == through_rust,
        "{} with flags {flags}",
        image.display()
    );
    through_c
}

#[test]
fn byte_for_byte() {
    let directory = scratch("parity");
    let program = program(&directory);

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
                let said = same(&program, 0, machine, image, files);
                assert_eq!(said.matches("\nsegment ").count(), 3 + count);
            }
        }
    }
}

/// An ELF file of these program headers: p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz.
fn elf(kind: u8, entry: u64, headers: &[[u64; 6]], size: usize) -> Vec<u8> {
    let mut file = vec![0_u8; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    (file[16], file[18], file[20]) = (kind, 62, 1);
    file[24..32].copy_from_slice(&entry.to_le_bytes());
    (file[32], file[52], file[54]) = (64, 64, 56);
    file[56] = headers.len() as u8;
    for [kind, offset, virt, phys, in_file, in_memory] in headers {
        for value in [
            kind | 7 << 32,
            *offset,
            *virt,
            *phys,
            *in_file,
            *in_memory,
            4096,
        ] {
            file.extend(value.to_le_bytes());
        }
    }
    let noise = |index: usize| (index.wrapping_mul(37) + (index >> 7)) as u8;
    file.extend((file.len()..size).map(noise));
    file
}

/// A machine that can load a crash kernel, with three CPUs.
fn crash_machine(tree: &Path) {
    let file = |path: &str, contents: &[u8]| drop(write(tree.join(path), contents));
    file(
        "proc/iomem",
        b"00001000-0009fbff : System RAM\n00100000-7ffdafff : System RAM\n\
          \x20 01200000-02001fff : Kernel code\n  30000000-3fffffff : Crash kernel\n\
          100000000-27fffffff : System RAM\n  270000000-27effffff : Crash kernel\n\
          280000000-28fffffff : System RAM (kmem)\n",
    );
    file("proc/meminfo", b"MemTotal: 8000000 kB\n");
    file("proc/cpuinfo", b"flags\t\t: fpu sha_ni pdpe1gb\n");
    file("proc/sys/kernel/osrelease", b"6.12.0-made-up\n");
    let direct_map = 0xffff_8f4b_4000_0000;
    let loads = [
        [
            1,
            0,
            0xffff_ffff_a820_0000,
            0x120_0000,
            0x1e0_0000,
            0x1e0_0000,
        ],
        [
            1,
            0,
            direct_map + 0x10_0000,
            0x10_0000,
            0x7feb_b000,
            0x7feb_b000,
        ],
    ];
    file("proc/kcore", &elf(4, 0, &loads, 1 << 16));
    file("sys/kernel/vmcoreinfo", b"0x0000000100c66000 1024\n");
    file("sys/kernel/crash_elfcorehdr_size", b"115968\n");
    file("sys/kernel/kexec_crash_size", b"520093696\n");
    file("sys/devices/system/cpu/possible", b"0-3\n");
    file("sys/devices/system/cpu/present", b"0-2\n");
    for cpu in 0..3_u64 {
        let directory = format!("sys/devices/system/cpu/cpu{cpu}");
        let address = format!("{:x}\n", 0x3fc1_0400 + (cpu << 19));
        file(&format!("{directory}/crash_notes"), address.as_bytes());
        file(&format!("{directory}/crash_notes_size"), b"368\n");
    }
}

#[test]
fn byte_for_byte_for_crash_kernels_and_vmlinux() {
    let directory = scratch("parity-crash");
    let program = program(&directory);
    let machine = directory.join("machine");
    crash_machine(&machine);
    let loads = [
        [1, 0x20_0000, 0, 0x100_0000, 0x8_0123, 0x8_0123],
        [1, 0x30_0000, 0, 0x120_0000, 0x2_0000, 0x4_5678],
    ];
    let vmlinux = elf(2, 0x100_0000, &loads, 0x40_0000);
    let vmlinux = write(directory.join("vmlinux"), &vmlinux);
    let mut images = vec![write(directory.join("made-up"), &bzimage(0x12_3450))];
    images.extend(kernels().pop());
    let initrds = [
        write(directory.join("initrd0"), &[7; 12345]),
        write(directory.join("initrd1"), b"small"),
    ];
    let crash = [CRASH, CRASH | HOTPLUG, CRASH | MEMMAP];
    for flags in crash {
        for image in &images {
            let said = same(&program, flags, &machine, image, &initrds);
            assert_eq!(said.matches("\nsegment elfcorehdr ").count(), 1);
            assert!(!said.contains("control pages 0\n"));
        }
    }
    for flags in [0].into_iter().chain(crash) {
        let said = same(&program, flags | VMLINUX, &machine, &vmlinux, &initrds);
        // Two of the kernel, two initrds, boot parameters, purgatory, perhaps the elfcorehdr.
        let extra = usize::from(flags & CRASH != 0);
        assert_eq!(said.matches("\nsegment ").count(), 6 + extra);
    }
}
