//! /sys/firmware/efi.

use super::{Fd, hex_at, hex_of, open_directory, open_numbered, read_attribute_at};
use crate::Errno;
use crate::machine::{
    Efi, EfiInfo, EfiMemoryDescriptor, Firmware, Known, Machine, efi_platform_size, sources,
};

/// Fills [`Machine::efi`], which knows nothing yet.
pub(super) fn efi(root: &Fd, machine: &mut Machine) {
    if open_directory(root, sources::EFI.path).is_err() {
        return;
    }
    let efi = &mut machine.efi;
    efi.present = true;
    let mut buffer = [0; 1024];
    if let Some(size) = read_attribute_at(root, sources::EFI_PLATFORM_SIZE.path, &mut buffer) {
        efi.platform_size = efi_platform_size(size);
    }
    efi.fw_vendor = hex_at(root, sources::EFI_FW_VENDOR.path).unwrap_or(0);
    efi.runtime = hex_at(root, sources::EFI_RUNTIME.path).unwrap_or(0);
    efi.config_table = hex_at(root, sources::EFI_CONFIG_TABLE.path).unwrap_or(0);
    if let Some(systab) = read_attribute_at(root, sources::EFI_SYSTAB.path, &mut buffer) {
        efi.read_systab(systab);
    }
    efi.has_map = match open_directory(root, sources::EFI_MAP.path) {
        Ok(entries) if runtime_map(&entries, efi).is_some() => Known::Yes,
        Err(Errno::ENOENT) => Known::No,
        _ => Known::Unknown,
    };
    if efi.has_map != Known::Yes {
        efi.clear_map();
    }
}

/// The firmware that started the running kernel. The kernel creates /sys/firmware/efi under EFI
/// (drivers/firmware/efi/efi.c, efisubsys_init). Its absence means no EFI only if /sys/firmware is not
/// masked, as in containers, that is if the ACPI tables' directory exists.
pub(super) fn firmware(root: &Fd, machine: &Machine) -> Firmware {
    match started_by(machine) {
        Firmware::Unreadable if open_directory(root, sources::ACPI.path).is_ok() => {
            Firmware::NotEfi
        }
        known => known,
    }
}

/// The firmware, from the facts read so far.
pub(super) fn started_by(machine: &Machine) -> Firmware {
    let signature = machine.x86.boot_params.efi_info().loader_signature;
    if machine.efi.present || matches!(signature, EfiInfo::EL32 | EfiInfo::EL64) {
        Firmware::Efi
    } else if machine.x86.boot_params.get().is_some() {
        Firmware::NotEfi
    } else {
        Firmware::Unreadable
    }
}

/// `None` if the map could not be read completely, or does not fit.
fn runtime_map(entries: &Fd, efi: &mut Efi) -> Option<()> {
    // The kernel numbers the entries consecutively (drivers/firmware/efi/runtime-map.c).
    for entry in 0.. {
        let mut numbers = [0; 5];
        let mut first = true;
        for (number, file) in numbers.iter_mut().zip(&EfiMemoryDescriptor::FILES) {
            match open_numbered(entries, entry, file) {
                Ok(attribute) => *number = hex_of(&attribute)?,
                // No such entry.
                Err(Errno::ENOENT) if first => return Some(()),
                Err(_) => return None,
            }
            first = false;
        }
        efi.map_full = efi.add(EfiMemoryDescriptor::new(numbers)?).is_err();
        if efi.map_full {
            break;
        }
    }
    None
}
