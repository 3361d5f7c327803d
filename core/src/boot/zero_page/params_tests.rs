use super::*;
use crate::bytes::{u8_at, u16_at, u32_at, u64_at};
use crate::image::BzImage;
use crate::machine::EfiMemoryDescriptor;
use crate::memory::Range;
use crate::testing::bzimage;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

const BASE: u64 = 0x1_2345_6000;

fn machine(entries: u64) -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    for n in 0..entries {
        let kind = if n % 2 == 0 {
            MemoryKind::RAM
        } else {
            MemoryKind::RESERVED
        };
        let range = Range::from_size(n << 20, 1 << 20).unwrap();
        machine.memory.add(range, kind).unwrap();
    }
    machine
}

fn segment(machine: &Machine, parts: Parts<'_>, ramdisk: Ramdisk) -> (Layout, Vec<u8>) {
    let file = bzimage(0x1000);
    let layout = Layout::new(&parts, machine);
    // What was there before must not show through.
    let mut out = vec![0xaa; layout.size()];
    let contents = Contents {
        setup_header: BzImage::parse(&file).unwrap().setup_header(),
        machine,
        parts,
        ramdisk,
        base: BASE,
    };
    write(&mut out, &layout, &contents).unwrap();
    (layout, out)
}

fn plain<'a>(command_line: &'a [u8], machine: &'a Machine) -> Parts<'a> {
    Parts {
        command_line,
        memory: &machine.memory,
        efi: false,
        dtb: None,
        rng_seed: None,
    }
}

/// (address, type, data) of each node, following the pointers as the kernel does.
fn nodes(out: &[u8]) -> Vec<(u64, u32, Vec<u8>)> {
    let mut found = vec![];
    let mut next = u64_at(out, 0x250).unwrap();
    while next != 0 {
        let at = (next - BASE) as usize;
        let length = u32_at(out, at + 12).unwrap() as usize;
        let data = out[at + 16..at + 16 + length].to_vec();
        found.push((next, u32_at(out, at + 8).unwrap(), data));
        next = u64_at(out, at).unwrap();
    }
    found
}

#[test]
fn a_zeroed_page_with_header_command_line_and_initrd() {
    let ramdisk = Ramdisk {
        address: 0x2_8000_1000,
        size: 0x1_0000_0005,
    };
    let (_, out) = segment(
        &machine(3),
        plain(b"quiet root=/dev/sda", &machine(3)),
        ramdisk,
    );
    assert_eq!(u32_at(&out, 0x202), Some(0x5372_6448));
    assert_eq!(u8_at(&out, 0x210), Some(0xd0));
    assert_eq!(u8_at(&out, 0x211), Some(0));
    assert_eq!(u8_at(&out, 0x1ef), Some(0), "sentinel");
    assert_eq!(u32_at(&out, 0x218), Some(0x8000_1000));
    assert_eq!(u32_at(&out, 0x0c0), Some(2));
    assert_eq!(u32_at(&out, 0x21c), Some(5));
    assert_eq!(u32_at(&out, 0x0c4), Some(1));
    let command_line =
        u64::from(u32_at(&out, 0x228).unwrap()) | u64::from(u32_at(&out, 0x0c8).unwrap()) << 32;
    assert_eq!(command_line, BASE + 4096);
    assert_eq!(&out[4096..4116], b"quiet root=/dev/sda\0");
    assert_eq!(&out[0x26c..0x290], [0; 0x24], "after the header");
    assert_eq!(u64_at(&out, 0x250), Some(0), "no setup_data");
    assert_eq!(&out[0x1c0..0x1e0], [0; 32], "no EFI");
}

#[test]
fn e820_as_the_machine_has_it() {
    let (_, out) = segment(&machine(3), plain(b"", &machine(3)), Ramdisk::default());
    assert_eq!(u8_at(&out, 0x1e8), Some(3));
    for n in 0..3_usize {
        let at = 0x2d0 + 20 * n;
        assert_eq!(u64_at(&out, at), Some((n as u64) << 20));
        assert_eq!(u64_at(&out, at + 8), Some(1 << 20));
        assert_eq!(u32_at(&out, at + 16), Some(1 + n as u32 % 2));
    }
    // RAM at 1 MiB: none in this map, entry 1 is reserved.
    assert_eq!(u32_at(&out, 0x1e0), Some(0));
}

#[test]
fn the_old_memory_sizes_count_from_one_mebibyte() {
    let mut machine = machine(0);
    let ram = Range::new(0x10_0000, 0x7fff_ffff).unwrap();
    machine.memory.add(ram, MemoryKind::RAM).unwrap();
    let (_, out) = segment(&machine, plain(b"", &machine), Ramdisk::default());
    assert_eq!(u32_at(&out, 0x1e0), Some((2047 << 20) >> 10));
    assert_eq!(u16_at(&out, 0x002), Some(0xfc00));
}

