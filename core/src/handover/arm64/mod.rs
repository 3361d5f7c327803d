//! What is started on arm64.

mod linux;
mod tree;

pub use linux::LinuxArm64;
