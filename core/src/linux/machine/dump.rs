//! What a crash kernel must be told of the running kernel.

use core::ffi::CStr;
use core::fmt::{self, Write};

use linux_raw_sys::general as raw;

use super::{Fd, fill, open_at, open_directory, read_file_at, small, stream};
use crate::Errno;
use crate::cstr;
use crate::machine::{
    CpuNotes, Dump, KcoreParser, Known, cpu_list, crash_notes, decimal_size, release, vmcoreinfo,
};

/// Bytes of a note where the kernel does not say (before 3.10).
const OLD_NOTE_SIZE: u64 = 1024;

/// Fills what [`super::memory::iomem`] left of it.
pub(super) fn dump(root: &Fd, dump: &mut Dump) {
    cpus(root, &mut dump.cpus);
    dump.vmcoreinfo = small(root, cstr!("sys/kernel/vmcoreinfo"), vmcoreinfo).flatten();
    let size = |path| small(root, path, decimal_size).flatten();
    dump.elfcorehdr_size = size(cstr!("sys/kernel/kexec/crash_elfcorehdr_size"))
        .or_else(|| size(cstr!("sys/kernel/crash_elfcorehdr_size")));
    cma(root, dump);
    dump.release = small(root, cstr!("proc/sys/kernel/osrelease"), release)
        .flatten()
        .unwrap_or_default();
    let mut kcore = KcoreParser::new();
    // What was read before an error holds.
    let _ = stream(root, cstr!("proc/kcore"), |piece| kcore.feed(piece));
    dump.direct_map = kcore.direct_map;
    dump.text = kcore.text;
}

/// The ranges of the contiguous memory allocator. Kernels without the file have none.
fn cma(root: &Fd, dump: &mut Dump) {
    let mut buffer = [0; 1024];
    for path in [
        cstr!("sys/kernel/kexec/crash_cma_ranges"),
        cstr!("sys/kernel/kexec_crash_cma_ranges"),
    ] {
        match read_file_at(root, path, &mut buffer) {
            Err(Errno::ENOENT) => {}
            // What fills the buffer may go on.
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
    let length = fill(root, cstr!("sys/devices/system/cpu/possible"), &mut list);
    // What fills the buffer may go on.
    let whole = list.get(..length).filter(|list| list.len() < 4096);
    let Some(numbers) = whole.and_then(cpu_list) else {
        notes.listed = Known::No;
        return;
    };
    notes.listed = Known::Yes;
    // More than there can be, should the file not be the kernel's.
    const NUMBERS: usize = 1 << 16;
    for cpu in numbers.take(NUMBERS) {
        let address = Path::of(cpu, "crash_notes")
            .as_c_str()
            .and_then(|path| small(root, path, crash_notes).flatten());
        if notes.size == 0 && address.is_some() {
            notes.size = note_size(root, cpu).unwrap_or(0);
        }
        let Some(address) = address.filter(|_| notes.size != 0) else {
            let directory = Path::of(cpu, "");
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

/// Bytes of a CPU's note; `None` if the file is there and does not say.
fn note_size(root: &Fd, cpu: u32) -> Option<u64> {
    let path = Path::of(cpu, "crash_notes_size");
    let path = path.as_c_str()?;
    match open_at(root, path, raw::O_RDONLY) {
        Err(Errno::ENOENT) => Some(OLD_NOTE_SIZE),
        _ => small(root, path, decimal_size).flatten(),
    }
}

/// A path below a CPU's directory.
struct Path {
    text: [u8; 80],
    length: usize,
}

impl Path {
    fn of(cpu: u32, file: &str) -> Self {
        let mut path = Self {
            text: [0; 80],
            length: 0,
        };
        // At most 24 + 10 + 17 bytes.
        let _fits = write!(path, "sys/devices/system/cpu/cpu{cpu}/{file}");
        path
    }

    fn as_c_str(&self) -> Option<&CStr> {
        CStr::from_bytes_until_nul(&self.text).ok()
    }
}

impl Write for Path {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        crate::bytes::put_slice(&mut self.text, self.length, text.as_bytes()).ok_or(fmt::Error)?;
        self.length = self.length.saturating_add(text.len());
        Ok(())
    }
}
