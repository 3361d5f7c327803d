//! The purgatory's segment as it is shipped, run from its first byte to the next program's.
#![allow(clippy::unwrap_used)]

mod bare;
mod real_mode;

use bare::{Bare, End, PROTECTED, PROTECTED_REGISTERS, RSI, next_program};
use kexec_core::purgatory::{
    Backup, DEFAULT_SECRET, Digest, ExitMode, OnFailure, PARAMETERS_OFFSET, Parameters, Region,
    Registers, SEGMENT_SIZE, Serial, build, layout::offset,
};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One machine at a time.
static ONE: Mutex<()> = Mutex::new(());

const SERIAL: Option<Serial> = Some(Serial {
    base: 0x3f8,
    baud: 0,
});

fn region(bytes: &[u8]) -> Region {
    Region {
        start: bytes.as_ptr().expose_provenance() as u64,
        length: bytes.len() as u64,
    }
}

fn registers() -> Registers {
    Registers {
        rsi: RSI,
        rip: next_program(),
        ..Registers::default()
    }
}

fn segment(parameters: &Parameters<'_>) -> Vec<u8> {
    let mut segment = vec![0; SEGMENT_SIZE];
    build(parameters, &mut segment).unwrap();
    segment
}

/// A purgatory that verifies `regions` as they are now.
fn verifying(regions: &[&[u8]], on_failure: OnFailure) -> Vec<u8> {
    let mut digest = Digest::new(&DEFAULT_SECRET);
    for bytes in regions {
        digest.region(bytes);
    }
    let regions: Vec<Region> = regions.iter().map(|bytes| region(bytes)).collect();
    segment(&Parameters {
        serial: SERIAL,
        on_failure,
        registers: registers(),
        regions: &regions,
        digest: digest.finish(),
        ..Parameters::default()
    })
}

fn run(segment: &[u8], ports_fault: bool) -> (End, String) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    Bare::new(20_000_000).run(segment, ports_fault)
}

#[test]
fn what_is_as_it_was_is_started() {
    let (kernel, initrd) = (vec![0x90; 70_001], vec![7; 4096]);
    let (end, said) = run(&verifying(&[&kernel, b"", &initrd], OnFailure::Halt), false);
    assert_eq!(end, End::Started, "{said}");
    assert!(said.contains("libkexec purgatory\r\n"), "{said}");
    assert!(
        said.contains("verifying 0x0000000000012171 bytes"),
        "{said}"
    );
    assert!(said.contains("purgatory: starting 0x"), "{said}");
}

#[test]
fn damage_is_refused() {
    let mut kernel = vec![0x90; 70_001];
    for (on_failure, expected) in [
        (OnFailure::Halt, End::Halted),
        (OnFailure::Reboot, End::Reset),
    ] {
        let segment = verifying(&[&kernel], on_failure);
        kernel[70_000] ^= 0x10;
        let (end, said) = run(&segment, false);
        kernel[70_000] ^= 0x10;
        assert_eq!(end, expected, "{said}");
        assert!(said.contains("DIGEST MISMATCH, not starting"), "{said}");
    }
}

#[test]
fn a_fault_is_reported() {
    let mut parameters = Parameters {
        serial: SERIAL,
        registers: registers(),
        regions: &[Region {
            start: 4096,
            length: 64,
        }],
        ..Parameters::default()
    };
    let (end, said) = run(&segment(&parameters), false);
    assert_eq!(end, End::Halted, "{said}");
    assert!(said.contains("exception 0x000000000000000e at"), "{said}");
    assert!(said.contains("CR2 0x0000000000001000"), "{said}");
    parameters.on_failure = OnFailure::Reboot;
    assert_eq!(run(&segment(&parameters), false).0, End::Reset);
}

#[test]
fn a_fault_in_the_fault_handler_stops() {
    let kernel = [1; 1000];
    // The first line is a fault, and so is every line about it; and so is a reset by ports.
    for on_failure in [OnFailure::Halt, OnFailure::Reboot] {
        let (end, said) = run(&verifying(&[&kernel], on_failure), true);
        assert_eq!((end, said.as_str()), (End::Halted, ""));
    }
}

#[test]
fn low_memory_is_copied_after_the_verification_only() {
    let low: Vec<u8> = (0..5000_u32).map(|at| at as u8).collect();
    let copy = Bare::shared(5000);
    let mut kernel = vec![3; 100];
    let mut digest = Digest::new(&DEFAULT_SECRET);
    digest.region(&kernel);
    let from = region(&low);
    let parameters = Parameters {
        registers: registers(),
        regions: &[region(&kernel)],
        digest: digest.finish(),
        backup: Backup {
            source: from.start,
            target: region(copy).start,
            length: from.length,
        },
        ..Parameters::default()
    };
    let segment = segment(&parameters);
    kernel[5] ^= 1;
    assert_eq!(run(&segment, false).0, End::Halted);
    assert!(copy.iter().all(|byte| *byte == 0));
    kernel[5] ^= 1;
    assert_eq!(run(&segment, false).0, End::Started);
    assert_eq!(copy, low);
}

