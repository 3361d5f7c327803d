//! The memcpy family, as in kexec-rt: for the shared object alone, and hidden in it.

#[path = "../../rt/src/arch/mem.rs"]
mod arch;

core::arch::global_asm!(".hidden memcpy, memmove, memset, memcmp, bcmp, strlen");
