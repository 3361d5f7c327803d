//! The maps of a machine, entry by entry.

use core::ffi::{CStr, c_char, c_int};

use kexec_core::cstr;
use kexec_core::memory::{MemoryKind, MemoryMap};

use crate::code::{KX_E_NO_ENTRY, KX_E_UNKNOWN};
use crate::error::{Failure, plain};
use crate::machine::{kx_machine, shared};
use crate::machine_get::range;
use crate::machine_info::kx_memory;
use crate::machine_input::{
    KX_MAP_FIRMWARE, KX_MAP_HOT_PLUGGABLE, KX_MAP_IOMEM, kx_efi_descriptor,
};
use crate::versioned;

/// Gets a range of a memory map (KX_MAP_*) by its index, from 0 in order of addresses, except for
/// KX_MAP_HOT_PLUGGABLE.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_UNKNOWN
/// (map), KX_E_NO_ENTRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_memory(
    machine: *const kx_machine,
    map: u32,
    index: usize,
    memory: *mut kx_memory,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(memory) }?;
        let of_map = |map: &MemoryMap| {
            let entry = map.entries().get(index);
            entry.map(|entry| (entry.range, entry.kind))
        };
        let entry = match map {
            KX_MAP_FIRMWARE => of_map(&machine.memory),
            KX_MAP_IOMEM => of_map(&machine.iomem),
            KX_MAP_HOT_PLUGGABLE => {
                let found = machine.hot_plug.memory().get(index);
                found.map(|range| (*range, MemoryKind::RAM))
            }
            _ => return Err(Failure::Own(KX_E_UNKNOWN)),
        };
        let (found, kind) = entry.ok_or(Failure::Own(KX_E_NO_ENTRY))?;
        let entry = kx_memory {
            size: 0,
            range: range(Some(found)),
            kind: kind.0,
            reserved: 0,
        };
        // SAFETY: `memory` was checked, and `size` is its size.
        unsafe { versioned::write(memory, size, &entry) };
        Ok(0)
    })
}

/// Gets a descriptor of the EFI runtime map by its index, from 0 in order of addresses.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_NO_ENTRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_efi(
    machine: *const kx_machine,
    index: usize,
    descriptor: *mut kx_efi_descriptor,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(descriptor) }?;
        let found = machine.efi.map().get(index);
        let found = found.ok_or(Failure::Own(KX_E_NO_ENTRY))?;
        let entry = kx_efi_descriptor {
            size: 0,
            physical_start: found.physical,
            virtual_start: found.virtual_,
            pages: found.pages,
            attribute: found.attribute,
            kind: found.kind,
            reserved: 0,
        };
        // SAFETY: `descriptor` was checked, and `size` is its size.
        unsafe { versioned::write(descriptor, size, &entry) };
        Ok(0)
    })
}

/// The kernel's name for an e820 type: "System RAM"; "Unknown E820 type" for others. Static, never
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kx_memory_kind_name(kind: u32) -> *const c_char {
    let name: &CStr = match MemoryKind(kind) {
        MemoryKind::RAM => cstr!("System RAM"),
        MemoryKind::RESERVED => cstr!("Reserved"),
        MemoryKind::ACPI => cstr!("ACPI Tables"),
        MemoryKind::NVS => cstr!("ACPI Non-volatile Storage"),
        MemoryKind::UNUSABLE => cstr!("Unusable memory"),
        MemoryKind::PMEM => cstr!("Persistent Memory"),
        MemoryKind::PRAM => cstr!("Persistent Memory (legacy)"),
        MemoryKind::SOFT_RESERVED => cstr!("Soft Reserved"),
        _ => cstr!("Unknown E820 type"),
    };
    name.as_ptr()
}
