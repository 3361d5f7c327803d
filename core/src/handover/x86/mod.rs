//! What is started on x86.

mod elf_bare;
mod elf_notes;
mod linux32;
mod linux64;
mod multiboot;
mod real_mode;
mod unpacked;

pub use elf_bare::ElfBare;
pub use elf_notes::ElfNotes;
pub use linux32::Linux32;
pub use linux64::Linux64;
pub use multiboot::Multiboot;
pub use real_mode::RealMode;
pub use unpacked::UnpackedLinux;