#[test]
fn a_damaged_block_is_reported_where_that_can_be_trusted() {
    let sound = verifying(&[&[1; 1000]], OnFailure::Reboot);
    let damaged = |at: usize| {
        let mut segment = sound.clone();
        segment[PARAMETERS_OFFSET + at] ^= 1;
        run(&segment, false)
    };
    for at in [
        offset::MAGIC,
        offset::EXIT_MODE,
        offset::REGISTERS + 16 * 8,
        offset::BACKUP + 16,
        offset::REGIONS,
        offset::SECRET,
        offset::DIGEST,
        offset::CHECK,
    ] {
        let (end, said) = damaged(at);
        assert_eq!(end, End::Reset, "{at}: {said}");
        assert_eq!(said, "purgatory: DAMAGED ITSELF, not starting\r\n", "{at}");
    }
    // What says where to speak, and whether to reset, is damaged itself.
    for at in [
        offset::FLAGS,
        offset::ON_FAILURE,
        offset::SERIAL_BASE,
        offset::INVERTED,
    ] {
        assert_eq!(damaged(at), (End::Halted, String::new()), "{at}");
    }
}

/// To 32-bit mode. The high halves are not for it.
fn protected<'a>() -> Parameters<'a> {
    const HIGH: u64 = 0x9abc_def0 << 32;
    let [rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp] = PROTECTED_REGISTERS.map(|low| HIGH | low);
    Parameters {
        serial: SERIAL,
        exit_mode: ExitMode::Protected,
        registers: Registers {
            rax,
            rbx,
            rcx,
            rdx,
            rsi,
            rdi,
            rbp,
            rsp,
            rip: HIGH | PROTECTED,
            ..Registers::default()
        },
        ..Parameters::default()
    }
}

#[test]
fn thirty_two_bit_mode_is_entered_after_the_verification_only() {
    let mut kernel = vec![0x90; 70_001];
    let mut digest = Digest::new(&DEFAULT_SECRET);
    digest.region(&kernel);
    let regions = [region(&kernel)];
    let segment = segment(&Parameters {
        regions: &regions,
        digest: digest.finish(),
        ..protected()
    });
    let (end, said) = run(&segment, false);
    assert_eq!(end, End::Started, "{said}");
    assert!(said.contains("purgatory: starting 0x"), "{said}");
    kernel[35_000] ^= 0x10;
    let (end, said) = run(&segment, false);
    assert_eq!(end, End::Halted, "{said}");
    assert!(said.contains("DIGEST MISMATCH, not starting"), "{said}");
}

#[test]
fn an_unknown_exit_is_refused() {
    let mut segment = segment(&Parameters {
        skip_verify: true,
        ..protected()
    });
    segment[PARAMETERS_OFFSET + offset::EXIT_MODE] = 2;
    let (told, check) = segment.split_at_mut(PARAMETERS_OFFSET + offset::CHECK);
    let mut digest = Digest::new(&DEFAULT_SECRET);
    digest.region(told);
    check.copy_from_slice(&u128::from_be_bytes(digest.finish()).to_le_bytes());
    let (end, said) = run(&segment, false);
    assert_eq!(end, End::Halted, "{said}");
    assert!(said.contains("unknown exit mode"), "{said}");
}

#[test]
fn no_wrong_bit_starts_anything() {
    no_wrong_bit(&Parameters {
        registers: registers(),
        ..Parameters::default()
    });
}

#[test]
fn no_wrong_bit_starts_anything_in_32_bit_mode() {
    no_wrong_bit(&Parameters {
        serial: None,
        ..protected()
    });
}

/// No single wrong bit of code or block starts anything or copies anything, with nothing else
/// verified (`-i`), so that nothing else can help.
fn no_wrong_bit(parameters: &Parameters<'_>) {
    let low = [9_u8; 64];
    let copy = Bare::shared(64);
    let sound = segment(&Parameters {
        skip_verify: true,
        backup: Backup {
            source: region(&low).start,
            target: region(copy).start,
            length: 64,
        },
        ..*parameters
    });
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    // A run takes some ten microseconds; one that hangs is as good as halted.
    let machine = Bare::new(10_000);
    let mut ends = BTreeMap::<End, usize>::new();
    let mut missed = Vec::new();
    for at in 0..sound.len() {
        for bit in 0..8 {
            let mut damaged = sound.clone();
            damaged[at] ^= 1 << bit;
            let (end, _) = machine.run(&damaged, false);
            *ends.entry(end).or_default() += 1;
            let copied = copy.iter().any(|byte| *byte != 0);
            if matches!(end, End::Started | End::StartedWrong) || copied {
                missed.push((at, bit, end, copied));
                copy.fill(0);
            }
        }
    }
    println!("{} bits: {ends:?}", sound.len() * 8);
    assert!(missed.is_empty(), "{missed:x?}");
    assert_eq!(machine.run(&sound, false).0, End::Started);
    assert_eq!(copy, low);
}
