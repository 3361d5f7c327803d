//! Request + machine → plan: segments, entry and flags for kexec_load(2). Pure.

mod check;
mod crash;
mod known;
mod note;
mod place;
mod request;
mod seal;
mod segment;
mod usable;
mod workspace;

use core::ops::ControlFlow;

use heapless::Vec;

pub use crate::error::Rule;
pub use crate::purgatory::OnFailure;
pub use check::{
    Limits, SEGMENT_MAX, X86_64_LIMIT_4_LEVEL, X86_64_LIMIT_5_LEVEL, check, check_in_ram,
};
pub use note::Note;
pub use request::{Console, CrashOptions, Options, Request};
pub use seal::Progress;
use seal::{Exit, Sealed};
pub use segment::{Segment, SegmentKind};
pub use workspace::Workspace;

use crate::boot::{self, Layout, SetupType};
use crate::crash::ControlPages;
use crate::error::{Error, Result};
use crate::image::{BzImage, Kernel, bzimage::xlf};
use crate::machine::{Known, Machine, refusal};
use crate::purgatory;
use crash::Crash;
use place::{Bounds, Placement, Sizes, pages};
use usable::{LOWEST, usable};

/// kexec_load's architecture bits: EM_X86_64 << 16 (include/uapi/linux/kexec.h).
const KEXEC_ARCH_X86_64: u64 = 62 << 16;

/// Room for every note that can come together.
const NOTES: usize = 24;

/// What is to be loaded. Segments point at the caller's files and at the workspace.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Where the kernel jumps to: the purgatory.
    pub entry: u64,
    /// Flags for kexec_load(2): the architecture, and for a crash kernel that it is one.
    pub flags: u64,
    /// Where the new kernel is entered.
    pub kernel_entry: u64,
    /// What the purgatory verifies, unless it does not: XXH3-128 in its canonical form, keyed with
    /// [`Request::digest_secret`].
    pub digest: Option<[u8; 16]>,
    segments: Vec<Segment<'a>, SEGMENT_MAX>,
    notes: Vec<Note, NOTES>,
    setup_types: Vec<SetupType, 4>,
    limits: Limits,
    control_pages: Option<ControlPages>,
    command_line: &'a [u8],
}

impl<'a> Plan<'a> {
    /// The segments.
    #[must_use]
    pub fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    /// What was left out, and why.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The setup_data handed over, in list order.
    #[must_use]
    pub fn setup_types(&self) -> &[SetupType] {
        &self.setup_types
    }

    /// For a crash kernel: how many pages of the reservation stay free for the running kernel.
    #[must_use]
    pub const fn control_pages(&self) -> Option<ControlPages> {
        self.control_pages
    }

    /// The command line the new kernel gets, without a final NUL: of a crash kernel with what
    /// planning added (`elfcorehdr=`).
    #[must_use]
    pub const fn command_line(&self) -> &'a [u8] {
        self.command_line
    }

    /// Makes the kernel's checks.
    ///
    /// # Errors
    /// [`Error::Check`], [`Error::TooManySegments`]: the plan would be refused.
    pub fn check(&self) -> Result<()> {
        check(&self.segments, self.entry, &self.limits)?;
        check::kernel_entry(&self.segments, self.kernel_entry)
    }
}

/// Plans a kernel, a bzImage or a vmlinux, for this machine, reading every byte of kernel and initrds once for the
/// digest unless [`Options::verify`] is off.
///
/// # Errors
/// Everything [`Kernel::parse`] says of the image; [`Error::CommandLineTooLong`],
/// [`Error::CommandLineNul`], [`Error::EmptyFile`] for an empty initrd,
/// [`Error::TooManySegments`], [`Error::NoMemoryMap`], [`Error::NoHole`], [`Error::Full`],
/// [`Error::NotBootable`] (also what [`Machine::check_xen`] says), [`Error::Unknown`]; for a crash kernel also [`Error::NoCrashReservation`],
/// [`Error::CrashTooSmall`], [`Error::NoVmcoreinfo`], [`Error::NoCrashHotplug`].
pub fn plan<'a>(
    request: &Request<'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>> {
    plan_with_progress(request, machine, workspace, &mut |_, _| {
        ControlFlow::Continue(())
    })
}

