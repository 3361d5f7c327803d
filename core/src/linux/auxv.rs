//! Facts that the kernel gives each process in its auxiliary vector.

use linux_raw_sys::general as raw;

use super::arch;
use super::file::{open, read};
use crate::arch::Arch;
use crate::cstr;
use crate::machine;
use crate::memory::PageSize;

/// The running kernel's page size. Of the architectures here, only arm64 has a choice.
pub fn page_size() -> Option<PageSize> {
    if arch::NATIVE != Some(Arch::Arm64) {
        return None;
    }
    // About 25 pairs of 16 bytes.
    let mut auxv = [0; 1024];
    let fd = open(cstr!("/proc/self/auxv"), raw::O_RDONLY).ok()?;
    let got = read(&fd, &mut auxv).ok()?;
    machine::page_size(auxv.get(..got)?)
}
