//! Encodings of the data that is passed to the new kernel, one folder per format.

pub(crate) mod multiboot;
mod zero_page;

pub(crate) use zero_page::{Contents, Parts, TYPE_OF_LOADER_KEXEC, write};
pub use zero_page::{Layout, Ramdisk, SetupType, field};
