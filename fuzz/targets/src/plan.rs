//! Plans of arbitrary machines, images and requests, and everything that must hold of them.

use std::cell::RefCell;

use arbitrary::Unstructured;
use kexec_core::Error;
use kexec_core::machine::Machine;
use kexec_core::plan::{
    ElfAs, Plan, Request, Rule, Segment, SegmentKind, Workspace, plan, plan_to_boot,
};

use crate::boot_params::{self, Passed};
use crate::case::Case;
use crate::kernel::Image;
use crate::machine;
use crate::model::{self, END, Span};
use crate::random::Random;

const PAGE: u64 = 4096;
const MIB: u64 = 1 << 20;
const BELOW_4G: u64 = (1 << 32) - 1;

/// What initrds and device trees are made of.
pub static FILLER: [u8; 1 << 16] = {
    let mut filler = [0; 1 << 16];
    let mut at = 0;
    while at < filler.len() {
        filler[at] = ((at * 31) >> 3) as u8;
        at += 1;
    }
    filler
};

/// Inputs that become cases.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Random::inputs(9, &[24, 64, 128, 256, 512, 1024], 24);
    // All bits clear: usual kernels on usual machines.
    seeds.extend((0..48).map(|length| vec![0; length * 4]));
    seeds
}

/// The target: kernels that a reboot starts.
pub fn run(data: &[u8]) {
    if let Ok(mut case) = Unstructured::new(data).arbitrary::<Case>() {
        case.wanted.options.crash = None;
        planned(&case, &mut |planned| check_reboot(planned));
    }
}

/// A plan, and what it was made of.
#[derive(Debug)]
pub struct Planned<'a> {
    /// What it was made of.
    pub case: &'a Case,
    /// The kernel's file.
    pub kernel: &'a [u8],
    /// The plan.
    pub plan: &'a Plan<'a>,
}

impl Planned<'_> {
    /// What a Linux/x86 kernel gets.
    pub fn passed(&self) -> Passed {
        let boot = of_kind(self.plan, SegmentKind::BootParams);
        boot_params::read(boot.buf, boot.mem)
    }
}

thread_local! {
    static ROOM: RefCell<(Box<Machine>, Box<Workspace>)> = RefCell::default();
}

/// Plans, and checks what holds for all plans; `more` is for the rest.
pub fn planned(case: &Case, more: &mut dyn FnMut(&Planned<'_>)) {
    ROOM.with_borrow_mut(|(machine, workspace)| {
        case.machine.fill(machine);
        let kernel = case.image.file();
        let wanted = &case.wanted;
        let initrds: Vec<&[u8]> = wanted.initrds.iter().map(|&size| &FILLER[..size]).collect();
        let mut options = wanted.options;
        let vmlinux = matches!(case.image, Image::Vmlinux(_)) && !wanted.to_boot;
        options.elf = vmlinux.then_some(ElfAs::Linux);
        let request = Request {
            kernel: &kernel,
            initrds: &initrds,
            modules: &[],
            command_line: &wanted.command_line,
            dtb: wanted.dtb.map(|size| &FILLER[..size]),
            rng_seed: wanted.seed,
            digest_secret: None,
            options,
        };
        let to_boot = wanted.to_boot && options.crash.is_none();
        let made = if to_boot {
            plan_to_boot(&request, machine, workspace)
        } else {
            plan(&request, machine, workspace)
        };
        match made {
            Err(error) => refused(case, error),
            Ok(plan) => {
                let planned = Planned {
                    case,
                    kernel: &kernel,
                    plan: &plan,
                };
                every_plan(&planned, machine);
                more(&planned);
            }
        }
    });
}

/// The segment of a kind; there is one.
pub fn of_kind<'p>(plan: &'p Plan<'_>, kind: SegmentKind) -> &'p Segment<'p> {
    let mut all = plan
        .segments()
        .iter()
        .filter(|segment| segment.kind == kind);
    let found = all.next().expect("a segment of this kind");
    assert!(all.next().is_none(), "two segments of kind {kind}");
    found
}

/// The first address that may not be used.
fn limit(case: &Case) -> u64 {
    // MAXMEM - 1 (arch/x86/include/asm/pgtable_64_types.h).
    if case.machine.five_level {
        (1 << 52) - 1
    } else {
        (1 << 46) - 1
    }
}

/// Where segments may go, but for a crash kernel's reservation.
fn free(case: &Case) -> Vec<Span> {
    free_from(case, MIB)
}

