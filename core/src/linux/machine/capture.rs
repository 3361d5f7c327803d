//! Copies what a plan reads of the running machine.

use core::ffi::CStr;
use core::fmt;

use linux_raw_sys::general as raw;

use super::super::file::{open, open_at, read};
use super::path::{Kind, each_path};
use super::{Fd, to_boot};
use crate::Errno;
use crate::bytes::put_slice;
use crate::cstr;
use crate::machine::sources::{self, Row};
use crate::machine::{
    FACTS, KcoreParser, KernelFacts, PARAMETERS, RunningCommandLine, planning_words,
};

/// A file or a directory of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured<'a> {
    /// Its path in the capture, without a leading slash.
    pub path: &'a CStr,
    /// A file's contents; `None` for a directory.
    pub contents: Option<&'a [u8]>,
    /// Why what it stands for could not be read. Then an empty directory stands for a file, and an
    /// empty file for a directory: neither can be read as the other, by any user, so what is
    /// unknown here stays unknown for a reader of the capture.
    pub unread: Option<Errno>,
}

/// Passes everything that a plan for this machine reads to `each`, until that returns false. Directories
/// in which others are come without an entry of their own if they are no fact themselves. What does not
/// exist is left out.
///
/// The entries are a copy of the files of [`sources`], as much of each as is read; the
/// [`KernelFacts`]; and either the command line, if `command_line`, or its [`planning_words`]. The facts
/// come last: a capture without them is incomplete. [`read_machine_at`](super::read_machine_at) reads a
/// directory of these entries as [`read_machine`](super::read_machine) this machine. It has no random
/// seed, but it has addresses of the running kernel, which others should not see.
///
/// `buffer` takes one file at a time; one that does not fit is an unread one (EFBIG). 1 MiB is enough for
/// every machine whose maps fit into a [`Machine`](crate::machine::Machine).
///
/// # Errors
/// The errno of opening the root directory.
pub fn capture(
    command_line: bool,
    buffer: &mut [u8],
    each: &mut dyn FnMut(Captured<'_>) -> bool,
) -> Result<(), Errno> {
    let facts = to_boot::kernel_facts();
    capture_below(cstr!("/"), command_line, facts, buffer, each)
}

/// The same, of `<root>/proc` and `<root>/sys`.
pub(super) fn capture_below(
    root: &CStr,
    command_line: bool,
    facts: KernelFacts,
    buffer: &mut [u8],
    each: &mut dyn FnMut(Captured<'_>) -> bool,
) -> Result<(), Errno> {
    let root = &open(root, raw::O_PATH | raw::O_DIRECTORY)?;
    let mut goes_on = true;
    // A directory that could not be read: what is in it is no fact of its own.
    let mut closed: Option<&CStr> = None;
    for row in sources::ROWS {
        each_path(root, row, &mut |path, kind| {
            if !goes_on || closed.is_some_and(|closed| is_in(path, closed)) {
                return;
            }
            let shown = command_line || row.path != sources::COMMAND_LINE.path;
            if let Some(entry) = entry(root, row, path, kind, shown, buffer) {
                if entry.unread.is_some() && entry.contents.is_some() {
                    closed = Some(row.path);
                }
                goes_on = each(entry);
            }
        });
    }
    let mut file = |path, contents| {
        let unread = None;
        goes_on = goes_on
            && each(Captured {
                path,
                contents,
                unread,
            });
    };
    if !command_line {
        if let Some(words) = parameters(root, buffer) {
            file(PARAMETERS, Some(words));
        }
    }
    let mut room = [0; 256];
    let mut text = Text::new(&mut room);
    // Three short lines: there is room.
    let _fits = facts.write(&mut text);
    file(FACTS, Some(text.written()));
    Ok(())
}

/// The words of the command line that a plan depends on; `None` if the line is not known.
fn parameters<'a>(root: &Fd, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    const LINE: usize = RunningCommandLine::CAPACITY;
    let (line, words) = buffer.split_at_mut_checked(LINE)?;
    let length = super::fill(root, sources::COMMAND_LINE.path, line);
    let line = line.get(..length).filter(|_| (1..LINE).contains(&length))?;
    let mut text = Text::new(words);
    let mut separator: &[u8] = b"";
    for word in planning_words(line) {
        text.push(separator)?;
        text.push(word)?;
        separator = b" ";
    }
    // A known line without such words is not an empty file.
    text.push(b"\n")?;
    Some(text.written())
}

/// A text, with room for more.
struct Text<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl<'a> Text<'a> {
    const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, used: 0 }
    }

    #[inline(never)]
    fn push(&mut self, part: &[u8]) -> Option<()> {
        put_slice(self.bytes, self.used, part)?;
        self.used = self.used.saturating_add(part.len());
        Some(())
    }

    fn written(self) -> &'a [u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes()).ok_or(fmt::Error)
    }
}

