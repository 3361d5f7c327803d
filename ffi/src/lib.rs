//! kexec as a C library: one C object a file, in the order data flows. The documentation of the
//! items is the C header's (`include/libkexec.h`) and speaks to the C programmer.
//!
//! # Safety
//! Every function takes what C gives: pointers that are NULL, or as the header says valid for
//! the object or the length they are given with, for as long as it says. NULL, misaligned
//! objects, sizes that cannot be and objects that were not initialised are refused; the rest is
//! the caller's promise. `pointer` and `versioned` turn pointers into references and copies, and
//! what is `unsafe` elsewhere is a call of theirs under that promise.
#![no_std]
#![allow(non_camel_case_types)]
// The promise is the one above for all of them; the header tells it to the C programmer.
#![allow(clippy::missing_safety_doc)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::undocumented_unsafe_blocks
    )
)]

#[cfg(test)]
extern crate std;

mod advice;
pub mod arch;
pub mod boot;
pub mod bytes;
pub mod check;
pub mod code;
pub mod crash_info;
pub mod digest;
pub mod error;
pub mod exec;
pub mod explain;
pub mod files;
pub mod hold;
pub mod image;
pub mod inspect;
pub mod load;
pub mod machine;
pub mod machine_info;
pub mod machine_input;
pub mod machine_maps;
#[cfg(all(kexec_shared, not(test)))]
mod mem;
pub mod message;
pub mod module;
pub mod note;
mod object;
#[cfg(not(any(test, kexec_hosted)))]
mod panic;
pub mod plan;
mod pointer;
pub mod process;
pub mod request;
pub mod route;
pub mod status;
pub mod strerror;
#[cfg(test)]
mod tests;
mod text;
pub mod version;
mod versioned;
pub mod workspace;
