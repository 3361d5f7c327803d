//! From 32-bit protected mode to real mode: code that a handover puts beside a real-mode program, below
//! 1 MiB. The purgatory verifies it with the rest, enters it in 32-bit mode, and is above 1 MiB itself.

use crate::bytes::put_slice;

/// Bytes of its code.
const CODE_SIZE: usize = 160;
/// Where in it real mode begins.
const REAL: u16 = 0x49;

/// Its code. Entry is offset 0, EBX is its address. These are the assembled bytes of
/// core/purgatory/src/real_mode.s, so that every host has them; a test compares the two.
#[rustfmt::skip]
static CODE: &[u8; CODE_SIZE] = &[
    0x8d, 0xb3, 0x80, 0x00, 0x00, 0x00, 0xb9, 0x0d, 0x00, 0x00, 0x00, 0x31, 0xd2, 0x8a, 0x16, 0x8a,
    0x46, 0x01, 0xee, 0xe6, 0x80, 0x83, 0xc6, 0x02, 0xe2, 0xf3, 0x0f, 0x01, 0x93, 0xa0, 0x00, 0x00,
    0x00, 0x6a, 0x08, 0xb8, 0x2a, 0x00, 0x00, 0x00, 0x50, 0xcb, 0xb8, 0x10, 0x00, 0x8e, 0xd8, 0x8e,
    0xc0, 0x8e, 0xd0, 0x8e, 0xe0, 0x8e, 0xe8, 0x0f, 0x01, 0x1e, 0xb8, 0x00, 0x66, 0xb8, 0x10, 0x00,
    0x00, 0x00, 0x0f, 0x22, 0xc0, 0xff, 0x2e, 0xbe, 0x00, 0x66, 0x31, 0xc0, 0x66, 0x31, 0xdb, 0x66,
    0x31, 0xc9, 0x66, 0x31, 0xd2, 0x66, 0x31, 0xf6, 0x66, 0x31, 0xff, 0x66, 0x31, 0xed, 0x66, 0x31,
    0xe4, 0x2e, 0x0f, 0xb2, 0x26, 0xc2, 0x00, 0x2e, 0x8e, 0x1e, 0xc4, 0x00, 0x2e, 0x8e, 0x06, 0xc4,
    0x00, 0x2e, 0x8e, 0x26, 0xc4, 0x00, 0x2e, 0x8e, 0x2e, 0xc4, 0x00, 0x2e, 0xff, 0x2e, 0xc6, 0x00,
    0x20, 0x11, 0xa0, 0x11, 0x21, 0x08, 0xa1, 0x70, 0x21, 0x04, 0xa1, 0x02, 0x21, 0x01, 0xa1, 0x01,
    0x43, 0x36, 0x40, 0x00, 0x40, 0x00, 0x21, 0xb8, 0xa1, 0x8e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
];

/// The interrupt vectors of real mode: 256 far pointers from address 0 on.
const VECTORS_LIMIT: u16 = 0x3ff;
/// Three descriptors.
const GDT_LIMIT: u16 = 3 * 8 - 1;
/// Type and flags of a descriptor, after the base's third byte: present, accessed, with a limit in bytes.
const CODE16: u16 = 0x9b00;
const DATA16: u16 = 0x9300;

/// How a real-mode program is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealMode {
    /// Physical address of this code: below 1 MiB, a multiple of 16.
    pub address: u32,
    /// CS and IP.
    pub entry: (u16, u16),
    /// SS, which all other segment registers are, and SP.
    pub stack: (u16, u16),
}

impl RealMode {
    /// Bytes of code and parameters.
    pub const SIZE: usize = CODE_SIZE + 42;

    /// Writes code and parameters to the start of `out`; `None` if there is less room than
    /// [`RealMode::SIZE`].
    #[must_use]
    pub fn build(&self, out: &mut [u8]) -> Option<()> {
        let low = |address: u32| address as u16;
        let high = |address: u32| (address >> 16) as u16;
        let table = self.address.saturating_add(CODE_SIZE as u32);
        let (base, third) = (low(self.address), high(self.address));
        let words = [
            // The GDT; GDTR's limit and base are in its null descriptor.
            [GDT_LIMIT, low(table), high(table), 0],
            [0xffff, base, third | CODE16, 0],
            [0xffff, base, third | DATA16, 0],
        ];
        let far = [
            // IDTR, then far pointers.
            [VECTORS_LIMIT, 0, 0],
            [REAL, low(self.address >> 4), self.stack.1],
            [self.stack.0, self.entry.1, self.entry.0],
        ];
        put_slice(out, 0, CODE)?;
        let words = words.as_flattened().iter().chain(far.as_flattened());
        for (to, word) in out.get_mut(CODE_SIZE..)?.chunks_exact_mut(2).zip(words) {
            put_slice(to, 0, &word.to_le_bytes())?;
        }
        out.get(..Self::SIZE).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Assembled by the build script, where it can.
    #[cfg(not(no_purgatory_x86_64))]
    #[test]
    fn the_bytes_are_the_assembly() {
        const ASSEMBLED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/real_mode-x86_64.bin"));
        assert!(
            ASSEMBLED == CODE,
            "real_mode.s is assembled to {ASSEMBLED:#04x?}"
        );
        // xor eax, eax: the first instruction in real mode.
        assert_eq!(CODE[usize::from(REAL)..][..3], [0x66, 0x31, 0xc0]);
    }

    #[test]
    fn parameters_follow_the_code() {
        let program = RealMode {
            address: 0x4_f000,
            entry: (0x4120, 0x5),
            stack: (0x4100, 0xe000),
        };
        let mut out = [0xee; RealMode::SIZE + 1];
        program.build(&mut out).unwrap();
        assert_eq!(out[..CODE_SIZE], CODE[..]);
        assert_eq!(
            out[CODE_SIZE..],
            [
                0x17, 0x00, 0xa0, 0xf0, 0x04, 0x00, 0x00, 0x00, // GDTR
                0xff, 0xff, 0x00, 0xf0, 0x04, 0x9b, 0x00, 0x00, // 0x08
                0xff, 0xff, 0x00, 0xf0, 0x04, 0x93, 0x00, 0x00, // 0x10
                0xff, 0x03, 0x00, 0x00, 0x00, 0x00, // IDTR
                0x49, 0x00, 0x00, 0x4f, // real mode
                0x00, 0xe0, 0x00, 0x41, // SP, SS
                0x05, 0x00, 0x20, 0x41, // IP, CS
                0xee,
            ]
        );
        for room in 0..RealMode::SIZE {
            assert_eq!(program.build(&mut out[..room]), None);
        }
    }
}
