//! ELF programs that get nothing, or boot notes.

use super::*;
use crate::purgatory::{PARAMETERS_OFFSET, Registers, layout::offset};

/// A file of one class with PT_LOADs of p_offset, p_paddr, p_filesz and p_memsz, all of whose p_align is
/// this.
pub(super) fn file(is_64: bool, kind: u8, entry: u64, align: u64, loads: &[[u64; 4]]) -> Vec<u8> {
    let size = if is_64 { 8 } else { 4 };
    let mut file = vec![0x90; 0x4000];
    file[..0x400].fill(0);
    let put = |file: &mut Vec<u8>, at: usize, words: &[u64]| {
        for (index, word) in words.iter().enumerate() {
            file[at + size * index..][..size].copy_from_slice(&word.to_le_bytes()[..size]);
        }
    };
    let (class, machine, ehdr, phdr) = if is_64 {
        (2, 62, 64, 56)
    } else {
        (1, 3, 52, 32)
    };
    file[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1, 1]);
    file[16] = kind;
    file[18] = machine;
    put(&mut file, 24, &[entry, ehdr]);
    let count = if is_64 { 54 } else { 42 };
    file[count] = phdr as u8;
    file[count + 2] = loads.len() as u8;
    for (index, [offset, address, in_file, in_memory]) in loads.iter().enumerate() {
        let at = ehdr as usize + phdr * index;
        file[at] = 1;
        let fields = [*offset, 0, *address, *in_file, *in_memory];
        put(&mut file, at + size, &fields);
        put(&mut file, at + if is_64 { 48 } else { 28 }, &[align]);
    }
    file
}

fn request_as(kernel: &[u8], elf: ElfAs) -> Request<'_, '_> {
    let mut request = request(kernel, &[]);
    request.options.elf = Some(elf);
    request.command_line = b"";
    request
}

/// The mode in which the purgatory enters it, and the registers.
fn entered(plan: &Plan<'_>) -> (u32, Registers) {
    let purgatory = plan.segments().last().unwrap().buf;
    let at = PARAMETERS_OFFSET + offset::REGISTERS;
    let register = |number: usize| u64_at(purgatory, at + 8 * number).unwrap();
    let registers = Registers {
        rax: register(0),
        rbx: register(1),
        rcx: register(2),
        rdx: register(3),
        rsi: register(4),
        rdi: register(5),
        rbp: register(6),
        rsp: register(7),
        r8: register(8),
        r9: register(9),
        r10: register(10),
        r11: register(11),
        r12: register(12),
        r13: register(13),
        r14: register(14),
        r15: register(15),
        rip: register(16),
    };
    let mode = u32_at(purgatory, PARAMETERS_OFFSET + offset::EXIT_MODE).unwrap();
    (mode, registers)
}

const LOADS: [[u64; 4]; 2] = [
    [0x1000, 0x20_0000, 0x800, 0x1800],
    [0x2000, 0x30_0000, 0x10, 0x10],
];

