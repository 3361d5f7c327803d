//! Request + machine → plan: segments, entry and flags for kexec_load(2). Pure.

mod check;
mod details;
mod make;
mod seal;
mod workspace;

use core::ops::ControlFlow;

use heapless::Vec;

pub use crate::error::Rule;
pub use crate::image::{ElfAs, Entry, Format};
pub use crate::note::Note;
pub use crate::purgatory::OnFailure;
pub use crate::request::{Console, CrashOptions, Module, Options, Request};
pub use crate::segment::{Near, Placed, SEGMENT_MAX, Segment, SegmentKind};
pub use check::{Limits, X86_64_LIMIT_4_LEVEL, X86_64_LIMIT_5_LEVEL, check, check_in_ram};
pub use details::{Above, Details};
pub use make::make;
pub use seal::{Bare, Orders, Progress, Seal, Sealed, Verifying};

pub use workspace::Workspace;

use crate::arch::Arch;
use crate::boot::SetupType;
use crate::crash::ControlPages;
use crate::error::{Error, Result};
use crate::handover::arm64::LinuxArm64;
use crate::handover::x86::{
    ElfBare, ElfNotes, Linux32, Linux64, Multiboot, RealMode, UnpackedLinux,
};
use crate::handover::{FindLine, Handover};
use crate::image::{BzImage, Image, Kernel};
use crate::machine::Machine;
use crate::note::Remarks;
use crate::purpose::{BriefReboot, Crash, Purpose, Reboot};
use details::Recording;

/// What is to be loaded. Segments point at the caller's files and at the workspace.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// What it is for.
    pub arch: Arch,
    /// Where the kernel jumps to: the purgatory.
    pub entry: u64,
    /// Flags for kexec_load(2): the architecture, and for a crash kernel that it is one.
    pub flags: u64,
    /// Where the new kernel is entered.
    pub kernel_entry: u64,
    /// In which mode.
    pub mode: Entry,
    /// What the purgatory verifies, unless it does not: XXH3-128 in its canonical form, keyed with
    /// [`Request::digest_secret`].
    pub digest: Option<[u8; 16]>,
    segments: Vec<Segment<'a>, SEGMENT_MAX>,
    remarks: Remarks,
    limits: Limits,
    control_pages: Option<ControlPages>,
    /// The kind of the segment with the command line, and the line's offset in it.
    command_line: (SegmentKind, usize),
    find_command_line: Option<FindLine>,
}

impl<'a> Plan<'a> {
    const fn new(arch: Arch, limits: Limits) -> Self {
        Self {
            arch,
            entry: 0,
            flags: 0,
            kernel_entry: 0,
            mode: Entry::X86Long,
            digest: None,
            segments: Vec::new(),
            remarks: Remarks::new(),
            limits,
            control_pages: None,
            command_line: (SegmentKind::Kernel, usize::MAX),
            find_command_line: None,
        }
    }

    /// Takes over the purgatory, and what there is to say.
    fn finish<P>(&mut self, sealed: Sealed<'a>, orders: &Orders<'_, 'a>, why: &P, machine: &Machine)
    where
        P: Purpose<'a> + ?Sized,
    {
        self.kernel_entry = orders.exit.entry();
        self.mode = orders.exit.mode();
        self.entry = self.kernel_entry;
        if let (true, Some(last)) = (orders.purgatory != 0, self.segments.last_mut()) {
            self.entry = orders.purgatory;
            last.buf = sealed.bytes;
        }
        self.digest = sealed.digest;
        if sealed.digest.is_none() {
            self.remarks.note(Note::NotVerified);
        }
        why.notes(machine, &mut self.remarks);
        self.flags = self.arch.kexec_flag() | why.flags();
        self.limits.crash = why.region();
        self.control_pages = why.control_pages();
    }

    /// The segments.
    #[must_use]
    pub fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    /// What was left out, and why.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        self.remarks.notes()
    }

    /// The setup_data handed over, in list order.
    #[must_use]
    pub fn setup_types(&self) -> &[SetupType] {
        self.remarks.setup_types()
    }

    /// For a crash kernel: how many pages of the reservation stay free for the running kernel.
    #[must_use]
    pub const fn control_pages(&self) -> Option<ControlPages> {
        self.control_pages
    }

