//! Checked little-endian reads and writes at byte offsets.
//!
//! Every format here is little-endian by specification; nothing is cast to a host struct, so
//! the same code reads an x86 header on any host. A read past the end is `None`, never a panic.

macro_rules! accessors {
    ($($read:ident $write:ident $type:ty;)*) => {$(
        #[doc = concat!("The little-endian `", stringify!($type), "` at `offset`; `None` past the end.")]
        #[must_use]
        pub fn $read(bytes: &[u8], offset: usize) -> Option<$type> {
            bytes.get(offset..)?.first_chunk().map(|raw| <$type>::from_le_bytes(*raw))
        }

        #[doc = concat!("Writes a little-endian `", stringify!($type), "` at `offset`; `None` past the end, nothing written.")]
        #[must_use]
        pub fn $write(bytes: &mut [u8], offset: usize, value: $type) -> Option<()> {
            *bytes.get_mut(offset..)?.first_chunk_mut()? = value.to_le_bytes();
            Some(())
        }
    )*};
}

accessors! {
    u8_at put_u8 u8;
    u16_at put_u16 u16;
    u32_at put_u32 u32;
    u64_at put_u64 u64;
}

/// The `length` bytes at `offset`; `None` past the end.
#[must_use]
pub fn slice_at(bytes: &[u8], offset: usize, length: usize) -> Option<&[u8]> {
    bytes.get(offset..)?.get(..length)
}

/// Copies `data` to `offset`; `None` past the end, nothing written.
#[must_use]
pub fn put_slice(bytes: &mut [u8], offset: usize, data: &[u8]) -> Option<()> {
    let target = bytes.get_mut(offset..)?.get_mut(..data.len())?;
    for (to, from) in target.iter_mut().zip(data) {
        *to = *from;
    }
    Some(())
}

/// Consecutive pieces of `N` bytes; a shorter rest is left out. Unlike `chunks_exact_mut`, nothing
/// is divided by the size of a piece, which could be zero as far as an optimiser knows.
pub(crate) fn pieces_mut<const N: usize>(
    mut bytes: &mut [u8],
) -> impl Iterator<Item = &mut [u8; N]> {
    core::iter::from_fn(move || {
        let (piece, rest) = core::mem::take(&mut bytes).split_first_chunk_mut()?;
        bytes = rest;
        Some(piece)
    })
}

/// Writes a decimal number to the end of `text`, as far as it has room, and returns where it begins.
pub fn put_decimal(text: &mut [u8], mut number: u32) -> usize {
    let mut start = text.len();
    for digit in text.iter_mut().rev() {
        *digit = b'0' | (number % 10) as u8;
        number /= 10;
        start = start.saturating_sub(1);
        if number == 0 {
            break;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_stop_at_the_end() {
        let mut bytes = [0x11, 0x22, 0x33, 0x44, 0x55];
        assert_eq!(u32_at(&bytes, 0), Some(0x4433_2211));
        assert_eq!(u32_at(&bytes, 1), Some(0x5544_3322));
        assert_eq!(u32_at(&bytes, 2), None);
        assert_eq!(u8_at(&bytes, usize::MAX), None);
        assert_eq!(put_u32(&mut bytes, 2, 7), None);
        assert_eq!(put_u16(&mut bytes, 3, 0xabcd), Some(()));
        assert_eq!(bytes, [0x11, 0x22, 0x33, 0xcd, 0xab]);
        assert_eq!(put_slice(&mut bytes, 4, &[1, 2]), None);
        assert_eq!(slice_at(&bytes, 3, 2), Some(&[0xcd, 0xab][..]));
        assert_eq!(slice_at(&bytes, 3, usize::MAX), None);
    }

    #[test]
    fn pieces_are_whole() {
        let mut bytes = [0; 8];
        for (piece, number) in pieces_mut::<3>(&mut bytes).zip(1..) {
            *piece = [number; 3];
        }
        assert_eq!(bytes, [1, 1, 1, 2, 2, 2, 0, 0]);
        assert_eq!(pieces_mut::<3>(&mut bytes[..2]).count(), 0);
        assert_eq!(pieces_mut::<4>(&mut bytes).count(), 2);
    }

    #[test]
    fn decimal_numbers_end_where_the_text_does() {
        let mut text = *b"..........";
        assert_eq!(put_decimal(&mut text, 0), 9);
        assert_eq!(put_decimal(&mut text[..8], 1234), 4);
        assert_eq!(&text, b"....1234.0");
        assert_eq!(put_decimal(&mut text, u32::MAX), 0);
        assert_eq!(&text, b"4294967295");
        assert_eq!(put_decimal(&mut text[..3], 98765), 0);
        assert_eq!(&text, b"7654967295");
        assert_eq!(put_decimal(&mut [], 5), 0);
    }
}