#[test]
fn a_bare_program_lies_where_it_says_and_gets_nothing() {
    let mut workspace = workspace();
    let machine = machine(&[(1, 8192)]);
    for is_64 in [true, false] {
        let kernel = file(is_64, 2, 0x20_0010, 0x1000, &LOADS);
        let plan = plan(&request_as(&kernel, ElfAs::Bare), &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        let [text, data, purgatory] = plan.segments() else {
            panic!("{:?}", plan.segments())
        };
        assert_eq!(
            (text.mem, text.memsz, text.buf.len()),
            (0x20_0000, 0x2000, 0x800)
        );
        assert_eq!(
            (data.mem, data.memsz, data.buf.len()),
            (0x30_0000, 0x1000, 0x10)
        );
        assert_eq!(text.buf.as_ptr(), kernel[0x1000..].as_ptr());
        assert!(purgatory.mem + purgatory.memsz <= 1 << 32);
        assert_eq!(plan.kernel_entry, 0x20_0010);
        assert_eq!(plan.command_line(), b"");
        let (mode, registers) = entered(&plan);
        let stack = registers.rsp;
        let nothing = Registers {
            rsp: stack,
            rip: 0x20_0010,
            ..Registers::default()
        };
        assert_eq!((mode, registers), (u32::from(!is_64), nothing));
        assert_eq!(stack, purgatory.mem + purgatory.memsz);
        assert_eq!(plan.notes(), []);
    }
}

/// What kexec-tools passes, byte by byte: Elf_Bhdr and three notes.
#[test]
fn boot_notes_are_told_where_they_are() {
    let mut workspace = workspace();
    let machine = machine(&[(1, 8192)]);
    for is_64 in [true, false] {
        let kernel = file(is_64, 2, 0x20_0010, 0x1000, &LOADS);
        let mut request = request_as(&kernel, ElfAs::BootNotes);
        request.command_line = b"console=ttyS0";
        let plan = plan(&request, &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        assert_eq!(plan.command_line(), b"console=ttyS0");
        let info = plan
            .segments()
            .iter()
            .find(|one| one.kind == SegmentKind::Info);
        let info = info.unwrap();
        assert!(info.mem + info.memsz <= 1 << 32);
        let (stack, rest) = info.buf.split_at(4096);
        let (arguments, notes) = rest.split_at(8);
        assert!(stack.iter().all(|byte| *byte == 0));
        // A return address of 0, and the argument.
        let address = info.mem + 4104;
        assert_eq!(arguments, [[0; 4], (address as u32).to_le_bytes()].concat());
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(version.len(), 5, "then the sizes below change");
        let text = [
            &b"\x07\xb0\x1f\x0e\x50\0\0\0??\x03\0"[..],
            b"\0\0\0\0\x06\0\0\0\x02\0\0\0kexec\0\0\0",
            b"\0\0\0\0\x06\0\0\0\x03\0\0\0",
            version.as_bytes(),
            b"\0\0\0",
            b"\0\0\0\0\x0e\0\0\0\x04\0\0\0console=ttyS0\0\0\0",
        ]
        .concat();
        assert_eq!(
            (notes.len(), &notes[..8], &notes[10..]),
            (80, &text[..8], &text[10..])
        );
        // As for IP: the sum of all words, with the carries added, is 0xffff.
        let words = notes
            .chunks(2)
            .map(|two| u32::from(two[0]) | u32::from(two[1]) << 8);
        let sum: u32 = words.sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
        let (mode, registers) = entered(&plan);
        let want = if is_64 {
            (0, address, registers.rsp)
        } else {
            (1, 0, info.mem + 4096)
        };
        assert_eq!((mode, registers.rdi, registers.rsp), want);
        assert_eq!((registers.rax, registers.rbx, registers.rsi), (0, 0, 0));
    }
}

#[test]
fn every_length_of_the_line_has_a_checksum() {
    let mut workspace = workspace();
    let machine = machine(&[(1, 1024)]);
    let kernel = file(false, 2, 0x20_0010, 0x1000, &LOADS);
    for length in 0..70 {
        let line = vec![b'\xff'; length];
        let mut request = request_as(&kernel, ElfAs::BootNotes);
        request.command_line = &line;
        let plan = plan(&request, &machine, &mut workspace).unwrap();
        assert_eq!(plan.command_line(), line);
        let notes = &plan.segments()[2].buf[4104..];
        assert_eq!(notes.len() % 4, 0);
        let mut sum: u32 = notes
            .chunks(2)
            .map(|two| u32::from(two[0]) | u32::from(two[1]) << 8)
            .sum();
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        assert_eq!(sum, 0xffff, "{length}");
    }
}

#[test]
fn one_that_can_be_loaded_anywhere_goes_below_4_gib() {
    let mut workspace = workspace();
    let machine = machine(&[(1, 3000), (4096, 8192)]);
    let loads = [[0x1000, 0, 0x800, 0x1800]];
    for (is_64, align) in [(true, 0x20_0000_u64), (false, 0x1000), (true, 8)] {
        let kernel = file(is_64, 3, 0x10, align, &loads);
        let plan = plan(&request_as(&kernel, ElfAs::Bare), &machine, &mut workspace).unwrap();
        plan.check().unwrap();
        let start = plan.segments()[0].mem;
        assert_eq!(start % align.max(0x1000), 0);
        assert!(start > 2900 << 20 && start < 3000 << 20, "{start:#x}");
        assert_eq!(entered(&plan).1.rip, start + 0x10);
    }
    // Linked for a page that its own alignment does not allow: it stays there.
    let kernel = file(
        true,
        3,
        0x20_1010,
        0x20_0000,
        &[[0x1000, 0x20_1000, 0x800, 0x800]],
    );
    let plan = plan(&request_as(&kernel, ElfAs::Bare), &machine, &mut workspace).unwrap();
    assert_eq!(plan.segments()[0].mem, 0x20_1000);
}

#[test]
fn low_memory_is_used_only_if_the_program_is_linked_for_it() {
    let mut workspace = workspace();
    let machine = machine(&[(0, 1), (1, 64)]);
    let kernel = file(false, 2, 0x8000, 0x1000, &[[0x1000, 0x8000, 0x800, 0x800]]);
    let low = plan(&request_as(&kernel, ElfAs::Bare), &machine, &mut workspace).unwrap();
    low.check().unwrap();
    assert_eq!(low.segments()[0].mem, 0x8000);
    assert!(low.segments()[1].mem > 1 << 20);
    drop(low);
    // The first page has the interrupt vectors.
    let first = file(false, 2, 0x10, 0x1000, &[[0x1000, 0, 0x800, 0x800]]);
    let refused = plan(&request_as(&first, ElfAs::Bare), &machine, &mut workspace).map(|_| ());
    assert!(matches!(refused, Err(Error::NoHole { .. })), "{refused:?}");
}

#[test]
fn what_a_program_does_not_take_is_refused() {
    let machine = machine(&[(1, 1024)]);
    let kernel = file(true, 2, 0x20_0010, 0x1000, &LOADS);
    let refused = |change: &dyn Fn(&mut Request<'_, '_>)| {
        let mut request = request_as(&kernel, ElfAs::Bare);
        change(&mut request);
        plan(&request, &machine, &mut workspace())
            .map(|_| ())
            .unwrap_err()
    };
    let bad: [&dyn Fn(&mut Request<'_, '_>); 6] = [
        &|request| request.command_line = b"x",
        &|request| request.initrds = &[b"initrd"],
        &|request| request.dtb = Some(b"dtb"),
        &|request| {
            request.modules = &[Module {
                bytes: b"m",
                arguments: b"",
            }]
        },
        &|request| request.options.entry = Some(Entry::X86Protected),
        &|request| request.options.entry = Some(Entry::X86Real),
    ];
    for (number, change) in bad.iter().enumerate() {
        let error = refused(change);
        assert!(
            matches!(error, Error::BadArgument { .. }),
            "{number}: {error}"
        );
    }
    let crash = refused(&|request| request.options.crash = Some(CrashOptions::default()));
    assert!(matches!(crash, Error::NotBootable { why } if why.contains("crash kernel")));
    // Without a word about what it is; and with a NUL in the line.
    let unsaid = refused(&|request| request.options.elf = None);
    assert_eq!(
        unsaid,
        Error::NotBootable {
            why: crate::image::AN_ELF_FILE
        }
    );
    let nul = refused(&|request| {
        request.options.elf = Some(ElfAs::BootNotes);
        request.command_line = b"a\0b";
    });
    assert_eq!(nul, Error::CommandLineNul { offset: 1 });
    // The right entry may be asked for.
    let mut request = request_as(&kernel, ElfAs::Bare);
    request.options.entry = Some(Entry::X86Long);
    assert!(plan(&request, &machine, &mut workspace()).is_ok());
    // Its entry must be loaded from the file, and its alignment a power of two if it can be moved.
    for (kind, entry, align) in [
        (2, 0x20_0800, 0x1000),
        (2, 0x1f_ffff, 0x1000),
        (3, 0x20_0010, 0x1001),
    ] {
        let kernel = file(true, kind, entry, align, &LOADS);
        let refused = plan(
            &request_as(&kernel, ElfAs::Bare),
            &machine,
            &mut workspace(),
        )
        .map(|_| ());
        assert!(
            matches!(refused, Err(Error::BadField { .. })),
            "{kind} {entry:#x} {align:#x}"
        );
    }
}

/// A bzImage is what it looks like, whatever an ELF file would be.
#[test]
fn other_files_do_not_ask_what_an_elf_file_is() {
    let machine = machine(&[(1, 1024)]);
    let kernel = bzimage(0x1000);
    let planned = |elf| {
        let mut workspace = workspace();
        let mut request = request(&kernel, &[]);
        request.options.elf = elf;
        std::format!(
            "{:?}",
            plan(&request, &machine, &mut workspace).unwrap().segments()
        )
    };
    for elf in [ElfAs::Linux, ElfAs::BootNotes, ElfAs::Bare] {
        assert_eq!(planned(Some(elf)), planned(None));
    }
}
