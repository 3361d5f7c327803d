//! The memcpy family, see mem.s: for the shared object alone, and hidden in it.

core::arch::global_asm!(include_str!("../../rt/src/mem.s"));
core::arch::global_asm!(".hidden memcpy, memmove, memset, memcmp, bcmp, strlen");
