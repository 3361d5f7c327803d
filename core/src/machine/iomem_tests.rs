use super::*;
use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

fn range(start: u64, last: u64) -> Range {
    Range::new(start, last).unwrap()
}

type Entries = Vec<(u64, u64, u32)>;

fn parse_in_pieces(text: &[u8], size: usize) -> (Iomem, Entries) {
    let mut map = Box::new(MemoryMap::new());
    let mut parser = IomemParser::new(&mut map);
    for piece in text.chunks(size) {
        parser.feed(piece);
    }
    let iomem = parser.finish();
    let entries = map.entries().iter();
    let entries = entries.map(|e| (e.range.start(), e.range.last(), e.kind.0));
    (iomem, entries.collect())
}

fn parse(text: &str) -> (Iomem, Entries) {
    parse_in_pieces(text.as_bytes(), usize::MAX)
}

/// A BIOS guest as kernel 7 lists it, with `crashkernel=512M,high`.
const NEW: &str = "\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
0009fc00-0009ffff : Reserved
000a0000-000bffff : PCI Bus 0000:00
000c0000-000c99ff : Video ROM
000f0000-000fffff : Reserved
  000f0000-000fffff : System ROM
00100000-7ffdafff : System RAM
  2e000000-3dffffff : Crash kernel
  7ff00000-7ff00fff : Reserved
7ffdb000-7fffffff : Reserved
b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]
  b0000000-bfffffff : Reserved
    b0000000-bfffffff : pnp 00:00
c0000000-febfffff : PCI Bus 0000:00
  fd000000-fdffffff : 0000:00:01.0
    fd000000-fd3e7fff : simple-framebuffer
fec00000-fec003ff : IOAPIC 0
fffc0000-ffffffff : Reserved
100000000-27fffffff : System RAM
  11a000000-11b1fffff : Kernel code
  11b200000-11bbcbfff : Kernel rodata
  11bc00000-11bf60d7f : Kernel data
  11c3e9000-11c9fffff : Kernel bss
  25f000000-27effffff : Crash kernel
380000000000-387fffffffff : PCI Bus 0000:00
";

#[test]
fn a_new_kernel_with_two_crash_regions() {
    let (iomem, entries) = parse(NEW);
    assert_eq!(iomem.access, IomemAccess::Read);
    assert_eq!(
        iomem.crash.region,
        Some(range(0x2_5f00_0000, 0x2_7eff_ffff))
    );
    assert_eq!(iomem.crash.low, Some(range(0x2e00_0000, 0x3dff_ffff)));
    assert_eq!(iomem.kernel.code, Some(range(0x1_1a00_0000, 0x1_1b1f_ffff)));
    assert_eq!(
        iomem.kernel.rodata,
        Some(range(0x1_1b20_0000, 0x1_1bbc_bfff))
    );
    assert_eq!(iomem.kernel.data, Some(range(0x1_1bc0_0000, 0x1_1bf6_0d7f)));
    assert_eq!(iomem.kernel.bss, Some(range(0x1_1c3e_9000, 0x1_1c9f_ffff)));
    assert_eq!(
        entries,
        [
            (0, 0xfff, 2),
            (0x1000, 0x9_fbff, 1),
            (0x9_fc00, 0x9_ffff, 2),
            (0xf_0000, 0xf_ffff, 2),
            (0x10_0000, 0x7fef_ffff, 1),
            (0x7ff0_0000, 0x7ff0_0fff, 2),
            (0x7ff0_1000, 0x7ffd_afff, 1),
            (0x7ffd_b000, 0x7fff_ffff, 2),
            (0xb000_0000, 0xbfff_ffff, 2),
            (0xfffc_0000, 0xffff_ffff, 2),
            (0x1_0000_0000, 0x2_7fff_ffff, 1),
        ]
    );
}

/// A UEFI machine as kernel 6.1 lists it.
const OLD: &str = "\
00000000-00000fff : Reserved
00001000-0009ffff : System RAM
  00000000-00000000 : PCI Bus 0000:00
000a0000-000fffff : Reserved
00100000-007fffff : System RAM
00800000-00807fff : ACPI Non-volatile Storage
00808000-0080afff : System RAM
7cfe0000-7d8ecfff : System RAM
7d8ed000-7db6cfff : reserved
7db6d000-7db7efff : ACPI Tables
7db7f000-7dbfefff : ACPI Non-volatile Storage
7dbff000-7df3ffff : System RAM
7df40000-7dffffff : RAM buffer
80000000-8fffffff : Unusable memory
90000000-90000fff : Unknown E820 type
100000000-17fffffff : System RAM
  120000000-12fffffff : Crash kernel
";

