//! What is in a file; one format a file.

pub(crate) mod arm64;
pub mod bzimage;
pub mod elf;
mod entry;
mod facts;
mod family;
mod features;
mod kernel;
mod linux_notes;
pub(crate) mod multiboot;
pub mod pe;
mod probe;
mod program;
mod signature;
pub mod uki;
mod vmlinux;
pub mod x86;

pub use crate::error::Format;
pub use arm64::Arm64Image;
pub use bzimage::BzImage;
pub use elf::Elf;
pub use entry::Entry;
pub use facts::Facts;
pub use family::Image;
pub use kernel::{AN_ELF_FILE, Kernel};
pub use multiboot::{Multiboot, Relocation, Wants};
pub use pe::{Pe, Section};
pub use probe::{PROBED, probe, probe_arch};
pub use program::{ElfAs, Program};
pub use signature::Signature;
pub use uki::{Addon, Uki};
pub use vmlinux::Vmlinux;
