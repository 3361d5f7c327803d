//! kexec as a library.
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod testing;

pub mod boot;
pub mod bytes;
pub mod crash;
mod errno;
mod error;
pub mod image;
pub mod linux;
pub mod machine;
pub mod memory;
pub mod plan;
pub mod purgatory;

pub use errno::Errno;
pub use error::{Error, Result};
