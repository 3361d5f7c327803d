//! Makes files and directories that do not exist yet.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::arch;
use super::fd::Fd;
use crate::Errno;

/// AT_FDCWD as an argument.
const HERE: usize = raw::AT_FDCWD as isize as usize;

/// Makes a file for writing, with O_EXCL: if there is one, it stays as it is. A relative `path` starts at
/// the directory, without one at the working directory. `mode` has the permissions, before the umask.
///
/// # Errors
/// The errno of openat(2): EEXIST if anything is at `path`.
pub fn create_at(directory: Option<&Fd>, path: &CStr, mode: u32) -> Result<Fd, Errno> {
    let flags = (raw::O_WRONLY | raw::O_CREAT | raw::O_EXCL | raw::O_CLOEXEC) as usize;
    let (directory, path) = (directory.map_or(HERE, Fd::argument), path.as_ptr() as usize);
    let arguments = [directory, path, flags, mode as usize, 0, 0];
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    let made = unsafe { arch::syscall(raw::__NR_openat, arguments) };
    arch::result(made).map(Fd::returned)
}

/// Makes a directory, as [`create_at`] a file.
///
/// # Errors
/// The errno of mkdirat(2): EEXIST if anything is at `path`.
pub fn make_directory_at(directory: Option<&Fd>, path: &CStr, mode: u32) -> Result<(), Errno> {
    let (directory, path) = (directory.map_or(HERE, Fd::argument), path.as_ptr() as usize);
    let arguments = [directory, path, mode as usize, 0, 0, 0];
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    let made = unsafe { arch::syscall(raw::__NR_mkdirat, arguments) };
    arch::result(made).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::{open, write_all_to};
    use super::*;
    use std::ffi::CString;
    use std::{format, fs};

    #[test]
    fn what_is_there_stays() {
        let name = format!("kexec-core-create-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let path = CString::new(directory.to_str().unwrap()).unwrap();
        make_directory_at(None, &path, 0o700).unwrap();
        assert_eq!(make_directory_at(None, &path, 0o700), Err(Errno::EEXIST));
        let fd = open(&path, raw::O_PATH | raw::O_DIRECTORY).unwrap();
        let file = create_at(Some(&fd), c"file", 0o600).unwrap();
        write_all_to(&file, b"bytes").unwrap();
        assert_eq!(
            create_at(Some(&fd), c"file", 0o600).err(),
            Some(Errno::EEXIST)
        );
        std::os::unix::fs::symlink("/nowhere", directory.join("link")).unwrap();
        assert_eq!(
            create_at(Some(&fd), c"link", 0o600).err(),
            Some(Errno::EEXIST)
        );
        make_directory_at(Some(&fd), c"below", 0o755).unwrap();
        assert_eq!(fs::read(directory.join("file")).unwrap(), b"bytes");
        assert!(directory.join("below").is_dir());
        fs::remove_dir_all(directory).unwrap();
    }
}
