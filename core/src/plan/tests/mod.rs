use super::*;
use crate::bytes::{u8_at, u32_at, u64_at};
use crate::machine::{Firmware, IomemAccess, Known, XenGuest};
use crate::memory::{MemoryKind, Range, RangeSet};
use crate::purgatory;
use crate::testing::{Random, bzimage};
use std::boxed::Box;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

mod arm64;
mod borrows;
mod crash;
mod details;
mod elf;
mod family;
mod golden;
mod linux32;
mod multiboot;
#[cfg(no_purgatory_x86_64)]
mod not_built;
mod placement;
mod real_mode;
mod unpacked;
mod vmlinux;
mod wanted;

/// A machine with these ranges of RAM, in MiB.
fn machine(ram: &[(u64, u64)]) -> Box<Machine> {
    let mut machine = Box::new(Machine::new());
    machine.maps.iomem_access = IomemAccess::Read;
    machine.platform.firmware = Firmware::NotEfi;
    machine.x86.five_level_paging = Known::No;
    machine.command_line.set(b"ro");
    for (start, end) in ram {
        let range = Range::new(start << 20, (end << 20) - 1).unwrap();
        machine.memory.add(range, MemoryKind::RAM).unwrap();
        machine.iomem.add(range, MemoryKind::RAM).unwrap();
    }
    machine
}

fn workspace() -> Box<Workspace> {
    Box::new(Workspace::new())
}

fn request<'a>(kernel: &'a [u8], initrds: &'a [&'a [u8]]) -> Request<'a, 'a> {
    Request {
        kernel,
        initrds,
        command_line: b"console=ttyS0 quiet",
        rng_seed: Some([9; 32]),
        ..Request::default()
    }
}

#[test]
fn kernel_initrds_parameters_and_purgatory() {
    let kernel = bzimage(0x8000);
    let (one, two) = (vec![1_u8; 5000], vec![2_u8; 4096]);
    let initrds = [&one[..], &two[..]];
    let mut workspace = workspace();
    let plan = plan(
        &request(&kernel, &initrds),
        &machine(&[(0, 1), (1, 2048)]),
        &mut workspace,
    )
    .unwrap();
    plan.check().unwrap();
    let [k, a, b, boot, purgatory] = plan.segments() else {
        panic!()
    };
    assert_eq!(k.kind, SegmentKind::Kernel);
    // Zero copy: the segments are the caller's bytes.
    assert_eq!(k.buf.as_ptr(), kernel[5 * 512..].as_ptr());
    assert_eq!((a.buf.as_ptr(), a.buf.len()), (one.as_ptr(), 5000));
    assert_eq!((k.mem % 0x20_0000, k.memsz), (0, 0x3c3_9000));
    assert_eq!((a.kind, a.memsz), (SegmentKind::Initrd(0), 0x2000));
    assert_eq!(
        (b.kind, b.mem, b.memsz),
        (SegmentKind::Initrd(1), a.mem + 0x2000, 0x1000)
    );
    assert_eq!(u32_at(boot.buf, 0x218), Some(a.mem as u32));
    assert_eq!(u32_at(boot.buf, 0x21c), Some(0x3000));
    assert_eq!(purgatory.kind, SegmentKind::Purgatory);
    assert_eq!(plan.kernel_entry, k.mem + 0x200);
    assert_eq!(plan.flags, 0x3e_0000);
    assert!(
        purgatory
            .range()
            .unwrap()
            .contains(Range::new(plan.entry, plan.entry).unwrap())
    );
}

#[test]
fn the_command_line_may_fill_cmdline_size_and_not_a_byte_more() {
    let kernel = bzimage(0x1000);
    let machine = machine(&[(1, 1024)]);
    let mut workspace = workspace();
    let line = [b'x'; 2048];
    let mut request = request(&kernel, &[]);
    request.command_line = &line[..2047];
    let boot = plan(&request, &machine, &mut workspace).unwrap();
    let buf = boot.segments()[1].buf;
    assert_eq!(&buf[4096..4096 + 2047], &line[..2047]);
    assert_eq!(u8_at(buf, 4096 + 2047), Some(0));
    drop(boot);
    request.command_line = &line;
    let error = plan(&request, &machine, &mut workspace).unwrap_err();
    assert_eq!(
        error,
        Error::CommandLineTooLong {
            length: 2048,
            limit: 2047
        }
    );
    assert_eq!(
        error.to_string(),
        "the command line has 2048 bytes, the new kernel takes 2047"
    );
    request.command_line = b"a\0b";
    assert_eq!(
        plan(&request, &machine, &mut workspace).unwrap_err(),
        Error::CommandLineNul { offset: 1 }
    );
}

