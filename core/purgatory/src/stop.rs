//! Halt and reset.

use crate::layout::{Block, REBOOT};
use crate::port::{inb, outb};
use crate::verify::report;
use core::arch::asm;

/// Resets the machine if the block says so. Halts it otherwise, or if that part of the block is
/// damaged.
pub fn stop(block: &Block) -> ! {
    if report(block).is_some_and(|report| report.on_failure == REBOOT) {
        reset();
    }
    loop {
        // SAFETY: interrupts are off and stay off; nothing follows.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) }
    }
}

/// About `milliseconds`: a read of the POST port takes a microsecond on the ISA bus, and
/// hardly less where that bus is emulated.
fn pause(milliseconds: u32) {
    for _ in 0..milliseconds.wrapping_mul(1000) {
        inb(0x80);
    }
}

fn reset() {
    // Keyboard controller (8042): pulse the reset line, once it accepts commands.
    for _ in 0..0x1_0000 {
        if inb(0x64) & 2 == 0 {
            break;
        }
    }
    outb(0x64, 0xfe);
    pause(50);
    // Reset control register of the chipset: hard reset, then the edge that starts it.
    outb(0xcf9, 0x02);
    pause(1);
    outb(0xcf9, 0x06);
    pause(50);
    // No IDT and an exception: shutdown, after which the chipset resets.
    let none = [0_u16; 5];
    // SAFETY: the machine is to be reset; no handler is needed after this.
    unsafe { asm!("lidt [{}]", "ud2", in(reg) &raw const none, options(noreturn)) }
}
