//! The purgatory without verification; all of its code is in bare.s.
#![no_std]
#![no_main]

core::arch::global_asm!(include_str!("bare.s"));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
