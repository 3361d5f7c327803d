//! Ways to get at the bytes of a file for the digest, to choose one by measurement.

use kexec_core::purgatory::{DEFAULT_SECRET, Digest};
use std::fs::File;
use std::io::{Error, Read, Result};
use std::os::fd::AsRawFd;

/// The ways: their names, and what they are.
pub const STRATEGIES: &[(&str, &str)] = &[
    ("mmap", "mmap, no advice"),
    ("sequential", "mmap, MADV_SEQUENTIAL: what the command does"),
    ("willneed", "mmap, MADV_WILLNEED for all of it"),
    ("populate", "mmap with MAP_POPULATE"),
    ("window", "mmap, MADV_POPULATE_READ for 2 MiB at a time"),
    (
        "window-small",
        "mmap, MADV_POPULATE_READ for 256 KiB at a time",
    ),
    (
        "dropped",
        "the same, dropped from the page tables after the digest",
    ),
    ("huge", "mmap, MADV_HUGEPAGE"),
    ("dropped-small", "the same, 256 KiB at a time"),
    ("read-16", "read(2) into 16 KiB"),
    ("read-64", "read(2) into 64 KiB"),
    ("read-256", "read(2) into 256 KiB"),
    (
        "two-threads",
        "sequential, each half in a thread of its own (another digest)",
    ),
];

const WINDOW: usize = 2 << 20;

/// The digest of the file.
///
/// # Errors
/// What the system calls say; EINVAL for an unknown strategy.
pub fn digest(path: &str, strategy: &str) -> Result<[u8; 16]> {
    let mut file = File::open(path)?;
    let mut digest = Digest::new(&DEFAULT_SECRET);
    match strategy {
        "read-16" => read(&mut file, 16 << 10, &mut digest)?,
        "read-64" => read(&mut file, 64 << 10, &mut digest)?,
        "read-256" => read(&mut file, 256 << 10, &mut digest)?,
        _ => {
            let flags = if strategy == "populate" {
                libc::MAP_POPULATE
            } else {
                0
            };
            let mapping = Mapping::new(&file, flags)?;
            match strategy {
                "mmap" | "populate" => {}
                "sequential" | "two-threads" => mapping.advise(.., libc::MADV_SEQUENTIAL)?,
                "willneed" => mapping.advise(.., libc::MADV_WILLNEED)?,
                // A kernel without huge pages for files refuses; then it is as without.
                "huge" => mapping.advise(.., libc::MADV_HUGEPAGE).unwrap_or(()),
                "window" => return mapping.windows(digest, 2 << 20, false),
                "window-small" => return mapping.windows(digest, 256 << 10, false),
                "dropped" => return mapping.windows(digest, 2 << 20, true),
                "dropped-small" => return mapping.windows(digest, 256 << 10, true),
                _ => return Err(Error::from_raw_os_error(libc::EINVAL)),
            }
            if strategy == "two-threads" {
                return Ok(mapping.halves());
            }
            digest.region(mapping.bytes());
        }
    }
    Ok(digest.finish())
}

fn read(file: &mut File, size: usize, digest: &mut Digest<'_>) -> Result<()> {
    let mut buffer = vec![0; size];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            got => digest.update(&buffer[..got]),
        }
    }
    digest.end_region();
    Ok(())
}

struct Mapping {
    start: *mut libc::c_void,
    length: usize,
}

impl Mapping {
    fn new(file: &File, flags: i32) -> Result<Self> {
        let length = file.metadata()?.len() as usize;
        let (fd, flags) = (file.as_raw_fd(), flags | libc::MAP_PRIVATE);
        let anywhere = std::ptr::null_mut();
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let start = unsafe { libc::mmap(anywhere, length, libc::PROT_READ, flags, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(Error::last_os_error());
        }
        Ok(Self { start, length })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is readable, lives until the process ends, and its file is not
        // changed by anyone during a measurement.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.length) }
    }

    fn advise(
        &self,
        part: impl std::slice::SliceIndex<[u8], Output = [u8]>,
        how: i32,
    ) -> Result<()> {
        let part = &self.bytes()[part];
        // SAFETY: the mapping is of a file and read-only: no advice changes what it holds.
        match unsafe { libc::madvise(part.as_ptr().cast_mut().cast(), part.len(), how) } {
            0 => Ok(()),
            _ => Err(Error::last_os_error()),
        }
    }

    fn windows(&self, mut digest: Digest<'_>, window: usize, drop_after: bool) -> Result<[u8; 16]> {
        for start in (0..self.length).step_by(window) {
            let part = start..self.length.min(start + window);
            self.advise(part.clone(), libc::MADV_POPULATE_READ)?;
            digest.update(&self.bytes()[part.clone()]);
            if drop_after {
                self.advise(part, libc::MADV_DONTNEED)?;
            }
        }
        digest.end_region();
        Ok(digest.finish())
    }

    /// What two cores could do at best: no digest of ours, but the same work.
    fn halves(&self) -> [u8; 16] {
        let (left, right) = self
            .bytes()
            .split_at((self.length / 2).next_multiple_of(WINDOW).min(self.length));
        let one = |bytes: &[u8]| {
            let mut digest = Digest::new(&DEFAULT_SECRET);
            digest.region(bytes);
            digest.finish()
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| one(right));
            let mut both = one(left);
            let other = other.join().unwrap_or_default();
            both.iter_mut()
                .zip(other)
                .for_each(|(to, from)| *to ^= from);
            both
        })
    }
}
