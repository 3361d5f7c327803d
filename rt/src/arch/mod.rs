//! Code that depends on the architecture: the first instructions, and the memcpy family. The only place
//! in this crate with `cfg(target_arch)`. A target without a directory here has none of them;
//! kexec-core refuses it by name.

mod mem;

use core::arch::global_asm;

#[cfg(target_arch = "aarch64")]
global_asm!(include_str!("aarch64/start.s"));
#[cfg(target_arch = "riscv64")]
global_asm!(include_str!("riscv64/start.s"));
#[cfg(target_arch = "x86_64")]
global_asm!(include_str!("x86_64/start.s"));
