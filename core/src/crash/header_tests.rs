use super::*;
use goblin::elf::Elf;
use std::vec;
use std::vec::Vec;

const TEXT: KernelText = KernelText {
    virt: 0xffff_ffff_a820_0000,
    phys: 0x2_1420_0000,
    size: 0x240_0000,
};
const DIRECT_MAP: u64 = 0xffff_8f4b_4000_0000;

fn header<'a>(cpu_notes: &'a [u64], ram: &'a [Range]) -> CoreHeader<'a> {
    CoreHeader {
        cpu_notes,
        cpu_notes_size: 368,
        vmcoreinfo: Range::from_size(0x1_00c6_6000, 4132).unwrap(),
        text: Some(TEXT),
        ram,
        backup: None,
        direct_map: DIRECT_MAP,
    }
}

fn written(header: &CoreHeader<'_>) -> Vec<u8> {
    let mut out = vec![0xaa; header.size()];
    assert_eq!(header.write(&mut out).unwrap().len(), header.size());
    out
}

/// By an independent reader.
#[test]
fn goblin_reads_what_was_meant() {
    let ram = [
        Range::new(0x10_0000, 0x7ffd_afff).unwrap(),
        Range::new(0x1_0000_0000, 0x2_5eff_ffff).unwrap(),
    ];
    let notes = [0x3fc1_0400, 0x3fc9_0400, 0x3fd1_0400];
    let bytes = written(&header(&notes, &ram));
    assert_eq!(bytes.len(), 64 + 56 * (3 + 1 + 1 + 2));
    let elf = Elf::parse(&bytes).unwrap();
    let e = elf.header;
    assert_eq!((e.e_type, e.e_machine, e.e_version), (4, 62, 1));
    assert_eq!((e.e_phoff, e.e_ehsize, e.e_phentsize), (64, 64, 56));
    assert_eq!((e.e_phnum, e.e_shnum, e.e_entry), (7, 0, 0));
    assert!(elf.is_64 && elf.little_endian);
    let seen: Vec<_> = elf
        .program_headers
        .iter()
        .map(|p| {
            assert_eq!(
                (p.p_offset, p.p_filesz, p.p_align),
                (p.p_paddr, p.p_memsz, 0)
            );
            (p.p_type, p.p_flags, p.p_vaddr, p.p_paddr, p.p_memsz)
        })
        .collect();
    assert_eq!(
        seen,
        [
            (4, 0, 0, 0x3fc1_0400, 368),
            (4, 0, 0, 0x3fc9_0400, 368),
            (4, 0, 0, 0x3fd1_0400, 368),
            (4, 0, 0, 0x1_00c6_6000, 4132),
            (1, 7, TEXT.virt, TEXT.phys, TEXT.size),
            (1, 7, DIRECT_MAP + 0x10_0000, 0x10_0000, 0x7fed_b000),
            (
                1,
                7,
                DIRECT_MAP + 0x1_0000_0000,
                0x1_0000_0000,
                0x1_5f00_0000
            ),
        ]
    );
}

/// Low memory is read from its copy; all else, and what lies above 640 KiB, from its place.
#[test]
fn low_memory_is_at_its_copy() {
    let ram = [
        Range::new(0x1000, 0x9_fbff).unwrap(),
        Range::new(0x10_0000, 0x7ffd_afff).unwrap(),
    ];
    let bytes = written(&CoreHeader {
        backup: Range::from_size(0x4001_0000, CoreHeader::BACKED_UP),
        ..header(&[0x3fc1_0400], &ram)
    });
    let elf = Elf::parse(&bytes).unwrap();
    let seen: Vec<_> = elf
        .program_headers
        .iter()
        .map(|p| (p.p_offset, p.p_paddr))
        .collect();
    assert_eq!(
        seen,
        [
            (0x3fc1_0400, 0x3fc1_0400),
            (0x1_00c6_6000, 0x1_00c6_6000),
            (TEXT.phys, TEXT.phys),
            (0x4001_1000, 0x1000),
            (0x10_0000, 0x10_0000),
        ]
    );
}

/// The first bytes, literally.
#[test]
fn the_elf_header_byte_by_byte() {
    let bytes = written(&CoreHeader {
        text: None,
        ..header(&[], &[])
    });
    let mut wanted = [0; 64];
    wanted[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    wanted[16] = 4;
    wanted[18] = 62;
    wanted[20] = 1;
    wanted[32] = 64;
    wanted[52] = 64;
    wanted[54] = 56;
    wanted[56] = 1;
    assert_eq!(bytes[..64], wanted);
    assert_eq!(bytes[64..72], [4, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[72..80], 0x1_00c6_6000_u64.to_le_bytes());
    assert_eq!(bytes.len(), 120);
}

#[test]
fn the_largest_machine_fits_the_workspace() {
    use crate::machine::CpuNotes;
    use crate::memory::RangeSet;
    use crate::plan::Workspace;
    use crate::purpose::LINE;
    let notes = vec![1; CpuNotes::CAPACITY];
    let ram = vec![Range::new(0, 4095).unwrap(); RangeSet::CAPACITY];
    let large = header(&notes, &ram);
    assert_eq!(large.size(), 64 + 56 * (8192 + 8704 + 2));
    // And the boot parameters, of the size that README promises at least.
    assert!(large.size() + LINE + (512 << 10) <= Workspace::CAPACITY);
    let bytes = written(&large);
    let elf = Elf::parse(&bytes).unwrap();
    assert_eq!(elf.program_headers.len(), 8192 + 2 + 8704);
    // Notes come first, all of them.
    let first_load = elf.program_headers.iter().position(|p| p.p_type == 1);
    assert_eq!(first_load, Some(8193));
}

#[test]
fn too_small_a_buffer_and_too_many_headers() {
    let small = header(&[1], &[]);
    assert!(small.write(&mut vec![0; small.size() - 1]).is_none());
    let many = vec![1; 0xffff];
    let large = header(&many, &[]);
    assert!(large.write(&mut vec![0; large.size()]).is_none());
}
