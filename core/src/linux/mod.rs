//! The only room that talks to the kernel: raw system calls, files, load, exec.
//!
//! # Safety
//! All `unsafe` of this crate outside the purgatory's digest is here. The obligation of
//! `arch::syscall*` is that the arguments match what the kernel's entry expects: pointers valid
//! for the lengths given, for as long as the kernel uses them. Each wrapper is one call whose
//! arguments come from Rust references of the right type and length.
#![allow(unsafe_code)]

mod arch;
mod dir;
mod file;
mod machine;

pub use dir::Entries;
pub use file::{Fd, open, open_at, read, read_file, read_file_at};
pub use machine::{read_machine, read_machine_below};