    /// The command line the new kernel gets, without a final NUL: of a crash kernel with what
    /// planning added (`elfcorehdr=`).
    #[must_use]
    pub fn command_line(&self) -> &'a [u8] {
        let (kind, offset) = self.command_line;
        let mut segments = self.segments.iter();
        let segment = segments.find(|segment| segment.kind == kind);
        let line = segment.and_then(|segment| match self.find_command_line {
            Some(find) => Some(find(segment.buf)),
            None => segment.buf.get(offset..),
        });
        let mut lines = line.unwrap_or_default().split(|byte| *byte == 0);
        lines.next().unwrap_or_default()
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

/// Plans an image of any family for this machine, reading every byte of kernel and initrds once for
/// the digest unless [`Options::verify`] is off.
///
/// # Errors
/// Everything [`Image::parse`] and [`Image::parse_as`] say of the image; [`Error::BadArgument`] for
/// an entry or modules that it does not have; [`Error::CommandLineTooLong`],
/// [`Error::CommandLineNul`], [`Error::EmptyFile`] for an empty initrd,
/// [`Error::TooManySegments`], [`Error::NoMemoryMap`], [`Error::NoHole`], [`Error::Full`],
/// [`Error::NotBootable`] (also what [`Machine::check_xen`] says), [`Error::Unknown`],
/// [`Error::NotBuilt`]; for a crash kernel also [`Error::NoCrashReservation`],
/// [`Error::CrashTooSmall`], [`Error::NoVmcoreinfo`], [`Error::NoCrashHotplug`].
pub fn plan<'a>(
    request: &Request<'_, 'a>,
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
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    progress: Progress<'_>,
) -> Result<Plan<'a>> {
    plan_sealed(&mut Verifying { progress }, request, machine, workspace)
}

/// As [`plan`], with what decided where each segment goes. `details` is overwritten; it is that of no
/// plan if there is none.
///
/// # Errors
/// As [`plan`].
pub fn plan_with_details<'a>(
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    details: &mut Details,
) -> Result<Plan<'a>> {
    *details = Details::new();
    let progress = &mut |_, _| ControlFlow::Continue(());
    let seal: &mut dyn Seal<'a> = &mut Verifying { progress };
    plan_sealed(
        &mut Recording { seal, details },
        request,
        machine,
        workspace,
    )
}

fn plan_sealed<'a>(
    how: &mut dyn Seal<'a>,
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>> {
    machine.check_xen()?;
    let image = match request.options.format {
        None => Image::parse(request.kernel, request.options.elf)?,
        Some(format) => Image::parse_as(request.kernel, format)?,
    };
    start(&image, how, request, machine, workspace)
}

/// As [`plan`], of an image that was parsed before: `image` is what [`Image::parse`] or
/// [`Image::parse_as`] made of [`Request::kernel`]. [`Options::format`] and [`Options::elf`]
/// have no effect.
///
/// # Errors
/// As [`plan`].
pub fn plan_image<'a>(
    image: &Image<'a>,
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>> {
    let progress = &mut |_, _| ControlFlow::Continue(());
    plan_image_with_progress(image, request, machine, workspace, progress)
}

/// As [`plan_image`], calling `progress` as [`plan_with_progress`] does.
///
/// # Errors
/// As [`plan_with_progress`].
pub fn plan_image_with_progress<'a>(
    image: &Image<'a>,
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    progress: Progress<'_>,
) -> Result<Plan<'a>> {
    machine.check_xen()?;
    start(
        image,
        &mut Verifying { progress },
        request,
        machine,
        workspace,
    )
}

/// As [`plan_image`], with what decided where each segment goes: as [`plan_with_details`].
///
/// # Errors
/// As [`plan`].
pub fn plan_image_with_details<'a>(
    image: &Image<'a>,
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
    details: &mut Details,
) -> Result<Plan<'a>> {
    machine.check_xen()?;
    *details = Details::new();
    let progress = &mut |_, _| ControlFlow::Continue(());
    let seal: &mut dyn Seal<'a> = &mut Verifying { progress };
    start(
        image,
        &mut Recording { seal, details },
        request,
        machine,
        workspace,
    )
}

