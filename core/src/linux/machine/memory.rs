//! Reads the memory map from the best available source; [`crate::machine`] documents the order.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::super::dir::Entries;
use super::{
    Fd, PIECE, entries, hex_of, open_at, open_directory, open_numbered, read_piece, stream,
};
use crate::Errno;
use crate::machine::{
    IomemAccess, IomemParser, Known, Machine, MemorySource, SratParser, e820_entries, memmap_entry,
    sources,
};
use crate::memory::{MemoryEntry, MemoryMap, Range};

/// SETUP_E820_EXT (arch/x86/include/uapi/asm/setup_data.h).
pub(super) const SETUP_E820_EXT: u64 = 1;

/// /proc/iomem, with the ranges that a dump needs.
pub(super) fn iomem(root: &Fd, machine: &mut Machine) {
    let mut parser = IomemParser::new(&mut machine.iomem).with_dump(&mut machine.dump);
    let read = stream(root, sources::IOMEM.path, &mut |piece| {
        parser.feed(piece);
        false
    });
    let iomem = parser.finish();
    if let Err(errno) = read {
        // An incomplete list would lack reserved memory.
        machine.iomem.clear();
        machine.dump.clear();
        machine.maps.iomem_access = unread(errno);
        return;
    }
    if iomem.access == IomemAccess::Damaged {
        machine.dump.clear();
    }
    machine.maps.iomem_access = iomem.access;
    machine.crash = iomem.crash;
    machine.kernel = iomem.kernel;
    machine.maps.full |= iomem.access == IomemAccess::TooLong;
}

/// Memory that can be removed. There is none if there is no SRAT among the tables; what cannot be read is
/// not known.
pub(super) fn hot_plug(root: &Fd, machine: &mut Machine) {
    let mut parser = SratParser::new(&mut machine.hot_plug);
    match stream(root, sources::SRAT.path, &mut |piece| parser.feed(piece)) {
        Ok(()) => parser.finish(),
        Err(Errno::ENOENT) if open_directory(root, sources::ACPI_TABLES.path).is_ok() => {
            machine.hot_plug.known = Known::No;
        }
        // An incomplete list would lack ranges.
        Err(_) => machine.hot_plug.clear(),
    }
}

/// The access for an error of opening or reading the file.
pub(super) const fn unread(errno: Errno) -> IomemAccess {
    match errno {
        Errno::ENOENT => IomemAccess::Missing,
        _ => IomemAccess::Unreadable,
    }
}

/// Fills the memory map for the new kernel.
pub(super) fn choose(root: &Fd, machine: &mut Machine) {
    let iomem_first = machine.wants_iomem() && machine.maps.iomem_access == IomemAccess::Read;
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
        machine.maps.source = MemorySource::BootParams;
        return;
    }
    for source in order {
        machine.memory.clear();
        let whole = match source {
            MemorySource::FirmwareMemmap => firmware_memmap(root, machine),
            MemorySource::BootParams => boot_params(root, machine),
            MemorySource::Iomem => from_iomem(machine),
            MemorySource::None => false,
        };
        if whole && machine.memory.ram() != 0 {
            machine.maps.source = source;
            return;
        }
    }
    machine.memory.clear();
}

/// Fills the map from boot_params, and returns whether /sys/firmware/memmap would give the same map.
///
/// The kernel sorts its e820 table, resolves overlaps as [`MemoryMap`] does, joins adjacent
/// ranges (arch/x86/kernel/e820.c, e820__update_table) and makes the entries 0…n−1 from it at boot;
/// memory added later gets the following numbers (drivers/firmware/memmap.c). So a table with as many
/// entries as the directory has is the same map: four system calls instead of nine per entry.
fn firmware_map_is_e820(root: &Fd, machine: &mut Machine) -> bool {
    machine.memory.clear();
    if !boot_params(root, machine) {
        return false;
    }
    machine.memory.join_touching();
    let count = machine.memory.entries().len();
    machine.memory.ram() != 0 && are_numbered(root, sources::MEMMAP.path, count)
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

/// Whether the whole map was read; false if an entry cannot be read or is invalid.
fn firmware_memmap(root: &Fd, machine: &mut Machine) -> bool {
    entries(root, sources::MEMMAP.path, &mut |entry| {
        let mut start = [0; 32];
        let mut end = [0; 32];
        let mut kind = [0; 64];
        let [start_file, end_file, type_file] = sources::MEMMAP_FILES;
        let entry = [
            entry.attribute(start_file, &mut start),
            entry.attribute(end_file, &mut end),
            entry.attribute(type_file, &mut kind),
        ];
        let [Some(start), Some(end), Some(kind)] = entry else {
            return false;
        };
        memmap_entry(start, end, kind).is_some_and(|entry| add(machine, entry))
    })
}

/// Whether the page and all of its E820_EXT nodes were read.
pub(super) fn boot_params(root: &Fd, machine: &mut Machine) -> bool {
    let (page, map) = (&machine.x86.boot_params, &mut machine.memory);
    let full = &mut machine.maps.full;
    page.get().is_some()
        && add_table(page.e820_table(), map, full)
        && (page.setup_data() == 0 || setup_data(root, map, full).is_some())
}

/// `None` if the E820_EXT nodes could not all be read, or do not fit.
fn setup_data(root: &Fd, map: &mut MemoryMap, full: &mut bool) -> Option<()> {
    // The kernel numbers the nodes consecutively (arch/x86/kernel/ksysfs.c).
    let nodes = open_directory(root, sources::SETUP_DATA.path).ok()?;
    let [type_file, data_file] = sources::SETUP_DATA_FILES;
    for number in 0.. {
        let kind = match open_numbered(&nodes, number, type_file) {
            Ok(attribute) => hex_of(&attribute)?,
            Err(Errno::ENOENT) => return Some(()),
            Err(_) => return None,
        };
        if kind != SETUP_E820_EXT {
            continue;
        }
        let table = open_numbered(&nodes, number, data_file).ok()?;
        let mut buffer = [0; PIECE];
        loop {
            let piece = read_piece(&table, &mut buffer)?;
            if !add_table(piece, map, full) {
                return None;
            }
            // A file of /sys is read in full pieces up to its end
            // (fs/kernfs/file.c, kernfs_file_read_iter).
            if piece.len() != PIECE {
                break;
            }
        }
    }
    None
}

/// Whether there was room for all of an e820 table.
fn add_table(table: &[u8], map: &mut MemoryMap, full: &mut bool) -> bool {
    let fits = e820_entries(table).all(|entry| map.add(entry.range, entry.kind).is_ok());
    *full |= !fits;
    fits
}

/// Whether there was room for the entry.
fn add(machine: &mut Machine, entry: MemoryEntry) -> bool {
    let fits = machine.memory.add(entry.range, entry.kind).is_ok();
    machine.maps.full |= !fits;
    fits
}

/// Whether /proc/iomem was readable. The kernel lists RAM in pieces if it took a part for
/// itself at boot (setup_data nodes); adjacent pieces of a kind are joined again.
fn from_iomem(machine: &mut Machine) -> bool {
    let Machine {
        iomem,
        memory,
        maps,
        ..
    } = machine;
    let mut entries = iomem.entries().iter().copied().peekable();
    while let Some(MemoryEntry { mut range, kind }) = entries.next() {
        while let Some(next) = entries.next_if(|next| {
            next.kind == kind && range.last().checked_add(1) == Some(next.range.start())
        }) {
            range = Range::new(range.start(), next.range.last()).unwrap_or(range);
        }
        maps.full |= memory.add(range, kind).is_err();
    }
    maps.iomem_access == IomemAccess::Read
}
