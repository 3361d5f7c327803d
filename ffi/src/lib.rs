//! kexec as a C library: one C object per file, in the order of the data flow. The documentation of
//! the items becomes the C header (`include/libkexec.h`) and is written for the C programmer.
//!
//! # Safety
//! Every function takes pointers from C. A pointer is NULL, or it is valid for the object or the
//! length passed with it, for as long as the header says. The functions reject NULL, misaligned
//! objects, invalid sizes and objects that were not initialised; the caller promises the rest.
//! `pointer` and `versioned` turn pointers into references and copies. `unsafe` code elsewhere
//! calls them under this promise.
#![no_std]
#![allow(non_camel_case_types)]
// The promise is the one above for all functions; the header documents it for the C programmer.
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
mod machine_fields;
pub mod machine_get;
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
pub mod uki;
pub mod version;
mod versioned;
pub mod workspace;
