//! From 32-bit protected mode to real mode; all of its code is in real_mode.s.
#![no_std]
#![no_main]

core::arch::global_asm!(include_str!("real_mode.s"));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
