//! Getting and setting the facts about a machine.

use core::ffi::{c_char, c_int, c_void};

use kexec_core::machine::Machine;
use kexec_core::memory::{PageSize, Range};

use crate::arch;
use crate::bytes::length;
use crate::code::{KX_E_BAD_ARGUMENT, KX_E_BUFFER, KX_E_NO_ENTRY, KX_E_NULL, KX_E_UNKNOWN};
use crate::error::{Failure, count, plain};
use crate::machine::{exclusive, kx_machine, shared};
use crate::machine_fields::{ADDRESSES, NUMBERS, RANGES};
use crate::machine_info::{
    KX_MACHINE_BOOT_PARAMS, KX_MACHINE_EFI, KX_MACHINE_EFI_COMPLETE, KX_MACHINE_EFI_FULL,
    KX_MACHINE_LOAD_LIMIT_PANIC, KX_MACHINE_LOAD_LIMIT_REBOOT, KX_MACHINE_MEMORY_FULL,
    KX_MACHINE_XEN, kx_machine_info, kx_range,
};
use crate::text;
use crate::versioned;

pub(crate) fn range(range: Option<Range>) -> kx_range {
    range.map_or(kx_range::default(), |range| kx_range {
        start: range.start(),
        last: range.last(),
    })
}

fn from_range(given: kx_range) -> Result<Option<Range>, Failure> {
    if given == kx_range::default() {
        return Ok(None);
    }
    let range = Range::new(given.start, given.last);
    range.map(Some).ok_or(Failure::Own(KX_E_BAD_ARGUMENT))
}

/// A page size in bytes.
#[allow(clippy::cast_possible_truncation)] // 65536 at most.
const fn page_bytes(size: PageSize) -> u32 {
    size.bytes() as u32
}

/// The page size of `bytes`; 0 is 4096.
pub(crate) fn from_page_bytes(bytes: u32) -> Option<PageSize> {
    if bytes == 0 {
        return Some(PageSize::default());
    }
    PageSize::of(bytes.into())
}

fn flags(machine: &Machine) -> u32 {
    [
        (machine.efi.present, KX_MACHINE_EFI),
        (machine.xen.domain, KX_MACHINE_XEN),
        (
            machine.kexec.load_limit_reboot.is_some(),
            KX_MACHINE_LOAD_LIMIT_REBOOT,
        ),
        (
            machine.kexec.load_limit_panic.is_some(),
            KX_MACHINE_LOAD_LIMIT_PANIC,
        ),
        (machine.maps.full, KX_MACHINE_MEMORY_FULL),
        (machine.efi.map_full, KX_MACHINE_EFI_FULL),
        (
            machine.x86.boot_params.get().is_some(),
            KX_MACHINE_BOOT_PARAMS,
        ),
        (machine.efi.is_complete(), KX_MACHINE_EFI_COMPLETE),
    ]
    .iter()
    .filter(|(set, _)| *set)
    .fold(0, |flags, (_, flag)| flags | flag)
}

/// No member is forgotten: in bytes, `size`, the rows of the tables, and what [`info`] does itself.
const _: () = assert!(
    size_of::<kx_machine_info>()
        == 8 + 8 * ADDRESSES.len() + 16 * RANGES.len() + 4 * NUMBERS.len() + 4 * 8 + 10 * 4
);

fn info(machine: &Machine) -> kx_machine_info {
    let (efi, kexec) = (&machine.efi, &machine.kexec);
    let mut info = kx_machine_info {
        flags: flags(machine),
        memory_source: machine.maps.source as u32,
        iomem_access: machine.maps.iomem_access as u32,
        memory_count: length(machine.memory.entries()),
        iomem_count: length(machine.iomem.entries()),
        efi_count: length(efi.map()),
        ram: machine.memory.ram(),
        total_ram: machine.platform.total_ram.unwrap_or(0),
        load_limit_reboot: kexec.load_limit_reboot.unwrap_or(0),
        load_limit_panic: kexec.load_limit_panic.unwrap_or(0),
        efi_platform_size: efi.platform_size.into(),
        arch: arch::number(machine.platform.arch),
        page_size: page_bytes(machine.platform.page_size),
        hot_pluggable: machine.hot_plug.known as u32,
        ..versioned::zeros()
    };
    for field in &ADDRESSES {
        *field.member_mut(&mut info) = *field.of(machine);
    }
    for field in &RANGES {
        *field.member_mut(&mut info) = range(*field.of(machine));
    }
    for number in &NUMBERS {
        number.get(machine, &mut info);
    }
    info
}

