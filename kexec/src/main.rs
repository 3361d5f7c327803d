//! The `kexec` command.
#![no_std]
#![no_main]

use core::arch::global_asm;

global_asm!(
    ".globl _start",
    "_start:",
    "mov edi, 1",
    "mov eax, 60",
    "syscall"
);

extern crate kexec_core;

#[cfg(not(debug_assertions))]
unsafe extern "C" {
    safe fn kexec_has_a_reachable_panic() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(not(debug_assertions))]
    kexec_has_a_reachable_panic();
    #[cfg(debug_assertions)]
    loop {}
}

#[cfg(debug_assertions)]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