/// What is at a path; `None` if nothing is, or if it is a file that is not `shown` and can be read.
fn entry<'a>(
    root: &Fd,
    row: &Row,
    path: &'a CStr,
    kind: Kind,
    shown: bool,
    buffer: &'a mut [u8],
) -> Option<Captured<'a>> {
    let (contents, unread) = match (kind, row.is_directory) {
        // It counts that it exists.
        (Kind::Entry, _) => (None, None),
        // As it is opened here: what is listed must be readable, of others it counts that they exist.
        (Kind::Source, true) => {
            let flags = match row.entries() {
                Some(_) => raw::O_RDONLY,
                None => raw::O_PATH,
            };
            match open_at(root, path, flags | raw::O_DIRECTORY) {
                Ok(_) => (None, None),
                // A directory with a file that was passed before.
                Err(errno) if path == sources::CRASH_NOTES.path => (None, Some(errno)),
                Err(errno) => (Some(&b""[..]), Some(errno)),
            }
        }
        (Kind::Source, false) | (Kind::File, _) => match contents(root, row, path, buffer) {
            Ok(_) if !shown => return None,
            // What it is in is no directory; that is said of the directory.
            Err(Errno::ENOTDIR) if kind == Kind::Source => return None,
            Ok(contents) => (Some(contents), None),
            Err(errno) => (None, Some(errno)),
        },
    };
    (unread != Some(Errno::ENOENT)).then_some(Captured {
        path,
        contents,
        unread,
    })
}

fn is_in(path: &CStr, directory: &CStr) -> bool {
    let rest = path.to_bytes().strip_prefix(directory.to_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"/"))
}

/// As much of a file as is read; EFBIG if that does not fit.
fn contents<'a>(
    root: &Fd,
    row: &Row,
    path: &CStr,
    buffer: &'a mut [u8],
) -> Result<&'a [u8], Errno> {
    let file = &open_at(root, path, raw::O_RDONLY)?;
    let headers = row.limit == Row::ELF_HEADERS;
    let limit = if headers {
        KcoreParser::HEADER
    } else {
        row.limit as usize
    };
    let mut used = read_to(file, buffer, 0, limit)?;
    if headers {
        let all = KcoreParser::headers(buffer.get(..used).unwrap_or_default());
        used = read_to(file, buffer, used, all)?;
    }
    Ok(buffer.get(..used).unwrap_or_default())
}

/// Reads on after `used` bytes, to `limit` or to the end of the file; returns the bytes in the buffer.
fn read_to(file: &Fd, buffer: &mut [u8], mut used: usize, limit: usize) -> Result<usize, Errno> {
    while used < limit {
        let end = buffer.len().min(limit);
        let mut one = [0];
        match buffer.get_mut(used..end).filter(|rest| !rest.is_empty()) {
            Some(rest) => match read(file, rest)? {
                0 => break,
                got => used = used.saturating_add(got),
            },
            // The buffer is full: only the end of the file may follow.
            None if read(file, &mut one)? == 0 => break,
            None => return Err(Errno::EFBIG),
        }
    }
    Ok(used)
}
