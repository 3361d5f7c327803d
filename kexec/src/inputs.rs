//! The files named on the command line, opened once for whichever call takes them.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::{Command, MAX_INITRDS};
use kexec_core::linux::File;

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
    /// Opens them in the order given.
    pub fn open(command: &Command<'a>) -> Result<Self, Failure<'a>> {
        let kernel = Input::open(command.kernel.unwrap_or_default())?;
        let mut initrds = Vec::new();
        for path in &command.initrds {
            // Both lists have the same capacity.
            let _fits = initrds.push(Input::open(path)?);
        }
        let dtb = command.dtb.map(Input::open).transpose()?;
        Ok(Self {
            kernel,
            initrds,
            dtb,
        })
    }
}
