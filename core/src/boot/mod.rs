//! What the new kernel is told, encoded; one format a folder.

mod zero_page;

pub(crate) use zero_page::{Contents, Parts, write};
pub use zero_page::{Layout, Ramdisk, SetupType, field};