#[test]
fn an_old_kernel_with_every_acpi_kind() {
    let (iomem, entries) = parse(OLD);
    assert_eq!(
        iomem.crash.region,
        Some(range(0x1_2000_0000, 0x1_2fff_ffff))
    );
    assert_eq!(iomem.crash.low, None);
    let kinds: Vec<u32> = entries.iter().map(|entry| entry.2).collect();
    assert_eq!(kinds, [2, 1, 2, 1, 4, 1, 1, 2, 3, 4, 1, 5, 2, 1]);
    // The gap after the end of RAM is ignored.
    assert!(entries.iter().all(|entry| entry.0 != 0x7df4_0000));
}

#[test]
fn memory_of_drivers_is_not_ram() {
    let (_, entries) = parse(
        "\
100000000-1ffffffff : System RAM
200000000-2ffffffff : Persistent Memory
  200000000-2001fffff : namespace0.0
  210000000-2ffffffff : dax0.0
    210000000-2ffffffff : System RAM (kmem)
300000000-3ffffffff : Persistent Memory
  310000000-3ffffffff : dax1.0
    310000000-3ffffffff : System RAM
400000000-4ffffffff : Soft Reserved
  400000000-4ffffffff : dax2.0
    400000000-4ffffffff : System RAM (kmem)
500000000-5ffffffff : dax3.0
  500000000-57fffffff : System RAM
  580000000-5ffffffff : System RAM
600000000-6ffffffff : virtio0
  600000000-63fffffff : System RAM (virtio_mem)
700000000-7ffffffff : Persistent Memory (legacy)
  700000000-7ffffffff : namespace1.0
800000000-8ffffffff : CXL Window 0
  800000000-8ffffffff : region0
    800000000-8ffffffff : System RAM
900000000-9ffffffff : System RAM
  940000000-94fffffff : System RAM (virtio_mem)
    940000000-94fffffff : System RAM
a00000000-affffffff : System RAM
",
    );
    assert_eq!(
        entries,
        [
            (0x1_0000_0000, 0x1_ffff_ffff, 1),
            (0x2_0000_0000, 0x2_ffff_ffff, 7),
            (0x3_0000_0000, 0x3_ffff_ffff, 7),
            (0x4_0000_0000, 0x4_ffff_ffff, 0xefff_ffff),
            (0x7_0000_0000, 0x7_ffff_ffff, 12),
            // The firmware's own memory below a CXL window is RAM like any other.
            (0x8_0000_0000, 0x8_ffff_ffff, 1),
            (0x9_0000_0000, 0x9_3fff_ffff, 1),
            (0x9_4000_0000, 0x9_4fff_ffff, 2),
            (0x9_5000_0000, 0x9_ffff_ffff, 1),
            (0xa_0000_0000, 0xa_ffff_ffff, 1),
        ]
    );
}

/// The same file as a reader without CAP_SYS_ADMIN gets it.
fn zeros(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let (place, name) = line.split_once(" : ").unwrap();
        let indent = place.len() - place.trim_start().len();
        format!("{:indent$}00000000-00000000 : {name}\n", "")
    });
    lines.collect()
}

#[test]
fn zeros_mean_no_privilege() {
    let (iomem, entries) = parse(&zeros(NEW));
    assert_eq!(iomem.access, IomemAccess::Unprivileged);
    assert_eq!(iomem.crash, CrashReservation::default());
    assert_eq!(iomem.kernel, KernelRanges::NONE);
    assert_eq!(entries, []);
}

#[test]
fn what_is_no_resource_makes_the_file_damaged() {
    for text in [
        "",
        "\n\n",
        "nothing like it\n",
        "0-0 System RAM\n",
        " : \n",
        "- : x\n",
    ] {
        let nothing = Iomem {
            access: IomemAccess::Damaged,
            ..Iomem::default()
        };
        assert_eq!(parse(text), (nothing, Entries::new()), "{text:?}");
        // It may have spoken of reserved memory.
        if !text.trim().is_empty() {
            assert_eq!(parse(&format!("{NEW}{text}")).0, nothing, "{text:?}");
        }
    }
}

#[test]
fn every_split_gives_the_same() {
    for text in [NEW, OLD] {
        let whole = parse(text);
        for size in 1..=80 {
            assert_eq!(parse_in_pieces(text.as_bytes(), size), whole);
        }
        for at in 0..text.len() {
            let mut map = Box::new(MemoryMap::new());
            let mut parser = IomemParser::new(&mut map);
            parser.feed(&text.as_bytes()[..at]);
            parser.feed(&text.as_bytes()[at..]);
            assert_eq!(parser.finish(), whole.0);
            let starts = map.entries().iter().map(|entry| entry.range.start());
            assert!(starts.eq(whole.1.iter().map(|entry| entry.0)));
        }
    }
}

