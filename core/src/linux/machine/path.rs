//! Paths of the sources of facts.

use core::ffi::CStr;

use linux_raw_sys::general as raw;

use super::super::dir::Entries;
use super::memory::SETUP_E820_EXT;
use super::{Fd, hex_at, open, open_at};
use crate::Errno;
use crate::bytes::{put_decimal, put_slice};
use crate::machine::sources::{self, ALL, ROWS, Row, SETUP_DATA, Shape, Source};
use crate::text::decimal;

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
        let prefix = match source.shape {
            Shape::Numbered { prefix, .. } => prefix,
            _ => "",
        };
        Self::entry(source.path, prefix, number).with(file)
    }

    /// The directory with `number` after `prefix` in `directory`.
    fn entry(directory: &CStr, prefix: &str, number: u32) -> Self {
        let mut digits = [0; 10];
        let start = put_decimal(&mut digits, number);
        let mut path = Self::new();
        path.push(directory.to_bytes());
        path.push(b"/");
        path.push(prefix.as_bytes());
        path.push(digits.get(start..).unwrap_or_default());
        path
    }

    /// The file of a source for a version of the kernel.
    pub(super) fn released(source: &Source, release: &[u8]) -> Self {
        let mut path = Self::new();
        path.push(source.path.to_bytes());
        path.push(release);
        path
    }

    /// A file in it.
    fn with(mut self, file: &CStr) -> Self {
        self.push(b"/");
        self.push(file.to_bytes());
        self
    }

    /// Adds a part; if there is no room, the path becomes invalid.
    #[inline(never)]
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
/// passed; for a directory of directories the directory itself, and then each existing entry with the
/// files in it. A file may be missing or not readable. Of setup_data, only nodes of SETUP_E820_EXT have
/// their data listed: no other is read, and one of them has the seed of the running kernel's random
/// numbers.
///
/// It opens nothing but these directories and the types of setup_data's nodes. How much of a file to
/// copy, and who may read it, is in its [`Source`]. A copy of all files, with the directories they are
/// in, reads as the same machine ([`read_machine_at`](super::read_machine_at)), except for what
/// system calls give: [`capture`](super::capture()) has that too.
///
/// # Errors
/// The errno of opening `root`.
pub fn each_source(root: &CStr, mut each: impl FnMut(&'static Source, &CStr)) -> Result<(), Errno> {
    let root = open(root, raw::O_PATH | raw::O_DIRECTORY)?;
    for (source, row) in ALL.iter().zip(ROWS) {
        each_path(&root, row, &mut |path, _| each(source, path));
    }
    Ok(())
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the row names.
    Source,
    /// A directory in it, which was listed.
    Entry,
    /// A file in that.
    File,
}

/// The same for one source.
pub(super) fn each_path(root: &Fd, row: &Row, each: &mut dyn FnMut(&CStr, Kind)) {
    for path in [Some(row.path), row.other].into_iter().flatten() {
        each(path, Kind::Source);
    }
    let Some(entries) = row.entries() else {
        return;
    };
    let Ok(directory) = open_at(root, row.path, raw::O_RDONLY | raw::O_DIRECTORY) else {
        return;
    };
    let mut names = Entries::new(&directory);
    while let Ok(Some(name)) = names.next_name() {
        let digits = name.to_bytes().strip_prefix(entries.0.as_bytes());
        let number = digits.and_then(decimal).map(u32::try_from);
        if let Some(Ok(number)) = number {
            each_file(root, row, entries, number, each);
        }
    }
}

/// The directory of that number in a source, and the files in it that are read.
fn each_file(
    root: &Fd,
    row: &Row,
    (prefix, files): sources::Entries,
    number: u32,
    each: &mut dyn FnMut(&CStr, Kind),
) {
    let entry = || Path::entry(row.path, prefix, number);
    if let Some(path) = entry().as_c_str() {
        each(path, Kind::Entry);
    }
    for file in files {
        let path = entry().with(file);
        let Some(path) = path.as_c_str() else {
            continue;
        };
        each(path, Kind::File);
        // The type of a node, then its data: only of this type it is read.
        if row.path == SETUP_DATA.path && hex_at(root, path) != Some(SETUP_E820_EXT) {
            break;
        }
    }
}
