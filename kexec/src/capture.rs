//! `--capture`: saves what a plan reads of this machine. `--machine`: reads it again.

use core::ffi::CStr;

use kexec_cli::command::Command;
use kexec_cli::failure::{Failure, code};
use kexec_cli::table::Id;
use kexec_cli::tar;
use kexec_cli::text::Text;
use kexec_core::linux::{
    self, Captured, Fd, Ignored, O_DIRECTORY, O_RDONLY, Standard, WriteSignal, create_at,
    make_directory_at, open, open_at, read_machine, read_machine_at, write_all_to,
};
use kexec_core::machine::{FACTS, Machine};
use kexec_core::{Errno, Error};
use kexec_rt::Once;

use crate::out::complain;

/// Takes the largest file.
static BUFFER: Once<[u8; 1 << 20]> = Once::new([0; 1 << 20]);

/// How many lines are printed about what cannot be read.
const LINES: usize = 10;

/// Where a capture goes.
enum Target {
    /// Files in a new directory.
    Directory(Fd),
    /// A new archive.
    Archive(Fd),
    /// An archive on standard output.
    Output,
}

/// Saves the machine; returns the exit code.
pub fn capture(to: &CStr, command: &Command<'_>) -> u8 {
    let name = Text(to.to_bytes());
    let target = match Target::new(to) {
        Ok(target) => target,
        Err(Errno::EEXIST) => {
            complain!("cannot capture to {name}: it exists; give the name of a new one");
            return code::FAILED;
        }
        Err(errno) => {
            complain!("cannot capture to {name}: {errno}");
            return code::FAILED;
        }
    };
    // Each is taken only here, so it cannot be `None`.
    let Some(buffer) = BUFFER.take() else {
        return code::FAILED;
    };
    let _pipe = Ignored::new(WriteSignal::BrokenPipe);
    let _limit = Ignored::new(WriteSignal::FileSize);
    let (mut unread, mut result) = (0_usize, Ok(()));
    let read = linux::capture(command.given(Id::WithCmdline), buffer, &mut |entry| {
        if let Some(why) = incomplete(&entry) {
            unread = unread.saturating_add(1);
            if unread <= LINES {
                let path = Text(entry.path.to_bytes());
                complain!("/{path}: {why}; in the capture it is unknown");
            }
        }
        result = target.put(&entry);
        result.is_ok()
    });
    if let Some(more @ 1..) = unread.checked_sub(LINES) {
        complain!("and {more} other files");
    }
    if let Err(errno) = read.and(result).and_then(|()| target.finish()) {
        complain!("cannot capture to {name}: {errno}; it is not complete: remove it");
        return code::FAILED;
    }
    code::DONE
}

/// Why a plan from the capture knows less than the machine has.
fn incomplete(entry: &Captured<'_>) -> Option<Errno> {
    // Without CAP_SYS_ADMIN all addresses are 0 (kernel/resource.c).
    let hidden = |text: &[u8]| text.starts_with(b"00000000-00000000 ");
    let is_hidden = entry.path == c"proc/iomem" && entry.contents.is_some_and(hidden);
    entry.unread.or(is_hidden.then_some(Errno::EPERM))
}

impl Target {
    /// Makes it: a capture may have addresses that others should not see, so only its owner can
    /// open it.
    fn new(to: &CStr) -> Result<Self, Errno> {
        match to.to_bytes() {
            b"-" => Ok(Self::Output),
            name if name.ends_with(b".tar") => create_at(None, to, 0o600).map(Self::Archive),
            _ => {
                make_directory_at(None, to, 0o700)?;
                open(to, O_RDONLY | O_DIRECTORY).map(Self::Directory)
            }
        }
    }

    /// Writes a file or a directory.
    fn put(&self, entry: &Captured<'_>) -> Result<(), Errno> {
        let (path, contents) = (entry.path, entry.contents);
        if let Self::Directory(directory) = self {
            return put_at(directory, path, contents);
        }
        let header = tar::header(path.to_bytes(), contents.map(<[u8]>::len));
        self.write(&header.ok_or(Errno::ENAMETOOLONG)?)?;
        let contents = contents.unwrap_or_default();
        self.write(contents)?;
        self.write(tar::padding(contents.len()))
    }

    fn finish(&self) -> Result<(), Errno> {
        self.write(&tar::END)
    }

    /// Writes a part of the archive.
    fn write(&self, bytes: &[u8]) -> Result<(), Errno> {
        match self {
            Self::Directory(_) => Ok(()),
            Self::Archive(file) => write_all_to(file, bytes),
            Self::Output => write_all_to(&Standard::Output.fd(), bytes),
        }
    }
}

/// Makes a file, or a directory, and the directories it is in.
fn put_at(root: &Fd, path: &CStr, contents: Option<&[u8]>) -> Result<(), Errno> {
    let bytes = path.to_bytes();
    for (end, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
        let mut above = [0_u8; 128];
        let parts = bytes.iter().take(end);
        above
            .iter_mut()
            .zip(parts)
            .for_each(|(to, from)| *to = *from);
        let above = CStr::from_bytes_until_nul(&above).map_err(|_| Errno::ENAMETOOLONG)?;
        make(root, above)?;
    }
    match contents {
        Some(contents) => write_all_to(&create_at(Some(root), path, 0o644)?, contents),
        None => make(root, path),
    }
}

/// Makes a directory, unless it was made with what is in it.
fn make(root: &Fd, path: &CStr) -> Result<(), Errno> {
    match make_directory_at(Some(root), path, 0o755) {
        Err(Errno::EEXIST) => Ok(()),
        other => other,
    }
}

/// Reads the machine that is planned for: this one, or that of `--machine`.
pub fn read_facts(
    other: Option<&'static CStr>,
    machine: &mut Machine,
) -> Result<(), Failure<'static>> {
    let Some(root) = other else {
        read_machine(machine);
        return Ok(());
    };
    let read = complete(root).and_then(|()| read_machine_at(root, machine));
    read.map_err(|errno| Failure::Machine(root, unreadable(errno)))
}

/// Whether a capture was written to its end.
fn complete(root: &CStr) -> Result<(), Errno> {
    let directory = open(root, O_RDONLY | O_DIRECTORY)?;
    match open_at(&directory, FACTS, O_RDONLY) {
        // A file named kexec, such as this command.
        Err(Errno::ENOENT | Errno::ENOTDIR) => Err(Errno::ENODATA),
        other => other.map(|_| ()),
    }
}

/// Why a capture cannot be read.
const fn unreadable(errno: Errno) -> Error {
    let what = match errno {
        Errno::ENOTDIR => {
            "it is not a directory; a FILE.tar of --capture is unpacked by tar -xf first"
        }
        Errno::ENODATA => "it is no capture, or not a complete one: kexec/facts is missing",
        Errno::EOPNOTSUPP => "it was captured by another version, which this one cannot read",
        _ => {
            let step = "open";
            return Error::File { step, errno };
        }
    };
    Error::BadArgument { what }
}
