//! The elfcorehdr of kexec-tools and of libkexec on the same machine, program header by program
//! header. What differs is listed here and explained in docs/crash.md.

use differential::image::Image;
use differential::machine::{ACPI, Machine, RAM, RESERVED, span};
use differential::trace::{self, Program, Trace};
use libkexec_tests::not_tested;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const DIRECT_MAP: u64 = 0xffff_8f4b_4000_0000;
const TEXT: (u64, u64, u64) = (0xffff_ffff_a820_0000, 0x120_0000, 0x1e0_0000);
/// CPUs with gaps in their numbers; 9 is possible and not there.
const POSSIBLE: &[u8] = b"0-1,4,8-9\n";
const NOTES: [(u32, u64); 4] = [
    (0, 0x3fc1_0400),
    (1, 0x3fc9_0400),
    (4, 0x3fd1_0400),
    (8, 0x3fd9_0400),
];
/// Memory of the contiguous memory allocator that the crash kernel may use.
const CMA: (u64, u64) = (0x1_4000_0000, 0x1_5000_0000);

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
300000000-3ffffffff : virtio0
  340000000-347ffffff : System RAM (virtio_mem)
";

/// PT_NOTE or PT_LOAD: kind, p_offset, p_vaddr, p_paddr, p_memsz.
type Header = (u32, u64, u64, u64, u64);

fn machine(tree: &Path, release: &[u8], kcore: &[u8]) {
    let map = vec![
        span(0, 0x9_fc00, RAM),
        span(0x9_fc00, 0xa_0000, RESERVED),
        span(0xf_0000, MIB, RESERVED),
        span(MIB, 0x7ffd_b000, RAM),
        span(0x7ffd_b000, 0x7ffe_0000, ACPI),
        span(0x7ffe_0000, 2 * GIB, RESERVED),
        span(4 * GIB, 10 * GIB, RAM),
    ];
    Machine::new("crash", map).write(tree).unwrap();
    let file = |path: &str, contents: &[u8]| {
        let path = tree.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    };
    file("proc/iomem", IOMEM.as_bytes());
    file("proc/kcore", kcore);
    file(
        "proc/kallsyms",
        format!("{:x} T _text\n{:x} T _stext\n", TEXT.0, TEXT.0).as_bytes(),
    );
    file("proc/sys/kernel/osrelease", release);
    file("sys/kernel/vmcoreinfo", b"0x0000000100c66000 1024\n");
    file("sys/kernel/kexec_crash_size", b"805306368\n");
    file("sys/devices/system/cpu/possible", POSSIBLE);
    file("sys/devices/system/cpu/present", b"0-1,4,8\n");
    let cma = format!("{:x}-{:x}\n", CMA.0, CMA.1 - 1);
    file("sys/kernel/kexec_crash_cma_ranges", cma.as_bytes());
    for (cpu, address) in NOTES {
        let directory = format!("sys/devices/system/cpu/cpu{cpu}");
        file(
            &format!("{directory}/crash_notes"),
            format!("{address:x}\n").as_bytes(),
        );
        file(&format!("{directory}/crash_notes_size"), b"368\n");
    }
}

/// /proc/kcore's headers: kernel, vmalloc area, so many modules' or the like, direct map.
fn kcore(more: u64) -> Vec<u8> {
    let mut loads = vec![TEXT, (0xffff_b1ac_c000_0000, u64::MAX, 0x1fff_ffff_ffff)];
    loads.extend((0..more).map(|n| (0xffff_fdb1_c400_0000 + (n << 21), u64::MAX, 1 << 21)));
    loads.extend([
        (DIRECT_MAP + 0x1000, 0x1000, 0x9_e000),
        (DIRECT_MAP + MIB, MIB, 0x7feb_b000),
        (DIRECT_MAP + 4 * GIB, 4 * GIB, 6 * GIB),
    ]);
    let mut file = vec![0_u8; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16] = 4;
    file[18] = 62;
    file[20] = 1;
    file[32] = 64;
    file[52] = 64;
    file[54] = 56;
    file[56..58].copy_from_slice(&(loads.len() as u16).to_le_bytes());
    for (virt, phys, size) in loads {
        for value in [1 | 7 << 32, 0, virt, phys, size, size, 4096] {
            file.extend(u64::to_le_bytes(value));
        }
    }
    file.resize(256 << 10, 0);
    file
}

fn run(program: &Program, arguments: &[OsString], directory: &Path) -> Trace {
    let tree = directory.join("machine");
    trace::run(program, arguments, &tree, &directory.join("log")).unwrap()
}

