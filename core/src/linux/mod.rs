//! The only module that makes system calls: raw calls, files, load, exec.
//!
//! # Safety
//! All `unsafe` of this crate outside the purgatory's digest is here. `arch::syscall*`
//! requires that the arguments match what the kernel expects: pointers valid for the given lengths, as
//! long as the kernel uses them. Each wrapper is one call whose
//! arguments come from Rust references of the right type and length.
//!
//! No safe function here can cause undefined behaviour: descriptors are owned or borrowed as in
//! `std::os::fd`, and functions with conditions that only the caller can meet are `unsafe`: bytes of a
//! file that others could change ([`Mapping::bytes`]), numbers used as descriptors
//! ([`Fd::from_raw`], [`BorrowedFd::from_raw`]), a handler that runs anywhere
//! ([`on_bus_error`]).
#![allow(unsafe_code)]

mod arch;
mod auxv;
mod calls;
mod contents;
mod copies;
mod create;
mod dir;
mod exec;
mod fd;
mod file;
mod hold;
mod ifdown;
mod load;
mod loaded;
mod machine;
mod map;
mod memfd;
mod memory;
mod mount;
mod process;
mod random;
mod reopen;
mod signal;
mod unpacked;

pub use arch::NATIVE;
pub use contents::Contents;
pub use copies::Copies;
pub use create::{create_at, make_directory_at};
pub use dir::Entries;
pub use exec::{reboot_kexec, sync};
pub use fd::{BorrowedFd, Fd, Standard};
pub use file::{open, open_at, read, read_at, read_file, read_file_at, write};
pub use hold::{Held, Hold, Stamp};
pub use ifdown::interfaces_down;
pub use linux_raw_sys::general::{O_DIRECTORY, O_PATH, O_RDONLY, O_WRONLY};
pub use load::{
    KEXEC_ON_CRASH, file_flag_known, file_flags, kexec_file_load, kexec_file_unload, kexec_load,
    kexec_unload, knows_file_flag, may_kexec_load,
};
pub use loaded::{handover_is_final, kernel_has_kexec, loaded};
pub use machine::{
    Captured, capture, each_source, read_machine, read_machine_at, read_machine_to_boot,
    read_machine_to_check, read_machine_to_plan, read_xen,
};
pub use map::{BorrowedFile, File, Mapping};
pub use memfd::{join, joined_size};
pub use memory::Memory;
pub use mount::mount;
pub use process::{
    Environment, execute, exit, milliseconds, sleep_milliseconds, terminal_columns, write_all,
    write_all_to,
};
pub use random::{random_secret, random_seed};
pub use signal::{Ignored, WriteSignal, on_bus_error};
pub use unpacked::written;