/// The same for images that may have segments below 1 MiB.
pub fn free_from(case: &Case, lowest: u64) -> Vec<Span> {
    let machine = &case.machine;
    let memory = model::ram(&machine.memory);
    let both = if machine.iomem.is_empty() {
        memory
    } else {
        model::common(&memory, &model::ram(&machine.iomem))
    };
    let efi = machine.efi.iter().map(|&(start, pages)| {
        let start = u128::from(start);
        (
            start,
            (start + u128::from(pages) * u128::from(PAGE)).min(END),
        )
    });
    let free = model::without(&both, &efi.collect::<Vec<_>>());
    let options = &case.wanted.options;
    let min = u128::from(options.mem_min.max(lowest));
    let max = u128::from(options.mem_max.min(limit(case) - 1)) + 1;
    model::common(&free, &[(min, max)])
}

/// What must hold of every plan, for an image of any family.
fn every_plan(planned: &Planned<'_>, machine: &Machine) {
    let Planned { case, plan, .. } = planned;
    let options = &case.wanted.options;
    let segments = plan.segments();
    assert!(
        options.mem_min <= options.mem_max,
        "planned for no memory at all"
    );
    assert!(segments.len() <= 16, "{} segments", segments.len());
    let mut sum = 0_u128;
    for (index, segment) in segments.iter().enumerate() {
        let what = format!("{segment:?}");
        let end = u128::from(segment.mem) + u128::from(segment.memsz);
        assert!(
            segment.mem % PAGE == 0 && segment.memsz % PAGE == 0,
            "{what}: not aligned"
        );
        assert!(segment.memsz != 0, "{what}: empty");
        assert!(end < u128::from(limit(case)), "{what}: past the limit");
        assert!(segment.mem >= options.mem_min, "{what}: below mem_min");
        assert!(
            end - 1 <= u128::from(options.mem_max),
            "{what}: above mem_max"
        );
        assert!(
            segment.buf.len() as u64 <= segment.memsz,
            "{what}: more bytes than memory"
        );
        for other in &segments[..index] {
            let apart =
                segment.mem >= other.mem + other.memsz || other.mem >= segment.mem + segment.memsz;
            assert!(apart, "{what} overlaps {other:?}");
        }
        let anywhere = segment.kind == SegmentKind::Purgatory
            || matches!(segment.kind, SegmentKind::CoreHeader | SegmentKind::Backup);
        assert!(
            anywhere || case.image.above_4g() || end <= 1 << 32,
            "{what}: above 4 GiB"
        );
        sum += u128::from(segment.memsz);
    }
    let half = machine
        .platform
        .total_ram
        .map_or(u128::MAX, |bytes| u128::from(bytes / PAGE / 2 * PAGE));
    match plan.check() {
        Ok(()) => assert!(sum <= half, "more than half of the RAM"),
        Err(Error::Check {
            rule: Rule::TooMuchMemory,
            ..
        }) => assert!(sum > half, "refused for nothing"),
        Err(other) => panic!("planned and refused by check(): {other:?}"),
    }
    entries(planned);
    match case.image {
        Image::BzImage(_) | Image::Vmlinux(_) => linux(planned),
    }
}

/// What must hold of a plan for a Linux/x86 image.
fn linux(planned: &Planned<'_>) {
    let Planned { case, plan, .. } = planned;
    parts(planned);
    passed_on(planned);
    let old = case
        .machine
        .boot_params
        .then(|| machine::boot_params(case.machine.efi_complete));
    let boot = of_kind(plan, SegmentKind::BootParams);
    purgatory_has(plan, boot.mem);
    let page = &boot.buf[..4096];
    if let Some(old) = old {
        boot_params::check_inherited(page, &old);
    }
    if let Image::BzImage(_) = case.image {
        boot_params::check_header(page, planned.kernel);
    }
    assert_eq!(planned.passed().rsdp, case.machine.acpi_rsdp);
}

fn kernel_parts<'p>(plan: &'p Plan<'_>) -> Vec<&'p Segment<'p>> {
    let all = plan.segments().iter();
    all.filter(|segment| segment.kind == SegmentKind::Kernel)
        .collect()
}

fn purgatory_has(plan: &Plan<'_>, number: u64) {
    let bytes = number.to_le_bytes();
    let purgatory = of_kind(plan, SegmentKind::Purgatory);
    let there = purgatory.buf.windows(8).any(|window| window == bytes);
    assert!(there, "the purgatory does not know {number:x?}");
}