#[test]
fn thirteen_initrds_fit_and_fourteen_do_not() {
    let kernel = bzimage(0x1000);
    let machine = machine(&[(1, 1024)]);
    let mut workspace = workspace();
    let initrds = [&[1_u8][..]; 14];
    let plan13 = plan(&request(&kernel, &initrds[..13]), &machine, &mut workspace).unwrap();
    assert_eq!(plan13.segments().len(), 16);
    plan13.check().unwrap();
    drop(plan13);
    assert_eq!(
        plan(&request(&kernel, &initrds), &machine, &mut workspace).unwrap_err(),
        Error::TooManySegments { count: 17, max: 16 }
    );
    assert_eq!(
        plan(&request(&kernel, &[b""]), &machine, &mut workspace).unwrap_err(),
        Error::EmptyFile
    );
}

#[test]
fn a_machine_without_a_map_or_without_room_is_refused() {
    let kernel = bzimage(0x1000);
    let mut workspace = workspace();
    assert_eq!(
        plan(&request(&kernel, &[]), &machine(&[]), &mut workspace).unwrap_err(),
        Error::NoMemoryMap
    );
    // 64 MiB hold no kernel of 60 MiB from 16 MiB on.
    assert!(matches!(
        plan(&request(&kernel, &[]), &machine(&[(1, 64)]), &mut workspace).unwrap_err(),
        Error::NoHole {
            what: "the kernel (init_size)",
            size: 0x3c3_9000,
            largest: 0x300_0000,
            ..
        }
    ));
    let huge = vec![0_u8; 64 << 20];
    let initrds = [&huge[..]];
    assert!(matches!(
        plan(
            &request(&kernel, &initrds),
            &machine(&[(1, 100)]),
            &mut workspace
        )
        .unwrap_err(),
        Error::NoHole {
            what: "the initrd",
            ..
        }
    ));
}

#[test]
fn more_than_half_of_the_ram_is_refused_before_the_kernel_does() {
    let kernel = bzimage(0x1000);
    let mut machine = machine(&[(1, 1024)]);
    machine.platform.total_ram = Some(100 << 20);
    let mut workspace = workspace();
    let plan = plan(&request(&kernel, &[]), &machine, &mut workspace).unwrap();
    assert_eq!(
        plan.check(),
        Err(Error::Check {
            segment: 0,
            rule: Rule::TooMuchMemory
        })
    );
}

#[test]
fn setup_data_the_image_does_not_know_is_left_out_and_noted() {
    let mut kernel = bzimage(0x1000);
    let setup_type_max = 5 * 512 + 0x10c;
    kernel[setup_type_max..setup_type_max + 4].copy_from_slice(&0x8000_0008_u32.to_le_bytes());
    let machine = machine(&[(1, 1024)]);
    let mut workspace = workspace();
    let plan = plan(&request(&kernel, &[]), &machine, &mut workspace).unwrap();
    assert_eq!(plan.setup_types(), []);
    assert!(plan.notes().contains(&Note::SetupTypeLeftOut {
        kind: SetupType::RNG_SEED,
        max: 8
    }));
    assert_eq!(u64_at(plan.segments()[1].buf, 0x250), Some(0));
}

#[test]
fn five_level_paging_needs_a_kernel_that_can() {
    let mut kernel = bzimage(0x1000);
    let mut machine = machine(&[(1, 1024)]);
    machine.x86.five_level_paging = Known::Yes;
    let mut workspace = workspace();
    assert!(plan(&request(&kernel, &[]), &machine, &mut workspace).is_ok());
    kernel[0x236] = 0x1f;
    assert!(matches!(
        plan(&request(&kernel, &[]), &machine, &mut workspace).unwrap_err(),
        Error::NotBootable { .. }
    ));
}

#[test]
fn a_kernel_that_must_not_move_goes_where_it_prefers() {
    let mut kernel = bzimage(0x1000);
    kernel[0x234] = 0;
    let mut workspace = workspace();
    let plan1 = plan(
        &request(&kernel, &[]),
        &machine(&[(1, 1024)]),
        &mut workspace,
    )
    .unwrap();
    assert_eq!(plan1.segments()[0].mem, 0x100_0000);
    drop(plan1);
    assert!(matches!(
        plan(
            &request(&kernel, &[]),
            &machine(&[(1, 20), (32, 1024)]),
            &mut workspace
        ),
        Err(Error::NoHole { .. })
    ));
}

