//! What is started on x86.

mod linux64;

pub use linux64::Linux64;
