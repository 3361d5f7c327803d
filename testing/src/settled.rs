//! Files that no process has open for writing.
//!
//! A test that closes its writer is not the last one: a process that another thread forks meanwhile
//! has a copy of the descriptor until it calls exec. The library takes such a file for one that is
//! being written to, and copies or refuses it.

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{Error, Result};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::thread::sleep;

/// Writes a file, and waits until no process has it open for writing.
///
/// # Errors
/// As std::fs::write and [`settle`] return them.
pub fn file(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes)?;
    settle(path)
}

/// Gives a file this size without writing its bytes, and waits until no process has it open for
/// writing. The file is made if it is absent.
///
/// # Errors
/// As ftruncate(2), for example where the file system has no files of this size; as [`settle`].
pub fn sparse(path: &Path, size: u64) -> Result<()> {
    let mut options = OpenOptions::new();
    let writer = options
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    writer.set_len(size)?;
    drop(writer);
    settle(path)
}

/// Waits until no process has the file open for writing. A file system without leases has nothing to
/// wait for: the library cannot see writers there either.
///
/// # Errors
/// EAGAIN after ten seconds, and as open(2).
pub fn settle(path: &Path) -> Result<()> {
    const TRIES: u32 = 1000;
    let file = File::open(path)?;
    for _ in 0..TRIES {
        match lease(&file, libc::F_RDLCK) {
            Ok(()) => return lease(&file, libc::F_UNLCK),
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => {}
            Err(_) => return Ok(()),
        }
        sleep(Duration::from_millis(10));
    }
    Err(Error::from_raw_os_error(libc::EAGAIN))
}

/// Takes or returns a lease: a read lease is refused with EAGAIN while there is a writer (fcntl(2)).
fn lease(file: &File, kind: i32) -> Result<()> {
    // SAFETY: takes no pointer; the descriptor is open.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) } {
        -1 => Err(Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_last_writer() {
        let path = std::env::temp_dir().join(format!("settled-{}", std::process::id()));
        file(&path, b"bytes").unwrap();
        sparse(&path, 1 << 20).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 1 << 20);
        let writer = OpenOptions::new().write(true).open(&path).unwrap();
        let held = lease(&File::open(&path).unwrap(), libc::F_RDLCK);
        let Err(error) = held else {
            // No leases here.
            std::fs::remove_file(&path).unwrap();
            crate::not_tested("waiting for writers: this file system has no leases");
            return;
        };
        let waits = error.raw_os_error() == Some(libc::EAGAIN);
        let closes = std::thread::spawn(move || {
            sleep(Duration::from_millis(50));
            drop(writer);
        });
        settle(&path).unwrap();
        assert!(!waits || closes.is_finished() || closes.join().is_ok());
        std::fs::remove_file(&path).unwrap();
    }
}
