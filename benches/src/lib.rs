//! Work to be measured: the same inputs for criterion, which asks the clock, and for `count`,
//! which asks for instructions.

pub mod mapping;
pub mod native;

use kexec_core::Narrowed;
use kexec_core::crash::{CoreHeader, dump_ranges};
use kexec_core::machine::{IomemParser, KernelText, Machine};
use kexec_core::memory::{MemoryKind, MemoryMap, PAGE_SIZE, Range, RangeSet, Window, find_hole};
use kexec_core::plan::{self, Options, Request, Workspace};
use kexec_core::purgatory::{DEFAULT_SECRET, Digest, Implementation};
use std::hint::black_box;

/// /proc/iomem of a BIOS guest.
pub const IOMEM: &str = "\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
0009fc00-0009ffff : Reserved
000a0000-000bffff : PCI Bus 0000:00
000f0000-000fffff : Reserved
  000f0000-000fffff : System ROM
00100000-7ffdafff : System RAM
  2e000000-3dffffff : Crash kernel
7ffdb000-7fffffff : Reserved
b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]
  b0000000-bfffffff : Reserved
c0000000-febfffff : PCI Bus 0000:00
fec00000-fec003ff : IOAPIC 0
fffc0000-ffffffff : Reserved
100000000-27fffffff : System RAM
  11a000000-11b1fffff : Kernel code
  11b200000-11bbcbfff : Kernel rodata
  11bc00000-11bf60d7f : Kernel data
  11c3e9000-11c9fffff : Kernel bss
";

/// /proc/iomem of a machine whose memory was added piece by piece: `count` ranges of 128 MiB,
/// holes between them.
#[must_use]
pub fn many_ranges(count: u64) -> String {
    let line = |n: u64| {
        let start = (n + 1) << 28;
        format!("{start:x}-{:x} : System RAM\n", start + (1 << 27) - 1)
    };
    (0..count).map(line).collect()
}

/// Parses /proc/iomem in pieces of a page, as it is read; returns the number of ranges.
pub fn parse(iomem: &str, map: &mut MemoryMap) -> usize {
    map.clear();
    let mut parser = IomemParser::new(map);
    for piece in iomem.as_bytes().chunks(4096) {
        parser.feed(piece);
    }
    parser.finish();
    map.entries().len()
}

/// A bzImage by the boot protocol 2.15 with `payload` bytes of protected-mode code.
#[must_use]
pub fn bzimage(payload: usize) -> Vec<u8> {
    const SETUP: usize = 4096;
    let mut image = vec![0x90; SETUP + payload];
    image[..SETUP].fill(0);
    let mut put = |offset: usize, bytes: &[u8]| {
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0x1f1, &[(SETUP / 512 - 1) as u8]); // setup_sects
    put(0x1f4, &((payload / 16) as u32).to_le_bytes()); // syssize
    put(0x1fe, &[0x55, 0xaa, 0xeb, 0x6a]); // boot_flag, jump
    put(0x202, b"HdrS");
    put(0x206, &0x020f_u16.to_le_bytes()); // version
    put(0x211, &[1]); // loadflags: LOADED_HIGH
    put(0x22c, &0x7fff_ffff_u32.to_le_bytes()); // initrd_addr_max
    put(0x230, &0x20_0000_u32.to_le_bytes()); // kernel_alignment
    put(0x234, &[1, 21]); // relocatable_kernel, min_alignment
    put(0x236, &0x7f_u16.to_le_bytes()); // xloadflags
    put(0x238, &2047_u32.to_le_bytes()); // cmdline_size
    put(0x258, &0x100_0000_u64.to_le_bytes()); // pref_address
    put(
        0x260,
        &((payload as u32).next_multiple_of(4096) + 0x10_0000).to_le_bytes(),
    ); // init_size
    put(0x268, &0x100_u32.to_le_bytes()); // kernel_info_offset
    put(SETUP + 0x100, b"LToP");
    put(SETUP + 0x104, &16_u32.to_le_bytes());
    put(SETUP + 0x108, &16_u32.to_le_bytes());
    put(SETUP + 0x10c, &0x8000_000a_u32.to_le_bytes()); // setup_type_max
    image
}

