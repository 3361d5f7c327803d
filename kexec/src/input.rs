//! One file that is named on the command line, or a part of one.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::MAX_INITRDS;
use kexec_cli::failure::Failure;
use kexec_cli::foreign::START;
use kexec_core::Error;
use kexec_core::linux::{Copies, File};

/// An open file and its name.
#[derive(Debug)]
pub struct Input<'a> {
    pub path: &'a CStr,
    pub file: File,
}

impl<'a> Input<'a> {
    pub fn open(path: &'a CStr, copies: &Copies) -> Result<Self, Failure<'a>> {
        if path.is_empty() {
            let what = "--initrd=, --dtb= or the kernel is an empty name; leave it out for none";
            return Err(Failure::File(c"''", Error::BadArgument { what }));
        }
        match File::open_any(path, copies) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(Failure::File(path, error)),
        }
    }

    /// Opens the file of a module. In messages it has its whole line.
    pub fn open_module(line: &'a CStr, copies: &Copies) -> Result<Self, Failure<'a>> {
        let name = module_name(line);
        // What is behind the name stays zero.
        let mut path = [0; PATH_MAX];
        let room = path.get_mut(..name.len()).filter(|_| name.len() < PATH_MAX);
        if let (Some(room), false) = (room, name.is_empty()) {
            room.copy_from_slice(name);
        } else {
            let what = "--module= must begin with the name of a file";
            return Err(Failure::File(line, Error::BadArgument { what }));
        }
        let path = CStr::from_bytes_until_nul(&path).unwrap_or_default();
        match File::open_any(path, copies) {
            Ok(file) => Ok(Self { path: line, file }),
            Err(error) => Err(Failure::File(line, error)),
        }
    }

    /// Reads the file's first bytes.
    pub fn start(&self) -> Start {
        let mut bytes = [0; START];
        let length = self.file.read_start(&mut bytes).ok();
        Start { bytes, length }
    }
}

/// Bytes of a path, with its NUL (include/uapi/linux/limits.h).
const PATH_MAX: usize = 4096;

/// The first word of a module's line: its file.
fn module_name(line: &CStr) -> &[u8] {
    let mut words = line.to_bytes().split(|byte| *byte == b' ');
    words.next().unwrap_or_default()
}

/// A file's first bytes.
#[derive(Debug)]
pub struct Start {
    bytes: [u8; START],
    length: Option<usize>,
}

impl Start {
    /// `None` if they cannot be read; the error is reported when the whole file is read.
    pub fn get(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length?)
    }
}

/// Every initrd: those of a unified kernel image and its addons, and those given.
pub type Initrds<'a> = Vec<Input<'a>, MAX_INITRDS>;

/// Adds an initrd.
pub fn push<'a>(initrds: &mut Initrds<'a>, initrd: Input<'a>) -> Result<(), Failure<'a>> {
    let path = initrd.path;
    initrds.push(initrd).map_err(|_| {
        let (what, capacity) = ("the list of initrds", MAX_INITRDS as u64);
        Failure::Load(path, Error::Full { what, capacity })
    })
}
