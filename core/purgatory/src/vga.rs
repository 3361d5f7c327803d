//! VGA text memory, and the registers of text mode 3 (80×25, 16 colours).
//!
//! The running kernel's identity map covers the first MiB, so 0xb8000 can be reached.

use crate::port::{inb, outb};

const COLUMNS: usize = 80;
const ROWS: usize = 25;
const CELLS: usize = COLUMNS * ROWS;
const MEMORY: usize = 0xb_8000;
/// Light grey on black.
const ATTRIBUTE: u16 = 0x0700;

pub struct Screen {
    cell: usize,
}

impl Screen {
    pub fn new() -> Self {
        // Under what the firmware or the kernel left in the first line.
        Self { cell: COLUMNS }
    }

    fn get(cell: usize) -> u16 {
        let address = core::ptr::with_exposed_provenance::<u16>(MEMORY).wrapping_add(cell);
        // SAFETY: callers stay below CELLS; the text window is mapped, and is no Rust object.
        unsafe { address.read_volatile() }
    }

    fn set(cell: usize, value: u16) {
        let address = core::ptr::with_exposed_provenance_mut::<u16>(MEMORY).wrapping_add(cell);
        // SAFETY: callers stay below CELLS; the text window is mapped, and is no Rust object.
        unsafe { address.write_volatile(value) }
    }

    pub fn byte(&mut self, byte: u8) {
        if byte == b'\n' {
            let column = self.cell % COLUMNS;
            self.cell = self.cell.wrapping_sub(column).wrapping_add(COLUMNS);
        } else {
            Self::set(self.cell, ATTRIBUTE | u16::from(byte));
            self.cell = self.cell.wrapping_add(1);
        }
        if self.cell >= CELLS {
            for cell in 0..CELLS {
                let below = cell.wrapping_add(COLUMNS);
                let blank = ATTRIBUTE | u16::from(b' ');
                Self::set(cell, if below < CELLS { Self::get(below) } else { blank });
            }
            self.cell = CELLS - COLUMNS;
        }
    }
}

// Register values of mode 3 in the IBM VGA's parameter table (IBM PS/2 Hardware Interface
// Technical Reference, "Video Subsystem"). 25 lines of 16 dots, colour ports 0x3d4 and 0x3da.
const MISCELLANEOUS: u8 = 0x67;
const SEQUENCER: [u8; 5] = [0x03, 0x00, 0x03, 0x00, 0x02];
const CRT_CONTROLLER: [u8; 25] = [
    0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
];
const GRAPHICS: [u8; 9] = [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff];
const ATTRIBUTES: [u8; 21] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
    0x0c, 0x00, 0x0f, 0x08, 0x00,
];

const ATTRIBUTE_PORT: u16 = 0x3c0;
const MISCELLANEOUS_PORT: u16 = 0x3c2;
const SEQUENCER_PORT: u16 = 0x3c4;
const GRAPHICS_PORT: u16 = 0x3ce;
const CRT_PORT: u16 = 0x3d4;
const STATUS_PORT: u16 = 0x3da;

fn indexed(port: u16, values: &[u8]) {
    for (index, value) in (0_u8..).zip(values) {
        outb(port, index);
        outb(port.wrapping_add(1), *value);
    }
}

/// Programs text mode 3.
pub fn reset() {
    outb(MISCELLANEOUS_PORT, MISCELLANEOUS);
    indexed(SEQUENCER_PORT, &SEQUENCER);
    // Bit 7 of register 0x11 write-protects registers 0 to 7.
    outb(CRT_PORT, 0x11);
    outb(CRT_PORT.wrapping_add(1), 0x0e);
    indexed(CRT_PORT, &CRT_CONTROLLER);
    indexed(GRAPHICS_PORT, &GRAPHICS);
    for (index, value) in (0_u8..).zip(&ATTRIBUTES) {
        inb(STATUS_PORT); // the attribute port expects an index next
        outb(ATTRIBUTE_PORT, index);
        outb(ATTRIBUTE_PORT, *value);
    }
    inb(STATUS_PORT);
    outb(ATTRIBUTE_PORT, 0x20); // palette back to the display
}
