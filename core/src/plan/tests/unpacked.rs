//! A bzImage that is unpacked and moved before it is started.

use super::linux32::register;
use super::*;
use crate::image::x86::{Addresses, Unpacked};
use crate::image::{Image, Kernel};
use crate::machine::refusal;
use crate::testing::unpacked;

const DRAWN: Addresses = Addresses::Drawn {
    physical: 5,
    virt: 3,
};

/// As [`machine`], of which all is known that matters here.
fn known(ram: &[(u64, u64)]) -> Box<Machine> {
    let mut machine = machine(ram);
    machine.x86.encrypted_guest = Known::No;
    machine.hot_plug.known = Known::No;
    machine
}

/// A change of the setup header, how addresses are chosen, and the command line.
struct Case {
    file: Vec<u8>,
    table: bool,
    addresses: Addresses,
    line: &'static [u8],
}

impl Case {
    fn new(addresses: Addresses) -> Self {
        Self {
            file: bzimage(0x1000),
            table: true,
            addresses,
            line: b"ro",
        }
    }

    fn with_line(addresses: Addresses, line: &'static [u8]) -> Self {
        Self {
            line,
            ..Self::new(addresses)
        }
    }

    /// Makes the plan; `then` sees it.
    fn plan<R>(&self, machine: &Machine, then: impl FnOnce(&Plan<'_>) -> R) -> Result<R> {
        let mut payload = unpacked(self.table);
        let image = BzImage::parse(&self.file).unwrap();
        let kernel = Unpacked::new(&image, &mut payload, self.addresses)?;
        let image = Image::Linux(Kernel::Unpacked(kernel));
        let initrd = [7_u8; 5000];
        let initrds = [&initrd[..]];
        let mut request = request(&self.file, &initrds);
        request.command_line = self.line;
        let mut workspace = workspace();
        let plan = plan_image(&image, &request, machine, &mut workspace)?;
        plan.check().unwrap();
        Ok(then(&plan))
    }

    fn notes(&self, machine: &Machine) -> Vec<&'static str> {
        let why = |note: &Note| match note {
            Note::Unpacked { why } => Some(*why),
            _ => None,
        };
        self.plan(machine, |plan| {
            plan.notes().iter().filter_map(why).collect()
        })
        .unwrap()
    }

    fn kernel(&self, machine: &Machine) -> u64 {
        self.plan(machine, |plan| plan.segments()[0].mem).unwrap()
    }
}

#[test]
fn its_parts_its_entry_and_the_flag() {
    let machine = known(&[(0, 1), (1, 64)]);
    Case::new(DRAWN)
        .plan(&machine, |plan| {
            let [kernel, initrd, boot, purgatory] = plan.segments() else {
                panic!()
            };
            // 24 places from 16 MiB on; the highest 2 MiB have the others. 5 is the sixth.
            assert_eq!((kernel.mem, kernel.memsz), (0x1a0_0000, 0x1000));
            assert_eq!(kernel.buf.len(), 0x38);
            // Three slots further: 6 MiB.
            assert_eq!(u64_at(kernel.buf, 0x20), Some(0xffff_ffff_8160_0010));
            assert_eq!(u32_at(kernel.buf, 0x30), Some(0x8160_0010));
            assert_eq!(plan.kernel_entry, 0x1a0_0010);
            assert_eq!(initrd.mem, 0x3ff_e000);
            // The setup header of the bzImage, KASLR_FLAG, cc_blob_address and the sentinel.
            assert_eq!(u8_at(boot.buf, 0x211), Some(2));
            assert_eq!(u32_at(boot.buf, 0x230), Some(0x20_0000));
            assert_eq!(
                (u32_at(boot.buf, 0x13c), u8_at(boot.buf, 0x1ef)),
                (Some(0), Some(0))
            );
            assert_eq!(u64_at(boot.buf, 0x258), Some(0x100_0000));
            assert_eq!(
                (register(purgatory, 4), register(purgatory, 16)),
                (boot.mem, 0x1a0_0010)
            );
        })
        .unwrap();
}

#[test]
fn places_are_drawn_from_all_memory_that_the_plan_may_use() {
    let machine = known(&[(0, 1), (1, 64), (4096, 4104)]);
    let place = |physical| Case::new(Addresses::Drawn { physical, virt: 0 }).kernel(&machine);
    // 24 places below 64 MiB, and 3 above 4 GiB, beside the other segments.
    let places: Vec<u64> = (0..27).map(place).collect();
    let mut expected: Vec<u64> = (0..24).map(|slot| 0x100_0000 + slot * 0x20_0000).collect();
    expected.extend([0x1_0000_0000, 0x1_0020_0000, 0x1_0040_0000]);
    assert_eq!(places, expected);
    assert_eq!(place(27), 0x100_0000);
}

#[test]
fn as_linked_it_is_at_its_place_or_as_high_as_possible() {
    let full = known(&[(0, 1), (1, 64)]);
    let other = known(&[(0, 1), (32, 64)]);
    let nokaslr = Case::with_line(Addresses::AsLinked, b"ro nokaslr");
    let table = Case {
        table: false,
        ..Case::new(DRAWN)
    };
    for (case, flag) in [
        (&nokaslr, 0),
        (&table, 0),
        (&Case::new(Addresses::AsLinked), 2),
    ] {
        assert_eq!(
            (case.kernel(&full), case.kernel(&other)),
            (0x100_0000, 0x3e0_0000)
        );
        let found = case.plan(&full, |plan| u8_at(plan.segments()[2].buf, 0x211));
        assert_eq!(found.unwrap(), Some(flag));
    }
    assert!(table.notes(&full)[0].contains("no relocation table"));
    let error = Case::with_line(DRAWN, b"nokaslr")
        .plan(&full, |_| ())
        .unwrap_err();
    assert!(matches!(error, Error::NotBootable { why } if why.contains("nokaslr")));
}

