//! Segments: the ranges that kexec_load(2) copies.

mod arena;
mod bounds;
mod items;
mod place;
mod placed;
mod wish;

use core::fmt;

pub use arena::Arena;
pub use bounds::Bounds;
pub use items::{Bytes, Items, Near, Piece, Wish};
pub use place::{anywhere, place};
pub use placed::Placed;

use crate::memory::Range;

/// The most segments that kexec_load(2) takes (KEXEC_SEGMENT_MAX, include/uapi/linux/kexec.h).
pub const SEGMENT_MAX: usize = 16;

/// The contents of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentKind {
    /// The kernel image.
    Kernel,
    /// An initrd, numbered from 0 in the order of the request.
    Initrd(u8),
    /// boot_params, command line, EFI memory map and setup_data.
    BootParams,
    /// The command line alone, with its NUL, of an image without boot_params.
    CommandLine,
    /// Information for an image without boot_params, other than its command line, or with it.
    Info,
    /// A device tree.
    DeviceTree,
    /// A module of a multiboot kernel, numbered from 0.
    Module(u8),
    /// What the first page of a PC's memory holds, where there is no BIOS.
    FirstPage,
    /// The ELF header of the dump, for a crash kernel.
    CoreHeader,
    /// Room for a copy of the first 640 KiB, for a crash kernel loaded by a kernel before 5.5.
    Backup,
    /// The purgatory.
    Purgatory,
}

impl fmt::Display for SegmentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel => f.write_str("kernel"),
            Self::Initrd(0) => f.write_str("initrd"),
            Self::Initrd(n) => write!(f, "initrd {}", u64::from(*n).saturating_add(1)),
            Self::BootParams => f.write_str("boot parameters"),
            Self::CommandLine => f.write_str("command line"),
            Self::Info => f.write_str("information"),
            Self::DeviceTree => f.write_str("device tree"),
            Self::Module(0) => f.write_str("module"),
            Self::Module(n) => write!(f, "module {}", u64::from(*n).saturating_add(1)),
            Self::FirstPage => f.write_str("first page"),
            Self::CoreHeader => f.write_str("elfcorehdr"),
            Self::Backup => f.write_str("low memory's copy"),
            Self::Purgatory => f.write_str("purgatory"),
        }
    }
}

/// One segment: `buf` is copied to `mem`, the rest up to `memsz` is zeroed by the kernel.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// Its contents.
    pub kind: SegmentKind,
    /// The bytes, in the caller's file or in the workspace.
    pub buf: &'a [u8],
    /// Physical address, a multiple of the page size.
    pub mem: u64,
    /// Bytes reserved there, a multiple of the page size, at least `buf.len()`.
    pub memsz: u64,
}

impl Segment<'_> {
    /// The memory it takes; `None` if empty or past the end of the address space.
    #[must_use]
    pub const fn range(&self) -> Option<Range> {
        Range::from_size(self.mem, self.memsz)
    }
}

impl fmt::Debug for Segment<'_> {
    /// Without the bytes: those of a kernel would fill the screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {:#x}, {:#x} bytes of {:#x}",
            self.kind,
            self.mem,
            self.buf.len(),
            self.memsz
        )
    }
}
