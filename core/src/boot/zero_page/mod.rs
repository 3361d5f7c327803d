//! The x86 boot protocol's "zero page": boot_params, command line, EFI memory map and setup_data,
//! in one segment.
//!
//! ```text
//! +0      boot_params                    4096 bytes
//! +4096   command line, NUL              padded to 16
//!         EFI runtime map                40 bytes an entry, padded to 16
//!         setup_data nodes               each a header of 16 bytes and its data, padded to 16
//! ```
//!
//! The kernel's decompressor avoids boot_params, the command line and every setup_data node when it
//! chooses a random address (arch/x86/boot/compressed/kaslr.c, mem_avoid_init).

mod layout;
mod params;
mod setup_data;

pub(crate) use layout::Parts;
pub use layout::{Layout, Ramdisk};
pub use params::field;
pub(crate) use params::{Contents, TYPE_OF_LOADER_KEXEC, write};
pub use setup_data::SetupType;
