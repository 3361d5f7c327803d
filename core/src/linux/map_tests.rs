use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use super::super::copies::Copies;
use super::*;

fn open_path(path: &std::path::Path) -> Result<File> {
    File::open(&CString::new(path.as_os_str().as_bytes()).unwrap())
}

#[test]
fn maps_what_the_file_holds() {
    let path = std::env::current_exe().unwrap();
    let file = open_path(&path).unwrap();
    let mapping = file.map().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(file.size(), bytes.len() as u64);
    drop(file);
    // SAFETY: nobody writes to a running program.
    assert!(unsafe { mapping.bytes() } == bytes);
}

#[test]
fn refuses_what_is_no_regular_file_with_bytes() {
    assert_eq!(
        File::open(c"/nowhere/at/all").unwrap_err(),
        Error::File {
            step: "open",
            errno: Errno::ENOENT
        }
    );
    assert!(matches!(
        File::open(c"/").unwrap_err(),
        Error::NotAFile { what } if what.contains("directory")
    ));
    assert!(matches!(
        File::open(c"/dev/null").unwrap_err(),
        Error::NotAFile { what } if what.contains("character")
    ));
    assert_eq!(File::open(c"/proc/version").unwrap_err(), Error::EmptyFile);
}

#[test]
fn a_borrowed_file_stays_open() {
    let own = File::open(c"/proc/self/exe").unwrap();
    let size = File::borrowed(own.fd().as_fd()).unwrap().size();
    assert_eq!(size, own.size());
    let borrowed = File::borrowed(own.fd().as_fd()).unwrap();
    let (start, length) = borrowed.map().unwrap().into_address();
    // SAFETY: of the mapping just handed out, given back once.
    let mapping = unsafe { Mapping::from_address(start, length) };
    // SAFETY: nobody writes to a running program.
    let bytes = unsafe { mapping.bytes() };
    assert_eq!(bytes.get(..4), Some(&b"\x7fELF"[..]));
    assert_eq!(own.map().unwrap().len() as u64, size);
    // SAFETY: it is no descriptor.
    let none = unsafe { BorrowedFd::from_raw(-1) };
    assert!(File::borrowed(none).is_err());
}

fn named(path: &std::path::Path, copies: &Copies) -> Result<File> {
    File::open_any(&CString::new(path.as_os_str().as_bytes()).unwrap(), copies)
}