/// Both entries lie in bytes that are loaded, and the purgatory gets the second.
fn entries(planned: &Planned<'_>) {
    let Planned { case, plan, .. } = planned;
    let purgatory = of_kind(plan, SegmentKind::Purgatory);
    assert_eq!(plan.entry, purgatory.mem);
    assert!(!purgatory.buf.is_empty());
    let parts = kernel_parts(plan);
    let loaded = |address: u64| {
        let mut inside = parts
            .iter()
            .map(|part| (part.mem, part.mem + part.buf.len() as u64));
        inside.any(|(start, end)| start <= address && address < end)
    };
    assert!(
        loaded(plan.kernel_entry),
        "the kernel's entry, {:#x}, is not loaded",
        plan.kernel_entry
    );
    let (part, offset) = case
        .image
        .entry()
        .expect("an image without an entry was planned");
    assert_eq!(
        plan.kernel_entry,
        parts[part].mem + offset,
        "not the image's entry"
    );
    purgatory_has(plan, plan.kernel_entry);
}

/// The parts of the kernel are those of its file, where it can run.
fn parts(planned: &Planned<'_>) {
    let Planned { case, plan, .. } = planned;
    let parts = kernel_parts(plan);
    match &case.image {
        Image::BzImage(image) => {
            let [kernel] = parts[..] else {
                panic!("{} parts", parts.len())
            };
            assert!(kernel.memsz >= u64::from(image.init_size));
            assert_eq!(kernel.buf, &planned.kernel[image.setup()..]);
            if image.relocatable {
                assert_eq!(kernel.mem % u64::from(image.alignment), 0);
                assert!(kernel.mem >= image.pref_address);
            } else {
                assert_eq!(kernel.mem, image.pref_address);
            }
        }
        Image::Vmlinux(image) => {
            let loads: Vec<_> = image
                .loads
                .iter()
                .filter(|load| load.in_memory != 0)
                .collect();
            assert_eq!(loads.len(), parts.len());
            let moved = parts[0].mem.wrapping_sub(loads[0].page());
            assert_eq!(moved % (2 * MIB), 0, "moved by what startup_64 cannot");
            for (load, part) in loads.iter().zip(&parts) {
                assert_eq!(part.mem, load.page().wrapping_add(moved));
                let lead = load.address - load.page();
                assert!(part.memsz >= lead + load.in_memory);
                let bytes = if load.in_file == 0 {
                    0
                } else {
                    lead + load.in_file
                };
                assert_eq!(part.buf.len() as u64, bytes);
            }
        }
    }
}

/// What the new kernel gets of the request.
fn passed_on(planned: &Planned<'_>) {
    let Planned { case, plan, .. } = planned;
    let passed = planned.passed();
    let wanted = &case.wanted;
    let initrds = plan
        .segments()
        .iter()
        .filter(|segment| matches!(segment.kind, SegmentKind::Initrd(_)));
    let mut at = passed.ramdisk.0;
    let mut count = 0;
    for (segment, size) in initrds.zip(&wanted.initrds) {
        assert_eq!(segment.mem, at, "initrds with a gap");
        assert_eq!(segment.buf, &FILLER[..*size]);
        at += segment.memsz;
        count += 1;
    }
    assert_eq!(count, wanted.initrds.len());
    let end = wanted.initrds.last().map_or(passed.ramdisk.0, |size| {
        let last = at - (*size as u64).next_multiple_of(PAGE);
        last + *size as u64
    });
    assert_eq!(passed.ramdisk.0 + passed.ramdisk.1, end, "ramdisk_size");
    let data = |kind: u32| {
        passed
            .setup
            .iter()
            .find(|(other, _)| *other == kind)
            .map(|(_, data)| data)
    };
    let types: Vec<u32> = plan.setup_types().iter().map(|kind| kind.0).collect();
    assert_eq!(
        types,
        passed
            .setup
            .iter()
            .map(|(kind, _)| *kind)
            .collect::<Vec<_>>()
    );
    let most = match &case.image {
        Image::BzImage(image) if image.version >= 0x020f => image.setup_type_max,
        _ => None,
    };
    let knows = |kind: u32| {
        most.is_none_or(|most| kind <= most & 0x7fff_ffff || planned.kernel.len() < 0xa00 + 0x310)
    };
    match data(9) {
        Some(seed) => assert_eq!(Some(&seed[..]), wanted.seed.as_ref().map(|seed| &seed[..])),
        None => assert!(wanted.seed.is_none() || !knows(9), "the seed is missing"),
    }
    match data(2) {
        Some(tree) => assert_eq!(Some(tree.len()), wanted.dtb),
        None => assert!(
            wanted.dtb.is_none() || !knows(2),
            "the device tree is missing"
        ),
    }
    let Some(map) = &passed.efi else {
        return assert!(data(4).is_none());
    };
    assert!(data(4).is_some() && wanted.options.efi && case.machine.efi_complete);
    let mut given: Vec<(u64, u64)> = case.machine.efi.clone();
    let mut passed: Vec<(u64, u64)> = map
        .iter()
        .map(|(_, start, pages)| (*start, *pages))
        .collect();
    given.sort_unstable();
    passed.sort_unstable();
    assert_eq!(given, passed);
}

