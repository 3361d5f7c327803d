//! The memcpy family, see mem.s.

core::arch::global_asm!(include_str!("mem.s"));
