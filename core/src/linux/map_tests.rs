use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

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
    assert!(mapping.bytes() == bytes);
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
    assert_eq!(
        File::open(c"/proc/self/stat").unwrap_err(),
        Error::EmptyFile
    );
}

#[test]
fn a_lent_file_stays_open() {
    let own = File::open(c"/proc/self/exe").unwrap();
    let number = own.fd().number();
    let size = File::lent(number).unwrap().size();
    assert_eq!(size, own.size());
    let (start, length) = File::lent(number).unwrap().map().unwrap().into_address();
    // SAFETY: of the mapping just handed out, given back once.
    let mapping = unsafe { Mapping::from_address(start, length) };
    assert_eq!(mapping.bytes().get(..4), Some(&b"\x7fELF"[..]));
    assert_eq!(own.map().unwrap().bytes().len() as u64, size);
    assert!(File::lent(-1).is_err());
}
