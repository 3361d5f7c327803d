//! The purgatory's consoles: a serial port, VGA text memory, both or neither.

use crate::layout::{Block, CONSOLE_SERIAL, CONSOLE_VGA, RESET_VGA};
use crate::port::{inb, outb};
use crate::verify::report;
use crate::vga::{self, Screen};

/// UART registers, from the first port (16550 data sheet, "Register addresses").
const DATA: u16 = 0;
const INTERRUPT_ENABLE: u16 = 1;
const LINE_CONTROL: u16 = 3;
const MODEM_CONTROL: u16 = 4;
const LINE_STATUS: u16 = 5;
/// Line status: the transmitter takes a byte; it has sent everything.
const THR_EMPTY: u8 = 0x20;
const IDLE: u8 = 0x40;
/// Reads of the line status before the port is given up: a read takes about a microsecond,
/// one byte at 110 baud 91 ms.
const PATIENCE: u32 = 1 << 18;

pub struct Console {
    /// Port of the UART; `None` if it does not respond.
    serial: Option<u16>,
    screen: Option<Screen>,
}

impl Console {
    /// The consoles in the block; none if that part of the block is damaged.
    #[inline(never)]
    pub fn new(block: &Block) -> Self {
        let Some(report) = report(block) else {
            return Self {
                serial: None,
                screen: None,
            };
        };
        if report.flags & RESET_VGA != 0 {
            vga::reset();
        }
        let base = report.serial_base as u16;
        let serial = (report.flags & CONSOLE_SERIAL != 0).then_some(base);
        if serial.is_some() && report.serial_baud != 0 {
            let divisor = (115_200_u32.checked_div(report.serial_baud).unwrap_or(1)).to_le_bytes();
            outb(base.wrapping_add(INTERRUPT_ENABLE), 0);
            outb(base.wrapping_add(LINE_CONTROL), 0x83); // divisor latch, 8n1
            outb(base.wrapping_add(DATA), divisor[0]);
            outb(base.wrapping_add(INTERRUPT_ENABLE), divisor[1]);
            outb(base.wrapping_add(LINE_CONTROL), 0x03);
            outb(base.wrapping_add(MODEM_CONTROL), 0x03); // DTR, RTS
        }
        Self {
            serial,
            screen: (report.flags & CONSOLE_VGA != 0).then(Screen::new),
        }
    }

    fn wait(&mut self, ready: u8) {
        if let Some(base) = self.serial {
            for _ in 0..PATIENCE {
                if inb(base.wrapping_add(LINE_STATUS)) & ready != 0 {
                    return;
                }
            }
            // It does not respond: do not wait for it again.
            self.serial = None;
        }
    }

    fn send(&mut self, byte: u8) {
        self.wait(THR_EMPTY);
        if let Some(base) = self.serial {
            outb(base.wrapping_add(DATA), byte);
        }
    }

    fn byte(&mut self, byte: u8) {
        if byte == b'\n' {
            self.send(b'\r');
        }
        self.send(byte);
        if let Some(screen) = &mut self.screen {
            screen.byte(byte);
        }
    }

    /// Whether there is no console.
    fn is_silent(&self) -> bool {
        self.serial.is_none() && self.screen.is_none()
    }

    #[inline(never)]
    pub fn text(&mut self, text: &str) {
        if self.is_silent() {
            return;
        }
        for byte in text.bytes() {
            self.byte(byte);
        }
    }

    fn digit(&mut self, value: u8) {
        self.byte(match value & 15 {
            small @ 0..=9 => b'0'.wrapping_add(small),
            large => (b'a' - 10).wrapping_add(large),
        });
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.digit(byte.wrapping_shr(4));
            self.digit(*byte);
        }
    }

    /// A text, and a number as 0x and 16 digits.
    #[inline(never)]
    pub fn say(&mut self, text: &str, number: u64) {
        if self.is_silent() {
            return;
        }
        self.text(text);
        self.text("0x");
        self.bytes(&number.to_be_bytes());
    }

    /// Ends the last line, and waits until its last byte is sent, before the next program uses the port.
    pub fn end(&mut self) {
        self.text("\n");
        self.wait(IDLE);
    }
}