#[test]
fn efi_goes_on_only_where_everything_is_there() {
    let kernel = bzimage(0x1000);
    let mut machine = machine(&[(1, 1024)]);
    let mut page = [0_u8; 4096];
    page[0x1c0..0x1c4].copy_from_slice(b"EL64");
    machine.x86.boot_params.set(&page);
    let mut workspace = workspace();
    let signature = |plan: &Plan<'_>| plan.segments()[1].buf[0x1c0..0x1c4].to_vec();
    let noted = |plan: &Plan<'_>| {
        plan.notes()
            .iter()
            .any(|n| matches!(n, Note::NoEfi { .. } | Note::EfiUnread))
    };

    let incomplete = plan(&request(&kernel, &[]), &machine, &mut workspace).unwrap();
    assert!(noted(&incomplete));
    // The signature without SETUP_EFI would make the new kernel call the firmware twice.
    assert_eq!(signature(&incomplete), [0; 4]);
    drop(incomplete);

    machine.efi.fw_vendor = 1;
    machine.efi.runtime = 2;
    machine.efi.config_table = 3;
    let descriptor = crate::machine::EfiMemoryDescriptor {
        kind: 6,
        physical: 0x3ff0_0000,
        virtual_: 0,
        pages: 256,
        attribute: 1 << 63,
    };
    machine.efi.add(descriptor).unwrap();
    let complete = plan(&request(&kernel, &[]), &machine, &mut workspace).unwrap();
    assert!(!noted(&complete));
    assert_eq!(signature(&complete), b"EL64");
    assert_eq!(
        complete.setup_types(),
        [SetupType::EFI, SetupType::RNG_SEED]
    );
    // The firmware's own memory stays free of segments.
    let firmware = Range::from_size(0x3ff0_0000, 256 << 12).unwrap();
    assert!(
        complete
            .segments()
            .iter()
            .all(|s| !s.range().unwrap().overlaps(firmware))
    );

    drop(complete);
    let mut no = request(&kernel, &[]);
    no.options.efi = false;
    let refused = plan(&no, &machine, &mut workspace).unwrap();
    assert!(noted(&refused));
    assert_eq!(signature(&refused), [0; 4]);
    assert_eq!(refused.setup_types(), [SetupType::RNG_SEED]);
}

#[test]
fn progress_counts_every_byte_once_and_may_stop() {
    let kernel = bzimage(9 << 20);
    let machine = machine(&[(1, 1024)]);
    let mut workspace = workspace();
    let request = request(&kernel, &[b"initrd"]);
    let mut passed = Vec::new();
    let with = plan_with_progress(&request, &machine, &mut workspace, &mut |done, total| {
        passed.push((done, total));
        ControlFlow::Continue(())
    })
    .unwrap();
    let loaded: usize = with.segments()[..3].iter().map(|s| s.buf.len()).sum();
    let digest = with.digest;
    drop(with);
    assert!(passed.len() >= 5 && passed.is_sorted());
    assert_eq!(passed.last(), Some(&(loaded as u64, loaded as u64)));
    let without = plan(&request, &machine, &mut workspace).unwrap();
    assert_eq!(without.digest, digest);
    drop(without);
    let error = plan_with_progress(&request, &machine, &mut workspace, &mut |_, _| {
        ControlFlow::Break(())
    })
    .unwrap_err();
    assert_eq!(error, Error::Cancelled);
}

