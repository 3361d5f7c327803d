//! The elfcorehdr of kexec-tools and of libkexec on the same machine, program header by program
//! header. What differs is listed here and explained in docs/crash.md.

use differential::image::Image;
use differential::machine::{ACPI, Machine, RAM, RESERVED, stretch};
use differential::trace::{self, Program};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const DIRECT_MAP: u64 = 0xffff_8f4b_4000_0000;
const TEXT: (u64, u64, u64) = (0xffff_ffff_a820_0000, 0x120_0000, 0x1e0_0000);
const NOTES: [(u32, u64); 3] = [(0, 0x3fc1_0400), (1, 0x3fc9_0400), (2, 0x3fd1_0400)];

const IOMEM: &str = "\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
0009fc00-0009ffff : Reserved
000f0000-000fffff : Reserved
00100000-7ffdafff : System RAM
  01200000-02001fff : Kernel code
  02200000-027f8fff : Kernel rodata
  02800000-02a626ff : Kernel data
  02eb5000-02ffffff : Kernel bss
  2e000000-3dffffff : Crash kernel
7ffdb000-7ffdffff : ACPI Tables
7ffe0000-7fffffff : Reserved
100000000-27fffffff : System RAM
  25f000000-27effffff : Crash kernel
280000000-28fffffff : System RAM (kmem)
";

/// PT_NOTE or PT_LOAD: kind, p_offset, p_vaddr, p_paddr, p_memsz.
type Header = (u32, u64, u64, u64, u64);

fn machine(tree: &Path, release: &[u8]) {
    let map = vec![
        stretch(0, 0x9_fc00, RAM),
        stretch(0x9_fc00, 0xa_0000, RESERVED),
        stretch(0xf_0000, MIB, RESERVED),
        stretch(MIB, 0x7ffd_b000, RAM),
        stretch(0x7ffd_b000, 0x7ffe_0000, ACPI),
        stretch(0x7ffe_0000, 2 * GIB, RESERVED),
        stretch(4 * GIB, 10 * GIB, RAM),
    ];
    Machine::new("crash", map).write(tree).unwrap();
    let file = |path: &str, contents: &[u8]| {
        let path = tree.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    };
    file("proc/iomem", IOMEM.as_bytes());
    file("proc/kcore", &kcore());
    file(
        "proc/kallsyms",
        format!("{:x} T _text\n{:x} T _stext\n", TEXT.0, TEXT.0).as_bytes(),
    );
    file("proc/sys/kernel/osrelease", release);
    file("sys/kernel/vmcoreinfo", b"0x0000000100c66000 1024\n");
    file("sys/kernel/kexec_crash_size", b"805306368\n");
    file("sys/devices/system/cpu/possible", b"0-2\n");
    file("sys/devices/system/cpu/present", b"0-2\n");
    for (cpu, address) in NOTES {
        let directory = format!("sys/devices/system/cpu/cpu{cpu}");
        file(
            &format!("{directory}/crash_notes"),
            format!("{address:x}\n").as_bytes(),
        );
        file(&format!("{directory}/crash_notes_size"), b"368\n");
    }
}

/// /proc/kcore's headers: kernel, vmalloc area, direct map.
fn kcore() -> Vec<u8> {
    let loads = [
        TEXT,
        (0xffff_b1ac_c000_0000, u64::MAX, 0x1fff_ffff_ffff),
        (DIRECT_MAP + 0x1000, 0x1000, 0x9_e000),
        (DIRECT_MAP + MIB, MIB, 0x7feb_b000),
        (DIRECT_MAP + 4 * GIB, 4 * GIB, 6 * GIB),
    ];
    let mut file = vec![0_u8; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16] = 4;
    file[18] = 62;
    file[20] = 1;
    file[32] = 64;
    file[52] = 64;
    file[54] = 56;
    file[56] = loads.len() as u8;
    for (virt, phys, size) in loads {
        for value in [1 | 7 << 32, 0, virt, phys, size, size, 4096] {
            file.extend(u64::to_le_bytes(value));
        }
    }
    file.resize(128 << 10, 0);
    file
}

