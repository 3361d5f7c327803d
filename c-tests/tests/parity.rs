//! A plan made through C is the plan made through Rust, byte for byte.
#![allow(missing_docs)]

use std::ffi::CString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use kexec_core::arch::Arch;
use kexec_core::linux::read_machine_at;
use kexec_core::machine::Machine;
use kexec_core::plan::{
    Console, CrashOptions, ElfAs, Entry, Format, OnFailure, Options, Request, SegmentKind,
    Workspace, plan, plan_to_boot,
};
use libkexec_tests::{bzimage, cc, kernels, root, run, scratch, slim};

const LINE: &str = "console=ttyS0 root=/dev/vda1 quiet";

/// KX_REQUEST_*.
const NO_EFI: u32 = 1 << 8;
const NO_VERIFY: u32 = 2 << 8;
const CONSOLE_VGA: u32 = 4 << 8;
const CONSOLE_SERIAL: u32 = 8 << 8;
const RESET_VGA: u32 = 16 << 8;
const CRASH: u32 = 32 << 8;
const HOTPLUG: u32 = 64 << 8;
const MEMMAP: u32 = 128 << 8;
const VMLINUX: u32 = 256 << 8;

/// The arguments of `plan.c`.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted<'a> {
    flags: u32,
    /// KX_FORMAT_*, and with it KX_ARCH_X86_64 and KX_ENTRY_X86_64.
    format: u32,
    mem_min: u64,
    mem_max: u64,
    reboot: bool,
    port: u16,
    baud: u32,
    dtb: Option<&'a Path>,
    boot: bool,
    parse: bool,
}

impl Wanted<'_> {
    const fn flags(flags: u32) -> Self {
        Wanted {
            flags,
            format: 0,
            mem_min: 0,
            mem_max: 0,
            reboot: false,
            port: 0,
            baud: 0,
            dtb: None,
            boot: false,
            parse: false,
        }
    }

    fn argument(&self) -> String {
        let said = u32::from(self.format != 0);
        let mut text = format!(
            "flags={},format={},arch={said},entry={said},mem-min={},mem-max={},on-failure={},port={},baud={},boot={},parse={}",
            self.flags,
            self.format,
            self.mem_min,
            self.mem_max,
            u32::from(self.reboot),
            self.port,
            self.baud,
            u32::from(self.boot),
            u32::from(self.parse)
        );
        if let Some(dtb) = self.dtb {
            write!(text, ",dtb={}", dtb.display()).expect("text");
        }
        text
    }

    fn options(&self) -> Options {
        let has = |flag| self.flags & flag != 0;
        Options {
            format: (self.format != 0)
                .then(|| Format::from_number(self.format.into()).expect("a format")),
            arch: (self.format != 0).then_some(Arch::X86_64),
            entry: (self.format != 0).then_some(Entry::X86Long),
            mem_min: self.mem_min,
            mem_max: match self.mem_max {
                0 => u64::MAX,
                limit => limit,
            },
            efi: !has(NO_EFI),
            verify: !has(NO_VERIFY),
            on_failure: match self.reboot {
                true => OnFailure::Reboot,
                false => OnFailure::Halt,
            },
            console: Console {
                vga: has(CONSOLE_VGA),
                serial: has(CONSOLE_SERIAL),
                reset_vga: has(RESET_VGA),
                serial_port: match self.port {
                    0 => 0x3f8,
                    port => port,
                },
                serial_baud: self.baud,
            },
            elf: has(VMLINUX).then_some(ElfAs::Linux),
            crash: has(CRASH).then_some(CrashOptions {
                hotplug: has(HOTPLUG),
                memmap: has(MEMMAP),
            }),
        }
    }
}

fn hex(out: &mut String, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        let end = if index % 32 == 31 { "\n" } else { "" };
        write!(out, "{byte:02x}{end}").expect("text");
    }
    out.push('\n');
}

