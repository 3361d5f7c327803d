//! A flat file, all of which is assembly: the file that PAYLOAD names.
#![no_std]
#![no_main]

core::arch::global_asm!(include_str!(env!("PAYLOAD")));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
