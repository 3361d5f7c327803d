//! The limit on copies in memory.

use core::cell::Cell;
use core::ffi::CStr;

use linux_raw_sys::{general as raw, system};

use super::arch;
use super::file::{open, read_file, read_file_at};
use crate::cstr;
use crate::error::{Error, Result};
use crate::machine::{kib_of, sources::MEMINFO};

/// How many bytes may be copied into memory, by all copies together.
///
/// Most files are not copied at all. Those that are (several initrds joined for
/// kexec_file_load(2), a pipe, a file without a lease) are counted here before their first byte is
/// copied or, if the size is unknown, with each piece.
#[derive(Debug)]
pub struct Copies {
    /// `None` until the first copy.
    left: Cell<Option<u64>>,
    watch: Option<fn(u64)>,
}

impl Copies {
    /// At most this many bytes.
    #[must_use]
    pub const fn limited(bytes: u64) -> Self {
        Self {
            left: Cell::new(Some(bytes)),
            watch: None,
        }
    }

    /// At most a quarter of the memory that is available when the first copy is made
    /// (MemAvailable in /proc/meminfo; without /proc, the free memory of sysinfo(2)): the kernel
    /// reads a copy into a buffer of its own and copies that to the new kernel's segments, and the
    /// machine must still run.
    #[must_use]
    pub const fn of_available_memory() -> Self {
        Self {
            left: Cell::new(None),
            watch: None,
        }
    }

    /// The same limit. `watch` is called after each piece that was copied, of at most 16 MiB, with the
    /// number of its bytes.
    #[must_use]
    pub const fn watched(self, watch: fn(u64)) -> Self {
        Self {
            watch: Some(watch),
            ..self
        }
    }

    /// So many bytes were copied.
    pub(super) fn copied(&self, bytes: u64) {
        if let Some(watch) = self.watch {
            watch(bytes);
        }
    }

    /// The limit that [`Copies::of_available_memory`] had on the machine with a copy of its files in
    /// `root`; `None` if that is not known.
    #[must_use]
    pub fn limit_at(root: &CStr) -> Option<u64> {
        let root = open(root, raw::O_PATH | raw::O_DIRECTORY).ok()?;
        let mut start = [0; 256];
        let text = read_file_at(&root, MEMINFO.path, &mut start).ok()?;
        kib_of(text, b"MemAvailable:").map(|available| available / 4)
    }

    /// Bytes that may still be copied.
    #[must_use]
    pub fn left(&self) -> u64 {
        let left = self.left.get().unwrap_or_else(|| available() / 4);
        self.left.set(Some(left));
        left
    }

    /// Subtracts `bytes`.
    ///
    /// # Errors
    /// [`Error::CopyTooLarge`]; nothing is subtracted then.
    pub fn take(&self, bytes: u64) -> Result<()> {
        let limit = self.left();
        let left = limit
            .checked_sub(bytes)
            .ok_or(Error::CopyTooLarge { need: bytes, limit })?;
        self.left.set(Some(left));
        Ok(())
    }
}

/// Bytes of memory that programs can still have without swapping.
fn available() -> u64 {
    // The line is the third; all of them before it are short.
    let mut start = [0; 256];
    let text = read_file(cstr!("/proc/meminfo"), &mut start).unwrap_or_default();
    kib_of(text, b"MemAvailable:").unwrap_or_else(free)
}

/// From sysinfo(2): without the page cache, so less than is available.
fn free() -> u64 {
    let mut info = core::mem::MaybeUninit::<system::sysinfo>::zeroed();
    let target = info.as_mut_ptr() as usize;
    // SAFETY: the kernel writes one `struct sysinfo` to `target`, which has that type.
    let done = unsafe { arch::syscall(raw::__NR_sysinfo, [target, 0, 0, 0, 0, 0]) };
    // SAFETY: integers; the zeros that were there before are also valid values.
    let info = unsafe { info.assume_init() };
    match arch::result(done) {
        Ok(_) => {
            let free = info.freeram.saturating_add(info.bufferram);
            free.saturating_mul(u64::from(info.mem_unit))
        }
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_bounded() {
        let copies = Copies::limited(100);
        copies.take(60).unwrap();
        let refused = Error::CopyTooLarge {
            need: 41,
            limit: 40,
        };
        assert_eq!(copies.take(41), Err(refused));
        copies.take(40).unwrap();
        assert_eq!(copies.left(), 0);
        copies.take(0).unwrap();
    }

    #[test]
    fn the_limit_of_another_machine() {
        let limit = Copies::limit_at(c"/").unwrap();
        assert!(limit > 1 << 20, "{limit}");
        assert_eq!(Copies::limit_at(c"/proc"), None);
    }

    #[test]
    fn a_quarter_of_what_is_available() {
        let quarter = Copies::of_available_memory().left();
        let free = free();
        assert!(free > 1 << 20, "{free}");
        assert!(quarter > 1 << 20, "{quarter}");
        let text = std::fs::read("/proc/meminfo").unwrap();
        let total = kib_of(&text, b"MemTotal:").unwrap();
        assert!(quarter <= total / 4 && free <= total);
    }
}