struct Directory(std::path::PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(std::format!("map-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// The bytes of a copy cannot change any more, even if the file does.
#[test]
fn contents_stay() {
    let directory = Directory::new("contents");
    let path = directory.0.join("file");
    std::fs::write(&path, [7; 5000]).unwrap();
    let file = open_path(&path).unwrap();
    let copies = Copies::limited(5000);
    let contents = file.read(&copies).unwrap();
    std::fs::write(&path, [8; 100]).unwrap();
    assert_eq!(contents.bytes(), [7; 5000]);
    assert_eq!(
        file.read(&copies).unwrap_err(),
        Error::CopyTooLarge {
            need: 5000,
            limit: 0
        }
    );
}

/// Reader and writer of a new pipe; of the standard library Rust 1.85 has none.
fn pipe() -> (std::fs::File, std::fs::File) {
    use std::os::fd::FromRawFd;
    let mut ends = [-1_i32; 2];
    let target = ends.as_mut_ptr() as usize;
    let flags = raw::O_CLOEXEC as usize;
    // SAFETY: the kernel writes two descriptors to `target`.
    let made = unsafe { arch::syscall(raw::__NR_pipe2, [target, flags, 0, 0, 0, 0]) };
    arch::result(made).unwrap();
    // SAFETY: the kernel made both descriptors for nobody else.
    let ends = ends.map(|fd| unsafe { std::fs::File::from_raw_fd(fd) });
    ends.into()
}

/// [`File::open_any`] returns the bytes written into a pipe, and takes no more than allowed,
/// however much there is.
#[test]
fn a_pipe_is_read_within_its_bound() {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    let open = |bytes: usize, copies: &Copies| {
        let (reader, mut writer) = pipe();
        let thread = std::thread::spawn(move || {
            // Later than the reader, which waits for it.
            std::thread::sleep(core::time::Duration::from_millis(50));
            let mut left = bytes;
            while left != 0 {
                let piece = left.min(10_007);
                // The reader may be gone.
                if writer.write_all(&std::vec![5; piece]).is_err() {
                    break;
                }
                left -= piece;
            }
        });
        let path = std::format!("/proc/self/fd/{}", reader.as_raw_fd());
        let file = named(std::path::Path::new(&path), copies);
        drop(reader);
        thread.join().unwrap();
        file
    };
    let copies = Copies::limited(1 << 20);
    let file = open(300_000, &copies).unwrap();
    assert_eq!((file.size(), copies.left()), (300_000, (1 << 20) - 300_000));
    let contents = file.read(&Copies::limited(0)).unwrap();
    assert!(contents.bytes().iter().all(|byte| *byte == 5));
    // kexec_file_load(2) refuses what anybody has open for writing.
    let flags = fcntl(file.fd(), raw::F_GETFL, 0).unwrap() as u32;
    assert_eq!(flags & raw::O_ACCMODE, raw::O_RDONLY);

    let refused = open(usize::MAX, &Copies::limited(100_000)).unwrap_err();
    let Error::CopyTooLarge { need, limit } = refused else {
        panic!("{refused}");
    };
    assert_eq!(limit, 100_000);
    assert!((limit..=limit + 16384).contains(&need), "{need}");

    let empty = open(0, &copies).unwrap_err();
    assert!(matches!(empty, Error::NotAFile { what } if what.contains("FIFO")));
}

/// A part is a file of its own for everything but its descriptor.
#[test]
fn a_part_of_a_file() {
    let directory = Directory::new("part");
    let path = directory.0.join("whole");
    let bytes: std::vec::Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let whole = open_path(&path).unwrap();
    let part = whole.part(5001, 10_000).unwrap();
    assert!(part.is_part() && !whole.is_part());
    assert!(!whole.part(0, 20_000).unwrap().is_part());
    let again = part.part(99, 1).unwrap();
    for (file, range) in [
        (&part, 5001..15_001),
        (&again, 5100..5101),
        (&whole, 0..20_000),
    ] {
        let expected = &bytes[range];
        assert_eq!(file.size(), expected.len() as u64);
        let mapping = file.map().unwrap();
        assert_eq!(mapping.len(), expected.len());
        // SAFETY: the file is this test's.
        assert_eq!(unsafe { mapping.bytes() }, expected);
        let mut start = [0; 64];
        let got = file.read_start(&mut start).unwrap();
        assert_eq!(&start[..got], &expected[..expected.len().min(64)]);
        for copies in [Copies::limited(0), Copies::limited(1 << 20)] {
            let held = file.hold(&copies).unwrap();
            let mapping = held.map(&copies).unwrap();
            // SAFETY: the file is this test's.
            assert_eq!(unsafe { mapping.bytes() }, expected);
            held.check().unwrap();
        }
        let copies = Copies::limited(1 << 20);
        assert_eq!(file.read(&copies).unwrap().bytes(), expected);
        let copy = super::super::join([file], &copies).unwrap();
        assert!(!copy.is_part());
        assert_eq!(copy.read(&copies).unwrap().bytes(), expected);
    }
    // Without a lease a part is copied, and nothing else.
    let fd = whole.fd().as_fd();
    let theirs = File::borrowed(fd).unwrap();
    let theirs = theirs.part(5001, 10_000).unwrap();
    let copies = Copies::limited(10_000);
    let held = theirs.hold(&copies).unwrap();
    assert!(matches!(held.hold(), super::super::Hold::Copy { .. }));
    let mapping = held.map(&copies).unwrap();
    // SAFETY: a sealed copy.
    assert_eq!(unsafe { mapping.bytes() }, &bytes[5001..15_001]);
    let joined = super::super::join([&again, &part], &Copies::limited(1 << 20)).unwrap();
    let joined = joined.read(&Copies::limited(0)).unwrap();
    assert_eq!(joined.bytes().len(), 4 + 10_000);
    assert_eq!(joined.bytes()[..4], [bytes[5100], 0, 0, 0]);
    assert_eq!(joined.bytes()[4..], bytes[5001..15_001]);

    let outside = |start, size| whole.part(start, size).map(|_| ()).unwrap_err();
    assert_eq!(outside(0, 0), Error::EmptyFile);
    for (start, size, need) in [
        (0, 20_001, 20_001),
        (20_000, 1, 20_001),
        (1, u64::MAX, u64::MAX),
        (u64::MAX, 1, u64::MAX),
    ] {
        let what = "a part of the file";
        let have = 20_000;
        assert_eq!(outside(start, size), Error::Truncated { what, need, have });
    }
    assert!(part.part(9_999, 2).is_err());

    // One that is cut short is noticed: the length is that of the whole file.
    std::fs::write(&path, &bytes[..19_999]).unwrap();
    let changed = part.hold(&Copies::limited(0)).map(|_| ());
    assert_eq!(changed.unwrap_err(), Error::FileChanged);
}
