//! An image of any family that can be started. A new family has an arm in each `match` here.

use super::probe::probe;
use super::{Arm64Image, Elf, ElfAs, Facts, Kernel, Multiboot, Program};
use crate::error::{Error, Format, Result};

/// An image that can be started.
#[derive(Clone, Debug)]
#[non_exhaustive]
// Without an allocator there is no box for a large one.
#[allow(clippy::large_enum_variant)]
pub enum Image<'a> {
    /// A Linux/x86 kernel.
    Linux(Kernel<'a>),
    /// A Linux/arm64 kernel.
    LinuxArm64(Arm64Image<'a>),
    /// A multiboot kernel of either version.
    Multiboot(Multiboot<'a>),
    /// An ELF program.
    Program(Program<'a>),
}

impl<'a> Image<'a> {
    /// Checks a file. `elf` says what an ELF file is, whatever it looks like; other files are what they
    /// look like. Without it an ELF file must have the marks of a kernel.
    ///
    /// # Errors
    /// As [`Kernel::parse`], also for a file of an unknown format, and [`Program::parse`].
    pub fn parse(file: &'a [u8], elf: Option<ElfAs>) -> Result<Self> {
        let elf = elf.filter(|_| Elf::is_elf(file));
        match elf {
            None => {}
            Some(ElfAs::Linux) => return Kernel::parse(file, true).map(Self::Linux),
            Some(ElfAs::BootNotes) => return Program::parse(file, true).map(Self::Program),
            Some(ElfAs::Bare) => return Program::parse(file, false).map(Self::Program),
        }
        match probe(file) {
            Format::BzImage => {}
            found if found.is_started() => return Self::of_format(file, found),
            _ => {}
        }
        Kernel::parse(file, false).map(Self::Linux)
    }

    /// Checks a file that must have this format.
    ///
    /// # Errors
    /// As [`Image::parse`]; [`Error::NotThisFormat`] for a file of another format;
    /// [`Error::BadArgument`] for a format of which no image is started.
    pub fn parse_as(file: &'a [u8], format: Format) -> Result<Self> {
        if format.is_started() && file.is_empty() {
            return Err(Error::EmptyFile);
        }
        Self::of_format(file, format)
    }

    fn of_format(file: &'a [u8], format: Format) -> Result<Self> {
        match format {
            Format::BzImage | Format::Vmlinux => Kernel::parse_as(file, format).map(Self::Linux),
            Format::Arm64Image => Arm64Image::parse(file).map(Self::LinuxArm64),
            // A file may have the headers of both versions, of which the probe names one.
            Format::Multiboot1 => Multiboot::parse_one(file).map(Self::Multiboot),
            Format::Multiboot2 => Multiboot::parse_two(file).map(Self::Multiboot),
            // So a family's own parser need not look at its marks.
            _ if format.is_started() && probe(file) != format => Err(Error::NotThisFormat {
                what: format.name(),
                found: probe(file),
            }),
            _ => Err(Error::BadArgument {
                what: "no image of the format that is asked for can be started",
            }),
        }
    }

    /// What images of all families have.
    #[must_use]
    pub fn facts(&self) -> Facts<'a> {
        match self {
            Self::Linux(kernel) => kernel.facts(),
            Self::LinuxArm64(image) => image.facts(),
            Self::Multiboot(kernel) => kernel.facts(),
            Self::Program(program) => program.facts(),
        }
    }
}
