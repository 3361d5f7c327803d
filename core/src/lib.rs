//! kexec as a library.
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod purgatory;
