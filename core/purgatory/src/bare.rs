//! The purgatory that verifies nothing: bare.s is all of it.
#![no_std]
#![no_main]

core::arch::global_asm!(include_str!("bare.s"));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
