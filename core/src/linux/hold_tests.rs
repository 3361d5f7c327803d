use core::time::Duration;
use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use kexec_testing::not_tested;

use super::*;

/// Room for any copy.
fn any() -> Copies {
    Copies::limited(u64::MAX)
}
const O_NONBLOCK: i32 = raw::O_NONBLOCK as i32;

/// Of files that only this test changes, and where it changes them only sealed copies.
fn bytes(mapping: &Mapping) -> &[u8] {
    // SAFETY: see above.
    unsafe { mapping.bytes() }
}

struct Example {
    path: PathBuf,
    file: File,
}

impl Example {
    /// A file of 64 KiB, opened by us.
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(std::format!("hold-{}-{name}", std::process::id()));
        kexec_testing::file(&path, &[7; 1 << 16]).unwrap();
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
    let held = example.file.hold(&any()).unwrap();
    if held.hold() != Hold::Lease {
        not_tested(&std::format!("a lease: here is {:?}", held.hold()));
        return;
    }
    let mapping = held.map(&any()).unwrap();
    // A writer that does not wait (O_NONBLOCK) gets EAGAIN (EWOULDBLOCK).
    let refused = example.writer().unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::WouldBlock);
    // The lease is being broken now, but nothing was changed.
    held.check().unwrap();
    assert!(bytes(&mapping).iter().all(|byte| *byte == 7));
}

#[test]
fn a_file_open_for_writing_is_copied() {
    let example = Example::new("copy");
    let mut writer = example.writer().unwrap();
    let held = example.file.hold(&any()).unwrap();
    let lease = Errno::EAGAIN;
    assert_eq!(held.hold(), Hold::Copy { lease });
    let mapping = held.map(&any()).unwrap();
    writer.write_all(&[8; 512]).unwrap();
    writer.set_len(1024).unwrap();
    assert_eq!(bytes(&mapping).len(), 1 << 16);
    assert!(bytes(&mapping).iter().all(|byte| *byte == 7));
    held.check().unwrap();
}

#[test]
fn a_copy_is_sealed() {
    let example = Example::new("sealed");
    let _writer = example.writer().unwrap();
    let held = example.file.hold(&any()).unwrap();
    let path = std::format!("/proc/self/fd/{}", held.copy.as_ref().unwrap().number());
    let mut copy = OpenOptions::new().write(true).open(path).unwrap();
    assert!(copy.write_all(b"x").is_err());
    assert!(copy.set_len(1).is_err());
}

#[test]
fn without_lease_and_copy_a_change_is_noticed() {
    let example = Example::new("nothing");
    let mut writer = example.writer().unwrap();
    let held = example.file.hold(&Copies::limited(1 << 10)).unwrap();
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
    assert_eq!(example.file.hold(&any()).unwrap_err(), Error::FileChanged);
}

/// One that changed under a lease all the same: the server of a FUSE or 9p file system did it.
#[test]
fn a_change_under_a_lease_is_noticed() {
    let example = Example::new("unnoticed");
    let held = example.file.hold(&any()).unwrap();
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
    assert_eq!(example.file.hold(&any()).unwrap_err(), Error::FileChanged);
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
    let held = file.hold(&any()).unwrap();
    let none = Copies::limited(0);
    let refused = held.map(&none).unwrap_err();
    assert!(matches!(refused, Error::CopyTooLarge { limit: 0, .. }));
    assert_eq!(bytes(&held.map(&any()).unwrap()), expected);
    held.check().unwrap();
}

/// The signal and the lease of the caller's open file stay what they are.
#[test]
fn a_borrowed_file_is_left_alone() {
    let example = Example::new("borrowed");
    let fd = example.file.fd();
    fcntl(fd, raw::F_SETSIG, raw::SIGUSR1 as usize).unwrap();
    let leased = fcntl(fd, raw::F_SETLEASE, raw::F_RDLCK as usize).is_ok();
    let state = || {
        let signal = fcntl(fd, raw::F_GETSIG, 0).unwrap();
        (signal, fcntl(fd, raw::F_GETLEASE, 0).unwrap())
    };
    let before = state();
    for file in [
        File::reopened(fd).unwrap(),
        File::open(c"/proc/self/exe").unwrap(),
    ] {
        drop(file.hold(&any()).unwrap());
        assert_eq!(state(), before);
    }
    let borrowed = File::borrowed(fd.as_fd()).unwrap();
    let held = borrowed.hold(&any()).unwrap();
    let lease = Errno::EBUSY;
    assert_eq!(held.hold(), Hold::Copy { lease });
    assert_eq!(state(), before);
    if leased {
        // A second open has a lease of its own beside the caller's.
        let again = File::reopened(fd).unwrap();
        assert_eq!(again.hold(&any()).unwrap().hold(), Hold::Lease);
        // A write lease would be broken by the second open.
        fcntl(fd, raw::F_SETLEASE, raw::F_UNLCK as usize).unwrap();
        if fcntl(fd, raw::F_SETLEASE, raw::F_WRLCK as usize).is_ok() {
            let again = File::reopened(fd).unwrap();
            assert_eq!(again.hold(&any()).unwrap().hold(), Hold::Copy { lease });
            assert_eq!(state().1, raw::F_WRLCK as usize);
        }
    } else {
        not_tested("a lease of the caller's: none to be had here");
    }
}

/// All copies of one allowance together.
#[test]
fn the_sum_of_copies_is_bounded() {
    let examples = [Example::new("sum-1"), Example::new("sum-2")];
    let copies = Copies::limited((1 << 16) + 100);
    let _writers = examples.each_ref().map(|example| example.writer().unwrap());
    let holds = examples.each_ref().map(|example| {
        let held = example.file.hold(&copies).unwrap();
        held.hold()
    });
    let lease = Errno::EAGAIN;
    let copy = Errno::EFBIG;
    assert_eq!(holds, [Hold::Copy { lease }, Hold::Nothing { lease, copy }]);
}
