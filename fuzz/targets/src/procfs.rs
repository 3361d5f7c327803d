//! Files of /proc: whole and in pieces must be the same, and as a second reader reads them.

use std::cell::RefCell;

use kexec_core::machine::{
    CpuFlags, Dump, HotPlug, IomemParser, KcoreParser, Known, MeminfoParser, RunningCommandLine,
    SratParser, StatusParser, has_parameter, reusable_words, reuse_command_line, words,
};
use kexec_core::memory::MemoryMap;

use crate::model::{self, Entry};
use crate::text::{pieces, seeds_of};

/// /proc/iomem of a PC with a crash reservation, of a server, and without privileges.
pub fn iomem_seeds() -> Vec<Vec<u8>> {
    seeds_of(&[
        "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n000f0000-000fffff : System ROM\n\
         00100000-7ffdcfff : System RAM\n  14200000-152fffff : Kernel code\n  15400000-15ff6fff : Kernel rodata\n\
         16000000-164b2bff : Kernel data\n  2e000000-3dffffff : Crash kernel\n7ffdd000-7fffffff : Reserved\n\
         80000000-febfffff : PCI Bus 0000:00\n  fd000000-fdffffff : 0000:00:02.0\n    fd000000-fd2fffff : efifb\n\
         fec00000-fec003ff : IOAPIC 0\n100000000-17fffffff : System RAM\n",
        "100000000-27fffffff : System RAM\n280000000-2ffffffff : Persistent Memory\n  280000000-2bfffffff : dax0.0\n\
         \x20   280000000-2bfffffff : System RAM (kmem)\n      280000000-2bfffffff : System RAM\n\
         300000000-3ffffffff : Soft Reserved\n7f000000-7fffffff : ACPI Tables\n20000000-23ffffff : GART\n\
         140000000-14fffffff : virtio0\n",
        "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n",
        "fffffffffffff000-ffffffffffffffff : System RAM\n0-ffffffffffffffff : Reserved",
    ])
}

thread_local! {
    static ROOM: RefCell<(Box<MemoryMap>, Box<Dump>)> = RefCell::default();
}

/// /proc/iomem.
pub fn run_iomem(data: &[u8]) {
    ROOM.with_borrow_mut(|(map, dump)| iomem(data, map, dump));
}

fn iomem(data: &[u8], map: &mut MemoryMap, dump: &mut Dump) {
    let (file, pieces) = pieces(data);
    let mut read = |pieces: &[&[u8]]| {
        map.clear();
        dump.clear();
        let mut parser = IomemParser::new(map).with_dump(dump);
        for piece in pieces {
            parser.feed(piece);
        }
        let iomem = parser.finish();
        let entries = map.entries().iter();
        let entries: Vec<Entry> = entries
            .map(|e| (e.range.start(), e.range.last(), e.kind.0))
            .collect();
        (
            format!("{iomem:?} {:?} {:?}", dump.ram.ranges(), dump.gart),
            entries,
        )
    };
    let whole = read(&[&file]);
    assert_eq!(whole, read(&pieces), "in pieces");
    // RAM that is plain to see: a line at the left edge, and all of the file such lines.
    let lines: Vec<&[u8]> = file.split(|byte| *byte == b'\n').collect();
    let plain: Option<Vec<Entry>> = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| plain(line))
        .collect();
    if let Some(entries) = plain.filter(|entries| entries.iter().any(|(_, last, _)| *last != 0)) {
        assert_eq!(model::resolve(&whole.1), model::resolve(&entries));
    }
}

/// A line as the kernel prints it (kernel/resource.c, r_show), of a name there is a type for.
fn plain(line: &[u8]) -> Option<Entry> {
    let line = std::str::from_utf8(line).ok()?;
    let (range, name) = line.split_once(" : ")?;
    let (start, last) = range.split_once('-')?;
    let hex = |text: &str| {
        let plain = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        plain.then(|| u64::from_str_radix(text, 16).ok())?
    };
    let (start, last) = (hex(start)?, hex(last)?);
    let kind = match name {
        "System RAM" => 1,
        "Reserved" => 2,
        "ACPI Tables" => 3,
        "ACPI Non-volatile Storage" => 4,
        "Unusable memory" => 5,
        "Persistent Memory" => 7,
        "Persistent Memory (legacy)" => 12,
        "Soft Reserved" => 0xefff_ffff,
        _ => return None,
    };
    (start <= last).then_some((start, last, kind))
}

