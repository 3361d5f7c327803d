//! The files named on the command line, opened once for whichever call takes them. A pipe or a
//! block device is read into memory here, once as well.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_INITRDS, Method};
use kexec_cli::compressed::{MAGIC, compressed};
use kexec_core::Error;
use kexec_core::linux::{Copies, File, read_at};

use crate::failure::Failure;

/// An open file and its name.
#[derive(Debug)]
pub struct Input<'a> {
    pub path: &'a CStr,
    pub file: File,
}

impl<'a> Input<'a> {
    fn open(path: &'a CStr, copies: &Copies) -> Result<Self, Failure<'a>> {
        match File::open_any(path, copies) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(Failure::File(path, error)),
        }
    }
}

/// All files.
#[derive(Debug)]
pub struct Inputs<'a> {
    pub kernel: Input<'a>,
    pub initrds: Vec<Input<'a>, MAX_INITRDS>,
    pub dtb: Option<Input<'a>>,
    /// What may be copied into memory: of these files, and of all that is made of them.
    pub copies: Copies,
}

impl<'a> Inputs<'a> {
    /// Opens them in the order given, and refuses a kernel that is compressed before any call
    /// is made.
    pub fn open(command: &Command<'a>) -> Result<Self, Failure<'a>> {
        let copies = Copies::of_available_memory();
        let kernel = Input::open(command.kernel.unwrap_or_default(), &copies)?;
        let mut magic = [0; MAGIC];
        // What cannot be read is found by those who need all of it.
        let length = read_at(kernel.file.fd(), &mut magic, 0).unwrap_or(0);
        if let Some(why) = compressed(magic.get(..length).unwrap_or_default()) {
            return Err(Failure::Load(kernel.path, Error::NotBootable { why }));
        }
        let mut initrds = Vec::new();
        for path in &command.initrds {
            let opened = Input::open(path, &copies).map_err(|failure| match command.method {
                Method::Load => failure,
                Method::Auto | Method::File => Failure::Initrd(path, failure.error()),
            });
            // Both lists have the same capacity.
            let _fits = initrds.push(opened?);
        }
        let dtb = command
            .dtb
            .map(|path| Input::open(path, &copies))
            .transpose()?;
        Ok(Self {
            kernel,
            initrds,
            dtb,
            copies,
        })
    }
}
