//! Linux by its 32-bit entry.

use super::placement::random_machine;
use super::*;
use crate::bytes::u16_at;
use crate::purgatory::{PARAMETERS_OFFSET, layout};

const GIB: u64 = 1 << 30;

/// A bzImage of this protocol and with these xloadflags, as kernels have the other fields: the 32-bit
/// entry at its first byte, initrds below 2 GiB.
pub(super) fn kernel(version: u16, xloadflags: u16) -> Vec<u8> {
    let mut file = bzimage(0x8000);
    let mut put = |offset: usize, bytes: &[u8]| {
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0x206, &version.to_le_bytes());
    put(0x214, &0x10_0000_u32.to_le_bytes());
    put(0x22c, &0x7fff_ffff_u32.to_le_bytes());
    put(0x236, &xloadflags.to_le_bytes());
    file
}

/// A 64-bit kernel, asked for its 32-bit entry.
fn asked<'a>(kernel: &'a [u8], initrds: &'a [&'a [u8]]) -> Request<'a, 'a> {
    let mut request = request(kernel, initrds);
    request.options.entry = Some(Entry::X86Protected);
    request
}

/// A register of the purgatory's block, by its number there.
pub(super) fn register(purgatory: &Segment<'_>, number: usize) -> u64 {
    let at = PARAMETERS_OFFSET + layout::offset::REGISTERS + 8 * number;
    u64_at(purgatory.buf, at).unwrap()
}

pub(super) fn exit_mode(purgatory: &Segment<'_>) -> Option<u32> {
    u32_at(purgatory.buf, PARAMETERS_OFFSET + layout::offset::EXIT_MODE)
}

