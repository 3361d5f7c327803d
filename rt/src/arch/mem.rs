//! The memcpy family: the functions that every compiler requires, by their C contracts, for programs
//! and for the shared object without libc (ffi/src/mem.rs also has this module). In
//! assembly, so that none can be compiled into a call of itself. No copy is larger than a few
//! KiB. A section for each, so that the linker leaves out what a program does not call.

use core::arch::global_asm;

#[cfg(target_arch = "aarch64")]
global_asm!(include_str!("aarch64/mem.s"));
#[cfg(target_arch = "riscv64")]
global_asm!(include_str!("riscv64/mem.s"));
#[cfg(target_arch = "x86_64")]
global_asm!(include_str!("x86_64/mem.s"));
