//! The files named on the command line, opened once for whichever call takes them.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_INITRDS, Method};
use kexec_cli::compressed::{MAGIC, compressed};
use kexec_core::Error;
use kexec_core::linux::{File, read};

use crate::failure::Failure;

/// An open file and its name.
#[derive(Debug)]
pub struct Input<'a> {
    pub path: &'a CStr,
    pub file: File,
}

impl<'a> Input<'a> {
    fn open(path: &'a CStr) -> Result<Self, Failure<'a>> {
        match File::open(path) {
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
}

impl<'a> Inputs<'a> {
    /// Opens them in the order given, and refuses a kernel that is compressed before any call
    /// is made.
    pub fn open(command: &Command<'a>) -> Result<Self, Failure<'a>> {
        let kernel = Input::open(command.kernel.unwrap_or_default())?;
        let mut magic = [0; MAGIC];
        // What cannot be read is found by those who need all of it.
        let length = read(kernel.file.fd(), &mut magic).unwrap_or(0);
        if let Some(why) = compressed(magic.get(..length).unwrap_or_default()) {
            return Err(Failure::Load(kernel.path, Error::NotBootable { why }));
        }
        let mut initrds = Vec::new();
        for path in &command.initrds {
            let opened = Input::open(path).map_err(|failure| match command.method {
                Method::Load => failure,
                Method::Auto | Method::File => Failure::Initrd(path, failure.error()),
            });
            // Both lists have the same capacity.
            let _fits = initrds.push(opened?);
        }
        let dtb = command.dtb.map(Input::open).transpose()?;
        Ok(Self {
            kernel,
            initrds,
            dtb,
        })
    }
}