/// Gets the facts about a machine.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_get(
    machine: *const kx_machine,
    info: *mut kx_machine_info,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(info) }?;
        // SAFETY: `info` was checked, and `size` is its size.
        unsafe { versioned::write(info, size, &self::info(machine)) };
        Ok(0)
    })
}

fn set(machine: &mut Machine, given: &kx_machine_info) -> Result<(), Failure> {
    const SETTABLE: u32 = KX_MACHINE_EFI
        | KX_MACHINE_XEN
        | KX_MACHINE_LOAD_LIMIT_REBOOT
        | KX_MACHINE_LOAD_LIMIT_PANIC;
    const OUTPUT_ONLY: u32 = KX_MACHINE_MEMORY_FULL
        | KX_MACHINE_EFI_FULL
        | KX_MACHINE_BOOT_PARAMS
        | KX_MACHINE_EFI_COMPLETE;
    let unknown = Failure::Own(KX_E_UNKNOWN);
    if given.flags & !(SETTABLE | OUTPUT_ONLY) != 0 {
        return Err(unknown);
    }
    // Everything that can fail comes first, so that a refused call changes nothing.
    if !NUMBERS.iter().all(|number| number.is_known(given)) {
        return Err(unknown);
    }
    let platform_size = match given.efi_platform_size {
        0 => 0,
        32 => 32,
        64 => 64,
        _ => return Err(Failure::Own(KX_E_BAD_ARGUMENT)),
    };
    let arch = arch::of(given.arch).ok_or(unknown)?;
    let page_size = from_page_bytes(given.page_size).ok_or(Failure::Own(KX_E_BAD_ARGUMENT))?;
    for field in &RANGES {
        from_range(*field.member(given))?;
    }

    for field in &RANGES {
        *field.of_mut(machine) = from_range(*field.member(given))?;
    }
    for number in &NUMBERS {
        number.set(machine, given);
    }
    for field in &ADDRESSES {
        *field.of_mut(machine) = *field.member(given);
    }
    let has = |flag| given.flags & flag != 0;
    machine.platform.arch = arch;
    machine.platform.page_size = page_size;
    machine.platform.total_ram = (given.total_ram != 0).then_some(given.total_ram);
    machine.kexec.load_limit_reboot =
        has(KX_MACHINE_LOAD_LIMIT_REBOOT).then_some(given.load_limit_reboot);
    machine.kexec.load_limit_panic =
        has(KX_MACHINE_LOAD_LIMIT_PANIC).then_some(given.load_limit_panic);
    machine.xen.domain = has(KX_MACHINE_XEN);
    machine.efi.present = has(KX_MACHINE_EFI);
    machine.efi.platform_size = platform_size;
    Ok(())
}

/// Sets the facts about a machine, except those that are "output only". Call kx_machine_get(),
/// change the structure, call kx_machine_set().
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
/// KX_E_UNKNOWN (a constant), KX_E_BAD_ARGUMENT (a range that ends before it starts, a platform
/// size other than 32 and 64, an invalid page size). If it fails, nothing is changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_set(
    machine: *mut kx_machine,
    info: *const kx_machine_info,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { exclusive(machine) }?;
        // SAFETY: the caller's promise.
        let info = unsafe { versioned::read(info) }?;
        set(machine, &info).map(|()| 0)
    })
}

/// Copies the running kernel's command line to a buffer of `size` bytes. The text ends in NUL.
///
/// Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
/// 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY (not known).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_command_line(
    machine: *const kx_machine,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        let line = machine.command_line.get();
        let line = line.ok_or(Failure::Own(KX_E_NO_ENTRY))?;
        // SAFETY: the caller's promise.
        unsafe { text::put_bytes(buffer, size, line) }
    })
}

/// Copies the running kernel's boot_params, 4096 bytes.
///
/// Returns 4096, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY
/// (not known).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_boot_params(
    machine: *const kx_machine,
    buffer: *mut c_void,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        let page = machine.x86.boot_params.get();
        let page = page.ok_or(Failure::Own(KX_E_NO_ENTRY))?;
        if buffer.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        if size < page.len() {
            return Err(Failure::Own(KX_E_BUFFER));
        }
        // SAFETY: the buffer has room for the page, and is not part of the machine, which the
        // caller gave as const.
        unsafe { core::ptr::copy(page.as_ptr(), buffer.cast::<u8>(), page.len()) };
        count(page.len())
    })
}
