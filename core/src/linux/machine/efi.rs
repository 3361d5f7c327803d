//! /sys/firmware/efi.

use linux_raw_sys::general as raw;

use super::{Fd, hex_at, numbered, open_at, read_attribute_at, small};
use crate::machine::{Efi, EfiMemoryDescriptor, Machine, efi_platform_size};

/// Fills [`Machine::efi`], which knows nothing yet.
pub(super) fn efi(root: &Fd, machine: &mut Machine) {
    let Ok(directory) = open_at(root, c"sys/firmware/efi", raw::O_PATH | raw::O_DIRECTORY) else {
        return;
    };
    let directory = &directory;
    let Machine { efi, efi_full, .. } = machine;
    efi.present = true;
    efi.platform_size = small(directory, c"fw_platform_size", efi_platform_size).unwrap_or(0);
    efi.fw_vendor = hex_at(directory, c"fw_vendor").unwrap_or(0);
    efi.runtime = hex_at(directory, c"runtime").unwrap_or(0);
    efi.config_table = hex_at(directory, c"config_table").unwrap_or(0);
    let mut buffer = [0; 1024];
    if let Ok(systab) = read_attribute_at(directory, c"systab", &mut buffer) {
        efi.read_systab(systab);
    }

    // The kernel numbers them as they come (drivers/firmware/efi/runtime-map.c).
    let whole = numbered(directory, c"runtime-map", &mut |entry| {
        let Some(descriptor) = descriptor(entry) else {
            return false;
        };
        *efi_full = efi.add(descriptor).is_err();
        !*efi_full
    });
    if !whole {
        Efi::clear_map(efi);
    }
}

fn descriptor(entry: &Fd) -> Option<EfiMemoryDescriptor> {
    let mut numbers = [0; 5];
    for (number, file) in numbers.iter_mut().zip(EfiMemoryDescriptor::FILES) {
        *number = hex_at(entry, file)?;
    }
    EfiMemoryDescriptor::new(numbers)
}