/// A machine whose memory is what /proc/iomem says.
#[must_use]
pub fn machine(iomem: &str) -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    parse(iomem, &mut machine.iomem);
    for entry in machine.iomem.entries() {
        // Both maps have the same capacity.
        let _fits = machine.memory.add(entry.range, entry.kind);
    }
    machine
}

/// Plans a load, with or without the digest; returns the address it is entered at.
pub fn make_plan(
    kernel: &[u8],
    initrd: &[u8],
    verify: bool,
    machine: &Machine,
    workspace: &mut Workspace,
) -> u64 {
    let request = Request {
        kernel,
        initrds: &[initrd],
        command_line: b"console=ttyS0 root=/dev/vda1 ro",
        options: Options {
            verify,
            ..Options::default()
        },
        ..Request::default()
    };
    plan::plan(&request, machine, workspace).map_or(0, |plan| plan.entry)
}

/// The digest of one region.
#[must_use]
pub fn digest(bytes: &[u8], implementation: Implementation) -> [u8; 16] {
    let mut digest = Digest::with(implementation, &DEFAULT_SECRET);
    digest.region(bytes);
    digest.finish()
}

/// Adds `count` ranges to a map from the highest down: each is put before all others.
pub fn add_downwards(map: &mut MemoryMap, count: u64) -> usize {
    map.clear();
    for n in (1..=count).rev() {
        if let Some(range) = Range::new(n << 28, (n << 28) + 0xfff) {
            let _fits = map.add(range, MemoryKind::RAM);
        }
    }
    map.entries().len()
}

/// CPUs of the machine whose core header is written.
const CPUS: u64 = 4096;
/// Pieces its memory comes in.
const PIECES: u64 = 8192;

/// A machine of 4,096 CPUs and 8,192 ranges of RAM, whose crash reservation lies in one of them.
#[must_use]
pub fn large_machine() -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    for cpu in 0..CPUS {
        machine.dump.cpus.add(0x3fc1_0400 + (cpu << 20));
    }
    machine.dump.cpus.size = 368;
    machine.dump.vmcoreinfo = Range::from_size(0x1_00c6_6000, 4132);
    machine.dump.text = Some(KernelText {
        virt: 0xffff_ffff_8100_0000,
        phys: 0x100_0000,
        size: 0x300_0000,
    });
    for n in 1..=PIECES {
        if let Some(range) = Range::new(n << 28, (n << 28) + (1 << 27) - 1) {
            machine.dump.ram_full |= machine.dump.ram.insert(range).is_err();
        }
    }
    machine.crash.region = Range::from_size((PIECES / 2) << 28, 64 << 20);
    machine.crash.low = Range::from_size((PIECES / 3) << 28, 64 << 20);
    assert!(!machine.dump.ram_full && !machine.dump.cpus.full);
    machine
}

/// Writes the elfcorehdr of a machine: what is dumped, then the header; returns its size.
pub fn write_core_header(machine: &Machine, ranges: &mut RangeSet, out: &mut [u8]) -> usize {
    let (Ok(()), Some(vmcoreinfo)) = (
        dump_ranges(&machine.dump, &machine.crash, false, ranges),
        machine.dump.vmcoreinfo,
    ) else {
        return 0;
    };
    let header = CoreHeader {
        cpu_notes: machine.dump.cpus.addresses(),
        cpu_notes_size: machine.dump.cpus.size,
        vmcoreinfo,
        text: machine.dump.text,
        ram: ranges.ranges(),
        backup: None,
        direct_map: 0xffff_8880_0000_0000,
    };
    header.write(out).map_or(0, |written| written.len())
}

