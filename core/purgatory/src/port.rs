//! Port I/O.

use core::arch::asm;

pub fn outb(port: u16, value: u8) {
    // SAFETY: touches no memory; the purgatory has the machine to itself, at privilege 0.
    unsafe {
        asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags))
    }
}

pub fn inb(port: u16) -> u8 {
    let value;
    // SAFETY: as outb().
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags))
    }
    value
}
