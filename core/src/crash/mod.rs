//! The crash kernel: what it is told of the memory of the kernel that crashed.
//!
//! Its /proc/vmcore is built from an ELF header, the elfcorehdr, that was made when it was loaded
//! ([`CoreHeader`]). It may use its reservation and little else ([`memory_map`]); the kernel that
//! loads it wants some pages of that for itself ([`ControlPages`]).

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