/// /proc/cpuinfo.
pub fn cpuinfo_seeds() -> Vec<Vec<u8>> {
    seeds_of(&[
        "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nflags\t\t: fpu vme de pse \
         pdpe1gb ssse3 sse4_1 avx2 sha_ni la57\nvmx flags\t: vnmi\nbugs\t\t: spectre_v1\n",
        "processor\t: 0\nflags\t\t: fpu lahf_lm\n\nprocessor\t: 1\nflags\t\t: la57",
        "flags:la57",
    ])
}

/// The target.
pub fn run_cpuinfo(data: &[u8]) {
    let (file, pieces) = pieces(data);
    let read = |pieces: &[&[u8]]| {
        let mut flags = CpuFlags::new();
        for piece in pieces {
            flags.feed(piece);
        }
        flags.finish();
        [flags.la57, flags.gbpages]
    };
    let whole = read(&[&file]);
    assert_eq!(whole, read(&pieces), "in pieces");
    let separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b':');
    let mut lines = file.split(|byte| *byte == b'\n');
    let line = lines.find(|line| {
        let first = line.split(separator).next();
        first == Some(b"flags") && line.len() > 5
    });
    let words: Vec<&[u8]> = line.unwrap_or_default().split(separator).skip(1).collect();
    let names: [&[u8]; 2] = [b"la57", b"pdpe1gb"];
    assert_eq!(whole, names.map(|name| words.contains(&name)));
}

/// /proc/meminfo and /proc/self/status.
pub fn number_seeds() -> Vec<Vec<u8>> {
    seeds_of(&[
        "MemTotal:        2013508 kB\nMemFree:         1873436 kB\nDirectMap4k:       79740 kB\n\
         DirectMap2M:     2017280 kB\nDirectMap1G:           0 kB\n",
        "MemTotal: 18446744073709551615 kB\n",
        "Name:\tkexec\nUid:\t0\t0\t0\t0\nCapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\nCapBnd:\t0\n",
    ])
}

/// The target.
pub fn run_numbers(data: &[u8]) {
    let (file, pieces) = pieces(data);
    let read = |pieces: &[&[u8]]| {
        let (mut meminfo, mut status) = (MeminfoParser::new(), StatusParser::new());
        for piece in pieces {
            meminfo.feed(piece);
        }
        for piece in pieces {
            status.feed(piece);
        }
        (meminfo.total, meminfo.gbpages, status.cap_sys_boot)
    };
    assert_eq!(read(&[&file]), read(&pieces), "in pieces");
}

