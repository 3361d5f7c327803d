//! Paths of the sources of facts.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::super::dir::Entries;
use super::{Fd, open, open_at};
use crate::Errno;
use crate::bytes::{put_decimal, put_slice};
use crate::machine::sources::{ALL, Shape, Source};

/// A path below the root: of a source, or of a file in one that is a directory.
pub(super) struct Path {
    /// The longest has 45 bytes and a name of a directory.
    text: [u8; 128],
    length: usize,
}

impl Path {
    const fn new() -> Self {
        Self {
            text: [0; 128],
            length: 0,
        }
    }

    /// `file` in the directory of that number in `source`.
    pub(super) fn numbered(source: &Source, number: u32, file: &CStr) -> Self {
        let mut digits = [0; 10];
        let start = put_decimal(&mut digits, number);
        let prefix = match source.shape {
            Shape::Numbered { prefix, .. } => prefix,
            Shape::File | Shape::Directory => "",
        };
        let mut path = Self::new();
        path.push(source.path.to_bytes());
        path.push(b"/");
        path.push(prefix.as_bytes());
        path.push(digits.get(start..).unwrap_or_default());
        path.push(b"/");
        path.push(file.to_bytes());
        path
    }

    /// Adds a part; if there is no room, the path becomes invalid.
    fn push(&mut self, part: &[u8]) {
        let end = self.length.saturating_add(part.len());
        if put_slice(&mut self.text, self.length, part).is_none() {
            self.text = [0xff; 128];
        }
        self.length = end;
    }

    /// `None` for a path that was too long.
    pub(super) fn as_c_str(&self) -> Option<&CStr> {
        CStr::from_bytes_until_nul(&self.text).ok()
    }
}

/// Passes every path that reading a machine from `root` opens to `each`, relative to `root`
/// and without a leading slash, in the order of [`ALL`]. For a source with two possible paths both are
/// passed; for a directory of directories the directory itself, and then the files in its existing
/// entries. A file may be missing or not readable.
///
/// It opens nothing but these directories. How much of a file to copy, and who may read it, is in its
/// [`Source`]. A copy of all files, with the directories they are in, reads as the same machine
/// ([`read_machine_at`](super::read_machine_at)).
///
/// # Errors
/// The errno of opening `root`.
pub fn each_source(root: &CStr, mut each: impl FnMut(&'static Source, &CStr)) -> Result<(), Errno> {
    let root = open(root, raw::O_PATH | raw::O_DIRECTORY)?;
    for source in ALL {
        source.paths().for_each(|path| each(source, path));
        if let Shape::Numbered { prefix, files } = source.shape {
            each_entry(&root, source, prefix, |number| {
                for file in files {
                    let path = Path::numbered(source, number, file);
                    path.as_c_str()
                        .into_iter()
                        .for_each(|path| each(source, path));
                }
            });
        }
    }
    Ok(())
}

/// Passes the numbers of a directory's entries to `each`.
fn each_entry(root: &Fd, source: &Source, prefix: &str, mut each: impl FnMut(u32)) {
    let Ok(directory) = open_at(root, source.path, raw::O_RDONLY | raw::O_DIRECTORY) else {
        return;
    };
    let mut entries = Entries::new(&directory);
    while let Ok(Some(name)) = entries.next_name() {
        let number = name
            .to_str()
            .ok()
            .and_then(|name| name.strip_prefix(prefix)?.parse().ok());
        number.into_iter().for_each(&mut each);
    }
}
