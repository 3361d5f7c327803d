//! Request + machine → plan: segments, entry and flags for kexec_load(2). Pure.

mod check;
mod crash;
mod note;
mod place;
mod request;
mod rule;
mod seal;
mod segment;
mod usable;
mod workspace;

use core::ops::ControlFlow;

use heapless::Vec;

use crate::purgatory::Backup;
pub use crate::purgatory::OnFailure;
pub use check::{
    Limits, SEGMENT_MAX, X86_64_LIMIT_4_LEVEL, X86_64_LIMIT_5_LEVEL, check, check_in_ram,
};
pub use note::Note;
pub use request::{Console, CrashOptions, Options, Request};
pub use rule::Rule;
pub use seal::Progress;
pub use segment::{Segment, SegmentKind};
pub use workspace::Workspace;

use crate::boot::{self, Layout, SetupType};
use crate::crash::ControlPages;
use crate::error::{Error, Result};
use crate::image::{Kernel, bzimage::xlf};
use crate::machine::Machine;
use crate::memory::{PAGE_SIZE, Range, align_up};
use crash::Crash;
use place::{OTHERS, Placement};
use usable::usable;

/// kexec_load's architecture bits: EM_X86_64 << 16 (include/uapi/linux/kexec.h).
const KEXEC_ARCH_X86_64: u64 = 62 << 16;

/// KEXEC_ON_CRASH: the image for a crash.
const KEXEC_ON_CRASH: u64 = 0x1;
/// KEXEC_UPDATE_ELFCOREHDR: the running kernel may rewrite the elfcorehdr (Linux 6.6). The newer
/// KEXEC_CRASH_HOTPLUG_SUPPORT (6.10) means the same on x86, where kernels take either.
const KEXEC_UPDATE_ELFCOREHDR: u64 = 0x4;

/// What is to be loaded. Segments point at the caller's files and at the workspace.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Where the kernel jumps to: the purgatory.
    pub entry: u64,
    /// Flags for kexec_load(2): the architecture, and for a crash kernel that it is one.
    pub flags: u64,
    /// Where the new kernel is entered.
    pub kernel_entry: u64,
    /// What the purgatory verifies, unless it does not.
    pub digest: Option<[u8; 32]>,
    segments: Vec<Segment<'a>, SEGMENT_MAX>,
    notes: Vec<Note, 16>,
    setup_types: Vec<SetupType, 4>,
    limits: Limits,
    control_pages: Option<ControlPages>,
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

    /// Makes the kernel's checks.
    ///
    /// # Errors
    /// [`Error::Check`], [`Error::TooManySegments`]: the plan would be refused.
    pub fn check(&self) -> Result<()> {
        check(&self.segments, self.entry, &self.limits)
    }
}

/// Plans a kernel, a bzImage or a vmlinux, for this machine, reading every byte of kernel and initrds once for the
/// digest unless [`Options::verify`] is off.
///
/// # Errors
/// Everything [`Kernel::parse`] says of the image; [`Error::CommandLineTooLong`],
/// [`Error::CommandLineNul`], [`Error::EmptyFile`] for an empty initrd,
/// [`Error::TooManySegments`], [`Error::NoMemoryMap`], [`Error::NoHole`], [`Error::Full`],
/// [`Error::NotBootable`]; for a crash kernel also [`Error::NoCrashReservation`],
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
    let image = Kernel::parse(request.kernel, request.options.args_linux)?;
    let mut notes = Vec::new();
    fits_machine(&image, machine)?;
    check_command_line(&image, request.command_line)?;
    if machine.memory.is_empty() {
        return Err(Error::NoMemoryMap);
    }
    let mut parts = parts(request, &image, machine, &mut notes);
    let mut limits = limits(machine);
    let Workspace {
        free,
        boot: boot_buffer,
        purgatory: purgatory_buffer,
        crash: crash_buffers,
    } = workspace;

    let mut crash = None;
    if let Some(options) = request.options.crash {
        let prepared = Crash::new(
            request,
            options,
            &image,
            machine,
            parts.efi,
            free,
            crash_buffers,
        )?;
        check_command_line(&image, prepared.command_line)?;
        parts.command_line = prepared.command_line;
        if !options.memmap {
            parts.memory = prepared.memory;
        }
        limits = crash::limits(limits, &prepared.space);
        crash = Some(prepared);
    } else {
        // Segments end below the limit, not at it.
        let last = request
            .options
            .mem_max
            .min(limits.destination.saturating_sub(1));
        usable(machine, request.options.mem_min, last, free)?;
    }
    let layout = Layout::new(&parts, machine)?;
    let others = crash
        .as_ref()
        .map_or(OTHERS, |crash| crash.space.segments());
    let others = others.saturating_add(image.segments()).saturating_sub(1);
    let placement =
        Placement::new(request, &image, layout.size(), others, free).map_err(|error| {
            crash.as_ref().map_or(error, |crash| {
                let size = layout.size();
                crash.space.too_small(error, request, &image, size, free)
            })
        })?;

    let boot_bytes = boot_buffer.get_mut(..layout.size()).ok_or(Error::Full {
        what: "Workspace::BOOT_CAPACITY",
        capacity: Workspace::BOOT_CAPACITY as u64,
    })?;
    let contents = boot::Contents {
        setup_header: image.setup_header(),
        machine,
        parts,
        ramdisk: placement.ramdisk(),
        base: placement.boot.start(),
    };
    boot::write(boot_bytes, &layout, &contents).ok_or(Error::Full {
        what: "the boot parameters' layout",
        capacity: layout.size() as u64,
    })?;

    let mut segments: Vec<Segment<'a>, SEGMENT_MAX> = Vec::new();
    for (buf, offset, size) in image.parts() {
        let start = placement.kernel.start().saturating_add(offset);
        let range = align_up(size, PAGE_SIZE).and_then(|size| Range::from_size(start, size));
        let range = range.ok_or(Error::BadArgument {
            what: "the kernel is too large",
        })?;
        push(&mut segments, SegmentKind::Kernel, buf, range)?;
    }
    for (number, (initrd, range)) in request.initrds.iter().zip(placement.initrds()).enumerate() {
        let kind = SegmentKind::Initrd(number as u8);
        push(&mut segments, kind, initrd, range)?;
    }
    push(
        &mut segments,
        SegmentKind::BootParams,
        boot_bytes,
        placement.boot,
    )?;
    // What the kernel may rewrite is not verified. It looks for the last segment that begins
    // with ELF's magic; the purgatory, behind it, is no ELF file.
    let hotplug = request.options.crash.is_some_and(|crash| crash.hotplug);
    let mut verified = segments.len();
    if let Some(crash) = &crash {
        let kind = SegmentKind::CoreHeader;
        push(&mut segments, kind, crash.header_bytes, crash.header)?;
        if !hotplug {
            verified = segments.len();
        }
        if let Some(range) = crash.backup {
            push(&mut segments, SegmentKind::Backup, &[], range)?;
        }
    }

    let kernel_entry = placement
        .kernel
        .start()
        .saturating_add(image.entry_offset());
    let backup = crash.as_ref().and_then(|crash| crash.backup);
    let backup = backup.map_or(Backup::default(), |range| Backup {
        source: 0,
        target: range.start(),
        length: range.size(),
    });
    let sealed = seal::seal(
        &request.options,
        segments.get(..verified).unwrap_or_default(),
        kernel_entry,
        placement.boot.start(),
        placement.purgatory,
        backup,
        purgatory_buffer,
        progress,
    )?;
    push(
        &mut segments,
        SegmentKind::Purgatory,
        sealed.bytes,
        placement.purgatory,
    )?;

    let mut setup_types = Vec::new();
    for kind in layout.setup_types() {
        // Both hold as many as the layout has nodes.
        let _ = setup_types.push(kind);
    }
    let on_crash = if crash.is_some() { KEXEC_ON_CRASH } else { 0 };
    let update = if hotplug { KEXEC_UPDATE_ELFCOREHDR } else { 0 };
    Ok(Plan {
        entry: placement.purgatory.start(),
        flags: KEXEC_ARCH_X86_64 | on_crash | update,
        kernel_entry,
        digest: sealed.digest,
        segments,
        notes,
        setup_types,
        limits,
        control_pages: crash.map(|crash| crash.space.control),
    })
}

