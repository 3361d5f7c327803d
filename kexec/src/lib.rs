//! The pure part of the `kexec` command: options, their parsing and help texts, the report, the forms
//! of a plan, and the messages of failures.
//!
//! Nothing here makes a system call or can panic; the program around it is `main.rs`.
#![no_std]
#![forbid(unsafe_code)]
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

pub mod advice;
pub mod bad_usage;
pub mod command;
pub mod entries;
pub mod failure;
pub mod foreign;
pub mod getopt;
pub mod kind;
pub mod meter;
pub mod number;
pub mod plan;
pub mod reasons;
pub mod report;
pub mod segment;
pub mod similar;
pub mod table;
pub mod tar;
pub mod text;
pub mod usage;
