//! How much may be copied into memory.

use core::cell::Cell;

use linux_raw_sys::{general as raw, system};

use super::arch;
use super::file::read_file;
use crate::cstr;
use crate::error::{Error, Result};
use crate::machine::kib_of;

/// How many bytes may be copied into memory, by all copies that are made of it together.
///
/// Most files are not copied at all. Those that are (several initrds joined for
/// kexec_file_load(2), a pipe, a file without a lease) are weighed here before their first byte, or,
/// where no size is known, with each piece.
#[derive(Debug)]
pub struct Copies {
    /// `None` until it is needed.
    left: Cell<Option<u64>>,
}

impl Copies {
    /// At most so many bytes.
    #[must_use]
    pub const fn limited(bytes: u64) -> Self {
        Self {
            left: Cell::new(Some(bytes)),
        }
    }

    /// At most a quarter of the memory that is available when the first copy is made
    /// (MemAvailable in /proc/meminfo; without /proc, what sysinfo(2) calls free): the kernel
    /// reads a copy into a buffer of its own and that into the new kernel's segments, and the
    /// machine still runs.
    #[must_use]
    pub const fn of_available_memory() -> Self {
        Self {
            left: Cell::new(None),
        }
    }

    /// Bytes that may still be copied.
    #[must_use]
    pub fn left(&self) -> u64 {
        let left = self.left.get().unwrap_or_else(|| available() / 4);
        self.left.set(Some(left));
        left
    }

    /// Takes `bytes`.
    ///
    /// # Errors
    /// [`Error::CopyTooLarge`]; nothing is taken then.
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

/// As sysinfo(2) says: without the page cache, so less than there is.
fn free() -> u64 {
    let mut info = core::mem::MaybeUninit::<system::sysinfo>::zeroed();
    let target = info.as_mut_ptr() as usize;
    // SAFETY: the kernel writes one `struct sysinfo` to `target`, which has that type.
    let done = unsafe { arch::syscall(raw::__NR_sysinfo, [target, 0, 0, 0, 0, 0]) };
    // SAFETY: integers, for which the zeros that were there before are values, too.
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
