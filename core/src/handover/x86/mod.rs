//! What is started on x86.

mod linux32;
mod linux64;
mod multiboot;
mod real_mode;
mod unpacked;

pub use linux32::Linux32;
pub use linux64::Linux64;
pub use multiboot::Multiboot;
pub use real_mode::RealMode;
pub use unpacked::UnpackedLinux;
