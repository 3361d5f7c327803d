//! The segment, and the blob's own verification compiled for the host.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use super::layout::{self, Area, Block};
use super::*;
use std::vec;
use std::vec::Vec;

#[path = "../../purgatory/src/verify.rs"]
mod verify;

fn block_of(bytes: &[u8; layout::SIZE]) -> Block {
    // SAFETY: every field of a Block is a plain number: any bytes are one.
    unsafe { bytes.as_ptr().cast::<Block>().read_unaligned() }
}

fn digest_of(regions: &[&[u8]], secret: &Secret) -> [u8; 16] {
    let mut digest = Digest::new(secret);
    for region in regions {
        digest.region(region);
    }
    digest.finish()
}

fn written(parameters: &Parameters<'_>) -> [u8; layout::SIZE] {
    let mut bytes = [0xff; layout::SIZE];
    parameters.write_to(&mut bytes).unwrap();
    bytes
}

#[test]
#[cfg(target_endian = "little")]
fn the_blob_reads_what_the_loader_writes() {
    let regions = [
        Region {
            start: 0x10_0000,
            length: 0x1234,
        },
        Region {
            start: 0x1_0000_0000,
            length: 7,
        },
    ];
    let registers = Registers {
        rax: 1,
        rbx: 2,
        rcx: 3,
        rdx: 4,
        rsi: 5,
        rdi: 6,
        rbp: 7,
        rsp: 8,
        r8: 9,
        r9: 10,
        r10: 11,
        r11: 12,
        r12: 13,
        r13: 14,
        r14: 15,
        r15: 16,
        rip: 17,
    };
    let block = block_of(&written(&Parameters {
        skip_verify: true,
        serial: Some(Serial {
            base: 0x2f8,
            baud: 9600,
        }),
        vga: true,
        reset_vga: true,
        on_failure: OnFailure::Reboot,
        exit_mode: ExitMode::Long,
        registers,
        regions: &regions,
        secret: &core::array::from_fn(|at| at as u8),
        digest: core::array::from_fn(|at| at as u8),
        backup: Backup {
            source: 0x1000,
            target: 0x4000_0000,
            length: 0x9_f000,
        },
    }));
    assert_eq!(
        [
            block.backup_source,
            block.backup_target,
            block.backup_length
        ],
        [0x1000, 0x4000_0000, 0x9_f000]
    );
    assert_eq!(block.magic, layout::MAGIC);
    let report = verify::report(&block).unwrap();
    assert_eq!(report.flags, 0b1111);
    assert_eq!(report.on_failure, layout::REBOOT);
    assert_eq!(block.exit_mode, layout::EXIT_64);
    assert_eq!((report.serial_base, report.serial_baud), (0x2f8, 9600));
    assert_eq!(block.registers.to_vec(), (1..=17).collect::<Vec<u64>>());
    assert!((0..192).eq(block.secret));
    let digest = 0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f;
    assert_eq!(verify::number(block.digest), digest);
    assert_eq!(block.check, [0; 2]);
    assert_eq!(block.region_count, 2);
    let areas = verify::regions(&block);
    assert_eq!((areas[1].start, areas[1].length), (0x1_0000_0000, 7));
    assert!(
        block.regions[2..]
            .iter()
            .all(|area| area.start == 0 && area.length == 0)
    );
}

#[test]
fn each_flag_is_its_own() {
    let serial = Some(Serial {
        base: 0x3f8,
        baud: 0,
    });
    let none = Parameters::default();
    for (parameters, flags) in [
        (none, 0),
        (
            Parameters {
                skip_verify: true,
                ..none
            },
            layout::SKIP_VERIFY,
        ),
        (Parameters { serial, ..none }, layout::CONSOLE_SERIAL),
        (Parameters { vga: true, ..none }, layout::CONSOLE_VGA),
        (
            Parameters {
                reset_vga: true,
                ..none
            },
            layout::RESET_VGA,
        ),
    ] {
        let bytes = written(&parameters);
        assert_eq!(bytes[layout::offset::FLAGS..][..4], flags.to_le_bytes());
    }
}

