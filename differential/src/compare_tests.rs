//! A comparison that sees nothing passes everything: every field is changed once.

use super::*;
use crate::expected::{Context, ROWS};
use crate::fields::FIELDS;
use crate::machine::span;
use crate::trace::{Load, Segment};

const BOOT: u64 = 0x7000_0000;
const KERNEL: u64 = 0x4000_0000;
const INITRD: u64 = 0x5000_0000;
const PURGATORY: u64 = 0x7100_0000;

fn put(bytes: &mut [u8], offset: usize, value: &[u8]) {
    bytes[offset..offset + value.len()].copy_from_slice(value);
}

/// A load with an initrd, a command line, an EFI map of two, three setup_data nodes and 129
/// e820 entries.
fn load(image: &Image) -> Load {
    let mut boot = vec![0_u8; 0x2000];
    boot[0x1f1..0x26c].copy_from_slice(&image.file[0x1f1..0x26c]);
    put(&mut boot, 0x210, &[0xd0]);
    put(&mut boot, 0x218, &(INITRD as u32).to_le_bytes());
    put(&mut boot, 0x21c, &5_u32.to_le_bytes());
    put(&mut boot, 0x228, &(BOOT as u32 + 0x1000).to_le_bytes());
    put(&mut boot, 0x1000, b"quiet\0");
    put(&mut boot, 0x1c0, b"EL64");
    put(&mut boot, 0x1c8, &40_u32.to_le_bytes());
    put(&mut boot, 0x1d0, &(BOOT as u32 + 0x1100).to_le_bytes());
    put(&mut boot, 0x1d4, &80_u32.to_le_bytes());
    for n in 0..2_usize {
        put(&mut boot, 0x1100 + n * 40, &[6]);
        put(
            &mut boot,
            0x1108 + n * 40,
            &(0x1000 * n as u64).to_le_bytes(),
        );
    }
    put(&mut boot, 0x1e8, &[128]);
    for n in 0..128_usize {
        put(&mut boot, 0x2d0 + n * 20, &entry(n as u64));
    }
    let nodes: [(u32, Vec<u8>); 3] = [
        (SETUP_EFI, (0..96).collect()),
        (SETUP_E820_EXT, entry(128).to_vec()),
        (SETUP_RNG_SEED, vec![7; 32]),
    ];
    let mut link = 0x250;
    for (number, (kind, data)) in nodes.iter().enumerate() {
        let at = 0x1400 + number * 0x100;
        put(&mut boot, link, &(BOOT + at as u64).to_le_bytes());
        put(&mut boot, at + 8, &kind.to_le_bytes());
        put(&mut boot, at + 12, &(data.len() as u32).to_le_bytes());
        put(&mut boot, at + 16, data);
        link = at;
    }
    let mut purgatory = vec![0x90; 64];
    purgatory.extend((KERNEL + 0x200).to_le_bytes());
    purgatory.extend(BOOT.to_le_bytes());
    let segment = |mem, bytes: Vec<u8>, memsz| Segment { bytes, mem, memsz };
    Load {
        entry: PURGATORY,
        flags: 62 << 16,
        segments: vec![
            segment(KERNEL, image.kernel().to_vec(), 0x3c3_9000),
            segment(INITRD, b"12345".to_vec(), 0x1000),
            segment(BOOT, boot, 0x2000),
            segment(PURGATORY, purgatory, 0x1000),
        ],
    }
}

fn entry(number: u64) -> [u8; 20] {
    let mut raw = [0; 20];
    put(&mut raw, 0, &(number << 20).to_le_bytes());
    put(&mut raw, 8, &0x1000_u64.to_le_bytes());
    raw[16] = 1;
    raw
}

fn machine() -> Machine {
    Machine::new("test", vec![span(0, 1 << 40, RAM)])
}

fn fields(reference: &Handover, ours: &Handover) -> Vec<String> {
    let found = compare(reference, ours, &machine());
    found
        .into_iter()
        .map(|difference| difference.field)
        .collect()
}

