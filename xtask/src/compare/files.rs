//! The files that are prepared: Debian's newest kernel, and initrds of any size.

use crate::Outcome;
use crate::command::cache;
use crate::packages::Store;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes in a MiB.
pub const MIB: u64 = 1 << 20;

fn failed(path: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

/// The kernel: its file, and its release.
pub fn kernel() -> Outcome<(PathBuf, String)> {
    let kernel = Store::open()?.kernel("7.x")?;
    Ok((kernel.image, kernel.release))
}

/// An initrd of `mib` MiB: bytes of a generator, the same in every run.
pub fn random(mib: u64) -> Outcome<PathBuf> {
    let path = cache().join(format!("compare/initrd-{mib}"));
    if std::fs::metadata(&path).is_ok_and(|found| found.len() == mib * MIB) {
        return Ok(path);
    }
    std::fs::create_dir_all(cache().join("compare")).map_err(failed(&path))?;
    let mut file = BufWriter::new(File::create(&path).map_err(failed(&path))?);
    // xorshift64*, Vigna 2016.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ mib;
    for _ in 0..mib * MIB / 8 {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let word = state.wrapping_mul(0x2545_f491_4f6c_dd1d);
        file.write_all(&word.to_le_bytes()).map_err(failed(&path))?;
    }
    file.into_inner()
        .map_err(|error| error.to_string())?
        .sync_all()
        .map_err(failed(&path))?;
    Ok(path)
}

/// An initrd of `mib` MiB that takes no room on the disk.
pub fn sparse(mib: u64) -> Outcome<PathBuf> {
    let path = cache().join(format!("compare/sparse-{mib}"));
    std::fs::create_dir_all(cache().join("compare")).map_err(failed(&path))?;
    let file = File::create(&path).map_err(failed(&path))?;
    file.set_len(mib * MIB).map_err(failed(&path))?;
    Ok(path)
}

/// Reads a file once, so that the page cache has it.
pub fn warm(path: &Path) -> Outcome {
    let mut file = File::open(path).map_err(failed(path))?;
    let mut buffer = vec![0; 1 << 20];
    while file.read(&mut buffer).map_err(failed(path))? != 0 {}
    Ok(())
}

/// A copy of a file as writing it in pieces of a page leaves it in the page cache: file systems that put
/// what they read ahead into large folios put this into single pages.
pub fn written(path: &Path) -> Outcome<PathBuf> {
    let copy = path.with_extension("written");
    let bytes = std::fs::read(path).map_err(failed(path))?;
    let mut file = File::create(&copy).map_err(failed(&copy))?;
    for page in bytes.chunks(4096) {
        file.write_all(page).map_err(failed(&copy))?;
    }
    file.sync_all().map_err(failed(&copy))?;
    Ok(copy)
}

/// Takes a file, written back before, out of the page cache.
pub fn cool(path: &Path) -> Outcome {
    use std::os::fd::AsRawFd;
    let file = File::open(path).map_err(failed(path))?;
    // SAFETY: takes no pointer.
    match unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) } {
        0 => Ok(()),
        code => Err(failed(path)(std::io::Error::from_raw_os_error(code))),
    }
}