#[test]
fn bad_parameters_are_refused_and_nothing_is_written() {
    let many = [Region {
        start: 4096,
        length: 1,
    }; 17];
    let null = [Region {
        start: 0,
        length: 1,
    }];
    let wrapping = [Region {
        start: u64::MAX,
        length: 2,
    }];
    let huge = [Region {
        start: 4096,
        length: 1 << 63,
    }];
    let baud = |baud| Some(Serial { base: 0x3f8, baud });
    let none = Parameters::default();
    for (parameters, error) in [
        (
            Parameters {
                regions: &many,
                ..none
            },
            BuildError::TooManyRegions { count: 17 },
        ),
        (
            Parameters {
                regions: &null,
                ..none
            },
            BuildError::BadRegion {
                start: 0,
                length: 1,
            },
        ),
        (
            Parameters {
                regions: &wrapping,
                ..none
            },
            BuildError::BadRegion {
                start: u64::MAX,
                length: 2,
            },
        ),
        (
            Parameters {
                regions: &huge,
                ..none
            },
            BuildError::BadRegion {
                start: 4096,
                length: 1 << 63,
            },
        ),
        (
            Parameters {
                serial: baud(1),
                ..none
            },
            BuildError::BadBaud { baud: 1 },
        ),
        // 13 % and 2.9 % too fast.
        (
            Parameters {
                serial: baud(100_000),
                ..none
            },
            BuildError::BadBaud { baud: 100_000 },
        ),
        (
            Parameters {
                serial: baud(56_000),
                ..none
            },
            BuildError::BadBaud { baud: 56_000 },
        ),
        (
            Parameters {
                serial: baud(230_400),
                ..none
            },
            BuildError::BadBaud { baud: 230_400 },
        ),
    ] {
        let mut bytes = [0xee; layout::SIZE];
        assert_eq!(parameters.write_to(&mut bytes), Err(error));
        assert!(bytes.iter().all(|byte| *byte == 0xee));
    }
}

#[test]
fn a_segment_is_blob_and_block() {
    let parameters = Parameters::default();
    let mut segment = vec![0xcc; SEGMENT_SIZE + 1];
    assert_eq!(build(&parameters, &mut segment), Ok(SEGMENT_SIZE));
    assert_eq!(segment[..PARAMETERS_OFFSET], BLOB[..]);
    let (covered, check) = segment[PARAMETERS_OFFSET..SEGMENT_SIZE].split_at(layout::offset::CHECK);
    assert_eq!(covered, &written(&parameters)[..layout::offset::CHECK]);
    let sum = digest_of(
        &[&segment[..PARAMETERS_OFFSET + covered.len()]],
        &DEFAULT_SECRET,
    );
    assert_eq!(check, u128::from_be_bytes(sum).to_le_bytes());
    assert_eq!(segment[SEGMENT_SIZE], 0xcc);
    let error = BuildError::TooSmall {
        needed: SEGMENT_SIZE,
        given: SEGMENT_SIZE - 1,
    };
    assert_eq!(
        build(&parameters, &mut segment[..SEGMENT_SIZE - 1]),
        Err(error)
    );
}

#[test]
fn sizes_hold() {
    const { assert!(PARAMETERS_OFFSET <= 4096, "promised size of the blob") };
    const { assert!(PARAMETERS_OFFSET % 16 == 0 && layout::SIZE % 16 == 0) };
    const { assert!(MEMSZ % 4096 == 0 && MEMSZ >= SEGMENT_SIZE + STACK) };
    // Entry begins with cli; cld.
    assert_eq!(BLOB[..2], [0xfa, 0xfc]);
    // Nothing asks the CPU what it is (CPUID): in a confidential guest it traps.
    assert!(!BLOB.windows(2).any(|code| code == [0x0f, 0xa2]));
}

#[test]
#[cfg(target_endian = "little")]
fn the_blob_verifies_what_the_loader_digested() {
    let mut kernel: Vec<u8> = (0..70_001_u32).map(|i| (i * 31) as u8).collect();
    let initrd = vec![7_u8; 4096];
    let area = |bytes: &[u8]| Area {
        start: bytes.as_ptr().expose_provenance() as u64,
        length: bytes.len() as u64,
    };
    let secret = [0x5a; SECRET_SIZE];
    let expected = u128::from_be_bytes(digest_of(&[&kernel, b"", &initrd], &secret));
    let mut block = block_of(&written(&Parameters {
        secret: &secret,
        ..Parameters::default()
    }));
    block.region_count = 3;
    block.regions[0] = area(&kernel);
    block.regions[2] = area(&initrd);
    // SAFETY: the regions are vectors of this function.
    assert_eq!(unsafe { verify::of_regions(&block) }, expected);
    kernel[69_999] ^= 1;
    block.regions[0] = area(&kernel);
    // SAFETY: as above.
    assert_ne!(unsafe { verify::of_regions(&block) }, expected);
}

