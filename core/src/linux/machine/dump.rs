//! What a crash kernel must be told of the running kernel.

use core::ffi::CStr;
use core::fmt::{self, Write};

use super::{Fd, fill, small, stream};
use crate::cstr;
use crate::machine::{
    CpuNotes, Dump, KcoreParser, cpu_list, crash_notes, decimal_size, release, vmcoreinfo,
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
    let mut ranges = [0; 1024];
    let mut length = fill(
        root,
        cstr!("sys/kernel/kexec/crash_cma_ranges"),
        &mut ranges,
    );
    if length == 0 {
        length = fill(
            root,
            cstr!("sys/kernel/kexec_crash_cma_ranges"),
            &mut ranges,
        );
    }
    dump.set_cma(ranges.get(..length).unwrap_or_default());
    dump.release = small(root, cstr!("proc/sys/kernel/osrelease"), release)
        .flatten()
        .unwrap_or_default();
    let mut kcore = KcoreParser::new();
    stream(root, cstr!("proc/kcore"), |piece| kcore.feed(piece));
    dump.direct_map = kcore.direct_map;
    dump.text = kcore.text;
}

/// Every possible CPU, in the order of their numbers, which may have gaps.
fn cpus(root: &Fd, notes: &mut CpuNotes) {
    let mut list = [0; 4096];
    let length = fill(root, cstr!("sys/devices/system/cpu/possible"), &mut list);
    // More than there can be, should the file not be the kernel's.
    const NUMBERS: usize = 1 << 16;
    for cpu in cpu_list(list.get(..length).unwrap_or_default()).take(NUMBERS) {
        let address = Path::of(cpu, "crash_notes")
            .as_c_str()
            .and_then(|path| small(root, path, crash_notes).flatten());
        let Some(address) = address else {
            notes.absent = notes.absent.saturating_add(1);
            continue;
        };
        if notes.size == 0 {
            notes.size = Path::of(cpu, "crash_notes_size")
                .as_c_str()
                .and_then(|path| small(root, path, decimal_size).flatten())
                .unwrap_or(OLD_NOTE_SIZE);
        }
        notes.add(address);
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
