//! A Linux/x86 kernel of either kind, as its handover sees it.

use super::bzimage::{field, xlf};
use super::probe::{may_begin_bzimage, probe};
use super::x86::Unpacked;
use super::{BzImage, Elf, Entry, Facts, Vmlinux};
use crate::arch::Arch;
use crate::error::{Error, Format, Result};

/// A Linux/x86 kernel.
#[derive(Clone, Debug)]
#[non_exhaustive]
// Without an allocator there is no box for a large one.
#[allow(clippy::large_enum_variant)]
pub enum Kernel<'a> {
    /// With a decompressor.
    BzImage(BzImage<'a>),
    /// Without.
    Vmlinux(Vmlinux<'a>),
    /// A bzImage that is unpacked already. It is entered without its decompressor.
    Unpacked(Unpacked<'a>),
}

/// The fields of the setup header for a vmlinux, which has no such header: boot_flag, "HdrS" and
/// the protocol's version, 2.15; from 0x1f1 to the end of the version.
const VMLINUX_HEADER: [u8; field::VERSION + 2 - field::SETUP_SECTS] =
    *b"\0\0\0\0\0\0\0\0\0\0\0\0\0\x55\xaa\0\0HdrS\x0f\x02";

/// COMMAND_LINE_SIZE on x86, without the NUL (arch/x86/include/asm/setup.h).
const VMLINUX_CMDLINE_SIZE: u64 = 2047;

/// The error for a file that is no bzImage, with what it looks like; a short one is a bzImage that
/// was cut off only if it begins like one.
fn named(file: &[u8], error: Error) -> Error {
    let found = probe(file);
    match error {
        _ if file.is_empty() => Error::EmptyFile,
        Error::NotThisFormat { what, .. } => Error::NotThisFormat { what, found },
        Error::Truncated { .. } if !may_begin_bzimage(file, found) => Error::NotThisFormat {
            what: "a bzImage",
            found,
        },
        other => other,
    }
}

/// The text of [`Error::NotBootable`] for an ELF file that has no marks of a kernel, and of which the
/// request does not say what it is.
pub const AN_ELF_FILE: &str =
    "an ELF file without the marks of a kernel: the request must say what it is";

impl<'a> Kernel<'a> {
    /// Checks a file; an ELF file is a kernel if it has Linux's notes, or if `vmlinux` says so.
    ///
    /// # Errors
    /// As [`BzImage::parse_any`] and [`Vmlinux::parse`], and [`Error::BadField`] for an entry that lies
    /// in no bytes of the file that are loaded; [`Error::NotThisFormat`] says what the file looks
    /// like; [`Error::EmptyFile`].
    pub fn parse(file: &'a [u8], vmlinux: bool) -> Result<Self> {
        if !Elf::is_elf(file) {
            return Self::bzimage(file);
        }
        let found = probe(file);
        if vmlinux || found == Format::Vmlinux {
            Vmlinux::parse(file).map(Self::Vmlinux)
        } else {
            Err(match found {
                Format::Multiboot1 | Format::Multiboot2 => Error::NotThisFormat {
                    what: "a Linux kernel",
                    found,
                },
                _ => Error::NotBootable { why: AN_ELF_FILE },
            })
        }
    }

    fn bzimage(file: &'a [u8]) -> Result<Self> {
        let image = BzImage::parse_any(file).map_err(|error| named(file, error))?;
        if image.entries().contains(&Entry::X86Long) {
            image.entered()?;
        }
        Ok(Self::BzImage(image))
    }

    /// Checks a file that must have this format.
    ///
    /// # Errors
    /// As [`Kernel::parse`]; [`Error::NotThisFormat`] for a file of another format;
    /// [`Error::BadArgument`] for a format that is not one of a Linux/x86 kernel.
    pub fn parse_as(file: &'a [u8], format: Format) -> Result<Self> {
        match format {
            Format::BzImage => Self::bzimage(file),
            Format::Vmlinux if Elf::is_elf(file) => Self::parse(file, true),
            Format::Vmlinux if file.is_empty() => Err(Error::EmptyFile),
            Format::Vmlinux => Err(Error::NotThisFormat {
                what: "a vmlinux (an ELF file)",
                found: probe(file),
            }),
            _ => Err(Error::BadArgument {
                what: "the format that a Linux kernel must have is neither bzImage nor vmlinux",
            }),
        }
    }

    /// Its format: [`Format::BzImage`] or [`Format::Vmlinux`].
    #[must_use]
    pub const fn format(&self) -> Format {
        match self {
            Self::BzImage(_) | Self::Unpacked(_) => Format::BzImage,
            Self::Vmlinux(_) => Format::Vmlinux,
        }
    }

    /// Its version, what `uname -r` will say; empty if its header does not say, and of a vmlinux.
    #[must_use]
    pub fn release(&self) -> &'a [u8] {
        match self {
            Self::BzImage(image) => image.release(),
            Self::Unpacked(kernel) => kernel.image().release(),
            Self::Vmlinux(_) => &[],
        }
    }

    /// Its version, builder and build, as its header has them; empty as [`Kernel::release`].
    #[must_use]
    pub fn version_string(&self) -> &'a [u8] {
        match self {
            Self::BzImage(image) => image.version_string(),
            Self::Unpacked(kernel) => kernel.image().version_string(),
            Self::Vmlinux(_) => &[],
        }
    }

    /// The architecture it is for.
    #[must_use]
    pub const fn arch(&self) -> Arch {
        match self {
            Self::BzImage(_) | Self::Vmlinux(_) | Self::Unpacked(_) => Arch::X86_64,
        }
    }

    /// Where it can be entered, the best first.
    #[must_use]
    pub const fn entries(&self) -> &'static [Entry] {
        match self {
            Self::BzImage(image) => image.entries(),
            Self::Vmlinux(_) | Self::Unpacked(_) => &[Entry::X86Long],
        }
    }

    /// What images of all families have.
    #[must_use]
    pub fn facts(&self) -> Facts<'a> {
        Facts {
            format: self.format(),
            arch: self.arch(),
            entries: self.entries(),
            relocatable: self.relocatable(),
            alignment: self.alignment(),
            pref_address: self.pref_address(),
            size: self.size(),
            loaded: self.parts().fold(0, |sum: u64, (bytes, _, _)| {
                sum.saturating_add(bytes.len() as u64)
            }),
            command_line_max: self.cmdline_size(),
            release: self.release(),
            version_string: self.version_string(),
        }
    }

    /// What boot_params get from 0x1f1 on.
    #[must_use]
    pub const fn setup_header(&self) -> &'a [u8] {
        match self {
            Self::BzImage(image) => image.setup_header(),
            Self::Unpacked(kernel) => kernel.image().setup_header(),
            Self::Vmlinux(_) => &VMLINUX_HEADER,
        }
    }

    /// Version of the boot protocol; a vmlinux is taken for a current one.
    #[must_use]
    pub const fn version(&self) -> u16 {
        match self {
            Self::BzImage(image) => image.version(),
            Self::Unpacked(kernel) => kernel.image().version(),
            Self::Vmlinux(_) => 0x020f,
        }
    }

    /// The XLF_* flags ([`xlf`]). A vmlinux has no such field: those that hold for all; for the
    /// others see [`Vmlinux::five_level`] and [`Vmlinux::efi_kexec`].
    #[must_use]
    pub const fn xloadflags(&self) -> u16 {
        match self {
            Self::BzImage(image) => image.xloadflags(),
            Self::Unpacked(kernel) => kernel.image().xloadflags(),
            Self::Vmlinux(_) => xlf::KERNEL_64 | xlf::CAN_BE_LOADED_ABOVE_4G,
        }
    }

    /// Longest command line, in bytes without the NUL.
    #[must_use]
    pub const fn cmdline_size(&self) -> u64 {
        match self {
            Self::BzImage(image) => image.cmdline_size(),
            Self::Unpacked(kernel) => kernel.image().cmdline_size(),
            Self::Vmlinux(_) => VMLINUX_CMDLINE_SIZE,
        }
    }

    /// The highest setup_data type it knows, if it says so.
    #[must_use]
    pub const fn setup_type_max(&self) -> Option<u32> {
        match self {
            Self::BzImage(image) => image.setup_type_max(),
            Self::Unpacked(kernel) => kernel.image().setup_type_max(),
            Self::Vmlinux(_) => None,
        }
    }

    /// Bytes of memory from its first address on.
    #[must_use]
    pub const fn size(&self) -> u64 {
        match self {
            Self::BzImage(image) => image.init_size(),
            Self::Unpacked(kernel) => kernel.size(),
            Self::Vmlinux(kernel) => kernel.range().size(),
        }
    }

    /// Whether it can be loaded elsewhere.
    #[must_use]
    pub const fn relocatable(&self) -> bool {
        match self {
            Self::BzImage(image) => image.relocatable(),
            Self::Unpacked(kernel) => kernel.image().relocatable(),
            Self::Vmlinux(kernel) => {
                let rest = kernel.range().start().checked_rem(kernel.alignment());
                matches!(rest, Some(0))
            }
        }
    }

    /// Alignment of its first address.
    #[must_use]
    pub const fn alignment(&self) -> u64 {
        match self {
            Self::BzImage(image) => image.alignment(),
            Self::Unpacked(kernel) => kernel.image().alignment(),
            Self::Vmlinux(kernel) => kernel.alignment(),
        }
    }

    /// Where it wants to be; for a bzImage, which would move up there, also the lowest address.
    #[must_use]
    pub const fn pref_address(&self) -> u64 {
        match self {
            Self::BzImage(image) => image.pref_address(),
            Self::Unpacked(kernel) => kernel.image().pref_address(),
            Self::Vmlinux(kernel) => kernel.range().start(),
        }
    }

    /// Where it is entered in 64-bit mode, from its first address.
    #[must_use]
    pub const fn entry_offset(&self) -> u64 {
        match self {
            Self::BzImage(_) => BzImage::ENTRY_64,
            Self::Unpacked(kernel) => kernel.entry_offset(),
            Self::Vmlinux(kernel) => kernel.entry_offset(),
        }
    }

    /// How many segments it takes.
    #[must_use]
    pub fn segments(&self) -> usize {
        match self {
            Self::BzImage(_) => 1,
            Self::Vmlinux(kernel) => kernel.loads().len(),
            Self::Unpacked(kernel) => kernel.loads().len(),
        }
    }

    /// Its segments: bytes, and offset and size in memory, both multiples of the page size but
    /// for a bzImage's size.
    pub fn parts(&self) -> impl Iterator<Item = (&'a [u8], u64, u64)> {
        let (whole, loads) = match self {
            Self::BzImage(image) => (Some((image.kernel(), 0, image.init_size())), &[][..]),
            Self::Vmlinux(kernel) => (None, kernel.loads()),
            Self::Unpacked(kernel) => (None, kernel.loads()),
        };
        let loads = loads
            .iter()
            .map(|load| (load.bytes, load.offset, load.size));
        whole.into_iter().chain(loads)
    }
}