/// What must hold of a plan for a reboot.
fn check_reboot(planned: &Planned<'_>) {
    let Planned { case, plan, .. } = planned;
    let passed = planned.passed();
    let free = free(case);
    for segment in plan.segments() {
        let place = (
            segment.mem.into(),
            u128::from(segment.mem) + u128::from(segment.memsz),
        );
        assert!(
            model::holds(&free, place),
            "{segment:?} is not in free RAM: {free:x?}"
        );
    }
    assert_eq!(passed.command_line, case.wanted.command_line);
    same_map(&case.machine.memory, &passed.memory);
}

/// Two maps say the same. No e820 entry is as large as the whole address space.
pub fn same_map(given: &[model::Entry], passed: &[model::Entry]) {
    let given = model::resolve(given);
    if given.iter().all(|((start, end), _)| end - start < END) {
        assert_eq!(given, model::resolve(passed));
    }
}

/// What must hold of a refusal.
fn refused(case: &Case, error: Error) {
    let wanted = &case.wanted;
    let options = &wanted.options;
    match error {
        Error::NoHole {
            what,
            size,
            align,
            min,
            max,
            largest,
            ..
        } => {
            assert!(
                options.mem_min <= options.mem_max,
                "no hole, for there is no window"
            );
            assert!(largest < size || align > PAGE || size > 0, "{error:?}");
            if largest != 0 {
                assert!(
                    min >= options.mem_min && max <= options.mem_max,
                    "{error}: not the window"
                );
                assert!(max < limit(case), "{error}: past the limit");
            }
            if options.crash.is_some() {
                return;
            }
            let free = free(case);
            let there = model::largest(&free, min, max.max(min));
            if what.starts_with("the kernel") {
                if min <= max {
                    assert_eq!(u128::from(largest), there, "{error}: {free:x?}");
                }
                let (low, high) = kernel_window(case);
                assert!(
                    low > high || !model::fits(&free, low, high, size, align),
                    "refused for nothing: {error}"
                );
            } else {
                assert!(u128::from(largest) <= there, "{error}: {free:x?}");
            }
        }
        Error::BadArgument { .. } => {
            assert!(
                options.mem_min > options.mem_max || wanted.to_boot,
                "{error}"
            );
        }
        Error::EmptyFile => assert!(wanted.initrds.contains(&0)),
        Error::CommandLineNul { .. } => assert!(wanted.command_line.contains(&0)),
        Error::CommandLineTooLong { length, limit } => {
            assert!(length > limit);
            assert!(options.crash.is_some() || length == wanted.command_line.len() as u64);
        }
        Error::NoMemoryMap => assert!(case.machine.memory.is_empty()),
        Error::TooManySegments { count, max } => assert!(count > max && max == 16),
        Error::CrashTooSmall { have, need } => assert!(need > have && options.crash.is_some()),
        Error::NoCrashReservation | Error::NoVmcoreinfo | Error::NoCrashHotplug => {
            assert!(options.crash.is_some());
        }
        // Nothing was read for a machine made here: whether there is a reservation may be unknown.
        Error::Unknown { .. } => {
            assert!(options.crash.is_some() && case.machine.dump.region.is_none());
        }
        Error::BadField { .. }
        | Error::NotBootable { .. }
        | Error::Truncated { .. }
        | Error::NotThisFormat { .. }
        | Error::Full { .. } => {}
        other => panic!("an error that no plan has: {other:?}"),
    }
}

/// Where the kernel may begin and end, by its fields.
fn kernel_window(case: &Case) -> (u64, u64) {
    let max = if case.image.above_4g() {
        u64::MAX
    } else {
        BELOW_4G
    };
    match &case.image {
        Image::BzImage(image) if image.relocatable => (image.pref_address, max),
        Image::BzImage(image) => {
            let size = u64::from(image.init_size).next_multiple_of(PAGE);
            let last = image.pref_address.saturating_add(size).saturating_sub(1);
            (image.pref_address, last.min(max))
        }
        Image::Vmlinux(image) => {
            let loads: Vec<_> = image
                .loads
                .iter()
                .filter(|load| load.in_memory != 0)
                .collect();
            let Some(first) = loads.first().filter(|first| first.page() % (2 * MIB) != 0) else {
                return (0, max);
            };
            let end = loads
                .iter()
                .map(|load| load.address.saturating_add(load.in_memory));
            let end = end
                .max()
                .unwrap_or(0)
                .checked_next_multiple_of(PAGE)
                .unwrap_or(u64::MAX);
            (first.page(), end.saturating_sub(1))
        }
    }
}
