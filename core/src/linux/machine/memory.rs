//! The memory map, from the best source there is; the order and its reasons are in
//! [`crate::machine`].

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::super::dir::Entries;
use super::{Fd, entries, open_at, stream};
use crate::error::Result;
use crate::machine::{
    E820Stream, IomemAccess, IomemParser, Machine, MemorySource, has_parameter, memmap_entry,
    setup_data_type,
};
use crate::memory::{MemoryEntry, MemoryMap, Range};

/// SETUP_E820_EXT (arch/x86/include/uapi/asm/setup_data.h).
const SETUP_E820_EXT: u32 = 1;

/// /proc/iomem.
pub(super) fn iomem(root: &Fd, machine: &mut Machine) {
    let mut parser = IomemParser::new(&mut machine.iomem).with_dump(&mut machine.dump);
    let read = stream(root, c"proc/iomem", |piece| {
        parser.feed(piece);
        false
    });
    let iomem = parser.finish();
    if !read {
        // Half a list would call reserved memory unknown.
        machine.iomem.clear();
        machine.dump.clear();
        return;
    }
    machine.iomem_access = iomem.access;
    machine.crash = iomem.crash;
    machine.kernel = iomem.kernel;
    machine.memory_full |= iomem.access == IomemAccess::TooLong;
}

/// Fills the map the new kernel is told.
pub(super) fn choose(root: &Fd, machine: &mut Machine) {
    let lacks_efi = machine
        .command_line
        .get()
        .is_some_and(|line| has_parameter(line, b"add_efi_memmap"));
    let iomem_first = lacks_efi && machine.iomem_access == IomemAccess::Read;
    let order = if iomem_first {
        [
            MemorySource::Iomem,
            MemorySource::FirmwareMemmap,
            MemorySource::BootParams,
        ]
    } else {
        [
            MemorySource::FirmwareMemmap,
            MemorySource::BootParams,
            MemorySource::Iomem,
        ]
    };
    if !iomem_first && firmware_map_is_e820(root, machine) {
        machine.memory_source = MemorySource::BootParams;
        return;
    }
    for source in order {
        machine.memory.clear();
        let whole = match source {
            MemorySource::FirmwareMemmap => firmware_memmap(root, &mut machine.memory),
            MemorySource::BootParams => boot_params(root, machine),
            MemorySource::Iomem => from_iomem(machine),
            MemorySource::None => Ok(false),
        };
        match whole {
            Ok(true) if machine.memory.ram() != 0 => {
                machine.memory_source = source;
                return;
            }
            Ok(_) => {}
            Err(_) => machine.memory_full = true,
        }
    }
    machine.memory.clear();
}

/// Fills the map from boot_params, and answers whether /sys/firmware/memmap would give the same.
///
/// The kernel sorts its e820 table, resolves overlaps as [`MemoryMap`] does, joins what touches
/// (arch/x86/kernel/e820.c, e820__update_table) and makes the entries 0…n−1 of it at boot; what
/// is added later gets the numbers behind (drivers/firmware/memmap.c). So a table that comes to
/// as many entries as the directory has is that map: four system calls instead of nine an
/// entry.
fn firmware_map_is_e820(root: &Fd, machine: &mut Machine) -> bool {
    machine.memory.clear();
    if !matches!(boot_params(root, machine), Ok(true)) {
        return false;
    }
    machine.memory.join_touching();
    let count = machine.memory.entries().len();
    machine.memory.ram() != 0 && are_numbered(root, c"sys/firmware/memmap", count)
}

/// Whether the names in a directory are the numbers from 0 to `count` − 1.
fn are_numbered(root: &Fd, path: &CStr, count: usize) -> bool {
    let Ok(fd) = open_at(root, path, raw::O_RDONLY | raw::O_DIRECTORY) else {
        return false;
    };
    let mut names = Entries::new(&fd);
    let mut found: usize = 0;
    loop {
        match names.next_name() {
            Ok(Some(name)) => {
                let number = name.to_str().ok().and_then(|name| name.parse().ok());
                if number.is_none_or(|number: usize| number >= count) {
                    return false;
                }
                found = found.saturating_add(1);
            }
            Ok(None) => return found == count,
            Err(_) => return false,
        }
    }
}

/// Whether the whole map was read; an entry that cannot be read, or makes no sense, spoils it.
fn firmware_memmap(root: &Fd, map: &mut MemoryMap) -> Result<bool> {
    let mut added = Ok(());
    let whole = entries(root, c"sys/firmware/memmap", |entry| {
        let mut start = [0; 32];
        let mut end = [0; 32];
        let mut kind = [0; 64];
        let entry = [
            entry.attribute(c"start", &mut start),
            entry.attribute(c"end", &mut end),
            entry.attribute(c"type", &mut kind),
        ];
        let [Some(start), Some(end), Some(kind)] = entry else {
            return false;
        };
        let Some(entry) = memmap_entry(start, end, kind) else {
            return false;
        };
        added = map.add(entry.range, entry.kind);
        added.is_ok()
    });
    added.map(|()| whole)
}

/// Whether the page and all of its E820_EXT nodes were read.
fn boot_params(root: &Fd, machine: &mut Machine) -> Result<bool> {
    let Machine {
        boot_params,
        memory,
        ..
    } = machine;
    for entry in boot_params.e820() {
        memory.add(entry.range, entry.kind)?;
    }
    if boot_params.get().is_none() || boot_params.setup_data() == 0 {
        return Ok(boot_params.get().is_some());
    }
    let mut added = Ok(());
    let whole = entries(root, c"sys/kernel/boot_params/setup_data", |node| {
        let mut kind = [0; 32];
        match node.attribute(c"type", &mut kind).and_then(setup_data_type) {
            Some(SETUP_E820_EXT) => {}
            Some(_) => return true,
            None => return false,
        }
        let mut table = E820Stream::new();
        let whole = node.stream(c"data", |piece| {
            table.feed(piece, |entry| {
                if added.is_ok() {
                    added = memory.add(entry.range, entry.kind);
                }
            });
            added.is_err()
        });
        whole && added.is_ok()
    });
    added.map(|()| whole)
}

/// Whether /proc/iomem was readable. The kernel lists RAM in pieces where it cut something out
/// for itself at boot (setup_data nodes); touching pieces of a kind become one again.
fn from_iomem(machine: &mut Machine) -> Result<bool> {
    let mut entries = machine.iomem.entries().iter().copied().peekable();
    while let Some(MemoryEntry { mut range, kind }) = entries.next() {
        while let Some(next) = entries.next_if(|next| {
            next.kind == kind && range.last().checked_add(1) == Some(next.range.start())
        }) {
            range = Range::new(range.start(), next.range.last()).unwrap_or(range);
        }
        machine.memory.add(range, kind)?;
    }
    Ok(machine.iomem_access == IomemAccess::Read)
}
