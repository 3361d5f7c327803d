//! Inspecting a plan.

use core::ffi::{CStr, c_char, c_int, c_void};

use kexec_core::boot::SetupType;
use kexec_core::cstr;
use kexec_core::plan::{Plan, Segment, SegmentKind};

use crate::bytes::{kx_bytes, length};
use crate::code::KX_E_NO_ENTRY;
use crate::digest::KX_DIGEST_SIZE;
use crate::error::{Failure, plain};
use crate::pointer;
use crate::versioned::{self, Versioned};
use crate::workspace::{kx_workspace, plan};

/// kind: another one; for kx_check_segments() and kx_load_segments(). Later versions add kinds:
/// handle a kind that the program does not know as this one.
pub const KX_SEGMENT_OTHER: u32 = 0;
/// kind: the kernel.
pub const KX_SEGMENT_KERNEL: u32 = 1;
/// kind: an initrd.
pub const KX_SEGMENT_INITRD: u32 = 2;
/// kind: boot_params, command line, EFI map and setup_data.
pub const KX_SEGMENT_BOOT_PARAMS: u32 = 3;
/// kind: the purgatory.
pub const KX_SEGMENT_PURGATORY: u32 = 4;
/// kind: the elfcorehdr (the ELF header of the dump), for a crash kernel.
pub const KX_SEGMENT_CORE_HEADER: u32 = 5;
/// kind: room for a copy of the first 640 KiB, for a crash kernel loaded by a kernel before 5.5.
pub const KX_SEGMENT_BACKUP: u32 = 6;
/// kind: a device tree.
pub const KX_SEGMENT_DEVICE_TREE: u32 = 7;
/// kind: the information for a multiboot kernel, with its command line.
pub const KX_SEGMENT_INFO: u32 = 8;
/// kind: a module of a multiboot kernel.
pub const KX_SEGMENT_MODULE: u32 = 9;
/// kind: what the first page of a PC's memory holds, for a multiboot kernel on a machine without a BIOS.
pub const KX_SEGMENT_FIRST_PAGE: u32 = 10;

/// A segment for kexec_load(2): the kernel copies `bufsz` bytes at `buf` to the physical address
/// `mem`, and fills the rest, up to `memsz` bytes, with zeros.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_segment {
    /// Set by the caller: sizeof(struct kx_segment).
    pub size: usize,
    /// The bytes: in the caller's file, or in the workspace.
    pub buf: *const c_void,
    /// Number of bytes.
    pub bufsz: usize,
    /// Physical address, a multiple of the running kernel's page size
    /// (kx_machine_info.page_size).
    pub mem: u64,
    /// Bytes of memory taken there, also a multiple of the page size.
    pub memsz: u64,
    /// KX_SEGMENT_*; handle an unknown kind as KX_SEGMENT_OTHER.
    pub kind: u32,
    /// For an initrd or a module: its index, from 0.
    pub number: u32,
}

/// The numbers of a plan.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_plan_info {
    /// Set by the caller: sizeof(struct kx_plan_info).
    pub size: usize,
    /// Address that the running kernel jumps to: the purgatory.
    pub entry: u64,
    /// Flags for kexec_load(2).
    pub flags: u64,
    /// Address at which the new kernel is entered.
    pub kernel_entry: u64,
    /// Number of segments.
    pub segment_count: u32,
    /// Number of notes.
    pub note_count: u32,
    /// Number of setup_data nodes.
    pub setup_type_count: u32,
    /// 1 if there is a digest, 0 if the purgatory verifies nothing.
    pub has_digest: u32,
    /// The digest: XXH3-128 in its canonical form.
    pub digest: [u8; KX_DIGEST_SIZE],
    /// For a crash kernel: pages of the reservation that stay free for the running kernel.
    /// Otherwise 0.
    pub control_pages: u64,
    /// The mode in which the new kernel is entered: KX_ENTRY_*.
    pub mode: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: integers and pointers; `size` comes first and there is no padding.
