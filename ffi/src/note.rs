//! The notes of a plan, as numbers and as text.

use core::ffi::{c_char, c_int};
use core::fmt::Write;

use kexec_core::plan::{Note, Plan};

use crate::code::KX_E_NO_ENTRY;
use crate::error::{Failure, plain};
use crate::inspect;
use crate::text;
use crate::versioned::Versioned;
use crate::workspace::{kx_workspace, plan};

/// code: the image does not know a type of setup_data; numbers: the type, the highest it knows.
pub const KX_NOTE_SETUP_TYPE: u32 = 1;
/// code: EFI runtime services are not passed on, for a known reason.
pub const KX_NOTE_NO_EFI: u32 = 2;
/// code: there is no seed for the random number generator.
pub const KX_NOTE_NO_RNG_SEED: u32 = 3;
/// code: /proc/iomem is not known.
pub const KX_NOTE_NO_IOMEM: u32 = 4;
/// code: the running kernel's boot_params are not known.
pub const KX_NOTE_NO_BOOT_PARAMS: u32 = 5;
/// code: the purgatory will not verify the image.
pub const KX_NOTE_NOT_VERIFIED: u32 = 6;
/// code: /proc/kcore is not known, so the dump's virtual addresses are a guess.
pub const KX_NOTE_NO_KCORE: u32 = 7;
/// code: CPUs are possible but not present; numbers: how many.
pub const KX_NOTE_CPUS_ABSENT: u32 = 8;
/// code: the running kernel's version is not known, so low memory is not copied.
pub const KX_NOTE_LOW_MEMORY_LOST: u32 = 9;
/// code: the running kernel uses low memory, which is copied.
pub const KX_NOTE_LOW_MEMORY_COPIED: u32 = 10;
/// code: the running kernel keeps the elfcorehdr up to date.
pub const KX_NOTE_HOTPLUG: u32 = 11;
/// code: EFI runtime services are not passed on, because parts of /sys/firmware/efi could not be
/// read.
pub const KX_NOTE_EFI_UNREAD: u32 = 12;
/// code: the address of the ACPI tables is not known.
pub const KX_NOTE_NO_RSDP: u32 = 13;
/// code: the new kernel gets the memory map of /proc/iomem, because the firmware's is not known.
pub const KX_NOTE_MEMORY_FROM_IOMEM: u32 = 14;
/// code: the running kernel's command line is not known (`add_efi_memmap`).
pub const KX_NOTE_NO_COMMAND_LINE: u32 = 15;
/// code: no CPU's crash_notes are known.
pub const KX_NOTE_NO_CPU_NOTES: u32 = 16;
/// code: the crash_notes of present CPUs could not be read; numbers: how many CPUs.
pub const KX_NOTE_CPUS_UNREAD: u32 = 17;
/// code: the ranges of `crashkernel=...,cma` could not be read.
pub const KX_NOTE_CMA_UNREAD: u32 = 18;
/// code: an unpacked kernel is at another place, or started otherwise, than by its own decompressor.
pub const KX_NOTE_UNPACKED: u32 = 19;

/// flags of a note: a fact of the machine that matters for this plan is not known. Show it to the
/// user at every load.
pub const KX_NOTE_WARNING: u32 = 1;

/// A note of a plan, as numbers; kx_plan_note() gives its text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_note {
    /// Set by the caller: sizeof(struct kx_note).
    pub size: usize,
    /// KX_NOTE_*; later versions add more.
    pub code: u32,
    /// KX_NOTE_WARNING or 0.
    pub flags: u32,
    /// As documented at each KX_NOTE_*; unused ones are 0.
    pub numbers: [u64; 2],
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_note {}
const _: () = assert!(size_of::<kx_note>() == 32);

/// Gets a note by its index, from 0. A note says what was left out of the plan, or is not known.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
/// KX_E_MOVED, KX_E_BUSY, KX_E_NO_ENTRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_note_get(
    workspace: *const kx_workspace,
    index: usize,
    note: *mut kx_note,
) -> c_int {
    let found = |plan: &Plan<'_>| plan.notes().get(index).map(numbered);
    // SAFETY: the caller's promise.
    unsafe { inspect::write_part(workspace, note, found) }
}

pub(crate) fn numbered(note: &Note) -> kx_note {
    let numbers = match note {
        Note::SetupTypeLeftOut { kind, max } => [kind.0.into(), (*max).into()],
        Note::CpusWithoutNotes { count } | Note::CpusUnread { count } => [(*count).into(), 0],
        _ => [0, 0],
    };
    kx_note {
        size: 0,
        code: note.number().into(),
        flags: if note.is_warning() {
            KX_NOTE_WARNING
        } else {
            0
        },
        numbers,
    }
}

/// Writes the text of a note, by its index from 0, to a buffer of `size` bytes: one line that says
/// what was left out of the plan and why, ending in NUL. KX_NOTE_SIZE bytes always suffice.
///
/// Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
/// 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED, KX_E_BUSY,
/// KX_E_NO_ENTRY, KX_E_BUFFER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_note(
    workspace: *const kx_workspace,
    index: usize,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let plan = unsafe { plan(workspace) }?;
        let note = plan.notes().get(index);
        let note = note.ok_or(Failure::Own(KX_E_NO_ENTRY))?;
        // SAFETY: the caller's promise.
        unsafe { text::put(buffer, size, |out: &mut dyn Write| write!(out, "{note}")) }
    })
}

/// Bytes that suffice for every note.
pub const KX_NOTE_SIZE: usize = 200;