/// The output of `plan.c`, made through Rust.
fn through_rust(
    wanted: &Wanted<'_>,
    machine_root: &Path,
    kernel: &Path,
    initrds: &[PathBuf],
) -> String {
    let machine_root = CString::new(machine_root.to_str().expect("UTF-8")).expect("no NUL");
    let mut machine = Box::new(Machine::new());
    read_machine_at(&machine_root, &mut machine).expect("a machine");
    let kernel = std::fs::read(kernel).expect("the kernel");
    let files: Vec<Vec<u8>> = initrds
        .iter()
        .map(|path| std::fs::read(path).expect("an initrd"))
        .collect();
    let dtb = wanted.dtb.map(|path| std::fs::read(path).expect("the dtb"));
    let list: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    let mut seed = [0; 32];
    seed[..31].copy_from_slice(b"0123456789abcdef0123456789abcde");
    let request = Request {
        kernel: &kernel,
        initrds: &list,
        modules: &[],
        command_line: LINE.as_bytes(),
        rng_seed: Some(seed),
        digest_secret: None,
        dtb: dtb.as_deref(),
        options: wanted.options(),
    };
    let mut workspace = Box::new(Workspace::new());
    let plan = match wanted.boot {
        true => plan_to_boot(&request, &machine, &mut workspace),
        false => plan(&request, &machine, &mut workspace),
    };
    let plan = plan.expect("a plan");
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
            SegmentKind::Backup => ("low memory's copy", 0),
            _ => ("segment", 0),
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
    kexec_testing::file(&path, contents).expect("written");
    path
}

fn program(directory: &Path) -> PathBuf {
    let program = directory.join("plan");
    let mut compiler = cc();
    compiler.arg(root().join("c-tests/plan.c")).arg(slim());
    run(compiler.arg("-o").arg(&program));
    program
}

/// Makes the same plan with both, and returns their output.
fn same(
    program: &Path,
    wanted: Wanted<'_>,
    machine: &Path,
    image: &Path,
    initrds: &[PathBuf],
) -> String {
    let mut command = Command::new(program);
    command.arg(wanted.argument()).arg(machine);
    command.arg(image).arg(LINE).args(initrds);
    let through_c = run(&mut command);
    let through_rust = through_rust(&wanted, machine, image, initrds);
    if through_c != through_rust {
        let mut lines = through_c.lines().zip(through_rust.lines());
        let different = lines.find(|(c, rust)| c != rust);
        panic!("{} with {wanted:?}: {different:?}", image.display());
    }
    through_c
}

/// A machine with more ranges than boot_params has room for, and EFI. If asked for, it has its own
/// e820 table with an extension.
fn efi_machine(made_up: &Path, e820: bool) {
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
    write(
        made_up.join("proc/cpuinfo"),
        b"flags\t\t: fpu la57 sse4_1\n",
    );
    let mut page = vec![0_u8; 4096];
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    if e820 {
        let kernel = made_up.join("sys/kernel/boot_params/setup_data/0");
        page[0x1e8] = 2;
        page[0x250] = 1;
        page[0x2d0..0x2e4].copy_from_slice(&entry(0, 0x9_fc00, 1));
        page[0x2e4..0x2f8].copy_from_slice(&entry(0x10_0000, 0xbff0_0000, 1));
        let more = [
            entry(0x1_0000_0000, 0xc800_0000, 1),
            entry(0xfee0_0000, 4096, 2),
        ];
        write(kernel.join("type"), b"0x1\n");
        write(kernel.join("data"), &more.concat());
    }
    write(made_up.join("sys/kernel/boot_params/data"), &page);
    let efi = made_up.join("sys/firmware/efi");
    for (name, value) in [
        ("fw_platform_size", "64\n"),
        ("fw_vendor", "0x7feed018\n"),
        ("runtime", "0xfffffffeff5ee000\n"),
        ("config_table", "0x7feec018\n"),
        ("systab", "ACPI20=0x7fb7e014\nACPI=0x7fb7e000\n"),
        ("runtime-map/0/type", "0x5\n"),
        ("runtime-map/0/phys_addr", "0x7f000000\n"),
        ("runtime-map/0/virt_addr", "0xfffffffe00000000\n"),
        ("runtime-map/0/num_pages", "0x10\n"),
        ("runtime-map/0/attribute", "0x800000000000000f\n"),
    ] {
        write(efi.join(name), value.as_bytes());
    }
}

/// An entry of an e820 table.
fn entry(address: u64, size: u64, kind: u32) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&address.to_le_bytes());
    bytes[8..16].copy_from_slice(&size.to_le_bytes());
    bytes[16..].copy_from_slice(&kind.to_le_bytes());
    bytes
}

#[test]
fn byte_for_byte() {
    let directory = scratch("parity");
    let program = program(&directory);

    let made_up = directory.join("machine");
    efi_machine(&made_up, false);
    let mut images = vec![write(directory.join("made-up"), &bzimage(0x12_3450))];
    images.extend(kernels());
    let initrds = [
        write(directory.join("initrd0"), &[7; 12345]),
        write(directory.join("initrd1"), b"small"),
    ];
    for machine in [made_up.as_path(), Path::new("/")] {
        for (number, image) in images.iter().enumerate() {
            // Real kernels are large and this build is slow: one plan for each, with everything.
            let real = number > 0;
            let first = if real { initrds.len() } else { 0 };
            if real && machine == Path::new("/") {
                continue;
            }
            for count in first..=initrds.len() {
                let files = initrds.get(..count).expect("that many");
                let said = same(&program, Wanted::default(), machine, image, files);
                assert_eq!(said.matches("\nsegment ").count(), 3 + count);
            }
        }
    }
}