unsafe impl Versioned for kx_segment {}
const _: () = assert!(size_of::<kx_segment>() == 48);
// SAFETY: as before.
unsafe impl Versioned for kx_plan_info {}
const _: () = assert!(size_of::<kx_plan_info>() == 80);

const NO_ENTRY: Failure = Failure::Own(KX_E_NO_ENTRY);

/// Writes the result of `take` for a plan to the caller's structure.
///
/// # Safety
/// As `workspace::plan` and `versioned::output_size`, and writable for the number of bytes in its
/// size member.
pub(crate) unsafe fn write_part<T: Versioned>(
    workspace: *const kx_workspace,
    to: *mut T,
    take: impl FnOnce(&Plan<'_>) -> Option<T>,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let plan = unsafe { plan(workspace) }?;
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(to) }?;
        let value = take(plan).ok_or(NO_ENTRY)?;
        // SAFETY: `to` was checked, and `size` is its size.
        unsafe { versioned::write(to, size, &value) };
        Ok(0)
    })
}

/// Writes the address and length of bytes of a plan.
///
/// # Safety
/// As `workspace::plan`, and `to`, if not NULL and aligned, is writable.
unsafe fn located(
    workspace: *const kx_workspace,
    to: *mut kx_bytes,
    take: impl FnOnce(&Plan<'static>) -> Option<&'static [u8]>,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let plan = unsafe { plan(workspace) }?;
        pointer::usable(to)?;
        let bytes = take(plan).ok_or(NO_ENTRY)?;
        // SAFETY: not NULL, aligned, writable by the caller's promise.
        unsafe { *to = kx_bytes::of(bytes) };
        Ok(0)
    })
}

/// Gets the numbers of a plan.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
/// KX_E_MOVED, KX_E_BUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_get(
    workspace: *const kx_workspace,
    info: *mut kx_plan_info,
) -> c_int {
    let numbers = |plan: &Plan<'_>| {
        Some(kx_plan_info {
            size: 0,
            entry: plan.entry,
            flags: plan.flags,
            kernel_entry: plan.kernel_entry,
            segment_count: length(plan.segments()),
            note_count: length(plan.notes()),
            setup_type_count: length(plan.setup_types()),
            has_digest: plan.digest.is_some().into(),
            digest: plan.digest.unwrap_or_default(),
            control_pages: plan
                .control_pages()
                .map_or(0, |pages| pages.fixed.saturating_add(pages.tables)),
            mode: plan.mode.number().into(),
            reserved: 0,
        })
    };
    // SAFETY: the caller's promise.
    unsafe { write_part(workspace, info, numbers) }
}

/// Gets a segment by its index, from 0. Its bytes stay valid as long as the caller's files and the
/// plan in the workspace.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
/// KX_E_MOVED, KX_E_BUSY, KX_E_NO_ENTRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_segment(
    workspace: *const kx_workspace,
    index: usize,
    segment: *mut kx_segment,
) -> c_int {
    let found = |plan: &Plan<'_>| plan.segments().get(index).map(described);
    // SAFETY: the caller's promise.
    unsafe { write_part(workspace, segment, found) }
}

fn described(segment: &Segment<'_>) -> kx_segment {
    let (kind, number) = match segment.kind {
        SegmentKind::Kernel => (KX_SEGMENT_KERNEL, 0),
        SegmentKind::Initrd(number) => (KX_SEGMENT_INITRD, number.into()),
        SegmentKind::BootParams => (KX_SEGMENT_BOOT_PARAMS, 0),
        SegmentKind::Purgatory => (KX_SEGMENT_PURGATORY, 0),
        SegmentKind::CoreHeader => (KX_SEGMENT_CORE_HEADER, 0),
        SegmentKind::Backup => (KX_SEGMENT_BACKUP, 0),
        SegmentKind::DeviceTree => (KX_SEGMENT_DEVICE_TREE, 0),
        SegmentKind::Info => (KX_SEGMENT_INFO, 0),
        SegmentKind::Module(number) => (KX_SEGMENT_MODULE, number.into()),
        SegmentKind::FirstPage => (KX_SEGMENT_FIRST_PAGE, 0),
        _ => (KX_SEGMENT_OTHER, 0),
    };
    kx_segment {
        size: 0,
        buf: segment.buf.as_ptr().cast(),
        bufsz: segment.buf.len(),
        mem: segment.mem,
        memsz: segment.memsz,
        kind,
        number,
    }
}