/// As [`plan`], calling `progress` some times while kernel and initrds are digested.
///
/// # Errors
/// As [`plan`], and [`Error::Cancelled`] when `progress` says to stop.
pub fn plan_with_progress<'a>(
    request: &Request<'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    progress: Progress<'_>,
) -> Result<Plan<'a>> {
    machine.check_xen()?;
    let image = Kernel::parse(request.kernel, request.options.args_linux)?;
    let crash = CrashMeans {
        prepare: Crash::new,
        too_small: crash::Space::too_small,
        notes: crash::notes,
        add: Crash::add_to,
    };
    let mut seal = |exit: Exit<'_>, buffer| seal::seal(exit, buffer, progress);
    let means = Means {
        known: known::check,
        crash: Some(&crash),
        purgatory_memsz: purgatory::MEMSZ,
        seal: &mut seal,
    };
    make(request, &image, machine, workspace, means)
}

/// As [`plan`], for a bzImage that is to be started at once by a reboot, with a third of the
/// code: no vmlinux, no crash kernel, no console and no verification by the purgatory (as
/// without [`Options::verify`], whatever that says). No byte of kernel and initrds is read.
///
/// # Errors
/// As [`plan`]; [`Error::BadArgument`] where [`Options::args_linux`], [`Options::crash`] or
/// [`Options::console`] ask for what is not in it.
pub fn plan_to_boot<'a>(
    request: &Request<'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>> {
    let Options {
        console,
        args_linux,
        ..
    } = request.options;
    if args_linux || console.vga || console.serial || console.reset_vga {
        return Err(ONLY_TO_BOOT);
    }
    let image = Kernel::BzImage(BzImage::parse(request.kernel)?).entered()?;
    let means = Means {
        known: known::check_to_boot,
        crash: None,
        purgatory_memsz: purgatory::BARE_MEMSZ,
        seal: &mut seal::bare,
    };
    make(request, &image, machine, workspace, means)
}

const ONLY_TO_BOOT: Error = Error::BadArgument {
    what: "plan_to_boot() plans a bzImage for a reboot; its purgatory has no console",
};

/// What only some plans need: by pointers, so that the linker leaves it out of a program that
/// makes no such plan.
struct Means<'a, 'm> {
    /// Refuses what is not known of the machine and must be, and notes what else is not.
    known: known::Check,
    /// `None`: there are no crash kernels.
    crash: Option<&'m CrashMeans<'a>>,
    /// Memory the purgatory needs.
    purgatory_memsz: usize,
    seal: &'m mut dyn FnMut(Exit<'_>, &'a mut [u8; purgatory::SEGMENT_SIZE]) -> Result<Sealed<'a>>,
}

/// What a crash kernel needs.
struct CrashMeans<'a> {
    prepare: crash::Prepare<'a>,
    too_small: crash::TooSmall,
    notes: fn(&Machine, CrashOptions, &mut dyn FnMut(Note)),
    add: fn(&Crash<'a>, &mut Segments<'a>) -> usize,
}