#[test]
fn names_are_exact_and_long_ones_harmless() {
    let (_, entries) = parse(&format!(
        "00001000-00001fff : System RAM 2\n\
         00002000-00002fff : system ram\n\
         00003000-00003fff : reserved\n\
         00004000-00004fff :  System RAM\n\
         00005000-00005fff : {}\n\
         00006000-00006fff : System RAM\n\
         {}00007000-00007fff : System RAM\n",
        "x".repeat(10_000),
        " ".repeat(300),
    ));
    assert_eq!(entries, [(0x3000, 0x3fff, 2), (0x6000, 0x6fff, 1)]);
}

#[test]
fn thousands_of_lines() {
    let lines = |count: u64| -> String {
        let line = |n: u64| format!("{:08x}-{:08x} : System RAM\n", n << 28, (n << 28) + 0xfff);
        (1..=count).map(line).collect()
    };
    let (iomem, entries) = parse(&lines(8448));
    assert_eq!(iomem.access, IomemAccess::Read);
    assert_eq!(entries.len(), 8448);

    let more = lines(8449) + "  10000000-10000fff : Crash kernel\n";
    let (iomem, entries) = parse(&more);
    assert_eq!(iomem.access, IomemAccess::TooLong);
    assert_eq!(entries, []);
    assert!(iomem.crash.region.is_some());
}

#[test]
fn crash_lines_in_any_order() {
    let lines = [range(1, 2), range(10, 20), range(100, 200)];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut crash = CrashReservation::default();
        for at in order {
            crash.add(lines[at]);
        }
        assert_eq!(crash.region, Some(lines[2]));
        assert_eq!(crash.low, Some(lines[0]));
    }
}

/// Xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn damaged_files_never_panic_and_keep_the_map_in_order() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for round in 0..3_000 {
        let mut text = if round % 2 == 0 { NEW } else { OLD }.as_bytes().to_vec();
        for _ in 0..=random.below(12) {
            let at = random.below(text.len() as u64) as usize;
            match random.below(3) {
                0 => text[at] = random.below(256) as u8,
                1 => text[at] = b"0f -:\nS "[random.below(8) as usize],
                _ => text.truncate(at + 1),
            }
        }
        let (_, entries) = parse_in_pieces(&text, 1 + random.below(200) as usize);
        assert!(entries.is_sorted());
        assert!(entries.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }
}

#[test]
fn random_trees_agree_with_a_byte_by_byte_model() {
    const NAMES: [(&str, Option<u32>); 9] = [
        ("System RAM", Some(1)),
        ("Reserved", Some(2)),
        ("ACPI Tables", Some(3)),
        ("Persistent Memory", Some(7)),
        ("Soft Reserved", Some(0xefff_ffff)),
        ("PCI Bus 0000:00", None),
        ("dax0.0", None),
        ("System RAM (kmem)", None),
        ("System RAM (virtio_mem)", None),
    ];
    let mut random = Random(0xfeed_beef_dead_cafe);
    for _ in 0..400 {
        // One cell of the model is a page; 0 is unknown.
        let mut model = [0_u32; 200];
        let mut text = String::new();
        let mut at = 1;
        while at < 185 {
            let (mut from, mut to) = (at, at + random.below(12) as usize);
            at = to + 1 + random.below(3) as usize;
            let mut outer: Vec<&str> = Vec::new();
            for depth in 0..random.below(4) as usize {
                let (name, kind) = NAMES[random.below(9) as usize];
                let indent = depth * 2;
                let (first, last) = (from * 4096, to * 4096 + 4095);
                text += &format!("{:indent$}{first:08x}-{last:08x} : {name}\n", "");
                outer.push(name);
                let driver = |name: &&str| name.starts_with("dax") || name.contains('(');
                let ours = outer.iter().any(driver);
                for cell in &mut model[from..=to] {
                    let ram = *cell == 1;
                    match kind {
                        Some(1) if !ours => *cell = (*cell).max(1),
                        Some(1) => {}
                        Some(kind) => *cell = (*cell).max(kind),
                        None if ram && name.contains('(') => *cell = 2,
                        None => {}
                    }
                }
                from += random.below((to - from + 1) as u64) as usize;
                to = from + random.below((to - from + 1) as u64) as usize;
            }
        }
        let (_, entries) = parse_in_pieces(text.as_bytes(), 1 + random.below(99) as usize);
        let mut seen = [0_u32; 200];
        for (start, last, kind) in entries {
            seen[(start / 4096) as usize..=(last / 4096) as usize].fill(kind);
        }
        assert_eq!(seen, model, "\n{text}");
    }
}