/// Every member of a request except its files, and kx_plan_to_boot().
#[test]
fn byte_for_byte_whatever_is_asked() {
    let directory = scratch("parity-options");
    let program = program(&directory);
    let machine = directory.join("machine");
    efi_machine(&machine, false);
    let image = write(directory.join("kernel"), &bzimage(0x2_3450));
    let initrds = [write(directory.join("initrd"), &[7; 12345])];
    let dtb = write(directory.join("dtb"), &[0xd0; 321]);
    let all = Wanted::default();
    let both = CONSOLE_SERIAL | CONSOLE_VGA | RESET_VGA;
    let mut said = Vec::new();
    for wanted in [
        all,
        Wanted::flags(NO_EFI),
        Wanted::flags(NO_VERIFY),
        Wanted::flags(CONSOLE_VGA),
        Wanted::flags(CONSOLE_SERIAL),
        Wanted::flags(RESET_VGA | CONSOLE_VGA),
        Wanted {
            port: 0x2f8,
            ..Wanted::flags(CONSOLE_SERIAL)
        },
        Wanted {
            port: 0x2f8,
            baud: 115_200,
            reboot: true,
            ..Wanted::flags(both)
        },
        Wanted {
            mem_max: 0x3fff_1234,
            ..all
        },
        Wanted {
            mem_min: 0x1000_0000,
            mem_max: 0x4fff_ffff,
            ..all
        },
        Wanted {
            reboot: true,
            ..all
        },
        Wanted {
            dtb: Some(&dtb),
            ..all
        },
        Wanted { boot: true, ..all },
        Wanted {
            boot: true,
            mem_max: 0x3fff_1234,
            dtb: Some(&dtb),
            ..Wanted::flags(NO_EFI)
        },
    ] {
        said.push(same(&program, wanted, &machine, &image, &initrds));
    }
    // Each of them makes a different plan, so none was ignored by both.
    let plans = said.len();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), plans);
}

/// A machine built with kx_machine_parse(), one file at a time, equals the one that is read.
#[test]
fn byte_for_byte_from_the_contents_of_files() {
    let directory = scratch("parity-parse");
    let program = program(&directory);
    let image = write(directory.join("kernel"), &bzimage(0x2_3450));
    let parse = |flags| Wanted {
        parse: true,
        ..Wanted::flags(flags)
    };
    for e820 in [false, true] {
        let machine = directory.join(format!("machine-{e820}"));
        efi_machine(&machine, e820);
        let said = same(&program, parse(0), &machine, &image, &[]);
        assert!(said.contains(" SETUP_EFI\n"), "{said}");
        assert_eq!(said.contains(" SETUP_E820_EXT\n"), !e820);
    }
    let machine = directory.join("crash-machine");
    crash_machine(&machine);
    // kx_machine_parse() has no source for the possible CPUs, so none is absent.
    write(machine.join("sys/devices/system/cpu/possible"), b"0-2\n");
    for flags in [0, CRASH, CRASH | HOTPLUG, CRASH | MEMMAP] {
        same(&program, parse(flags), &machine, &image, &[]);
    }
}

/// An ELF file with these program headers: p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz.
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
    // Not started by EFI.
    file("sys/kernel/boot_params/data", &[0; 4096]);
    file("proc/cpuinfo", b"flags\t\t: fpu pdpe1gb\n");
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
            let said = same(&program, Wanted::flags(flags), &machine, image, &initrds);
            assert_eq!(said.matches("\nsegment elfcorehdr ").count(), 1);
            assert!(!said.contains("control pages 0\n"));
        }
    }
    for flags in [0].into_iter().chain(crash) {
        let said = same(
            &program,
            Wanted::flags(flags | VMLINUX),
            &machine,
            &vmlinux,
            &initrds,
        );
        for (format, image) in [(19, &vmlinux), (1, &images[0])] {
            let wanted = Wanted {
                format,
                ..Wanted::flags(flags)
            };
            same(&program, wanted, &machine, image, &initrds);
        }
        // Two for the kernel, two initrds, boot parameters, purgatory, perhaps the elfcorehdr.
        let extra = usize::from(flags & CRASH != 0);
        assert_eq!(said.matches("\nsegment ").count(), 6 + extra);
    }
}
