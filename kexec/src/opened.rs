//! The files of a load, held, mapped and parsed once; checks and plans borrow them.

use core::ffi::CStr;

use heapless::Vec;
use kexec_cli::command::Command;
use kexec_cli::kind;
use kexec_cli::meter::Step;
use kexec_cli::text::Text;
use kexec_core::image::Image;
use kexec_core::linux::{Copies, Hold};
use kexec_core::machine::Machine;
use kexec_core::plan::Rule;
use kexec_core::{Errno, Error};

use crate::input::Input;
use crate::inputs::{Inputs, MAX_FILES};
use crate::kept::Kept;
use crate::out::caution;
use crate::progress;
use kexec_cli::failure::Failure;

/// A file, kept unchanged if possible.
pub type OpenedFile<'a, 'b> = (&'b Input<'a>, Kept<'b>);

/// The files of a load, kept unchanged, in the order kernel, initrds, modules, device tree.
pub struct Opened<'a, 'b> {
    files: Vec<OpenedFile<'a, 'b>, MAX_FILES>,
    /// Whether the kernel is in a unified kernel image.
    unified: bool,
}

/// The same, with the parsed kernel.
pub struct Parsed<'a, 'b, 'c> {
    pub opened: &'c Opened<'a, 'b>,
    pub image: Result<Image<'c>, Error>,
}

impl<'a, 'b> Opened<'a, 'b> {
    /// Holds all files. Files without a lease are copied, up to the inputs' limit on copies. Files that
    /// no machine like this one can load are not copied.
    pub fn to_load(inputs: &'b Inputs<'a>, machine: &Machine) -> Result<Self, Failure<'a>> {
        check_total(inputs, machine)?;
        progress::begin(Step::Copy, 0);
        Self::new(inputs, &inputs.copies, &inputs.copies)
    }

    /// For a check that changes nothing: only files that cannot be mapped are copied.
    pub fn to_look_at(inputs: &'b Inputs<'a>) -> Result<Self, Failure<'a>> {
        Self::new(inputs, &Copies::limited(0), &Copies::of_available_memory())
    }

    fn new(inputs: &'b Inputs<'a>, holds: &Copies, maps: &Copies) -> Result<Self, Failure<'a>> {
        let mut files = Vec::new();
        let all = core::iter::once(&inputs.kernel)
            .chain(&inputs.initrds)
            .chain(&inputs.modules)
            .chain(&inputs.dtb);
        for input in all {
            let kept = Kept::new(&input.file, holds, maps)
                .map_err(|error| Failure::File(input.path, error))?;
            // There is room for all: see MAX_FILES.
            let _fits = files.push((input, kept));
        }
        let unified = inputs.unified.is_some();
        Ok(Self { files, unified })
    }

    /// Parses the kernel's file.
    pub fn parse(&self, command: &Command<'_>) -> Parsed<'a, 'b, '_> {
        Parsed {
            image: match command.kind.and_then(|kind| kind::format(kind.to_bytes())) {
                Some(format) => Image::parse_as(self.kernel().1, format),
                None => Image::parse(self.kernel().1, command.options.elf),
            },
            opened: self,
        }
    }

    /// All files.
    pub fn files(&self) -> &[OpenedFile<'a, 'b>] {
        &self.files
    }

    /// The kernel's path and bytes.
    pub fn kernel(&self) -> (&'a CStr, &[u8]) {
        let first = self.files.first();
        let path_and_bytes = first.map(|(input, kept)| (input.path, kept.bytes()));
        path_and_bytes.unwrap_or_default()
    }

    /// Whether all files stay unchanged: by a lease, or as a copy.
    pub fn stay(&self) -> bool {
        let mut holds = self.files.iter().map(|(_, kept)| kept.held().hold());
        holds.all(|hold| !matches!(hold, Hold::Nothing { .. }))
    }

    /// Rejects a kernel of a type other than the requested one.
    pub fn check_kind(&self, command: &Command<'_>) -> Result<(), Failure<'a>> {
        let (path, bytes) = self.kernel();
        let checked = match command.kind {
            Some(kind) => kind::check(kind.to_bytes(), bytes, self.unified),
            None => Ok(()),
        };
        checked.map_err(|why| Failure::Load(path, Error::NotBootable { why }))
    }

    /// Warns about files that may change.
    pub fn warn(&self) {
        let mut before = c"".as_ptr();
        for (input, kept) in &self.files {
            // Parts of one file.
            if core::mem::replace(&mut before, input.path.as_ptr()) == input.path.as_ptr() {
                continue;
            }
            let path = Text(input.path.to_bytes());
            match kept.held().hold() {
                Hold::Nothing { lease, copy } => caution!(
                    "{path} may change while it is loaded: no lease ({lease}), no copy ({copy})"
                ),
                Hold::Copy {
                    lease: Errno::EAGAIN,
                } => caution!(
                    "{path} is open for writing and may be incomplete; its present contents \
                     are loaded"
                ),
                _ => {}
            }
        }
    }
}

/// Checks that the initrds and modules, each of which becomes a segment, are not too large for kexec_load. This is
/// the rule of a plan's check for all segments, but checked before any file is copied.
pub fn check_total<'a>(inputs: &Inputs<'a>, machine: &Machine) -> Result<(), Failure<'a>> {
    let half = machine
        .platform
        .total_ram
        .map_or(u64::MAX, |total| total / 2);
    let mut sum = 0_u64;
    for (initrd, segment) in inputs.initrds.iter().chain(&inputs.modules).zip(1..) {
        sum = sum.saturating_add(initrd.file.size());
        if sum > half {
            let rule = Rule::TooMuchMemory;
            return Err(Failure::Load(initrd.path, Error::Check { segment, rule }));
        }
    }
    Ok(())
}