/// Gets the boot parameters for the new kernel: first boot_params (4096 bytes), then command line,
/// EFI map and setup_data. The bytes stay valid as long as the plan in the workspace.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
/// KX_E_BUSY, KX_E_NO_ENTRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_boot_params(
    workspace: *const kx_workspace,
    bytes: *mut kx_bytes,
) -> c_int {
    let found = |plan: &Plan<'static>| {
        let mut segments = plan.segments().iter();
        let found = segments.find(|segment| segment.kind == SegmentKind::BootParams);
        found.map(|segment| segment.buf)
    };
    // SAFETY: the caller's promise.
    unsafe { located(workspace, bytes, found) }
}

/// Gets the command line for the new kernel, without a final NUL; for a crash kernel it includes
/// what planning added (`elfcorehdr=`). The bytes are the caller's, or stay valid as long as the
/// plan in the workspace.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
/// KX_E_BUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_command_line(
    workspace: *const kx_workspace,
    bytes: *mut kx_bytes,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { located(workspace, bytes, |plan| Some(plan.command_line())) }
}

/// Gets the type of a setup_data node by its index, from 0 in list order.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_NO_PLAN, KX_E_MOVED,
/// KX_E_BUSY, KX_E_NO_ENTRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_plan_setup_type(
    workspace: *const kx_workspace,
    index: usize,
    kind: *mut u32,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let plan = unsafe { plan(workspace) }?;
        pointer::usable(kind)?;
        let found = plan.setup_types().get(index).ok_or(NO_ENTRY)?;
        // SAFETY: not NULL, aligned, writable by the caller's promise.
        unsafe { *kind = found.0 };
        Ok(0)
    })
}

/// The name of a setup_data type: "SETUP_EFI"; "setup_data" for types that the library does not
/// write. Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kx_setup_type_name(kind: u32) -> *const c_char {
    let name: &CStr = match SetupType(kind) {
        SetupType::E820_EXT => cstr!("SETUP_E820_EXT"),
        SetupType::DTB => cstr!("SETUP_DTB"),
        SetupType::EFI => cstr!("SETUP_EFI"),
        SetupType::RNG_SEED => cstr!("SETUP_RNG_SEED"),
        _ => cstr!("setup_data"),
    };
    name.as_ptr()
}

/// The name of a kind of segment: "kernel"; "segment" for others. Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kx_segment_kind_name(kind: u32) -> *const c_char {
    let name: &CStr = match kind {
        KX_SEGMENT_KERNEL => cstr!("kernel"),
        KX_SEGMENT_INITRD => cstr!("initrd"),
        KX_SEGMENT_BOOT_PARAMS => cstr!("boot parameters"),
        KX_SEGMENT_PURGATORY => cstr!("purgatory"),
        KX_SEGMENT_CORE_HEADER => cstr!("elfcorehdr"),
        KX_SEGMENT_BACKUP => cstr!("low memory's copy"),
        KX_SEGMENT_DEVICE_TREE => cstr!("device tree"),
        KX_SEGMENT_INFO => cstr!("information"),
        KX_SEGMENT_MODULE => cstr!("module"),
        KX_SEGMENT_FIRST_PAGE => cstr!("first page"),
        _ => cstr!("segment"),
    };
    name.as_ptr()
}
