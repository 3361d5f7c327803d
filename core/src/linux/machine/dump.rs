//! Reads the facts about the running kernel that a crash kernel needs.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::path::Path;
use super::{Fd, fill, open_at, open_directory, read_file_at, small, stream};
use crate::Errno;
use crate::cstr;
use crate::machine::{
    CpuNotes, Dump, KcoreParser, Known, cpu_list, crash_notes, decimal_size, release, sources,
    vmcoreinfo,
};

/// Bytes of a note if the kernel does not give them (before 3.10).
const OLD_NOTE_SIZE: u64 = 1024;

/// Fills the fields that [`super::memory::iomem`] does not.
pub(super) fn dump(root: &Fd, dump: &mut Dump) {
    cpus(root, &mut dump.cpus);
    dump.vmcoreinfo = small(root, sources::VMCOREINFO.path, vmcoreinfo).flatten();
    let size = |path| small(root, path, decimal_size).flatten();
    dump.elfcorehdr_size = sources::ELFCOREHDR_SIZE.paths().find_map(size);
    cma(root, dump);
    dump.release = small(root, sources::RELEASE.path, release)
        .flatten()
        .unwrap_or_default();
    let mut kcore = KcoreParser::new();
    // The entries before an error are valid.
    let _ = stream(root, sources::KCORE.path, &mut |piece| kcore.feed(piece));
    dump.direct_map = kcore.direct_map;
    dump.text = kcore.text;
}

/// The ranges of the contiguous memory allocator. Kernels without the file have none.
fn cma(root: &Fd, dump: &mut Dump) {
    let mut buffer = [0; 1024];
    for path in sources::CMA.paths() {
        match read_file_at(root, path, &mut buffer) {
            Err(Errno::ENOENT) => {}
            // Contents that fill the buffer may be incomplete.
            Ok(ranges) if ranges.len() < 1024 => {
                dump.set_cma(ranges);
                return;
            }
            Ok(_) | Err(_) => {
                dump.cma_known = Known::No;
                return;
            }
        }
    }
}

/// Every possible CPU, in the order of their numbers, which may have gaps.
fn cpus(root: &Fd, notes: &mut CpuNotes) {
    let mut list = [0; 4096];
    let length = fill(root, sources::CPUS.path, &mut list);
    // Contents that fill the buffer may be incomplete.
    let whole = list.get(..length).filter(|list| list.len() < 4096);
    let Some(numbers) = whole.and_then(cpu_list) else {
        notes.listed = Known::No;
        return;
    };
    notes.listed = Known::Yes;
    let [address_file, size_file] = sources::CRASH_NOTES_FILES;
    // More than is possible, in case the file is not the kernel's.
    const NUMBERS: usize = 1 << 16;
    for cpu in numbers.take(NUMBERS) {
        let address = cpu_path(cpu, address_file)
            .as_c_str()
            .and_then(|path| small(root, path, crash_notes).flatten());
        if notes.size == 0 && address.is_some() {
            notes.size = note_size(root, cpu, size_file).unwrap_or(0);
        }
        let Some(address) = address.filter(|_| notes.size != 0) else {
            let directory = cpu_path(cpu, cstr!(""));
            let there = directory
                .as_c_str()
                .is_some_and(|path| !matches!(open_directory(root, path), Err(Errno::ENOENT)));
            let count = if there {
                &mut notes.unread
            } else {
                &mut notes.absent
            };
            *count = count.saturating_add(1);
            continue;
        };
        notes.add(address);
    }
}

/// A file in a CPU's directory, or the directory.
fn cpu_path(cpu: u32, file: &CStr) -> Path {
    Path::numbered(&sources::CRASH_NOTES, cpu, file)
}

/// Bytes of a CPU's note; `None` if the file exists but is invalid.
fn note_size(root: &Fd, cpu: u32, file: &CStr) -> Option<u64> {
    let path = cpu_path(cpu, file);
    let path = path.as_c_str()?;
    match open_at(root, path, raw::O_RDONLY) {
        Err(Errno::ENOENT) => Some(OLD_NOTE_SIZE),
        _ => small(root, path, decimal_size).flatten(),
    }
}