/// Picks the handover, and purpose: the one place that names every family, with an arm each.
fn start<'a>(
    image: &Image<'a>,
    how: &mut dyn Seal<'a>,
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>> {
    // A handover for each arm: they live as long as `who`.
    let (linux, protected, real, unpacked, multiboot, arm64, bare, notes);
    let who: &dyn Handover<'a> = match image {
        Image::Linux(kernel) => {
            let entries = kernel.entries();
            let wanted = request.options.entry;
            let entry = match wanted {
                None => entries.first().copied(),
                Some(wanted) => entries.iter().copied().find(|entry| *entry == wanted),
            };
            linux = Linux64::requested(kernel, request, machine)?;
            match (kernel, entry) {
                (Kernel::Unpacked(kernel), Some(Entry::X86Long)) => {
                    unpacked = UnpackedLinux::new(kernel, linux, request.command_line);
                    &unpacked
                }
                (_, Some(Entry::X86Long)) => &linux,
                (Kernel::BzImage(kernel), Some(Entry::X86Protected)) => {
                    protected = Linux32::new(kernel, linux).ok_or(no_entry(entry))?;
                    &protected
                }
                (Kernel::BzImage(kernel), Some(Entry::X86Real)) => {
                    real = RealMode::new(kernel, linux);
                    &real
                }
                _ => return Err(no_entry(wanted)),
            }
        }
        Image::LinuxArm64(image) => {
            arm64 = LinuxArm64::new(image);
            &arm64
        }
        Image::Multiboot(kernel) => {
            multiboot = Multiboot::new(kernel, machine);
            &multiboot
        }
        Image::Program(program) if program.boot_notes() => {
            notes = ElfNotes::new(program);
            &notes
        }
        Image::Program(program) => {
            bare = ElfBare::new(program);
            &bare
        }
    };
    if request.options.arch.is_some_and(|arch| arch != who.arch()) {
        return Err(Error::NotBootable {
            why: "the image is for another architecture than the request says",
        });
    }
    let (mut reboot, mut crash);
    let why: &mut dyn Purpose<'a> = match request.options.crash {
        None => {
            reboot = Reboot;
            &mut reboot
        }
        Some(options) => {
            crash = Crash::new(options);
            &mut crash
        }
    };
    make(who, why, how, request, machine, workspace)
}

/// The image does not have this entry.
const fn no_entry(entry: Option<Entry>) -> Error {
    Error::BadArgument {
        what: match entry {
            Some(Entry::X86Long) => "the image has no 64-bit entry",
            Some(Entry::X86Protected) => "the image has no 32-bit entry",
            Some(Entry::X86Real) => "the image has no real-mode entry",
            Some(Entry::Arm64) => "the image has no arm64 entry",
            None => "the image has no entry that can be used",
        },
    }
}

/// As [`plan`], for a bzImage that is to be started at once by a reboot, with a third of the
/// code: no vmlinux, no crash kernel, no console and no verification by the purgatory (as
/// without [`Options::verify`], whatever that says). No byte of kernel and initrds is read.
///
/// # Errors
/// As [`plan`]; [`Error::BadArgument`] where [`Options::format`], [`Options::arch`],
/// [`Options::entry`], [`Options::elf`], [`Options::crash`], [`Options::console`] or
/// [`Request::modules`] ask for what is not in it.
// In a program whose options are constants nothing is left of these checks.
#[inline]
pub fn plan_to_boot<'a>(
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>> {
    let Options {
        format,
        arch,
        entry,
        console,
        elf,
        crash,
        ..
    } = request.options;
    let other_image = format.is_some_and(|format| format != Format::BzImage)
        || arch.is_some_and(|arch| arch != Arch::X86_64)
        || entry.is_some_and(|entry| entry != Entry::X86Long)
        || elf.is_some()
        || !request.modules.is_empty();
    if other_image || crash.is_some() || console.vga || console.serial || console.reset_vga {
        return Err(ONLY_TO_BOOT);
    }
    bzimage_to_boot(request, machine, workspace)
}

#[inline(never)]
fn bzimage_to_boot<'a>(
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>> {
    let image = BzImage::parse(request.kernel)?;
    image.entered()?;
    let who = Linux64::new(&Kernel::BzImage(image));
    make(
        &who,
        &mut BriefReboot,
        &mut Bare,
        request,
        machine,
        workspace,
    )
}

const ONLY_TO_BOOT: Error = Error::BadArgument {
    what: "plan_to_boot() plans an x86-64 bzImage, by its 64-bit entry and without modules, for a \
           reboot; its purgatory has no console",
};

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