#[test]
fn all_of_a_64_bit_kernel_lies_below_4_gib_where_that_is_asked_for() {
    let kernel = kernel(0x020f, 0x7f);
    let initrd = [1_u8; 5000];
    let initrds = [&initrd[..]];
    let mut workspace = workspace();
    let plan = plan(
        &asked(&kernel, &initrds),
        &machine(&[(0, 1), (1, 3072), (4096, 8192)]),
        &mut workspace,
    )
    .unwrap();
    plan.check().unwrap();
    let [k, initrd, boot, purgatory] = plan.segments() else {
        panic!()
    };
    // 3 GiB − 0x3c39000, down to 2 MiB; the initrd ends at initrd_addr_max.
    assert_eq!((k.mem, k.memsz), (0xbc20_0000, 0x3c3_9000));
    assert_eq!(initrd.mem + initrd.memsz, 0x8000_0000);
    assert_eq!(boot.mem + boot.memsz, 0xc000_0000);
    assert_eq!(purgatory.mem + purgatory.memsz, boot.mem);
    assert_eq!(exit_mode(purgatory), Some(1));
    // RSI and RIP; of the others RSP alone is not 0.
    assert_eq!(register(purgatory, 4), boot.mem);
    assert_eq!(register(purgatory, 16), k.mem);
    let others = [0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    assert!(others.map(|n| register(purgatory, n)) == [0; 14]);
    assert_eq!(register(purgatory, 7), purgatory.mem + purgatory.memsz);
    assert_eq!((plan.kernel_entry, plan.mode), (k.mem, Entry::X86Protected));
    // code32_start is where it lies, ext_* are 0.
    assert_eq!(u32_at(boot.buf, 0x214), Some(0xbc20_0000));
    assert_eq!(u32_at(boot.buf, 0x218), Some(initrd.mem as u32));
    assert_eq!(u32_at(boot.buf, 0x228), Some(boot.mem as u32 + 4096));
    assert_eq!(
        [0xc0, 0xc4, 0xc8].map(|at| u32_at(boot.buf, at)),
        [Some(0); 3]
    );
    assert!(plan.digest.is_some());
}

#[test]
fn a_kernel_without_a_64_bit_entry_is_entered_in_32_bit_mode() {
    // Debian's 6.1 686 kernel: XLF_EFI_HANDOVER_32 alone.
    let mut file = kernel(0x020f, 0x04);
    file[0x230..0x234].copy_from_slice(&0x100_0000_u32.to_le_bytes());
    file[0x260..0x264].copy_from_slice(&0x100_c000_u32.to_le_bytes());
    let mut machine = machine(&[(1, 3072)]);
    // Paging is off where it is entered.
    machine.x86.five_level_paging = Known::Yes;
    let mut workspace = workspace();
    let plan1 = plan(&request(&file, &[]), &machine, &mut workspace).unwrap();
    plan1.check().unwrap();
    let [k, boot, purgatory] = plan1.segments() else {
        panic!()
    };
    // Below 512 MiB, at 16 MiB: 0x1e000000 + 0x100c000 ends in it, 0x1f000000 + 0x100c000 does not.
    assert_eq!((k.mem, k.memsz), (0x1e00_0000, 0x100_c000));
    assert_eq!(boot.mem + boot.memsz, 0xc000_0000);
    assert_eq!(exit_mode(purgatory), Some(1));
    drop(plan1);
    let mut request = request(&file, &[]);
    request.options.entry = Some(Entry::X86Long);
    let refused = plan(&request, &machine, &mut workspace).unwrap_err();
    assert!(matches!(refused, Error::BadArgument { what } if what.contains("entry")));
}

#[test]
fn old_protocols_read_their_parameters_in_low_memory() {
    let machine = machine(&[(0, 1), (1, 1024)]);
    let mut workspace = workspace();
    for version in 0x0200..=0x020b {
        let mut file = kernel(version, 0);
        // What the fields that the version does not have would say.
        file[0x234] = u8::from(version >= 0x0205);
        let request = request(&file, &[]);
        let plan = plan(&request, &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        let [k, boot, purgatory] = plan.segments() else {
            panic!()
        };
        let what = std::format!("{version:#x}: {:?}", plan.segments());
        assert_eq!(exit_mode(purgatory), Some(1), "{what}");
        if version < 0x0205 {
            assert_eq!((k.mem, boot.mem), (0x10_0000, 0x9_0000), "{what}");
        } else {
            // As high as possible below 512 MiB, at 2 MiB.
            let memory = if version < 0x020a {
                0x4_0000
            } else {
                0x3c3_9000
            };
            let highest = (0x2000_0000 - memory) / 0x20_0000 * 0x20_0000;
            assert_eq!((k.mem, k.memsz), (highest, memory), "{what}");
            assert_eq!(boot.mem + boot.memsz, 0x9_0000, "{what}");
        }
        assert_eq!(u32_at(boot.buf, 0x214), Some(k.mem as u32), "{what}");
        assert_eq!(register(purgatory, 4), boot.mem, "{what}");
        // The command line: 0xa33f and its offset, before there was cmd_line_ptr.
        let old = (u16_at(boot.buf, 0x20), u16_at(boot.buf, 0x22));
        let expected = if version < 0x0202 {
            (0xa33f, 4096)
        } else {
            (0, 0)
        };
        assert_eq!(old, (Some(expected.0), Some(expected.1)), "{what}");
        assert_eq!(plan.command_line(), b"console=ttyS0 quiet");
        // No setup_data before 2.09.
        let left_out = plan.notes().contains(&Note::SetupTypeLeftOut {
            kind: SetupType::RNG_SEED,
            max: 0,
        });
        assert_eq!(left_out, version < 0x0209, "{what}");
    }
}

#[test]
fn old_protocols_have_the_limits_of_their_time() {
    let machine = machine(&[(0, 1), (1, 3072)]);
    let mut workspace = workspace();
    let line = [b'x'; 256];
    let initrds = [&[7_u8; 4096][..]];
    for (version, line_max, initrd_end) in [
        (0x0202, 255, 0x3800_0000),
        (0x0203, 255, 0x8000_0000_u64),
        (0x0205, 255, 0x8000_0000),
        (0x0206, 2047, 0x8000_0000),
    ] {
        let file = kernel(version, 0);
        let mut request = request(&file, &initrds);
        request.command_line = &line;
        let long = plan(&request, &machine, &mut workspace).map(|_| ());
        let expected = Err(Error::CommandLineTooLong {
            length: 256,
            limit: 255,
        });
        assert_eq!(long, if line_max == 255 { expected } else { Ok(()) });
        request.command_line = &line[..255];
        let plan = plan(&request, &machine, &mut workspace).unwrap();
        let initrd = &plan.segments()[1];
        assert_eq!(initrd.mem + initrd.memsz, initrd_end, "{version:#x}");
    }
}

#[test]
fn an_entry_beyond_the_first_byte_moves_with_the_kernel() {
    let mut file = kernel(0x020f, 0);
    file[0x214..0x218].copy_from_slice(&0x10_0100_u32.to_le_bytes());
    let mut workspace = workspace();
    let machine = machine(&[(1, 1024)]);
    let plan = plan(&request(&file, &[]), &machine, &mut workspace).unwrap();
    let [k, boot, purgatory] = plan.segments() else {
        panic!()
    };
    assert_eq!(plan.kernel_entry, k.mem + 0x100);
    assert_eq!(register(purgatory, 16), k.mem + 0x100);
    assert_eq!(u32_at(boot.buf, 0x214), Some(k.mem as u32 + 0x100));
}

/// memtest86+ 8.10: KERNEL_64 without CAN_BE_LOADED_ABOVE_4G, not relocatable, 1 MiB.
#[test]
fn a_64_bit_kernel_that_stays_at_its_place_is_below_4_gib() {
    let mut file = kernel(0x020c, 0x09);
    file[0x201] = 0x66;
    file[0x230..0x235].fill(0);
    file[0x258..0x260].copy_from_slice(&0x10_0000_u64.to_le_bytes());
    file[0x260..0x264].copy_from_slice(&0xb_4ff0_u32.to_le_bytes());
    let mut workspace = workspace();
    let machine = machine(&[(0, 1), (1, 3072), (4096, 8192)]);
    for (entry, mode, start) in [
        (None, 0, 0x10_0200),
        (Some(Entry::X86Long), 0, 0x10_0200),
        (Some(Entry::X86Protected), 1, 0x10_0000),
    ] {
        let mut request = request(&file, &[]);
        request.options.entry = entry;
        let plan = plan(&request, &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        let [k, boot, purgatory] = plan.segments() else {
            panic!()
        };
        assert_eq!((k.mem, k.memsz), (0x10_0000, 0xb_5000));
        assert_eq!(u32_at(boot.buf, 0x214), Some(0x10_0000));
        assert_eq!(boot.mem + boot.memsz, 3 * GIB);
        assert_eq!(
            (exit_mode(purgatory), plan.kernel_entry),
            (Some(mode), start)
        );
    }
}

#[test]
fn what_cannot_be_entered_is_refused() {
    let machine = machine(&[(0, 1), (1, 1024)]);
    let mut workspace = workspace();
    let mut said = |file: &[u8], entry, crash: bool| {
        let mut request = request(file, &[]);
        request.options.entry = entry;
        request.options.crash = crash.then(CrashOptions::default);
        match plan(&request, &machine, &mut workspace) {
            Err(Error::BadArgument { what } | Error::NotBootable { why: what }) => what,
            other => panic!("{:?}", other.map(|_| ())),
        }
    };
    // iPXE's .lkrn: code32_start 0; memdisk: syssize 0.
    for field in [0x214, 0x1f4] {
        let mut file = kernel(0x0207, 0);
        file[field..field + 4].fill(0);
        assert!(said(&file, Some(Entry::X86Protected), false).contains("entry"));
    }
    // Neither: damaged, and no reason to try real mode.
    for start in [1_u32, 0xf_ffff, 0x10_8000, u32::MAX] {
        let mut file = kernel(0x0207, 0);
        file[0x214..0x218].copy_from_slice(&start.to_le_bytes());
        let mut workspace = super::workspace();
        let refused = plan(&request(&file, &[]), &machine, &mut workspace).unwrap_err();
        assert!(
            matches!(refused, Error::BadField { offset: 0x214, value, .. } if value == start.into()),
            "{start:#x}: {refused:?}"
        );
    }
    let old = kernel(0x020b, 0);
    assert!(said(&old, None, true).contains("before 2.12"));
    assert!(said(&old, Some(Entry::X86Long), false).contains("entry"));
    let mut low = kernel(0x0204, 0);
    low[0x211] = 0;
    assert!(said(&low, None, false).contains("zImage"));
}

/// As `placement` has it for the 64-bit entry: every segment in RAM of both maps, in its own window,
/// beside all others.
#[test]
fn every_segment_lies_in_ram_in_its_window() {
    let mut workspace = workspace();
    let initrd = vec![7_u8; 123_457];
    let (mut planned, mut refused, mut low) = (0, 0, 0);
    for seed in 0..4000 {
        let mut random = Random::new(seed);
        let version = 0x0200 + random.below(16) as u16;
        let is_64 = version >= 0x020c && random.below(2) == 0;
        let mut file = kernel(version, u16::from(is_64));
        file[0x234] = random.below(2) as u8;
        let initrd_max = [0x37ff_ffff_u32, 0x7fff_ffff, u32::MAX][random.below(3) as usize];
        file[0x22c..0x230].copy_from_slice(&initrd_max.to_le_bytes());
        let mut machine = random_machine(&mut random);
        if random.below(2) == 0 {
            let range = Range::new(0, 0x9_fbff).unwrap();
            machine.memory.add(range, MemoryKind::RAM).unwrap();
            machine.iomem.add(range, MemoryKind::RAM).unwrap();
        }
        let initrds = [&initrd[..]];
        let request = asked(&file, &initrds);
        let plan = match plan(&request, &machine, &mut workspace) {
            Ok(plan) => plan,
            Err(Error::NoHole { .. }) => {
                refused += 1;
                continue;
            }
            Err(other) => panic!("seed {seed}: {other:?}"),
        };
        planned += 1;
        // Among others: that no two overlap.
        plan.check().unwrap();
        let relocatable = version >= 0x0205 && file[0x234] != 0;
        for segment in plan.segments() {
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
            assert!(range.start() >= 4096 && range.last() < 1 << 32, "{what}");
            assert!(version < 0x020c || range.start() >= 1 << 20, "{what}");
            match segment.kind {
                SegmentKind::Kernel if !relocatable => {
                    let place = if version < 0x020a { 1 << 20 } else { 16 << 20 };
                    assert_eq!(range.start(), place, "{what}");
                }
                SegmentKind::Kernel => {
                    assert_eq!(range.start() % 0x20_0000, 0, "{what}");
                    assert!(is_64 || range.last() < 512 << 20, "{what}");
                }
                SegmentKind::Initrd(_) if version >= 0x0203 => {
                    assert!(range.last() <= initrd_max.into(), "{what}");
                }
                SegmentKind::Initrd(_) => assert!(range.last() <= 0x37ff_ffff, "{what}"),
                SegmentKind::BootParams if version < 0x0205 => {
                    assert_eq!(range.start(), 0x9_0000, "{what}");
                }
                SegmentKind::BootParams if version < 0x020c => {
                    low += 1;
                    assert!(range.last() < 0x9_0000, "{what}");
                }
                _ => {}
            }
        }
    }
    assert!(
        planned > 300 && refused > 300 && low > 50,
        "{planned} planned, {refused} refused, {low} low"
    );
}
