//! Plans of arm64 kernels, on any host.

use super::*;
use crate::fdt::tests::{Tree, board};
use crate::fdt::{Fdt, Reservation};
use crate::image::arm64::tests::image;
use crate::memory::PageSize;

/// A machine with these ranges of RAM, in MiB, as /proc/iomem lists them.
fn board_with(ram: &[(u64, u64)]) -> Box<Machine> {
    let mut machine = machine(ram);
    machine.platform.arch = Some(Arch::Arm64);
    machine.maps.source = crate::machine::MemorySource::Iomem;
    machine
}

fn asked<'a>(kernel: &'a [u8], initrds: &'a [&'a [u8]], tree: &'a [u8]) -> Request<'a, 'a> {
    Request {
        dtb: Some(tree),
        options: Options {
            verify: false,
            ..Options::DEFAULT
        },
        ..request(kernel, initrds)
    }
}

#[test]
fn kernel_initrds_tree_and_purgatory() {
    let (kernel, tree) = (image(), board().blob());
    let (one, two) = (vec![1_u8; 5000], vec![2_u8; 4096]);
    let initrds = [&one[..], &two[..]];
    let machine = board_with(&[(0x400, 0x800)]);
    let mut workspace = workspace();
    let plan = plan(&asked(&kernel, &initrds, &tree), &machine, &mut workspace).unwrap();
    plan.check().unwrap();
    let [k, a, b, t, purgatory] = plan.segments() else {
        panic!("{:?}", plan.segments())
    };
    // As high as possible below 2 GiB: 0x28d_0000 bytes at a multiple of 2 MiB.
    assert_eq!((k.mem, k.memsz), (0x7d60_0000, 0x28d_0000));
    assert_eq!(k.buf.as_ptr(), kernel.as_ptr());
    assert_eq!((a.mem, a.memsz), (0x7fff_d000, 0x2000));
    assert_eq!((b.mem, b.memsz), (0x7fff_f000, 0x1000));
    assert_eq!(t.kind, SegmentKind::DeviceTree);
    assert_eq!((plan.flags, plan.kernel_entry), (0xb7_0000, k.mem));
    assert_eq!(plan.entry, purgatory.mem);
    assert_eq!(plan.command_line(), b"console=ttyS0 quiet");
    assert_eq!(plan.digest, None);

    let code = [
        0x5800_00c0_u32,
        0xaa1f_03e1,
        0xaa1f_03e2,
        0xaa1f_03e3,
        0x5800_0090,
        0xd61f_0200,
    ];
    let code = code.map(u32::to_le_bytes);
    let numbers = [t.mem, k.mem].map(u64::to_le_bytes);
    assert_eq!(purgatory.buf, [code.concat(), numbers.concat()].concat());

    let new = Fdt::parse(t.buf).unwrap();
    let chosen = new.node(b"/chosen").unwrap();
    assert_eq!(chosen.number(b"linux,initrd-start"), Some(a.mem));
    assert_eq!(chosen.number(b"linux,initrd-end"), Some(b.mem + 4096));
    assert_eq!(chosen.property(b"rng-seed"), Some(&[9; 32][..]));
    // XXH3-128 of the seed, the beginning: by xxhsum -H2 of 32 bytes of 9.
    let kaslr = chosen.number(b"kaslr-seed").unwrap();
    assert_ne!(kaslr, 0);
    assert_eq!(chosen.property(b"linux,booted-from-kexec"), Some(&b""[..]));
    let reserved: Vec<_> = new.reservations().collect();
    let entry = |address, size| Reservation { address, size };
    // The old initrd's is gone.
    assert_eq!(reserved, [entry(0x9000_0000, 0x1000), entry(a.mem, 0x3000)]);
}

#[test]
fn without_initrds_and_seed_the_old_ones_go() {
    let (kernel, tree) = (image(), board().blob());
    let machine = board_with(&[(0x400, 0x800)]);
    let mut workspace = workspace();
    let mut request = asked(&kernel, &[], &tree);
    request.rng_seed = None;
    request.command_line = b"";
    let plan = plan(&request, &machine, &mut workspace).unwrap();
    let [_, tree, _] = plan.segments() else {
        panic!("{:?}", plan.segments())
    };
    let new = Fdt::parse(tree.buf).unwrap();
    let names: Vec<_> = new.node(b"/chosen").unwrap().properties().collect();
    let none = &b""[..];
    assert_eq!(
        names,
        [
            (&b"bootargs"[..], &b"\0"[..]),
            (b"linux,booted-from-kexec", none)
        ]
    );
    assert_eq!(plan.command_line(), b"");
    assert_eq!(plan.notes(), [Note::NoRngSeed, Note::NotVerified]);
}

/// What booting.rst and the kernel's own loader want, from the segments alone.
fn follows_the_rules(plan: &Plan<'_>, text_offset: u64) {
    let of =
        |wanted: fn(SegmentKind) -> bool| plan.segments().iter().filter(move |s| wanted(s.kind));
    let kernel = of(|kind| kind == SegmentKind::Kernel).next().unwrap();
    assert_eq!((kernel.mem - text_offset) % (2 << 20), 0);
    let tree = of(|kind| kind == SegmentKind::DeviceTree).next().unwrap();
    assert!(tree.mem % 8 == 0 && tree.memsz <= 2 << 20);
    assert_eq!(tree.mem >> 21, (tree.mem + tree.memsz - 1) >> 21);
    // A range of 32 GiB from a multiple of 1 GiB.
    let mut low = kernel.mem;
    let mut high = kernel.mem + kernel.memsz;
    for initrd in of(|kind| matches!(kind, SegmentKind::Initrd(_))) {
        low = low.min(initrd.mem);
        high = high.max(initrd.mem + initrd.memsz);
    }
    assert!(high - (low >> 30 << 30) <= 32 << 30, "{low:#x} {high:#x}");
}

