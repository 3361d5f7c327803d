//! The kernel's checks, made before the call.

use core::ffi::{c_char, c_int, c_void};

use heapless::Vec;
use kexec_core::memory::{PageSize, Range};
use kexec_core::plan::{Limits, SEGMENT_MAX, Segment, SegmentKind, X86_64_LIMIT_4_LEVEL, check};
use kexec_core::{Error, file_load};

use crate::code::KX_E_BAD_ARGUMENT;
use crate::error::{About, Failure, kx_error, report, unknown};
use crate::inspect::kx_segment;
use crate::machine::{kx_machine, shared};
use crate::machine_get::from_page_bytes;
use crate::machine_info::kx_range;
use crate::pointer;
use crate::versioned::{self, Versioned};
use crate::workspace::{kx_workspace, plan};

/// Limits of the running kernel; 0 is the default for every member.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_limits {
    /// sizeof(struct kx_limits).
    pub size: usize,
    /// Segments must end below this address. 0 for the limit of the machine that the library was
    /// built for: on x86-64 the limit of 4-level page tables.
    pub destination: u64,
    /// Bytes of RAM that the kernel manages; segments may take half of it. 0 for no limit.
    pub total_ram: u64,
    /// For a crash image: the range that must contain all segments.
    pub crash: kx_range,
    /// The running kernel's page size in bytes (kx_machine_info.page_size); 0 for 4096.
    pub page_size: u32,
    /// Reserved: 0.
    pub reserved: u32,
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_limits {}
const _: () = assert!(size_of::<kx_limits>() == 48);

const BAD_PAGE_SIZE: Error = Error::BadArgument {
    what: "limits.page_size must be 4096, 16384 or 65536, or 0 for 4096",
};

const SEGMENTS: &str = "segments[]";

/// The caller's array of segments. Each element is as large as the size member of the first one,
/// and must have the same size member.
///
/// # Safety
/// `count` elements are readable, and their bytes stay for `'a`.
pub unsafe fn segments<'a>(
    first: *const kx_segment,
    count: usize,
) -> Result<Vec<Segment<'a>, SEGMENT_MAX>, Failure> {
    let mut list = Vec::new();
    if count == 0 {
        return Ok(list);
    }
    let too_many = Error::TooManySegments {
        count: count as u64,
        max: SEGMENT_MAX as u64,
    };
    if count > SEGMENT_MAX {
        return Err(too_many.into());
    }
    for index in 0..count {
        // SAFETY: the caller's promise.
        let given = unsafe { versioned::element(first, index) }.about_nth(SEGMENTS, index)?;
        // SAFETY: the caller's promise.
        let buf = unsafe { pointer::bytes(given.buf, given.bufsz) };
        let buf = buf.about_nth("segments[].buf", index)?;
        let segment = Segment {
            kind: SegmentKind::Kernel,
            buf,
            mem: given.mem,
            memsz: given.memsz,
        };
        list.push(segment).map_err(|_| too_many)?;
    }
    Ok(list)
}

/// Checks a plan against the rules of kexec_load(2), in the kernel's order, without a system call.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_PLAN,
/// KX_E_MOVED, KX_E_BUSY, KX_E_CHECK, KX_E_TOO_MANY_SEGMENTS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_check(workspace: *const kx_workspace, error: *mut kx_error) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        unsafe { plan(workspace) }.about("workspace")?.check()?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Like kx_check(), for an array of segments that the caller made; their kind does not matter.
/// `limits` may be NULL.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE (also if the segments differ in size),
/// KX_E_TOO_NEW, KX_E_UNKNOWN (`reserved` is not 0), KX_E_BAD_ARGUMENT (a crash region that ends
/// before it starts, an invalid page size), KX_E_CHECK, KX_E_TOO_MANY_SEGMENTS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_check_segments(
    segments: *const kx_segment,
    count: usize,
    entry: u64,
    limits: *const kx_limits,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let list = unsafe { self::segments(segments, count) }?;
        let mut allowed = Limits {
            destination: X86_64_LIMIT_4_LEVEL,
            total_ram: u64::MAX,
            crash: None,
            page_size: PageSize::K4,
        };
        if !limits.is_null() {
            // SAFETY: the caller's promise.
            let given = unsafe { versioned::read(limits) }.about("limits")?;
            if given.reserved != 0 {
                return Err(unknown("limits.reserved", given.reserved));
            }
            allowed.page_size = from_page_bytes(given.page_size).ok_or(BAD_PAGE_SIZE)?;
            if given.destination != 0 {
                allowed.destination = given.destination;
            }
            if given.total_ram != 0 {
                allowed.total_ram = given.total_ram;
            }
            if given.crash != kx_range::default() {
                let region = Range::new(given.crash.start, given.crash.last);
                allowed.crash = Some(region.ok_or(Failure::Own(KX_E_BAD_ARGUMENT))?);
            }
        }
        check(&list, entry, &allowed)?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { report(error, body) }
}

/// Checks what kexec_file_load(2) would refuse, as far as this can be known without the call. This
/// matters for a crash image: when the kernel refuses the new one, it has freed the old one. `data`
/// and `length` are the kernel file, `initrd_size` is the size of the initrd in bytes (0 for none),
/// and `command_line` ends in NUL.
///
/// An image must be a bzImage that can be loaded above 4 GiB, and the command line must leave 30
/// bytes for the elfcorehdr= that the kernel adds. Not checked here: signatures, policies, memory,
/// and files that are open for writing (kx_hold()). kx_plan() checks whether a crash image fits its
/// reservation.
///
/// Returns 0, or the errors of kx_image_probe() for the image; KX_E_NOT_BOOTABLE also for an image
/// that must lie below 4 GiB, for an image without 5-level paging if the running kernel uses it,
/// and if the running kernel uses a 32-bit EFI; KX_E_COMMAND_LINE_TOO_LONG; -EFBIG for a file of
/// more than 4 GiB; KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_check_files(
    data: *const c_void,
    length: usize,
    initrd_size: u64,
    command_line: *const c_char,
    machine: *const kx_machine,
    error: *mut kx_error,
) -> c_int {
    let body = || {
        // SAFETY: NULL or a string, by the header's rules; `string` checks which.
        let line = unsafe { pointer::string(command_line) }.about("command_line")?;
        // SAFETY: `length` bytes are readable, by the header's rules.
        let file = unsafe { pointer::bytes(data, length) }.about("data")?;
        // SAFETY: NULL or readable; `shared` checks the rest.
        let machine = unsafe { shared(machine) }.about("machine")?;
        file_load::check_size(file.len() as u64)?;
        file_load::check_size(initrd_size)?;
        file_load::check(&file_load::parse(file)?, line.to_bytes(), machine)?;
        Ok(0)
    };
    // SAFETY: `error` is NULL or a structure that says its size, by the header's rules.
    unsafe { report(error, body) }
}