#[test]
fn to_boot_is_the_same_plan_but_for_the_purgatory() {
    let kernel = bzimage(0x8000);
    let (one, two) = (vec![1_u8; 5000], vec![2_u8; 4096]);
    let initrds = [&one[..], &two[..]];
    let machine = machine(&[(0, 1), (1, 2048)]);
    let (mut first, mut second) = (workspace(), workspace());
    let mut request = request(&kernel, &initrds);
    request.options.verify = false;
    let whole = plan(&request, &machine, &mut first).unwrap();
    let bare = plan_to_boot(&request, &machine, &mut second).unwrap();
    bare.check().unwrap();
    assert_eq!(bare.notes(), whole.notes());
    assert_eq!(bare.kernel_entry, whole.kernel_entry);
    assert_eq!((bare.digest, bare.flags), (None, whole.flags));
    let ([ours @ .., exit], [theirs @ .., other]) = (bare.segments(), whole.segments()) else {
        panic!()
    };
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!((ours.kind, ours.mem), (theirs.kind, theirs.mem));
        assert_eq!((ours.buf, ours.memsz), (theirs.buf, theirs.memsz));
    }
    assert_eq!(exit.memsz, purgatory::BARE_MEMSZ as u64);
    let boot_params = ours.last().unwrap().mem;
    let numbers = exit.buf.len() - 24;
    assert_eq!(exit.buf[..numbers], purgatory::BARE[..]);
    for (at, number) in [
        (0, boot_params),
        (8, exit.mem + exit.memsz),
        (16, bare.kernel_entry),
    ] {
        assert_eq!(u64_at(exit.buf, numbers + at), Some(number));
    }
    assert_eq!((exit.mem, bare.entry), (bare.entry, exit.mem));
    assert!(other.memsz > exit.memsz);
}

#[test]
fn to_boot_refuses_what_is_not_in_it() {
    let kernel = bzimage(0x8000);
    let machine = machine(&[(0, 1), (1, 2048)]);
    let mut workspace = workspace();
    let console = Console {
        serial: true,
        ..Console::DEFAULT
    };
    for options in [
        Options {
            elf: Some(ElfAs::Linux),
            ..Options::DEFAULT
        },
        Options {
            crash: Some(CrashOptions::default()),
            ..Options::DEFAULT
        },
        Options {
            console,
            ..Options::DEFAULT
        },
    ] {
        let request = Request {
            options,
            ..request(&kernel, &[])
        };
        let error = plan_to_boot(&request, &machine, &mut workspace).unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }), "{error:?}");
    }
}

#[test]
fn a_machine_that_is_the_hypervisors_is_refused() {
    let kernel = bzimage(0x1000);
    let mut workspace = workspace();
    let refused = |machine: &Machine, workspace: &mut Workspace| match plan(
        &request(&kernel, &[]),
        machine,
        workspace,
    ) {
        Err(Error::NotBootable { why }) => why,
        other => panic!("{other:?}"),
    };
    let mut dom0 = machine(&[(1, 1024)]);
    dom0.xen.control = Known::Yes;
    assert!(refused(&dom0, &mut workspace).contains("control domain"));
    let mut pv = machine(&[(1, 1024)]);
    pv.xen.guest = XenGuest::Pv;
    assert!(refused(&pv, &mut workspace).contains("paravirtualised"));
    let mut old = machine(&[(1, 1024)]);
    let mut page = [0; 4096];
    page[0x23c] = 2;
    old.x86.boot_params.set(&page);
    assert!(refused(&old, &mut workspace).contains("paravirtualised"));
    let mut hvm = machine(&[(1, 1024)]);
    (hvm.xen.domain, hvm.xen.guest) = (true, XenGuest::Hvm);
    plan(&request(&kernel, &[]), &hvm, &mut workspace).unwrap();
}

#[test]
fn the_digest_is_keyed() {
    let kernel = bzimage(0x1000);
    let mut workspace = workspace();
    let machine = machine(&[(1, 1024)]);
    let secrets = [[1; 192], [2; 192]];
    let mut digest = |secret| {
        let request = Request {
            digest_secret: secret,
            ..request(&kernel, &[])
        };
        let plan = plan(&request, &machine, &mut workspace).unwrap();
        // The purgatory finds it where it finds the digest.
        let used = secret.unwrap_or(&crate::purgatory::DEFAULT_SECRET);
        let purgatory = plan.segments().last().unwrap().buf;
        assert!(purgatory.windows(192).any(|bytes| bytes == used));
        // Of all that is loaded but the purgatory.
        let (_, loaded) = plan.segments().split_last().unwrap();
        let mut sum = crate::purgatory::Digest::new(used);
        for segment in loaded {
            sum.region(segment.buf);
        }
        assert_eq!(plan.digest, Some(sum.finish()));
        plan.digest
    };
    let [one, two] = [digest(Some(&secrets[0])), digest(Some(&secrets[1]))];
    assert_ne!(one, two);
    assert_ne!(one, digest(None));
    assert_eq!(one, digest(Some(&secrets[0])));
}
