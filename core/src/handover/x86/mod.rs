//! What is started on x86.

mod linux32;
mod linux64;

pub use linux32::Linux32;
pub use linux64::Linux64;
