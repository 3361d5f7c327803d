//! Memory of this process's own, by mmap(2).

use linux_raw_sys::general as raw;

use super::arch;
use crate::error::{Error, Result};

/// Private memory, all zeros at first; unmapped when dropped. A page that is never touched takes no memory.
#[derive(Debug)]
pub struct Memory {
    start: usize,
    length: usize,
}

impl Memory {
    /// Maps this many bytes.
    ///
    /// # Errors
    /// [`Error::File`] with mmap(2)'s errno.
    pub fn new(length: usize) -> Result<Self> {
        if length == 0 {
            return Ok(Self { start: 0, length });
        }
        let flags = (raw::MAP_PRIVATE | raw::MAP_ANONYMOUS | raw::MAP_NORESERVE) as usize;
        let protection = (raw::PROT_READ | raw::PROT_WRITE) as usize;
        let arguments = [0, length, protection, flags, usize::MAX, 0];
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let mapped = arch::result(unsafe { arch::syscall(raw::__NR_mmap, arguments) });
        let start = mapped.map_err(|errno| Error::File {
            step: "mmap",
            errno,
        })?;
        Ok(Self { start, length })
    }

    /// All of it.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        if self.length == 0 {
            return &mut [];
        }
        let start = core::ptr::with_exposed_provenance_mut(self.start);
        // SAFETY: a readable and writable mapping of that length, which lives as long as `self`, which is
        // borrowed; nobody else knows it.
        unsafe { core::slice::from_raw_parts_mut(start, self.length) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.length != 0 {
            let arguments = [self.start, self.length, 0, 0, 0, 0];
            // SAFETY: the mapping is ours, and nobody has a reference to it any more.
            unsafe { arch::syscall(raw::__NR_munmap, arguments) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errno;

    #[test]
    fn zeros_that_can_be_written() {
        let mut memory = Memory::new(10_000).unwrap();
        assert_eq!(memory.bytes_mut(), [0; 10_000]);
        memory.bytes_mut()[9_999] = 7;
        assert_eq!(memory.bytes_mut()[9_999], 7);
        assert_eq!(Memory::new(0).unwrap().bytes_mut(), []);
        let (step, errno) = ("mmap", Errno::ENOMEM);
        assert_eq!(
            Memory::new(usize::MAX).unwrap_err(),
            Error::File { step, errno }
        );
    }
}
