//! Directories: getdents64(2).

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::arch;
use super::fd::Fd;
use crate::Errno;

/// Offsets in struct linux_dirent64 (include/linux/dirent.h): u64 inode, i64 offset of the next,
/// u16 length of this one, u8 type, then the name and its NUL.
const D_RECLEN: usize = 16;
const D_NAME: usize = 19;

/// The names in an open directory, in directory order, without "." and "..".
#[derive(Debug)]
pub struct Entries<'a> {
    directory: &'a Fd,
    buffer: [u8; 1024],
    filled: usize,
    at: usize,
}

impl<'a> Entries<'a> {
    /// Reads from the descriptor's position, which is the first name for a new descriptor. It must
    /// have been opened for reading.
    #[must_use]
    pub const fn new(directory: &'a Fd) -> Self {
        Self {
            directory,
            buffer: [0; 1024],
            filled: 0,
            at: 0,
        }
    }

    /// The next name; `None` after the last.
    ///
    /// # Errors
    /// The kernel's errno of getdents64(2).
    pub fn next_name(&mut self) -> Result<Option<&CStr>, Errno> {
        loop {
            if self.at >= self.filled && !self.refill()? {
                return Ok(None);
            }
            // A record the kernel could not have written ends the directory.
            let start = self.at;
            let length = self.record_length(start).ok_or(Errno::EIO)?;
            self.at = start.saturating_add(length);
            if let b"." | b".." = self.name(start, length)?.to_bytes() {
                continue;
            }
            return self.name(start, length).map(Some);
        }
    }

    fn record_length(&self, start: usize) -> Option<usize> {
        let record = self.buffer.get(start..self.filled)?;
        let length = record.get(D_RECLEN..)?.first_chunk()?;
        let length = usize::from(u16::from_ne_bytes(*length));
        (D_NAME..=record.len()).contains(&length).then_some(length)
    }

    fn name(&self, start: usize, length: usize) -> Result<&CStr, Errno> {
        let record = self.buffer.get(start..).and_then(|rest| rest.get(..length));
        let name = record.and_then(|record| record.get(D_NAME..));
        name.and_then(|name| CStr::from_bytes_until_nul(name).ok())
            .ok_or(Errno::EIO)
    }

    /// Reads more names; returns whether there are any.
    fn refill(&mut self) -> Result<bool, Errno> {
        let (directory, start) = (self.directory.argument(), self.buffer.as_mut_ptr() as usize);
        let arguments = [directory, start, self.buffer.len(), 0, 0, 0];
        // SAFETY: the kernel writes at most `buffer.len()` bytes to `start`, which is that large.
        let got = unsafe { arch::syscall(raw::__NR_getdents64, arguments) };
        self.filled = arch::result(got)?;
        self.at = 0;
        Ok(self.filled != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::open;
    use super::*;
    use std::collections::BTreeSet;
    use std::string::String;
    use std::{format, fs};

    #[test]
    fn finds_what_the_standard_library_finds() {
        let directory = std::env::temp_dir().join(format!("kexec-core-dir-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        // More than one buffer full, with names up to the longest there are.
        for n in 0..60 {
            fs::write(
                directory.join(format!("{n:0width$}", width = 4 * n + 4)),
                "",
            )
            .unwrap();
        }
        let path = format!("{}\0", directory.to_str().unwrap());
        let path = CStr::from_bytes_with_nul(path.as_bytes()).unwrap();
        let fd = open(path, raw::O_RDONLY | raw::O_DIRECTORY).unwrap();
        let mut entries = Entries::new(&fd);
        let mut ours = BTreeSet::new();
        while let Some(name) = entries.next_name().unwrap() {
            assert!(ours.insert(String::from(name.to_str().unwrap())));
        }
        assert_eq!(entries.next_name(), Ok(None));
        let theirs: BTreeSet<String> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(ours.len(), 60);
        assert_eq!(ours, theirs);
    }

    #[test]
    fn a_file_is_no_directory() {
        let fd = open(c"/proc/self/status", raw::O_RDONLY).unwrap();
        assert_eq!(Entries::new(&fd).next_name(), Err(Errno::ENOTDIR));
    }
}
