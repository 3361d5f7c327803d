//! Plans for images in real mode: what the setup code finds, read as boot.rst says ("The Real-Mode Kernel
//! Header", "Running the Kernel"), and where everything lies.

use arbitrary::Unstructured;
use kexec_core::Error;
use kexec_core::machine::{Firmware, Machine};
use kexec_core::plan::{Entry, Plan, Request, SegmentKind, Workspace, plan};
use std::cell::RefCell;

use crate::case::{Case, Wanted};
use crate::kernel::Image;
use crate::model;
use crate::plan::{FILLER, free_from};

thread_local! {
    static ROOM: RefCell<(Box<Machine>, Box<Workspace>)> = RefCell::default();
}

/// The target.
pub fn run(data: &[u8]) {
    let mut data = Unstructured::new(data);
    let Ok((version, form, mut case)) = data.arbitrary::<(u8, u8, Case)>() else {
        return;
    };
    let Image::BzImage(image) = &case.image else {
        return;
    };
    let mut file = image.file();
    let version = 0x0200 + u16::from(version & 15);
    file[0x206..0x208].copy_from_slice(&version.to_le_bytes());
    let start = [0, 0x10_0000, 0x10_0010, 0x5a5a_5a5a][usize::from(form & 3)];
    file[0x214..0x218].copy_from_slice(&u32::to_le_bytes(start));
    file[0x22c..0x230].copy_from_slice(&[0xff, 0xff, 0xff, 0x37]);
    case.wanted.options.crash = None;
    case.wanted.options.entry = Some(Entry::X86Real);
    let wanted = &case.wanted;
    let initrds: Vec<&[u8]> = wanted.initrds.iter().map(|&size| &FILLER[..size]).collect();
    let request = Request {
        kernel: &file,
        initrds: &initrds,
        modules: &[],
        command_line: &wanted.command_line,
        dtb: wanted.dtb.map(|size| &FILLER[..size]),
        rng_seed: wanted.seed,
        digest_secret: None,
        options: wanted.options,
    };
    ROOM.with_borrow_mut(|(machine, workspace)| {
        case.machine.fill(machine);
        machine.platform.firmware = Firmware::NotEfi;
        match plan(&request, machine, workspace) {
            Ok(plan) => {
                assert!(wanted.dtb.is_none(), "a device tree was dropped");
                places(&case, &plan, version);
                told(&plan, &file, version, wanted);
            }
            Err(Error::BadArgument { what }) => assert!(
                wanted.dtb.is_some() || wanted.options.mem_min > wanted.options.mem_max,
                "{what}"
            ),
            Err(_) => {}
        }
    });
}

/// In free RAM; what stays in real mode where boot.rst has it, the rest above 1 MiB but for the purgatory.
fn places(case: &Case, plan: &Plan<'_>, version: u16) {
    let free = free_from(case, 0x1_0000);
    let low = if version < 0x0202 {
        0x9_0000..0xa_0000
    } else {
        0x1_0000..0x5_0000
    };
    for (number, segment) in plan.segments().iter().enumerate() {
        let (start, end) = (segment.mem, segment.mem + segment.memsz);
        assert!(
            model::holds(&free, (start.into(), end.into())),
            "{segment:?} is not in free RAM: {free:x?}"
        );
        assert!(end <= 1 << 32, "{segment:?} above 4 GiB");
        match (number, segment.kind) {
            (0 | 1, _) => assert!(low.contains(&start) && end <= low.end, "{segment:?}"),
            (_, SegmentKind::Purgatory) => {}
            _ => assert!(start >= 1 << 20, "{segment:?} below 1 MiB"),
        }
    }
    match plan.check() {
        Ok(()) | Err(Error::Check { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
}

/// The header in the setup code, and all it names.
fn told(plan: &Plan<'_>, file: &[u8], version: u16, wanted: &Wanted) {
    let [setup, line, kernel, rest @ .., purgatory] = plan.segments() else {
        panic!("{} segments", plan.segments().len());
    };
    let number = |at: usize, size: usize| {
        let bytes = setup.buf[at..at + size].iter().rev();
        bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let behind = |address: u64| &line.buf[(address - line.mem) as usize..];
    assert_eq!(number(0x210, 1), 0xd0);
    let heap_end = line.mem - setup.mem;
    assert!(setup.buf.len() as u64 + 0x1000 <= heap_end && heap_end <= 0xe000);
    if version >= 0x0201 {
        assert_eq!(number(0x224, 2) + 0x200, heap_end);
        assert_eq!(number(0x211, 1) & 0x81, 0x81);
    }
    let address = if version >= 0x0202 {
        number(0x228, 4)
    } else {
        assert_eq!(number(0x20, 2), 0xa33f);
        let end = number(0x22, 2) + wanted.command_line.len() as u64 + 1;
        assert!(number(0x212, 2) >= end && end <= 0x1_0000);
        setup.mem + number(0x22, 2)
    };
    let text = behind(address).split(|byte| *byte == 0).next();
    assert_eq!(text, Some(&wanted.command_line[..]));
    // What setup_data has.
    let seed = plan.setup_types().iter().any(|kind| kind.0 == 9);
    if seed {
        let node = &behind(number(0x250, 8))[..48];
        assert_eq!(
            node[..16],
            [0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 32, 0, 0, 0]
        );
        assert_eq!(
            Some(&node[16..]),
            wanted.seed.as_ref().map(|seed| &seed[..])
        );
    }
    assert!(!seed || version >= 0x0209);
    // The protected-mode code, and where the setup code jumps to.
    let jumps_to = number(0x214, 4);
    let from_file = u32::from_le_bytes([file[0x214], file[0x215], file[0x216], file[0x217]]);
    if jumps_to == u64::from(from_file) {
        assert!(kernel.mem == 1 << 20 || jumps_to != 0x10_0000);
    } else {
        assert_eq!(jumps_to - kernel.mem, u64::from(from_file) - 0x10_0000);
        assert!(jumps_to - kernel.mem < kernel.buf.len() as u64);
    }
    assert_eq!(kernel.buf, &file[setup.buf.len()..]);
    // The initrds.
    let size: u64 = match rest {
        [] => 0,
        [first, .., last] => last.mem + last.buf.len() as u64 - first.mem,
        [only] => only.buf.len() as u64,
    };
    assert_eq!(number(0x21c, 4), size);
    let first = rest.first().map_or(0, |first| first.mem);
    assert_eq!(number(0x218, 4), first);
    assert!(first + size <= 0x3800_0000 || version >= 0x0203);
    // The code that enters it: its own segment, SP and SS, IP and CS, the last words of 202 bytes.
    let far = |at: usize| u64::from(u16::from_le_bytes([line.buf[at], line.buf[at + 1]]));
    assert_eq!(far(192) * 16, line.mem);
    assert_eq!((far(194), far(196) * 16), (heap_end, setup.mem));
    assert_eq!(far(200) * 16 + far(198), setup.mem + 0x200);
    assert_eq!(plan.kernel_entry, setup.mem + 0x200);
    let words = purgatory.buf.chunks_exact(8);
    let by = words
        .filter(|word| **word == line.mem.to_le_bytes())
        .count();
    // RBX and RIP, and its region if it is verified.
    assert!(by >= 2, "the purgatory does not enter it");
}
