//! Images in real mode.

use super::linux32::{exit_mode, kernel, register};
use super::placement::random_machine;
use super::*;
use crate::bytes::u16_at;

/// iPXE's .lkrn: code32_start 0, so that there is no other entry.
fn lkrn() -> Vec<u8> {
    let mut file = kernel(0x0207, 0);
    file[0x214..0x218].fill(0);
    file[0x230..0x235].fill(0);
    file
}

/// RAM of a PC, up to so many MiB.
fn pc(end: u64) -> Box<Machine> {
    let mut machine = machine(&[(1, end)]);
    let range = Range::new(0, 0x9_fbff).unwrap();
    machine.memory.add(range, MemoryKind::RAM).unwrap();
    machine.iomem.add(range, MemoryKind::RAM).unwrap();
    machine
}

fn real_mode<'a>(kernel: &'a [u8], initrds: &'a [&'a [u8]]) -> Request<'a, 'a> {
    let mut request = request(kernel, initrds);
    request.options.entry = Some(Entry::X86Real);
    request
}

#[test]
fn an_image_without_another_entry_is_entered_in_real_mode() {
    let file = lkrn();
    let mut workspace = workspace();
    let plan = plan(&request(&file, &[]), &pc(3072), &mut workspace).unwrap();
    plan.check().unwrap();
    let [setup, line, k, purgatory] = plan.segments() else {
        panic!("{:?}", plan.segments())
    };
    // 56 KiB, and a page for the rest, up to 320 KiB.
    assert_eq!((setup.kind, setup.mem), (SegmentKind::Kernel, 0x4_1000));
    assert_eq!((setup.buf.len(), setup.memsz), (5 * 512, 0xe000));
    assert_eq!((line.kind, line.mem), (SegmentKind::CommandLine, 0x4_f000));
    assert_eq!((line.buf.len(), line.memsz), (256 + 20, 0x1000));
    // 0x8000 bytes, and eight times that for what it needs.
    assert_eq!((k.mem, k.memsz), (0x10_0000, 0x4_0000));
    assert_eq!(k.buf.as_ptr(), file[5 * 512..].as_ptr());
    assert_eq!(purgatory.mem + purgatory.memsz, 0xc000_0000);
    assert_eq!(plan.command_line(), b"console=ttyS0 quiet");
    // What a loader writes, and nothing else.
    let mut expected = file[..5 * 512].to_vec();
    expected[0x210] = 0xd0;
    expected[0x211] |= 0x80;
    expected[0x218..0x220].fill(0);
    expected[0x224..0x226].copy_from_slice(&[0x00, 0xde]);
    expected[0x228..0x22c].copy_from_slice(&[0x00, 0xf1, 0x04, 0x00]);
    assert!(setup.buf == expected);
    // EBX and EIP, by which the purgatory enters the code before the command line.
    assert_eq!(exit_mode(purgatory), Some(1));
    assert_eq!([1, 16].map(|n| register(purgatory, n)), [0x4_f000; 2]);
    let others = [0, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    assert!(others.map(|n| register(purgatory, n)) == [0; 14]);
    // Its parameters: the code's own segment, SP and SS, IP and CS.
    let far = [192, 194, 196, 198, 200].map(|at| u16_at(line.buf, at).unwrap());
    assert_eq!(far, [0x4f00, 0xe000, 0x4100, 0, 0x4120]);
    assert_eq!(plan.kernel_entry, 0x4_1200);
    assert!(plan.digest.is_some());
    let left_out = Note::SetupTypeLeftOut {
        kind: SetupType::RNG_SEED,
        max: 0,
    };
    assert!(plan.notes().contains(&left_out));
}

#[test]
fn a_kernel_that_is_asked_for_it_finds_its_other_parts() {
    let file = kernel(0x020f, 0x7f);
    let (one, two) = ([1_u8; 5000], [2_u8; 4096]);
    let initrds = [&one[..], &two[..]];
    let mut machine = pc(3072);
    let more = Range::new(4 << 30, (8 << 30) - 1).unwrap();
    machine.memory.add(more, MemoryKind::RAM).unwrap();
    machine.iomem.add(more, MemoryKind::RAM).unwrap();
    let mut workspace = workspace();
    let plan = plan(&real_mode(&file, &initrds), &machine, &mut workspace).unwrap();
    plan.check().unwrap();
    let [setup, line, k, a, b, purgatory] = plan.segments() else {
        panic!("{:?}", plan.segments())
    };
    assert_eq!((setup.mem, line.mem), (0x4_1000, 0x4_f000));
    // Where the 32-bit entry has it: the code there is what the setup code jumps to.
    assert_eq!((k.mem, k.memsz), (0xbc20_0000, 0x3c3_9000));
    assert_eq!(b.mem, a.mem + 0x2000);
    assert_eq!(b.mem + b.memsz, 0x8000_0000);
    assert_eq!(
        [0x214, 0x218, 0x21c].map(|at| u32_at(setup.buf, at)),
        [Some(0xbc20_0000), Some(a.mem as u32), Some(0x3000)]
    );
    assert!(purgatory.mem + purgatory.memsz <= 0xc000_0000);
    assert_eq!(plan.kernel_entry, 0x4_1200);
    // setup_data: the last node, type 9, 32 bytes.
    assert_eq!(u64_at(setup.buf, 0x250), Some(0x4_f0d0));
    let node = [0, 4, 8, 12].map(|at| u32_at(line.buf, 208 + at));
    assert_eq!(node, [Some(0), Some(0), Some(9), Some(32)]);
    assert_eq!(line.buf[224..256], [9; 32]);
    assert_eq!(plan.setup_types(), [SetupType::RNG_SEED]);
}

/// Setup code before cmd_line_ptr moves itself to 0x90000, where it is put at once.
#[test]
fn old_protocols_lie_where_their_setup_code_runs() {
    let machine = pc(1024);
    let mut workspace = workspace();
    for version in 0x0200..=0x0209 {
        let mut file = kernel(version, 0);
        file[0x234] = 0;
        let plan = plan(&real_mode(&file, &[]), &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        let [setup, line, k, _] = plan.segments() else {
            panic!()
        };
        let what = std::format!("{version:#x}: {:?}", plan.segments());
        let old = version < 0x0202;
        let places = (setup.mem, line.mem, k.mem);
        let expected = if old {
            (0x9_0000, 0x9_9000, 0x10_0000)
        } else {
            (0x4_1000, 0x4_f000, 0x10_0000)
        };
        assert_eq!(places, expected, "{what}");
        let word = |at| u16_at(setup.buf, at);
        let as_in_file = |at| u16_at(&file, at);
        if old {
            // 0x9000 and 256; with the line's 19 bytes and NUL.
            assert_eq!((word(0x20), word(0x22)), (Some(0xa33f), Some(0x9100)));
            assert_eq!(word(0x212), Some(0x9114), "{what}");
        } else {
            assert_eq!(u32_at(setup.buf, 0x228), Some(0x4_f100), "{what}");
            assert_eq!(word(0x212), as_in_file(0x212), "{what}");
        }
        let heap = [as_in_file(0x224), Some(0x8e00), Some(0xde00)];
        let heap = heap[usize::from(version > 0x0200) + usize::from(!old)];
        assert_eq!(word(0x224), heap, "{what}");
        let flags = file[0x211] | if version > 0x0200 { 0x80 } else { 0 };
        assert_eq!(setup.buf[0x211], flags, "{what}");
        assert_eq!(u32_at(setup.buf, 0x214), Some(0x10_0000), "{what}");
        let seed = u64_at(setup.buf, 0x250).filter(|_| version >= 0x0209);
        assert_eq!(seed, (version >= 0x0209).then_some(0x4_f0d0), "{what}");
        assert_eq!(plan.command_line(), b"console=ttyS0 quiet");
    }
}

#[test]
fn the_video_mode_is_in_the_header() {
    let file = lkrn();
    let mut workspace = workspace();
    for (line, mode) in [
        (&b"vga=0x317"[..], 0x317),
        (b"", u16_at(&file, 0x1fa).unwrap()),
    ] {
        let mut request = request(&file, &[]);
        request.command_line = line;
        let plan = plan(&request, &pc(1024), &mut workspace).unwrap();
        assert_eq!(u16_at(plan.segments()[0].buf, 0x1fa), Some(mode));
        assert_eq!((plan.command_line(), plan.mode), (line, Entry::X86Real));
    }
}

#[test]
fn what_cannot_run_in_real_mode_is_refused() {
    let mut workspace = workspace();
    let mut said = |file: &[u8], machine: &Machine, crash: bool| {
        let mut request = request(file, &[]);
        request.options.crash = crash.then(CrashOptions::default);
        match plan(&request, machine, &mut workspace) {
            Err(
                Error::NotBootable { why: what }
                | Error::Unknown { what }
                | Error::BadArgument { what }
                | Error::NoHole { what, .. },
            ) => what,
            other => panic!("{:?}", other.map(|_| ())),
        }
    };
    let file = lkrn();
    let mut machine = pc(1024);
    assert!(said(&file, &machine, true).contains("crash kernel"));
    for (firmware, words) in [
        (Firmware::Efi, "calls the BIOS"),
        (Firmware::Unreadable, "is not known"),
        (Firmware::Unknown, "is not known"),
    ] {
        machine.platform.firmware = firmware;
        assert!(said(&file, &machine, false).contains(words));
    }
    // 0xd000 bytes of setup code are the most.
    machine.platform.firmware = Firmware::NotEfi;
    for (sectors, fits) in [(0x67_u8, true), (0x68, false)] {
        let mut file = lkrn();
        file.resize(0x2_0000, 0);
        file[0x1f1] = sectors;
        file[0x1f4..0x1f8].copy_from_slice(&1_u32.to_le_bytes());
        let mut workspace = super::workspace();
        let planned = plan(&request(&file, &[]), &machine, &mut workspace).map(|_| ());
        assert_eq!(planned.is_ok(), fits, "{planned:?}");
    }
    let high = super::machine(&[(1, 1024)]);
    assert_eq!(said(&file, &high, false), "the real-mode code");
    // A vmlinux has no such entry, and a request for another one is not for this.
    let mut request = real_mode(&file, &[]);
    request.options.entry = Some(Entry::X86Protected);
    let mut workspace = super::workspace();
    let refused = plan(&request, &machine, &mut workspace).unwrap_err();
    assert!(matches!(refused, Error::BadArgument { what } if what.contains("entry")));
}

/// Every segment in RAM of both maps, those of real mode in their window, the others above 1 MiB.
#[test]
fn every_segment_lies_in_ram_in_its_window() {
    let mut workspace = workspace();
    let initrd = vec![7_u8; 123_457];
    let initrds = [&initrd[..]];
    let text = [b'x'; 2047];
    let (mut planned, mut refused) = (0, 0);
    for seed in 0..6000 {
        let mut random = Random::new(seed);
        let version = 0x0200 + random.below(16) as u16;
        let mut file = kernel(version, u16::from(version >= 0x020c));
        if random.below(2) == 0 {
            file[0x214..0x218].fill(0);
        }
        let mut machine = random_machine(&mut random);
        machine.platform.firmware = Firmware::NotEfi;
        if random.below(4) > 0 {
            // The end of the base memory.
            let last = 0x1_0000 + random.below(0x9_0000);
            let range = Range::new(0, last).unwrap();
            machine.memory.add(range, MemoryKind::RAM).unwrap();
            machine.iomem.add(range, MemoryKind::RAM).unwrap();
        }
        let mut request = real_mode(&file, &initrds);
        request.command_line = &text[..[0, 255, 2047][random.below(3) as usize]];
        let plan = match plan(&request, &machine, &mut workspace) {
            Ok(plan) => plan,
            Err(Error::NoHole { .. } | Error::CommandLineTooLong { .. }) => {
                refused += 1;
                continue;
            }
            Err(other) => panic!("seed {seed}: {other:?}"),
        };
        planned += 1;
        // Among others: that no two overlap.
        plan.check().unwrap();
        assert_eq!(plan.command_line(), request.command_line);
        for (number, segment) in plan.segments().iter().enumerate() {
            let range = segment.range().unwrap();
            let what = std::format!("seed {seed}, {version:#x}: {} at {range}", segment.kind);
            for map in [&machine.memory, &machine.iomem] {
                let ram = map.of_kind(MemoryKind::RAM);
                let inside: u64 = ram
                    .filter_map(|ram| ram.intersection(range))
                    .map(|part| part.size())
                    .sum();
                assert!(map.is_empty() || inside == range.size(), "{what}");
            }
            if segment.kind == SegmentKind::Purgatory {
                // Nothing of it is needed in real mode.
                assert!(range.last() < 1 << 32, "{what}");
                continue;
            }
            let window = match (number < 2, version < 0x0202) {
                (true, true) => (0x9_0000, 0x9_ffff),
                (true, false) => (0x1_0000, 0x4_ffff),
                (false, _) => (0x10_0000, 0xffff_ffff),
            };
            assert!(
                window.0 <= range.start() && range.last() <= window.1,
                "{what}"
            );
        }
    }
    assert!(planned > 300 && refused > 300, "{planned}, {refused}");
}
