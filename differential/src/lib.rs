//! The same machine and the same image given to kexec-tools and to libkexec: what each hands to
//! the next kernel, field by field.
//!
//! ```text
//! machines ──► a tree of proc/ and sys/ ─┐
//! image    ──► bzImage, initrd           ├─► trace (twice) ──► handover ──► compare ──► expected
//! ```
//!
//! A command runs in a mount namespace of its own that has the fake machine in place of /proc,
//! /sys and /dev, and under ptrace(2): its kexec_load(2) is recorded, returns success, and never
//! reaches the kernel. [`lines`] compares which calls are made at all. Every difference must be a row
//! of [`expected`], which is the table in docs/differences.md; a row that no machine shows is an error as well.

pub mod compare;
pub mod document;
pub mod expected;
pub mod fields;
pub mod handover;
pub mod image;
pub mod lines;
pub mod machine;
pub mod machines;
pub mod request;
pub mod run;
pub mod trace;

/// What can go wrong, in words: these tools report to a person.
pub type Outcome<T = ()> = Result<T, String>;
