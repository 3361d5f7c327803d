//! The crash kernel: the data it gets about the memory of the kernel that crashed.
//!
//! Its /proc/vmcore is built from an ELF header, the elfcorehdr, that is made when it is loaded
//! ([`CoreHeader`]). It may use its reservation and little else ([`memory_map`]); the kernel that
//! loads it needs some pages of that itself ([`ControlPages`]).

mod command_line;
mod header;
mod memory;
mod ranges;
mod x86;

pub use command_line::{Additions, add_to_command_line};
pub use header::CoreHeader;
pub use memory::memory_map;
pub use ranges::dump_ranges;
pub use x86::ControlPages;