fn make<'a>(
    request: &Request<'a>,
    image: &Kernel<'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    means: Means<'a, '_>,
) -> Result<Plan<'a>> {
    let mut notes = Vec::new();
    fits_machine(image, machine)?;
    check_command_line(image, request.command_line)?;
    if machine.memory.is_empty() {
        return Err(Error::NoMemoryMap);
    }
    if request.options.mem_min > request.options.mem_max {
        return Err(Error::BadArgument {
            what: "mem_min, the lowest address to use, is above mem_max, the highest",
        });
    }
    let asked = match (request.options.crash, means.crash) {
        (None, _) => None,
        (Some(options), Some(means)) => Some((options, means)),
        (Some(_), None) => return Err(ONLY_TO_BOOT),
    };
    (means.known)(request, machine, &mut |note| {
        // There is room: see NOTES.
        let _ = notes.push(note);
    })?;
    let mut parts = parts(request, image, machine, &mut notes);
    let mut limits = limits(machine);
    let Workspace {
        free,
        boot: boot_buffer,
        purgatory: purgatory_buffer,
        crash: crash_buffers,
    } = workspace;

    let mut crash = None;
    let bounds;
    let mut command_line = request.command_line;
    if let Some((options, means)) = asked {
        let mut note = |note| {
            let _ = notes.push(note);
        };
        (means.notes)(machine, options, &mut note);
        let prepared = (means.prepare)(
            request,
            options,
            image,
            machine,
            parts.efi,
            free,
            crash_buffers,
        )?;
        command_line = prepared.command_line;
        parts.command_line = command_line;
        // With `memmap=exactmap` too, which replaces it later: the decompressor looks in here for
        // room (KASLR), and must find none in the crashed kernel's RAM.
        parts.memory = prepared.memory;
        limits.crash = Some(prepared.space.region);
        bounds = prepared.space.bounds(request);
        crash = Some((prepared, means));
    } else {
        // Segments end below the limit, not at it.
        let last = limits.destination.saturating_sub(1);
        bounds = Bounds::new(LOWEST, last, &request.options);
        usable(machine, bounds.mem_min, last.min(bounds.mem_max), free)?;
    }
    let of_crash = crash.as_ref();
    count(
        request,
        image,
        of_crash.map_or(0, |(crash, _)| crash.segments),
    )?;
    let layout = Layout::new(&parts, machine);
    let sizes = Sizes {
        boot: layout.size(),
        purgatory: means.purgatory_memsz,
    };
    let placement = Placement::new(request, image, sizes, &bounds, free).map_err(|error| {
        crash.as_ref().map_or(error, |(crash, means)| {
            (means.too_small)(&crash.space, error, request, image, sizes, free)
        })
    })?;

    let contents = boot::Contents {
        setup_header: image.setup_header(),
        machine,
        parts,
        ramdisk: placement.ramdisk,
        base: placement.boot.start(),
    };
    let boot_bytes = boot_buffer.get_mut(..layout.size()).and_then(|bytes| {
        boot::write(bytes, &layout, &contents)?;
        Some(&*bytes)
    });
    let boot_bytes = boot_bytes.ok_or(Error::Full {
        what: "Workspace::BOOT_CAPACITY",
        capacity: Workspace::BOOT_CAPACITY as u64,
    })?;

    let mut segments = Segments(Vec::new());
    for (buf, offset, size) in image.parts() {
        let start = placement.kernel.start().saturating_add(offset);
        segments.add(SegmentKind::Kernel, buf, start, size);
    }
    let mut start = placement.ramdisk.address;
    for (number, initrd) in request.initrds.iter().enumerate() {
        let size = initrd.len() as u64;
        segments.add(SegmentKind::Initrd(number as u8), initrd, start, size);
        start = start.saturating_add(pages(size));
    }
    let boot = placement.boot;
    segments.add(
        SegmentKind::BootParams,
        boot_bytes,
        boot.start(),
        boot.size(),
    );
    let mut verified = segments.0.len();
    if let Some((crash, means)) = &crash {
        verified = (means.add)(crash, &mut segments);
    }

    let kernel_entry = placement
        .kernel
        .start()
        .saturating_add(image.entry_offset());
    let backup = crash.as_ref().and_then(|(crash, _)| crash.backup);
    let exit = Exit {
        options: &request.options,
        secret: request.digest_secret,
        segments: segments.0.get(..verified).unwrap_or_default(),
        kernel_entry,
        boot_params: placement.boot.start(),
        place: placement.purgatory,
        backup,
    };
    let sealed = (means.seal)(exit, purgatory_buffer)?;
    if sealed.digest.is_none() {
        let _ = notes.push(Note::NotVerified);
    }
    let place = placement.purgatory;
    segments.add(
        SegmentKind::Purgatory,
        sealed.bytes,
        place.start(),
        place.size(),
    );

    let mut setup_types = Vec::new();
    for kind in layout.setup_types() {
        // Both hold as many as the layout has nodes.
        let _ = setup_types.push(kind);
    }
    let of_crash = crash.as_ref().map_or(0, |(crash, _)| crash.flags);
    Ok(Plan {
        entry: placement.purgatory.start(),
        flags: KEXEC_ARCH_X86_64 | of_crash,
        kernel_entry,
        digest: sealed.digest,
        segments: segments.0,
        notes,
        setup_types,
        limits,
        control_pages: crash.map(|(crash, _)| crash.space.control),
        command_line,
    })
}

/// The list as it grows.
struct Segments<'a>(Vec<Segment<'a>, SEGMENT_MAX>);

impl<'a> Segments<'a> {
    /// There is room: [`count`] was asked first.
    fn add(&mut self, kind: SegmentKind, buf: &'a [u8], mem: u64, size: u64) {
        let memsz = pages(size);
        let _ = self.0.push(Segment {
            kind,
            buf,
            mem,
            memsz,
        });
    }
}