#[test]
fn e820_beyond_128_goes_to_setup_data() {
    for count in [128, 129, 1000, 5000] {
        let (_, out) = segment(
            &machine(count),
            plain(b"x", &machine(count)),
            Ramdisk::default(),
        );
        assert_eq!(u8_at(&out, 0x1e8), Some(128));
        let found = nodes(&out);
        if count == 128 {
            assert!(found.is_empty());
            continue;
        }
        let [(_, 1, data)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(data.len() as u64, (count - 128) * 20);
        assert_eq!(u64_at(data, 0), Some(128 << 20));
        let last = data.len() - 20;
        assert_eq!(u64_at(data, last), Some((count - 1) << 20));
    }
}

#[test]
fn nodes_form_one_list_inside_the_segment() {
    let mut machine = machine(200);
    efi(&mut machine);
    let parts = Parts {
        command_line: b"a b",
        memory: &machine.memory,
        efi: true,
        dtb: Some(b"\xd0\x0d\xfe\xed device tree"),
        rng_seed: Some([0x5a; 32]),
    };
    let (layout, out) = segment(&machine, parts, Ramdisk::default());
    let found = nodes(&out);
    let types: Vec<u32> = found.iter().map(|node| node.1).collect();
    assert_eq!(types, [4, 1, 2, 9]);
    assert!(layout.setup_types().map(|kind| kind.0).eq(types));
    for (address, _, data) in &found {
        assert_eq!(address % 16, 0);
        assert!(address + 16 + data.len() as u64 <= BASE + out.len() as u64);
    }
    assert_eq!(found[2].2, b"\xd0\x0d\xfe\xed device tree");
    assert_eq!(found[3].2, [0x5a; 32]);
    let efi = &found[0].2;
    assert_eq!(efi.len(), 96);
    for (index, value) in [0x11, 0x22, 0x33, 0x44].into_iter().enumerate() {
        assert_eq!(u64_at(efi, index * 8), Some(value));
    }
    assert_eq!(efi[32..], [0; 64]);
}

fn efi(machine: &mut Machine) {
    let mut page = [0_u8; 4096];
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    page[0x1c4..0x1c8].copy_from_slice(&0x7f9e_e018_u32.to_le_bytes());
    page[0x1d8..0x1dc].copy_from_slice(&1_u32.to_le_bytes());
    page[0x1ec] = 3;
    page[0x00f] = 0x70;
    page[0x1e9] = 1;
    page[0x1ea] = 2;
    page[0xd00] = 0x80;
    page[0x290] = 0x99;
    page[0x140] = 0xed;
    // Never passed on: tboot, OLPC, SEV, and the bytes between the fields.
    page[0x058] = 1;
    page[0x0b0] = 2;
    page[0x13c] = 3;
    page[0x1ef] = 4;
    machine.x86.boot_params.set(&page);
    machine.efi.fw_vendor = 0x11;
    machine.efi.runtime = 0x22;
    machine.efi.config_table = 0x33;
    machine.efi.smbios = 0x44;
    for n in [2_u64, 0, 1] {
        machine
            .efi
            .add(EfiMemoryDescriptor {
                kind: 5,
                physical: n << 20,
                virtual_: 0xffff_ff00_0000_0000 + (n << 20),
                pages: 3 + n,
                attribute: 0x8000_0000_0000_000f,
            })
            .unwrap();
    }
    machine.platform.acpi_rsdp = 0xe0014;
}

#[test]
fn efi_and_inherited_fields() {
    let mut machine = machine(2);
    efi(&mut machine);
    let parts = Parts {
        efi: true,
        ..plain(b"", &machine)
    };
    let (_, out) = segment(&machine, parts, Ramdisk::default());
    assert_eq!(&out[0x1c0..0x1c4], b"EL64");
    assert_eq!(u32_at(&out, 0x1c4), Some(0x7f9e_e018));
    assert_eq!(u32_at(&out, 0x1d8), Some(1));
    assert_eq!(u32_at(&out, 0x1c8), Some(40));
    assert_eq!(u32_at(&out, 0x1cc), Some(1));
    assert_eq!(u32_at(&out, 0x1d4), Some(120));
    let map =
        u64::from(u32_at(&out, 0x1d0).unwrap()) | u64::from(u32_at(&out, 0x1dc).unwrap()) << 32;
    let at = (map - BASE) as usize;
    for n in 0..3_u64 {
        let entry = &out[at + 40 * n as usize..][..40];
        assert_eq!(u32_at(entry, 0), Some(5));
        assert_eq!(u64_at(entry, 8), Some(n << 20), "sorted by address");
        assert_eq!(u64_at(entry, 24), Some(3 + n));
        assert_eq!(u64_at(entry, 32), Some(0x8000_0000_0000_000f));
    }
    assert_eq!(u64_at(&out, 0x070), Some(0xe0014));
    for (offset, value) in [
        (0x1ec, 3),
        (0x00f, 0x70),
        (0x1e9, 1),
        (0x1ea, 2),
        (0xd00, 0x80),
        (0x290, 0x99),
        (0x140, 0xed),
        (0x058, 0),
        (0x0b0, 0),
        (0x13c, 0),
        (0x1ef, 0),
    ] {
        assert_eq!(u8_at(&out, offset), Some(value), "{offset:#x}");
    }
}