#[test]
fn equal_loads_have_no_difference() {
    let image = Image::synthetic(true);
    let handover = Handover::read(&load(&image), &image).unwrap();
    assert_eq!(fields(&handover, &handover), [""; 0]);
    let request = Request {
        name: "test",
        initrd: Some(b"12345".to_vec()),
        options: &[],
        command_line: "quiet",
    };
    let complaints = complaints(&handover, &image, &machine(), &request);
    assert_eq!(complaints, [""; 0]);
}

#[test]
fn a_change_in_any_field_is_seen_and_is_no_known_difference() {
    let image = Image::synthetic(true);
    let one = Handover::read(&load(&image), &image).unwrap();
    let context = Context {
        image: &image,
        running: Some(&one.page),
        ram_kib: 1024,
        ram_kib_listed: 1024,
    };
    for field in FIELDS
        .iter()
        .filter(|field| field.meaning == Meaning::Value)
    {
        let mut other = one.clone();
        other.page[field.offset + field.size - 1] ^= 0x80;
        let found = compare(&one, &other, &machine());
        assert_eq!(found.len(), 1, "{}", field.name);
        assert_eq!(found[0].field, field.name);
        assert!(
            !ROWS.iter().any(|row| row.fits(&found[0], &context)),
            "{}",
            found[0]
        );
    }
}

#[test]
fn what_addresses_lead_to_is_seen() {
    let image = Image::synthetic(true);
    let one = Handover::read(&load(&image), &image).unwrap();
    for (segment, offset, name) in [
        (0, 5000, "the kernel's bytes"),
        (1, 4, "the initrd"),
        (2, 0x1001, "the command line"),
        (2, 0x1100, "EFI map"),
        (2, 0x1104, "EFI map padding"),
        (2, 0x110a, "EFI map order"),
        (2, 0x2d0 + 16, "e820 type"),
        (2, 0x2d0 + 8, "e820"),
        (2, 0x1510, "e820"),
        (2, 0x1520, "e820 type"),
        (2, 0x1410, "SETUP_EFI.fw_vendor"),
        (2, 0x1428, "SETUP_EFI.smbios"),
        (2, 0x1468, "SETUP_EFI.reserved"),
        (2, 0x1608, "setup_data types"),
        (2, 0x160c, "RNG_SEED length"),
    ] {
        let mut load = load(&image);
        load.segments[segment].bytes[offset] ^= 1;
        let other = Handover::read(&load, &image).unwrap();
        let found = fields(&one, &other);
        assert!(found.iter().any(|field| field == name), "{name}: {found:?}");
    }
    let mut load = load(&image);
    load.segments[2].bytes[0x1610..0x1630].fill(0);
    let other = Handover::read(&load, &image).unwrap();
    assert_eq!(fields(&one, &other), ["SETUP_RNG_SEED of libkexec"]);
}

#[test]
fn loads_that_make_no_sense_are_refused() {
    let image = Image::synthetic(true);
    let refused = |change: &dyn Fn(&mut Load)| {
        let mut load = load(&image);
        change(&mut load);
        Handover::read(&load, &image).unwrap_err()
    };
    let boot = |offset: usize, byte: u8| refused(&|load| load.segments[2].bytes[offset] = byte);
    assert!(boot(0x22b, 0x11).contains("in no segment"));
    assert!(
        boot(0x1401, 0x14).contains("does not end"),
        "{}",
        boot(0x1401, 0x14)
    );
    assert!(boot(0x1e8, 129).contains("e820 entries"));
    assert!(boot(0x1c8, 48).contains("EFI map"));
    assert!(boot(0x202, 0).contains("no segment starts with boot_params"));
    assert!(refused(&|load| load.segments[1].mem += 1).contains("not in pages"));
    assert!(refused(&|load| load.segments[1].mem = BOOT + 0x1000).contains("overlap"));
    assert!(refused(&|load| load.segments[3].memsz = 0).contains("bufsz"));
    assert!(refused(&|load| load.segments[0].bytes[0] ^= 1).contains("kernel"));
}