/// /proc/kcore: an ELF header and some program headers.
pub fn kcore_seeds() -> Vec<Vec<u8>> {
    let mut file = vec![0; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    (file[32], file[54], file[56]) = (64, 56, 3);
    for (kind, virt, phys, size) in [
        (4_u64, 0_u64, 0_u64, 0x1000_u64),
        (1, 0xffff_ffff_8100_0000, 0x100_0000, 0x240_0000),
        (1, 0xffff_8880_0000_1000, 0x1000, 0x9_e000),
    ] {
        for word in [kind, 0x2000, virt, phys, size, size, 0x1000] {
            file.extend(word.to_le_bytes());
        }
    }
    vec![
        [&[255, 255], &file[..]].concat(),
        [&[7, 3], &file[..]].concat(),
    ]
}

/// The target.
pub fn run_kcore(data: &[u8]) {
    let (file, pieces) = pieces(data);
    let read = |pieces: &[&[u8]]| {
        let mut kcore = KcoreParser::new();
        let whole = pieces.iter().any(|piece| kcore.feed(piece));
        (whole, kcore.direct_map, kcore.text)
    };
    assert_eq!(read(&[&file]), read(&pieces), "in pieces");
}

/// An SRAT: a CPU, two ranges of memory of which one is hot-pluggable, an x2APIC.
pub fn srat_seeds() -> Vec<Vec<u8>> {
    let mut table = b"SRAT".to_vec();
    table.resize(48, 0);
    table.extend([0, 16, 0, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for flags in [1, 3] {
        let start = table.len();
        table.extend([1, 40, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 2, 0, 0, 0]);
        table.extend([0, 0, 0, 0x40, 1, 0, 0, 0, 0, 0, 0, 0, flags, 0, 0, 0]);
        table.resize(start + 40, 0);
    }
    table.extend([2, 24]);
    table.resize(table.len() + 22, 0);
    let length = table.len() as u32;
    table[4..8].copy_from_slice(&length.to_le_bytes());
    vec![
        [&[255, 255], &table[..]].concat(),
        [&[7, 3], &table[..]].concat(),
    ]
}

/// The hot-pluggable memory, by a reader of whole tables; `None` if anything is wrong.
fn hot_pluggable(file: &[u8]) -> Option<Vec<(u64, u64)>> {
    let length = u32::from_le_bytes(file.get(4..8)?.try_into().ok()?) as usize;
    let mut rest = file.get(48..length).filter(|_| file.starts_with(b"SRAT"))?;
    let mut found: Vec<(u64, u64)> = Vec::new();
    while !rest.is_empty() {
        let (one, after) = rest.split_at_checked(usize::from(*rest.get(1)?))?;
        if one.len() < 2 {
            return None;
        }
        rest = after;
        if one[0] != 1 {
            continue;
        }
        let one: &[u8; 40] = one.first_chunk()?;
        let number = |at: usize| u64::from_le_bytes(one[at..at + 8].try_into().expect("8 bytes"));
        let (start, size) = (number(8), number(16));
        if one[28] & 3 != 3 || size == 0 {
            continue;
        }
        let last = start.checked_add(size - 1)?;
        match found.last_mut() {
            Some(before) if before.1.checked_add(1) == Some(start) => before.1 = last,
            _ => found.push((start, last)),
        }
    }
    Some(found).filter(|found| found.len() <= HotPlug::CAPACITY)
}

/// The target.
pub fn run_srat(data: &[u8]) {
    let (file, pieces) = pieces(data);
    let expected = hot_pluggable(&file);
    for pieces in [&[&file[..]][..], &pieces] {
        let mut read = HotPlug::new();
        let mut parser = SratParser::new(&mut read);
        let _over = pieces.iter().any(|piece| parser.feed(piece));
        parser.finish();
        let known = match &expected {
            None => Known::Unknown,
            Some(found) => Known::of(!found.is_empty()),
        };
        assert_eq!(read.known, known);
        let ranges: Vec<_> = read.memory().iter().collect();
        let ranges = ranges.iter().map(|range| (range.start(), range.last()));
        assert!(ranges.eq(expected.iter().flatten().copied()));
    }
}

/// /proc/cmdline.
pub fn command_line_seeds() -> Vec<Vec<u8>> {
    let lines = [
        "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet crashkernel=256M\n",
        "root=UUID=1 initrd=\"a b\" foo=\"x y\"z crashkernel=512M,high elfcorehdr=1K -- single",
        "add_efi_memmap\" memmap=1G!4G",
    ];
    lines.map(|line| line.as_bytes().to_vec()).to_vec()
}

/// The words of a line (lib/cmdline.c, next_arg; lib/ctype.c, isspace).
fn split(line: &[u8]) -> Vec<Vec<u8>> {
    let (mut words, mut word, mut quoted) = (Vec::new(), Vec::new(), false);
    for &byte in line {
        quoted ^= byte == b'"';
        if matches!(byte, 9..=13 | 32 | 160) && !quoted {
            words.push(std::mem::take(&mut word));
        } else {
            word.push(byte);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The target: the words of the line, and a reused line has the reusable ones.
pub fn run_command_line(line: &[u8]) {
    assert_eq!(words(line).collect::<Vec<_>>(), split(line));
    let text = line.trim_ascii_end();
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    for crash in [false, true] {
        let reused: Vec<&[u8]> = reusable_words(line, crash).collect();
        let all = split(text);
        let mut from = all.iter();
        assert!(
            reused.iter().all(|word| from.any(|other| other == word)),
            "words out of order"
        );
        let joined = reused.join(&b' ');
        let mut out = vec![0; joined.len()];
        let written = reuse_command_line(line, crash, &mut out).map(<[u8]>::to_vec);
        assert_eq!(written.ok().as_deref(), Some(&joined[..]));
        if !joined.is_empty() {
            assert!(
                reuse_command_line(line, crash, &mut out[1..]).is_err(),
                "cut"
            );
        }
    }
    let before_init = split(line).into_iter().take_while(|word| word != b"--");
    let mut names = before_init.map(|word| word.strip_prefix(b"\"").unwrap_or(&word).to_vec());
    assert_eq!(
        has_parameter(line, b"quiet"),
        names.any(|name| name == b"quiet")
    );
    let mut running = Box::new(RunningCommandLine::new());
    running.set(line);
    if let Some(kept) = running.get() {
        assert!(line.starts_with(kept) && !running.is_too_long());
    }
}