/// Places a kernel, an initrd, boot parameters and a purgatory, top-down, each out of what is
/// free then; only the lowest range has room for the first two. Leaves everything free again.
pub fn place(free: &mut RangeSet) -> u64 {
    let sizes = [
        (1 << 30, 1 << 21),
        (1 << 29, PAGE_SIZE),
        (0x3000, 1 << 12),
        (0x5000, 1 << 12),
    ];
    let mut holes = [None; 4];
    for (hole, (size, align)) in holes.iter_mut().zip(sizes) {
        let window = Window {
            what: "bench",
            size,
            align,
            min: 0x10_0000,
            max: u64::MAX,
            narrowed: Narrowed::No,
        };
        *hole = find_hole(free, &window).ok();
        if let Some(hole) = *hole {
            assert!(free.remove(hole).is_ok());
        }
    }
    let mut sum: u64 = 0;
    for hole in holes {
        sum = sum.wrapping_add(hole.map_or(0, Range::start));
        assert!(hole.is_some_and(|hole| free.insert(hole).is_ok()));
    }
    sum
}

/// What [`place`] places into: one range of 4 GiB, `count` of 128 MiB above it.
#[must_use]
pub fn free_ranges(count: u64) -> Box<RangeSet> {
    let mut free = Box::new(RangeSet::new());
    let low = Range::new(0x10_0000, 0xffff_ffff);
    let pieces = (16..16 + count).map(|n| Range::new(n << 28, (n << 28) + (1 << 27) - 1));
    for range in [low].into_iter().chain(pieces).flatten() {
        assert!(free.insert(range).is_ok());
    }
    free
}

/// A piece of work that can be done any number of times.
pub type Work = Box<dyn FnMut() -> u64>;

/// The work of this name, its inputs made.
#[must_use]
pub fn work(name: &str) -> Option<Work> {
    let mut map = Box::new(MemoryMap::new());
    let mut workspace = Box::new(Workspace::new());
    Some(match name {
        "probe" => {
            let kernel = bzimage(1 << 20);
            Box::new(move || {
                kexec_core::image::BzImage::parse(&kernel)
                    .map_or(0, |image| image.kernel().len() as u64)
            })
        }
        "map" => Box::new(move || parse(IOMEM, &mut map) as u64),
        "map-8000" => {
            let text = many_ranges(8000);
            Box::new(move || parse(&text, &mut map) as u64)
        }
        "place" | "place-8000" => {
            let mut free = free_ranges(if name == "place" { 4 } else { 8000 });
            Box::new(move || place(&mut free))
        }
        "elfcorehdr" => {
            let (machine, mut ranges) = (large_machine(), Box::new(RangeSet::new()));
            let mut out = vec![0; 64 + 56 * (CPUS + PIECES + 8) as usize];
            assert!(
                write_core_header(&machine, &mut ranges, &mut out) > 56 * (CPUS + PIECES) as usize
            );
            Box::new(move || write_core_header(&machine, &mut ranges, &mut out) as u64)
        }
        "plan" | "plan-8000" => {
            let text = if name == "plan" {
                IOMEM.into()
            } else {
                many_ranges(8000)
            };
            let (machine, kernel) = (machine(&text), bzimage(1 << 20));
            Box::new(move || make_plan(&kernel, &[1; 4096], false, &machine, &mut workspace))
        }
        "purgatory" | "purgatory-unverified" => {
            let bytes = vec![7; 1 << 20];
            let purgatory = native::Purgatory::new(&bytes, name == "purgatory");
            Box::new(move || {
                purgatory.run();
                u64::from(black_box(&bytes)[0])
            })
        }
        _ => {
            let wanted = name.strip_prefix("digest-")?;
            let found = Implementation::ALL
                .iter()
                .find(|implementation| format!("{implementation:?}").eq_ignore_ascii_case(wanted));
            let (implementation, bytes) = (*found?, vec![7; 1 << 20]);
            Box::new(move || u64::from(digest(&bytes, implementation)[0]))
        }
    })
}
