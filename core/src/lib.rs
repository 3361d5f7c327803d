//! kexec as a library: image + machine → plan → kernel.
//!
//! ```text
//!  bytes of files ──► image   the parsed kernel file       ┐
//!  /proc, /sys    ──► machine facts of the running system  ┼─► plan ──► load ──► exec
//!  the caller     ──► request cmdline, initrds, options    ┘   segments, entry, flags
//!                                                              (pure)   (syscalls)
//! ```
//!
//! The tour, in the order data flows:
//!
//! * [`image`]: a kernel file as a checked view over its bytes.
//! * [`machine`]: facts about the running system, as plain data, with a parser for each source;
//!   [`linux::read_machine`] fills it in.
//! * [`memory`]: address ranges, the memory map, the search for room.
//! * [`boot`]: the data for the new kernel: boot_params, command line, e820, EFI, setup_data.
//! * [`fdt`]: device trees, which such data is on other architectures: reading, and copies with edits.
//! * [`purgatory`]: the code between two kernels, and the digest it verifies.
//! * [`plan`]: combines them: [`plan::plan`] places, writes and digests;
//!   [`plan::Plan::check`] makes the kernel's checks before the call.
//! * [`file_load`]: checks for what kexec_file_load(2) refuses, before the call.
//! * [`route`]: which of the two calls is made first, and which may follow.
//! * [`refusal`]: what an errno of the kexec calls means on this machine, and what to do about it.
//! * [`verdict`]: whether a load would succeed, and every reason why not, before any call.
//! * [`linux`]: the system calls: files, [`linux::kexec_load`], [`linux::kexec_file_load`],
//!   [`linux::reboot_kexec`].
//!
//! Guarantees: no allocation, no libc, no reachable panic; the caller provides all memory
//! ([`machine::Machine`], [`plan::Workspace`]), and a full table is an error, never truncated.
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

// Addresses and lengths are passed to the kernel as `usize`; x32 and 32-bit kernels take their
// segments in another layout (`struct compat_kexec_segment`), and they cannot address most of the memory.
#[cfg(not(target_pointer_width = "64"))]
compile_error!(
    "kexec-core needs a target with 64-bit pointers: a 32-bit or x32 program cannot \
                pass segments to the kernel as this crate does"
);

/// The examples of README.md, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod testing;

/// The example on the package's page.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct PackageReadme;

pub mod arch;
pub mod boot;
pub mod bytes;
pub mod crash;
mod cstr;
mod elf;
mod errno;
mod error;
pub mod fdt;
pub mod file_load;
pub mod handover;
pub mod image;
mod known;
pub mod linux;
pub mod machine;
pub mod memory;
mod note;
pub mod passed;
pub mod plan;
pub mod purgatory;
pub mod purpose;
pub mod refusal;
mod request;
pub mod route;
pub mod segment;
mod text;
pub mod verdict;

pub use cstr::{cstr_of, nth_string};
pub use errno::Errno;
pub use error::{Error, Narrowed, Result};
