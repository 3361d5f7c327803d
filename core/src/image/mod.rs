//! What is in a file; one format a file.

pub mod bzimage;
pub mod elf;
mod kernel;

pub use bzimage::BzImage;
pub use elf::Vmlinux;
pub use kernel::Kernel;
