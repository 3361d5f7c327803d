//! /sys/firmware/efi.

use linux_raw_sys::general as raw;

use super::{Entry, Fd, entries, open_at, read_file_at, small};
use crate::machine::{Efi, EfiMemoryDescriptor, Machine, efi_address, efi_platform_size};

/// Fills [`Machine::efi`].
pub(super) fn efi(root: &Fd, machine: &mut Machine) {
    let Ok(directory) = open_at(root, c"sys/firmware/efi", raw::O_PATH | raw::O_DIRECTORY) else {
        return;
    };
    let directory = &directory;
    let Machine { efi, efi_full, .. } = machine;
    efi.present = true;
    efi.platform_size = small(directory, c"fw_platform_size", efi_platform_size).unwrap_or(0);
    efi.fw_vendor = small(directory, c"fw_vendor", efi_address).unwrap_or(0);
    efi.runtime = small(directory, c"runtime", efi_address).unwrap_or(0);
    efi.config_table = small(directory, c"config_table", efi_address).unwrap_or(0);
    let mut buffer = [0; 1024];
    if let Ok(systab) = read_file_at(directory, c"systab", &mut buffer) {
        efi.read_systab(systab);
    }

    let mut added = Ok(());
    let whole = entries(directory, c"runtime-map", |entry| {
        let Some(descriptor) = descriptor(&entry) else {
            return false;
        };
        added = efi.add(descriptor);
        added.is_ok()
    });
    *efi_full = added.is_err();
    if !whole {
        Efi::clear_map(efi);
    }
}

fn descriptor(entry: &Entry<'_>) -> Option<EfiMemoryDescriptor> {
    let mut buffers = [[0; 32]; 5];
    let [kind, physical, virtual_, pages, attribute] = &mut buffers;
    EfiMemoryDescriptor::parse(
        entry.attribute(c"type", kind)?,
        entry.attribute(c"phys_addr", physical)?,
        entry.attribute(c"virt_addr", virtual_)?,
        entry.attribute(c"num_pages", pages)?,
        entry.attribute(c"attribute", attribute)?,
    )
}