/// Whether the kernel takes as many segments as there will be: the image's, the initrds, the
/// boot parameters, the purgatory, and `more`.
fn count(request: &Request<'_>, image: &Kernel<'_>, more: usize) -> Result<()> {
    let files = image.segments().saturating_add(request.initrds.len());
    let count = files.saturating_add(2).saturating_add(more) as u64;
    let max = SEGMENT_MAX as u64;
    if count > max {
        return Err(Error::TooManySegments { count, max });
    }
    Ok(())
}

fn limits(machine: &Machine) -> Limits {
    Limits {
        // Below the lower limit is below both.
        destination: match machine.five_level_paging {
            Known::Yes => X86_64_LIMIT_5_LEVEL,
            Known::No | Known::Unknown => X86_64_LIMIT_4_LEVEL,
        },
        total_ram: machine.total_ram.unwrap_or(u64::MAX),
        crash: None,
    }
}

fn fits_machine(image: &Kernel<'_>, machine: &Machine) -> Result<()> {
    if image.xloadflags() & xlf::FIVE_LEVEL != 0 {
        return Ok(());
    }
    // CR4.LA57 cannot be cleared in long mode: the new kernel is entered with it.
    match machine.five_level_paging {
        Known::No => Ok(()),
        Known::Yes => Err(Error::NotBootable {
            why: "5-level paging is in use and the new kernel has no XLF_5LEVEL; boot with no5lvl \
                  first",
        }),
        Known::Unknown => Err(Error::Unknown {
            what: refusal::FIVE_LEVEL,
        }),
    }
}

fn check_command_line(image: &Kernel<'_>, command_line: &[u8]) -> Result<()> {
    let length = command_line.len() as u64;
    if length > image.cmdline_size() {
        return Err(Error::CommandLineTooLong {
            length,
            limit: image.cmdline_size(),
        });
    }
    match command_line.iter().position(|byte| *byte == 0) {
        Some(offset) => Err(Error::CommandLineNul {
            offset: offset as u64,
        }),
        None => Ok(()),
    }
}

/// Decides what is handed over, and notes what is not.
fn parts<'p>(
    request: &Request<'p>,
    image: &Kernel<'_>,
    machine: &'p Machine,
    notes: &mut Vec<Note, NOTES>,
) -> boot::Parts<'p> {
    // At most a handful of notes; there is room for all.
    let mut note = |note| {
        let _ = notes.push(note);
    };
    let mut known = |kind: SetupType| match image.setup_type_max() {
        Some(max) if kind.0 > max => {
            note(Note::SetupTypeLeftOut { kind, max });
            false
        }
        _ => true,
    };
    let dtb = request.dtb.filter(|_| known(SetupType::DTB));
    let rng_seed = request.rng_seed.filter(|_| known(SetupType::RNG_SEED));
    if request.rng_seed.is_none() {
        note(Note::NoRngSeed);
    }
    if machine.boot_params.get().is_none() {
        note(Note::NoBootParams);
    }
    let efi = match efi_refusal(request, image, machine) {
        None => true,
        Some(refusal) => {
            refusal.map(note);
            false
        }
    };
    boot::Parts {
        command_line: request.command_line,
        memory: &machine.memory,
        efi,
        dtb,
        rng_seed,
    }
}

/// Why EFI is not handed on: `None` if it is, `Some(None)` on machines without EFI.
fn efi_refusal(
    request: &Request<'_>,
    image: &Kernel<'_>,
    machine: &Machine,
) -> Option<Option<Note>> {
    let booted_by_efi = machine
        .boot_params
        .get()
        .is_some_and(|page| page.get(0x1c0..0x1c4) == Some(b"EL64"));
    let why = if !booted_by_efi {
        // Nothing is known of EFI here, or the running kernel is a 32-bit EFI's guest, whose
        // runtime services a 64-bit kexec cannot use.
        return Some(None);
    } else if !request.options.efi {
        "as asked (noefi)"
    } else if image.xloadflags() & xlf::EFI_KEXEC == 0 {
        "the new kernel has no XLF_EFI_KEXEC"
    } else if machine.efi.is_complete() {
        return None;
    } else if machine.efi.has_map == Known::No {
        "the running kernel does not use them"
    } else {
        return Some(Some(Note::EfiUnread));
    };
    Some(Some(Note::NoEfi { why }))
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