/// A segment, aligned as one.
#[repr(align(16))]
struct Aligned([u8; SEGMENT_SIZE]);

impl Aligned {
    fn new(parameters: &Parameters<'_>) -> Self {
        let mut segment = Self([0; SEGMENT_SIZE]);
        build(parameters, &mut segment.0).unwrap();
        segment
    }

    /// Whether the blob would take code and block for what the loader made.
    fn passes(&self) -> bool {
        let block = block_of(self.0[PARAMETERS_OFFSET..].first_chunk().unwrap());
        // The block is a copy: what lies after the code is in `self`.
        let start = self.0.as_ptr();
        // SAFETY: PARAMETERS_OFFSET is a multiple of 16, and so aligned like the segment.
        let here = unsafe { &*start.wrapping_add(PARAMETERS_OFFSET).cast::<Block>() };
        // SAFETY: the segment, which is borrowed.
        unsafe { verify::of_segment(here, start) == verify::number(block.check) }
    }
}

#[test]
#[cfg(target_endian = "little")]
fn every_bit_of_code_and_block_is_checked() {
    let mut segment = Aligned::new(&Parameters {
        skip_verify: true,
        on_failure: OnFailure::Reboot,
        ..Parameters::default()
    });
    assert!(segment.passes());
    for at in 0..SEGMENT_SIZE {
        for bit in 0..8 {
            segment.0[at] ^= 1 << bit;
            assert!(!segment.passes(), "byte {at}, bit {bit}");
            segment.0[at] ^= 1 << bit;
        }
    }
    assert!(segment.passes());
}

#[test]
#[cfg(target_endian = "little")]
fn how_to_report_is_known_while_its_copies_agree() {
    let sound = block_of(&written(&Parameters {
        vga: true,
        on_failure: OnFailure::Reboot,
        ..Parameters::default()
    }));
    assert_eq!(verify::report(&sound).unwrap().on_failure, layout::REBOOT);
    for bit in 0..32 {
        for field in 0..8 {
            let mut block = sound;
            let report = match field / 4 {
                0 => &mut block.report,
                _ => &mut block.inverted,
            };
            *match field % 4 {
                0 => &mut report.flags,
                1 => &mut report.on_failure,
                2 => &mut report.serial_baud,
                _ => &mut report.serial_base,
            } ^= 1 << bit;
            assert!(verify::report(&block).is_none(), "{field} {bit}");
        }
    }
    // All of it lost.
    for lost in [0, u32::MAX] {
        let mut block = sound;
        let report = layout::Report {
            flags: lost,
            on_failure: lost,
            serial_baud: lost,
            serial_base: lost,
        };
        (block.report, block.inverted) = (report, report);
        assert!(verify::report(&block).is_none());
    }
}

/// The speeds that serial ports have, and those that the divisor misses by more than 2 %: found by
/// exact fractions, not by the code's way.
#[test]
fn a_speed_is_taken_where_the_divisor_gives_it() {
    let takes = |baud| {
        let serial = Some(Serial { base: 0x3f8, baud });
        let parameters = Parameters {
            skip_verify: true,
            serial,
            ..Parameters::default()
        };
        parameters.write_to(&mut [0; layout::SIZE]).is_ok()
    };
    for baud in [
        0, 110, 134, 300, 1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 115_200,
    ] {
        assert!(takes(baud), "{baud}");
    }
    for baud in [
        1,
        31_250,
        56_000,
        76_800,
        100_000,
        115_201,
        128_000,
        u32::MAX,
    ] {
        assert!(!takes(baud), "{baud}");
    }
    for baud in 2..=115_200_u32 {
        let divisor = 115_200 / baud;
        let error = 115_200.0 / f64::from(divisor) / f64::from(baud) - 1.0;
        assert_eq!(
            takes(baud),
            (0.0..=0.02).contains(&error),
            "{baud}: {error}"
        );
    }
}
