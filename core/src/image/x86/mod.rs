//! What is inside a bzImage: its compressed payload, the kernel proper in it, and the table by which the
//! kernel's decompressor moves that kernel.

mod payload;
mod relocs;
mod unpacked;
mod words;

pub use payload::Payload;
pub use relocs::{Lists, Relocs};
pub use unpacked::{Addresses, Unpacked};
pub use words::Words;