fn program_headers(program: &Program, arguments: &[OsString], directory: &Path) -> Vec<Header> {
    let trace = run(program, arguments, directory);
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

/// Debian's kexec-tools, where it was fetched.
fn fetched() -> Option<Program> {
    let root = libkexec_tests::target().join("xtask/store/tools");
    let libraries = root.join("usr/lib/x86_64-linux-gnu");
    let loader = libraries.join("ld-linux-x86-64.so.2");
    let path = root.join("usr/sbin/kexec");
    (path.is_file() && loader.is_file()).then(|| Program {
        name: "kexec-tools".into(),
        prefix: vec!["--library-path".into(), libraries.into(), path.into()],
        path: loader,
    })
}

/// The command as it ships, built if need be.
fn ours() -> Program {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    libkexec_tests::run(
        Command::new(cargo)
            .args(["build", "--release", "-p", "kexec-cli"])
            .current_dir(libkexec_tests::root()),
    );
    Program {
        name: "libkexec".into(),
        path: libkexec_tests::target().join("release/kexec"),
        prefix: Vec::new(),
    }
}

#[test]
fn program_header_by_program_header() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crash");
    let Some(reference) = fetched() else {
        not_tested("the elfcorehdr against kexec-tools': it is not here (cargo xtask fetch)");
        return;
    };
    let ours = ours();
    if let Err(reason) = trace::private_tmpfs(&directory) {
        not_tested(&format!("the elfcorehdr against kexec-tools': {reason}"));
        return;
    }
    let kernel: PathBuf = directory.join("kernel");
    std::fs::write(&kernel, Image::synthetic(true).file).unwrap();
    let arguments: Vec<OsString> = vec!["-c".into(), "-p".into(), kernel.into()];
    let notes = NOTES.map(|(_, address)| (4, address, 0, address, 368));
    let vmcoreinfo = (4, 0x1_00c6_6000, 0, 0x1_00c6_6000, 4132);
    let load = |start: u64, end: u64| (1, start, start + DIRECT_MAP, start, end - start);
    let text = (1, TEXT.1, TEXT.0, TEXT.1, TEXT.2);
    let below = [load(MIB, 0x2e00_0000), load(0x3e00_0000, 0x7ffd_b000)];
    let virtio_mem = load(0x3_4000_0000, 0x3_4800_0000);
    // The first 640 KiB, whose contents the purgatory copies: for kexec-tools always, for
    // libkexec if the running kernel is older than 5.5. Later ones have nothing there when there
    // is a crash reservation.
    let low = |headers: &[Header], at: usize, from: u64| {
        let place = headers[at].1;
        assert!(
            (0x2_5f00_0000 + from..0x2_7f00_0000).contains(&place),
            "{place:#x}"
        );
        (1, place, DIRECT_MAP + 0x1000, 0x1000, 0x9_ec00)
    };
    let machine = |release: &[u8], more| {
        machine(&directory.join("machine"), release, &kcore(more));
    };
    let wanted_of_ours = |headers: &[Header], copied: bool| {
        let mut wanted: Vec<Header> = notes.to_vec();
        wanted.extend([vmcoreinfo, text]);
        // Ours begins at address 0, theirs at the RAM.
        wanted.extend(copied.then(|| low(headers, 6, 0x1000)));
        wanted.extend(below);
        wanted.extend([
            load(4 * GIB, CMA.0),
            load(CMA.1, 0x2_5f00_0000),
            load(0x2_7f00_0000, 0x2_9000_0000),
            virtio_mem,
        ]);
        wanted
    };
    for (release, copied) in [(&b"6.12.0-x\n"[..], false), (b"5.4.0-x\n", true)] {
        machine(release, 0);
        let theirs = program_headers(&reference, &arguments, &directory);
        let ours = program_headers(&ours, &arguments, &directory);
        assert_eq!(ours, wanted_of_ours(&ours, copied), "libkexec: {ours:#x?}");

        // As many CPUs as are possible, five, by the numbers from 0: the last one is lost.
        let mut wanted: Vec<Header> = notes[..3].to_vec();
        wanted.extend([vmcoreinfo, text, low(&theirs, 5, 0)]);
        wanted.extend(below);
        // It does not know of memory that the crash kernel writes to.
        wanted.push(load(4 * GIB, 0x2_5f00_0000));
        // Ranges that touch stay two.
        wanted.push(load(0x2_7f00_0000, 0x2_8000_0000));
        wanted.push(load(0x2_8000_0000, 0x2_9000_0000));
        wanted.push(virtio_mem);
        assert_eq!(theirs, wanted, "kexec-tools: {theirs:#x?}");
    }
    // More program headers in /proc/kcore than kexec-tools reads of it, 64 KiB.
    machine(b"6.12.0-x\n", 2000);
    let theirs = run(&reference, &arguments, &directory);
    assert_ne!(theirs.code, Some(0), "{}", theirs.said);
    assert!(theirs.loads.is_empty(), "{}", theirs.said);
    let ours = program_headers(&ours, &arguments, &directory);
    assert_eq!(ours, wanted_of_ours(&ours, false), "libkexec: {ours:#x?}");
}
