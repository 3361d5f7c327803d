//! CRC-32 of gzip (RFC 1952, 8), a byte at a time.

const POLYNOMIAL: u32 = 0xedb8_8320;

const TABLE: [u32; 256] = table();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            let low = value & 1;
            value >>= 1;
            if low == 1 {
                value ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

/// The checksum of all bytes.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |value: u32, byte: &u8| {
        let index = (value ^ u32::from(*byte)) & 0xff;
        let entry = TABLE.get(index as usize).copied().unwrap_or(0);
        entry ^ (value >> 8)
    };
    !bytes.iter().fold(!0, step)
}
