use core::time::Duration;
use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::vec;

use kexec_testing::not_tested;

use super::*;

const ANY: u64 = u64::MAX;
const O_NONBLOCK: i32 = raw::O_NONBLOCK as i32;

struct Example {
    path: PathBuf,
    file: File,
}

impl Example {
    /// A file of 64 KiB, opened by us.
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(std::format!("hold-{}-{name}", std::process::id()));
        std::fs::write(&path, vec![7; 1 << 16]).unwrap();
        let name = CString::new(path.to_str().unwrap()).unwrap();
        let file = File::open(&name).unwrap();
        Self { path, file }
    }

    fn writer(&self) -> std::io::Result<std::fs::File> {
        OpenOptions::new()
            .write(true)
            .custom_flags(O_NONBLOCK)
            .open(&self.path)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.path);
    }
}

/// With a lease the writer does not get in.
#[test]
fn a_lease_keeps_writers_out() {
    let example = Example::new("lease");
    let held = example.file.hold(ANY).unwrap();
    if held.hold() != Hold::Lease {
        not_tested(&std::format!("a lease: here is {:?}", held.hold()));
        return;
    }
    let mapping = held.map().unwrap();
    // A writer that does not want to wait (O_NONBLOCK) is told EAGAIN (EWOULDBLOCK).
    let refused = example.writer().unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::WouldBlock);
    // The lease is being broken now, but nothing was changed.
    held.check().unwrap();
    assert!(mapping.bytes().iter().all(|byte| *byte == 7));
}

#[test]
fn a_file_open_for_writing_is_copied() {
    let example = Example::new("copy");
    let mut writer = example.writer().unwrap();
    let held = example.file.hold(ANY).unwrap();
    let lease = Errno::EAGAIN;
    assert_eq!(held.hold(), Hold::Copy { lease });
    let mapping = held.map().unwrap();
    writer.write_all(&[8; 512]).unwrap();
    writer.set_len(1024).unwrap();
    assert_eq!(mapping.bytes().len(), 1 << 16);
    assert!(mapping.bytes().iter().all(|byte| *byte == 7));
    held.check().unwrap();
}

#[test]
fn a_copy_is_sealed() {
    let example = Example::new("sealed");
    let _writer = example.writer().unwrap();
    let held = example.file.hold(ANY).unwrap();
    let path = std::format!("/proc/self/fd/{}", held.copy.as_ref().unwrap().number());
    let mut copy = OpenOptions::new().write(true).open(path).unwrap();
    assert!(copy.write_all(b"x").is_err());
    assert!(copy.set_len(1).is_err());
}

#[test]
fn without_lease_and_copy_a_change_is_noticed() {
    let example = Example::new("nothing");
    let mut writer = example.writer().unwrap();
    let held = example.file.hold(1 << 10).unwrap();
    assert!(matches!(
        held.hold(),
        Hold::Nothing {
            lease: Errno::EAGAIN,
            copy: Errno::EFBIG
        }
    ));
    held.check().unwrap();
    // Timestamps move with the timer tick.
    std::thread::sleep(Duration::from_millis(20));
    writer.write_all(b"other").unwrap();
    assert_eq!(held.check(), Err(Error::FileChanged));
}

#[test]
fn a_file_that_is_no_longer_as_long_is_refused() {
    let example = Example::new("short");
    example.writer().unwrap().set_len(100).unwrap();
    assert_eq!(example.file.hold(ANY).unwrap_err(), Error::FileChanged);
}

/// One that changed under a lease all the same: the server of a FUSE or 9p file system did it.
#[test]
fn a_lease_is_looked_behind() {
    let example = Example::new("behind");
    let held = example.file.hold(ANY).unwrap();
    if held.hold() != Hold::Lease {
        not_tested(&std::format!("a lease: here is {:?}", held.hold()));
        return;
    }
    let [size, seconds, nanoseconds, ..] = held.stamp().numbers();
    let fd = example.file.fd();
    // Its name, mode and links are not its bytes.
    let renamed = Stamp::from_numbers([size, seconds, nanoseconds, 1, 1]);
    assert_eq!(fd.unchanged(renamed), Ok(()));
    for changed in [[size, seconds, 1, 1, 1], [1, seconds, nanoseconds, 1, 1]] {
        let changed = Stamp::from_numbers(changed);
        assert_eq!(fd.unchanged(changed), Err(Error::FileChanged));
    }
}

/// The open file is the caller's: what was refused leaves no lease on it.
#[test]
fn a_refused_file_has_no_lease() {
    let example = Example::new("refused");
    example.writer().unwrap().set_len(100).unwrap();
    assert_eq!(example.file.hold(ANY).unwrap_err(), Error::FileChanged);
    let lease = fcntl(example.file.fd(), raw::F_GETLEASE, 0);
    assert_eq!(lease, Ok(raw::F_UNLCK as usize));
}

/// Files in /sys have a size, but cannot be mapped: /sys/firmware/initrd is one.
#[test]
fn a_file_that_cannot_be_mapped_is_copied() {
    let path = "/sys/kernel/notes";
    let Ok(expected) = std::fs::read(path) else {
        not_tested("a file that cannot be mapped: no /sys/kernel/notes here");
        return;
    };
    let file = File::open(&CString::new(path).unwrap()).unwrap();
    assert!(file.map().is_err(), "{path} can be mapped here");
    let held = file.hold(ANY).unwrap();
    assert_eq!(held.map().unwrap().bytes(), expected);
    held.check().unwrap();
}
