//! Helpers of the unit tests.

use std::vec::Vec;

/// A small pseudo-random generator (xorshift64*), so that a failing case can be run again from
/// its seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A well-formed bzImage of `kernel` bytes of protected-mode code, as Debian's look: protocol
/// 2.15, 2 MiB alignment, all xloadflags, kernel_info.
pub fn bzimage(kernel: usize) -> Vec<u8> {
    const SETUP_SECTS: u8 = 4;
    let setup = (usize::from(SETUP_SECTS) + 1) * 512;
    let mut file = std::vec![0_u8; setup + kernel];
    for (index, byte) in file[setup..].iter_mut().enumerate() {
        *byte = (index as u8)
            .wrapping_mul(31)
            .wrapping_add((index >> 8) as u8);
    }
    let mut put = |offset: usize, bytes: &[u8]| {
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0x1f1, &[SETUP_SECTS]);
    put(0x1f4, &((kernel / 16) as u32).to_le_bytes());
    put(0x1fe, &0xaa55_u16.to_le_bytes());
    put(0x200, &[0xeb, 0x6a]);
    put(0x202, b"HdrS");
    put(0x206, &0x020f_u16.to_le_bytes());
    put(0x20e, &0x0200_u16.to_le_bytes());
    put(0x400, b"7.3.4-test #1\0");
    put(0x211, &[1]);
    put(0x230, &0x20_0000_u32.to_le_bytes());
    put(0x234, &[1, 21]);
    put(0x236, &0x7f_u16.to_le_bytes());
    put(0x238, &2047_u32.to_le_bytes());
    put(0x258, &0x100_0000_u64.to_le_bytes());
    put(0x260, &0x3c3_9000_u32.to_le_bytes());
    put(0x268, &0x100_u32.to_le_bytes());
    put(setup + 0x100, b"LToP");
    put(setup + 0x104, &16_u32.to_le_bytes());
    put(setup + 0x108, &16_u32.to_le_bytes());
    put(setup + 0x10c, &0x8000_000a_u32.to_le_bytes());
    file
}

/// A kernel of one part of 0x100 bytes at 16 MiB in 0x1000 bytes of memory, entered at its byte 0x10, and a
/// table with one value of each of two lists.
pub fn unpacked(table: bool) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    for value in [0x100_0010_u64, 64, 0] {
        file.extend(value.to_le_bytes());
    }
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
    for value in [
        1 | 7 << 32,
        0x1000,
        0xffff_ffff_8100_0000,
        0x100_0000,
        0x100,
        0x1000,
        0x20_0000,
    ] {
        file.extend(u64::to_le_bytes(value));
    }
    file.resize(0x1100, 0);
    file[0x1020..0x1028].copy_from_slice(&0xffff_ffff_8100_0010_u64.to_le_bytes());
    file[0x1030..0x1034].copy_from_slice(&0x8100_0010_u32.to_le_bytes());
    if table {
        for word in [0_u32, 0x8100_0020, 0, 0x8100_0030] {
            file.extend(word.to_le_bytes());
        }
    }
    file
}