#[test]
fn any_machine_and_page_size_follows_the_rules() {
    let (mut kernel, tree) = (image(), board().blob());
    let mut workspace = workspace();
    let (mut planned, mut far) = (0, 0);
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let mut start = 0x40 + random.below(0x400);
        let mut ram = Vec::new();
        for _ in 0..=random.below(5) {
            let size = 8 << random.below(14);
            ram.push((start, start + size));
            let gap = 4 + random.below(16);
            start += size + random.below(1 << gap);
        }
        let mut machine = board_with(&ram);
        machine.platform.page_size =
            [PageSize::K4, PageSize::K16, PageSize::K64][random.below(3) as usize];
        let offset = random.below(32) << 16;
        kernel[8..16].copy_from_slice(&offset.to_le_bytes());
        let sizes = (0..random.below(4)).map(|_| 1 + random.below(200_000) as usize);
        let files: Vec<_> = sizes.map(|size| vec![0x70; size]).collect();
        let initrds: Vec<&[u8]> = files.iter().map(|file| &file[..]).collect();
        match plan(&asked(&kernel, &initrds, &tree), &machine, &mut workspace) {
            Ok(plan) => {
                plan.check().unwrap();
                follows_the_rules(&plan, offset);
                planned += 1;
                far += u32::from(start > 40 << 10);
                let page = machine.platform.page_size.bytes();
                assert!(
                    plan.segments()
                        .iter()
                        .all(|s| s.mem % page == 0 && s.memsz % page == 0)
                );
            }
            Err(error) => assert!(matches!(error, Error::NoHole { .. }), "{error:?}"),
        }
    }
    assert!(planned > 1500 && far > 300, "{planned} {far}");
}

#[test]
fn what_it_does_not_have_is_refused() {
    let (kernel, tree) = (image(), board().blob());
    let machine = board_with(&[(0x400, 0x800)]);
    let mut workspace = workspace();
    let mut refused = |change: &dyn Fn(&mut Request<'_, '_>)| {
        let mut request = asked(&kernel, &[], &tree);
        change(&mut request);
        plan(&request, &machine, &mut workspace)
            .map(|_| ())
            .unwrap_err()
    };
    let not_built = refused(&|request| request.options.verify = true);
    assert!(matches!(not_built, Error::NotBuilt { .. }), "{not_built:?}");
    let crash = refused(&|request| request.options.crash = Some(CrashOptions::default()));
    assert!(matches!(crash, Error::NotBootable { why } if why.contains("crash kernel")));
    for (change, word) in [
        (
            &(|request: &mut Request<'_, '_>| request.dtb = None) as &dyn Fn(&mut Request<'_, '_>),
            "/sys/firmware/fdt",
        ),
        (&|request| request.options.efi = false, "EFI"),
        (
            &|request| request.options.entry = Some(Entry::X86Long),
            "entry",
        ),
    ] {
        let error = refused(change);
        assert!(
            matches!(error, Error::BadArgument { what } if what.contains(word)),
            "{error:?}"
        );
    }
    let damaged = refused(&|request| request.dtb = Some(b"\xd0\x0d\xfe\xed"));
    assert!(matches!(
        damaged,
        Error::Truncated {
            what: "the device tree",
            ..
        }
    ));
    assert_eq!(
        refused(&|request| request.command_line = &[b'x'; 2048]),
        Error::CommandLineTooLong {
            length: 2048,
            limit: 2047
        }
    );
    let its = |chosen: &str| {
        let tree = Tree::default()
            .begin("")
            .begin("its")
            .property("compatible", b"arm,gic-v3-its\0");
        let tree = tree.end().begin("chosen").property(chosen, &[0; 8]);
        let blob = tree.end().end().blob();
        let request = asked(&kernel, &[], &blob);
        plan(&request, &machine, &mut super::workspace()).map(|_| ())
    };
    let error = its("bootargs").unwrap_err();
    assert!(
        matches!(error, Error::NotBootable { why } if why.contains("GICv3")),
        "{error:?}"
    );
    its("linux,uefi-system-table").unwrap();
    // A tree that has nothing, with everything there can be.
    let empty = Tree::default().begin("").end().blob();
    let line = [b'x'; 2047];
    let mut request = asked(&kernel, &[b"initrd"], &empty);
    request.command_line = &line;
    let mut room = super::workspace();
    let plan_of_all = plan(&request, &machine, &mut room).unwrap();
    assert_eq!(plan_of_all.command_line(), line);
    // A tree that the kernel cannot map.
    let large = Tree::default()
        .begin("")
        .property("a", &vec![0; 2 << 20])
        .end()
        .blob();
    let mut request = asked(&kernel, &[], &large);
    request.options.mem_max = u64::MAX;
    let error = plan(&request, &machine, &mut super::workspace())
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
}

#[test]
fn an_image_for_another_architecture_is_refused() {
    let (kernel, tree) = (image(), board().blob());
    let mut machine = board_with(&[(0x400, 0x800)]);
    machine.platform.arch = Some(Arch::X86_64);
    let mut workspace = workspace();
    let error = plan(&asked(&kernel, &[], &tree), &machine, &mut workspace).map(|_| ());
    assert!(matches!(error, Err(Error::NotBootable { why }) if why.contains("architecture")));
}
