//! The purgatory: the program that runs between the old kernel and the new one.
//!
//! A flat, position-independent x86-64 program, built with this crate from `core/purgatory/`.
//! It verifies that the memory still holds what was loaded, reports on a console if requested, and
//! enters the next program with the given registers. The loader puts it into one segment with
//! [`build`] and makes its first byte the entry point of kexec_load(2).
//!
//! ```text
//! 0                 PARAMETERS_OFFSET    SEGMENT_SIZE            MEMSZ
//! │ code, constants │ parameter block    │ zero: stack          │
//! ```
//!
//! `docs/purgatory.md` specifies the digest and the parameter block.
#![allow(unsafe_code)]

mod bare;
mod bare_arm64;
mod digest;
pub mod layout;
mod parameters;
mod real_mode;

pub use bare::{BARE, BARE_MEMSZ, BARE_SIZE, Bare};
pub use bare_arm64::BareArm64;
pub use digest::{DEFAULT_SECRET, Digest, Implementation, SECRET_SIZE, STRIPE, Secret};
pub use parameters::{
    Backup, BuildError, ExitMode, OnFailure, Parameters, Region, Registers, SEGMENT_SIZE, Serial,
    build,
};
pub use real_mode::RealMode;

#[cfg(test)]
mod tests;

/// Whether this build contains it. A build for an architecture other than x86-64 lacks it if there is
/// no core library of x86-64 to build it with (core/build.rs).
pub const BUILT: bool = cfg!(not(no_purgatory_x86_64));

/// Code and constants, relocatable to any address without change. Entry is offset 0. Empty unless
/// [`BUILT`].
pub static BLOB: &[u8; PARAMETERS_OFFSET] =
    include_bytes!(concat!(env!("OUT_DIR"), "/main-x86_64.bin"));

/// The offset of the parameter block in the segment, in bytes.
pub const PARAMETERS_OFFSET: usize = include!(concat!(env!("OUT_DIR"), "/main-x86_64.size"));

/// Stack after the parameter block, in bytes; purgatory.ld has the same number.
pub const STACK: usize = 0x1400;

/// Memory the segment needs (its `memsz`), in bytes: a whole number of pages.
pub const MEMSZ: usize = (SEGMENT_SIZE + STACK).next_multiple_of(4096);