#[test]
fn exact_addresses() {
    let machine = known(&[(0, 1), (1, 64)]);
    let exactly = |physical| {
        Case::new(Addresses::Exactly {
            physical,
            offset: 0x80_0000,
        })
        .plan(&machine, |plan| {
            let kernel = plan.segments()[0];
            assert_eq!(u32_at(kernel.buf, 0x30), Some(0x8180_0010));
            assert_eq!(u8_at(plan.segments()[2].buf, 0x211), Some(2));
            kernel.mem
        })
    };
    assert_eq!(exactly(0x220_0000), Ok(0x220_0000));
    assert!(matches!(exactly(0x400_0000), Err(Error::NoHole { .. })));
}

#[test]
fn words_of_the_line_about_memory() {
    let machine = known(&[(0, 1), (1, 64)]);
    // Below 18 MiB there is one place.
    let limited = Case::with_line(DRAWN, b"mem=18M");
    assert_eq!(limited.kernel(&machine), 0x100_0000);
    let error = Case::with_line(DRAWN, b"memmap=17M").plan(&machine, |_| ());
    assert!(matches!(
        error,
        Err(Error::NoHole {
            max: 0x10f_ffff,
            ..
        })
    ));
    for line in [&b"memmap=64K$32M"[..], b"hugepagesz=1G hugepages=1"] {
        let case = Case::with_line(DRAWN, line);
        // As high as possible, and the others below.
        assert_eq!(case.kernel(&machine), 0x3e0_0000);
        assert!(case.notes(&machine)[0].contains("not drawn, because of memmap="));
    }
    let error = Case::with_line(DRAWN, b"mem_encrypt=on").plan(&machine, |_| ());
    assert!(matches!(error, Err(Error::NotBootable { why }) if why.contains("mem_encrypt")));
}

#[test]
fn memory_that_can_be_removed_is_not_drawn() {
    let mut machine = known(&[(0, 1), (1, 64)]);
    let case = |physical| Case::new(Addresses::Drawn { physical, virt: 0 });
    assert_eq!(case(2).notes(&machine), [FOUR_LEVELS]);
    machine.hot_plug.known = Known::Unknown;
    assert!(case(2).notes(&machine)[0].contains("SRAT"));
}

const FOUR_LEVELS: &str = "its page tables have 4 levels, as those of this kernel";

#[test]
fn paging_levels_and_encryption() {
    let mut machine = known(&[(0, 1), (1, 64)]);
    let old = |flags| {
        let mut case = Case::new(DRAWN);
        case.file[0x236] = flags;
        case
    };
    for (paging, flags, line, fits, notes) in [
        (Known::No, 0x7f, &b"ro"[..], true, &[FOUR_LEVELS][..]),
        (Known::No, 0x3f, b"ro", true, &[]),
        (Known::No, 0x7f, b"no5lvl", true, &[]),
        (Known::Yes, 0x7f, b"ro", true, &[]),
        (Known::Yes, 0x3f, b"ro", false, &[]),
        (Known::Yes, 0x7f, b"no5lvl", false, &[]),
        (Known::Unknown, 0x7f, b"ro", true, &[]),
        (Known::Unknown, 0x3f, b"ro", false, &[]),
    ] {
        machine.x86.five_level_paging = paging;
        let case = Case { line, ..old(flags) };
        match case.plan(&machine, |_| ()) {
            Ok(()) => assert_eq!((case.notes(&machine), fits), (notes.to_vec(), true)),
            Err(Error::Unknown { what }) => {
                assert_eq!(
                    (what, paging, fits),
                    (refusal::FIVE_LEVEL, Known::Unknown, false)
                );
            }
            Err(Error::NotBootable { why }) => {
                assert!(why.contains("5-level") && paging == Known::Yes && !fits);
            }
            Err(other) => panic!("{other}"),
        }
    }
    machine.x86.five_level_paging = Known::No;
    machine.x86.encrypted_guest = Known::Yes;
    let refused = |machine: &Machine| Case::new(DRAWN).plan(machine, |_| ()).unwrap_err();
    assert!(matches!(refused(&machine), Error::NotBootable { why } if why.contains("TDX")));
    machine.x86.encrypted_guest = Known::Unknown;
    assert_eq!(
        refused(&machine),
        Error::Unknown {
            what: refusal::ENCRYPTED_GUEST
        }
    );
    machine.x86.encrypted_guest = Known::No;
    machine.host.handover = Known::Yes;
    assert!(matches!(refused(&machine), Error::NotBootable { why } if why.contains("KHO")));
}

#[test]
fn without_room_to_choose_from_it_is_said() {
    // One place, and the others beside it.
    let machine = known(&[(0, 1), (16, 18), (2, 3)]);
    let case = Case::new(DRAWN);
    assert_eq!(case.kernel(&machine), 0x100_0000);
    assert!(
        case.notes(&machine)
            .iter()
            .any(|why| why.contains("no room to choose"))
    );
}

#[test]
fn other_entries_are_refused() {
    let mut payload = unpacked(true);
    let file = bzimage(0x1000);
    let image = BzImage::parse(&file).unwrap();
    let kernel = Unpacked::new(&image, &mut payload, DRAWN).unwrap();
    let image = Image::Linux(Kernel::Unpacked(kernel));
    let mut request = request(&file, &[]);
    request.options.entry = Some(Entry::X86Protected);
    let mut workspace = workspace();
    let error = plan_image(&image, &request, &known(&[(1, 64)]), &mut workspace);
    assert!(matches!(error, Err(Error::BadArgument { .. })));
}