fn push<'a>(
    segments: &mut Vec<Segment<'a>, SEGMENT_MAX>,
    kind: SegmentKind,
    buf: &'a [u8],
    range: Range,
) -> Result<()> {
    let segment = Segment {
        kind,
        buf,
        mem: range.start(),
        memsz: range.size(),
    };
    segments.push(segment).map_err(|_| Error::TooManySegments {
        count: SEGMENT_MAX.saturating_add(1) as u64,
        max: SEGMENT_MAX as u64,
    })
}

fn limits(machine: &Machine) -> Limits {
    Limits {
        destination: if machine.five_level_paging {
            X86_64_LIMIT_5_LEVEL
        } else {
            X86_64_LIMIT_4_LEVEL
        },
        total_ram: machine.total_ram.unwrap_or(u64::MAX),
        crash: None,
    }
}

fn fits_machine(image: &Kernel<'_>, machine: &Machine) -> Result<()> {
    // CR4.LA57 cannot be cleared in long mode: the new kernel is entered with it.
    if machine.five_level_paging && image.xloadflags() & xlf::FIVE_LEVEL == 0 {
        return Err(Error::NotBootable {
            why: "the running kernel uses 5-level paging and the new one cannot be entered with \
                  it (no XLF_5LEVEL); boot the running kernel with no5lvl first",
        });
    }
    Ok(())
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
    notes: &mut Vec<Note, 16>,
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
    if machine.iomem.is_empty() {
        note(Note::NoIomem);
    }
    if !request.options.verify {
        note(Note::NotVerified);
    }
    if let Some(options) = request.options.crash {
        crash::notes(machine, &mut note);
        if options.hotplug {
            note(Note::Hotplug);
        }
    }
    let efi = match efi_refusal(request, image, machine) {
        None => true,
        Some("") => false,
        Some(why) => {
            note(Note::NoEfi { why });
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

/// Why EFI is not handed on: `None` if it is, "" on machines without EFI.
fn efi_refusal(
    request: &Request<'_>,
    image: &Kernel<'_>,
    machine: &Machine,
) -> Option<&'static str> {
    let booted_by_efi = machine
        .boot_params
        .get()
        .is_some_and(|page| page.get(0x1c0..0x1c4) == Some(b"EL64"));
    if !booted_by_efi {
        // Nothing is known of EFI here, or the running kernel is a 32-bit EFI's guest, whose
        // runtime services a 64-bit kexec cannot use.
        Some("")
    } else if !request.options.efi {
        Some("as asked (noefi)")
    } else if image.xloadflags() & xlf::EFI_KEXEC == 0 {
        Some("the new kernel cannot take them over (no XLF_EFI_KEXEC)")
    } else if !machine.efi.is_complete() {
        Some("/sys/firmware/efi lacks tables or the runtime map (efi=noruntime?)")
    } else {
        None
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