fn program_headers(program: &Program, arguments: &[OsString], directory: &Path) -> Vec<Header> {
    let tree = directory.join("machine");
    let trace = trace::run(program, arguments, &tree, &directory.join("log")).unwrap();
    assert_eq!(trace.code, Some(0), "{}: {}", program.name, trace.said);
    assert_eq!(trace.loads.len(), 1, "{}: {}", program.name, trace.said);
    assert_eq!(trace.loads[0].flags, 0x3e_0001);
    let elf = trace.loads[0]
        .segments
        .iter()
        .find(|segment| segment.bytes.starts_with(b"\x7fELF\x02\x01\x01"))
        .filter(|segment| segment.bytes[16] == 4)
        .unwrap();
    let word = |at: usize| u64::from_le_bytes(elf.bytes[at..at + 8].try_into().unwrap());
    // Everything in the ELF header but the number of program headers.
    let mut header = elf.bytes[..64].to_vec();
    header[56..58].fill(0);
    let mut wanted = vec![0; 64];
    wanted[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    wanted[16] = 4;
    wanted[18] = 62;
    wanted[20] = 1;
    wanted[32] = 64;
    wanted[52] = 64;
    wanted[54] = 56;
    assert_eq!(header, wanted, "{}", program.name);
    let count = usize::from(elf.bytes[56]) | usize::from(elf.bytes[57]) << 8;
    (0..count)
        .map(|index| {
            let at = 64 + 56 * index;
            assert_eq!(word(at + 32), word(at + 40), "p_filesz");
            (
                word(at) as u32,
                word(at + 8),
                word(at + 16),
                word(at + 24),
                word(at + 40),
            )
        })
        .collect()
}

fn fetched() -> Option<Program> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/xtask/store/tools");
    let libraries = root.join("usr/lib/x86_64-linux-gnu");
    let loader = libraries.join("ld-linux-x86-64.so.2");
    let path = root.join("usr/sbin/kexec");
    (path.is_file() && loader.is_file()).then(|| Program {
        name: "kexec-tools".into(),
        prefix: vec!["--library-path".into(), libraries.into(), path.into()],
        path: loader,
    })
}

#[test]
fn program_header_by_program_header() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crash");
    let command = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/kexec");
    let (Some(reference), true) = (fetched(), command.is_file()) else {
        eprintln!("SKIPPED: cargo xtask fetch, cargo build --release");
        return;
    };
    if let Err(reason) = trace::private_tmpfs(&directory) {
        eprintln!("SKIPPED, nothing was compared: {reason}");
        return;
    }
    let kernel: PathBuf = directory.join("kernel");
    std::fs::write(&kernel, Image::synthetic(true).file).unwrap();
    let ours = Program {
        name: "libkexec".into(),
        path: command,
        prefix: Vec::new(),
    };
    let arguments: Vec<OsString> = vec!["-c".into(), "-p".into(), kernel.into()];
    let notes = NOTES.map(|(_, address)| (4, address, 0, address, 368));
    let vmcoreinfo = (4, 0x1_00c6_6000, 0, 0x1_00c6_6000, 4132);
    let load = |start: u64, end: u64| (1, start, start + DIRECT_MAP, start, end - start);
    let text = (1, TEXT.1, TEXT.0, TEXT.1, TEXT.2);
    let ram = [
        load(MIB, 0x2e00_0000),
        load(0x3e00_0000, 0x7ffd_b000),
        load(4 * GIB, 0x2_5f00_0000),
    ];
    // The first 640 KiB, whose contents the purgatory copies: for kexec-tools always, for
    // libkexec if the running kernel is older than 5.5. Later ones have nothing there when there
    // is a crash reservation.
    let low = |headers: &[Header], from: u64| {
        let place = headers[5].1;
        assert!(
            (0x2_5f00_0000 + from..0x2_7f00_0000).contains(&place),
            "{place:#x}"
        );
        (1, place, DIRECT_MAP + 0x1000, 0x1000, 0x9_ec00)
    };
    for (release, copied) in [(&b"6.12.0-x\n"[..], false), (b"5.4.0-x\n", true)] {
        machine(&directory.join("machine"), release);
        let theirs = program_headers(&reference, &arguments, &directory);
        let ours = program_headers(&ours, &arguments, &directory);

        let mut wanted: Vec<Header> = notes.to_vec();
        wanted.extend([vmcoreinfo, text]);
        // Ours begins at address 0, theirs at the RAM.
        wanted.extend(copied.then(|| low(&ours, 0x1000)));
        wanted.extend(ram);
        wanted.push(load(0x2_7f00_0000, 0x2_9000_0000));
        assert_eq!(ours, wanted, "libkexec: {ours:#x?}");

        let mut wanted: Vec<Header> = notes.to_vec();
        wanted.extend([vmcoreinfo, text, low(&theirs, 0)]);
        wanted.extend(ram);
        // Ranges that touch stay two.
        wanted.push(load(0x2_7f00_0000, 0x2_8000_0000));
        wanted.push(load(0x2_8000_0000, 0x2_9000_0000));
        assert_eq!(theirs, wanted, "kexec-tools: {theirs:#x?}");
    }
}
