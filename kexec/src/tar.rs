//! A tar archive, written as a stream: ustar headers (POSIX.1-1988), for names of up to 100 bytes.

/// Bytes of a header, and the unit of contents.
pub const BLOCK: usize = 512;

/// The end of an archive: two blocks of zeros.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// Zeros to add after contents of `size` bytes.
#[must_use]
pub fn padding(size: usize) -> &'static [u8] {
    let rest = size.checked_rem(BLOCK).unwrap_or(0);
    let missing = BLOCK.saturating_sub(rest).checked_rem(BLOCK);
    END.get(..missing.unwrap_or(0)).unwrap_or_default()
}

/// The header of a file with `size` bytes, or of a directory. The owner is root and the time is always
/// the same, so that equal contents give equal archives. `None` if name or size do not fit.
#[must_use]
pub fn header(name: &[u8], size: Option<usize>) -> Option<[u8; BLOCK]> {
    const NAME: usize = 100;
    // From the mode on: mode, uid, gid, size, time, checksum, type, link, magic and version, owner. The
    // checksum is made with spaces in its place. The time is not 0, which old versions of tar call
    // implausible.
    const REST: &[u8] = b"0000644\x000000000\x000000000\0\
        00000000000\x0000000000001\0        0";
    let mut block = [0; BLOCK];
    put(&mut block, 0, name);
    put(&mut block, NAME, REST);
    put(&mut block, 257, b"ustar\x0000root");
    put(&mut block, 297, b"root");
    put(&mut block, 124, &octal(size.unwrap_or(0))?);
    let mut length = name.len();
    if size.is_none() {
        put(&mut block, length, b"/");
        length = length.saturating_add(1);
        put(&mut block, 104, b"755");
        put(&mut block, 156, b"5");
    }
    if length > NAME {
        return None;
    }
    let bytes = block.iter().copied().map(usize::from);
    let sum = bytes.fold(0, usize::saturating_add);
    put(&mut block, 148, octal(sum)?.get(5..)?);
    put(&mut block, 154, b"\0");
    Some(block)
}

#[inline(never)]
fn put(block: &mut [u8; BLOCK], offset: usize, bytes: &[u8]) {
    for (to, from) in block.iter_mut().skip(offset).zip(bytes) {
        *to = *from;
    }
}

/// Eleven octal digits.
fn octal(mut number: usize) -> Option<[u8; 11]> {
    let mut digits = [b'0'; 11];
    for digit in digits.iter_mut().rev() {
        *digit |= (number & 7) as u8;
        number >>= 3;
    }
    (number == 0).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_header_is_that_of_ustar() {
        let block = header(b"proc/iomem", Some(0o1234)).unwrap();
        let field = |from: usize, to: usize| &block[from..to];
        assert_eq!(field(0, 12), b"proc/iomem\0\0");
        assert_eq!(field(100, 124), b"0000644\x000000000\x000000000\0");
        assert_eq!(field(124, 148), b"00000001234\x0000000000001\0");
        assert_eq!(field(156, 158), b"0\0");
        assert_eq!(field(257, 270), b"ustar\x0000root\0");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = block[148..156].iter().map(|byte| u32::from(*byte)).sum();
        let digits = core::str::from_utf8(&block[148..154]).unwrap();
        assert_eq!(u32::from_str_radix(digits, 8), Ok(sum - own + 8 * 32));
        assert_eq!(field(154, 156), b"\0 ");
        let directory = header(b"sys", None).unwrap();
        assert_eq!(&directory[..5], b"sys/\0");
        assert_eq!(
            (&directory[100..107], directory[156]),
            (&b"0000755"[..], b'5')
        );
    }

    #[test]
    fn what_does_not_fit_is_no_header() {
        let long: Vec<u8> = std::vec![b'x'; 101];
        assert!(header(&long[..100], Some(1)).is_some());
        assert!(header(&long, Some(1)).is_none());
        assert!(header(&long[..99], None).is_some());
        assert!(header(&long[..100], None).is_none());
        assert!(header(&[b'x'; 600], None).is_none());
        assert!(header(b"x", Some((1 << 33) - 1)).is_some());
        assert!(header(b"x", Some(1 << 33)).is_none());
    }

    #[test]
    fn contents_end_with_a_block() {
        for (size, missing) in [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511)] {
            assert_eq!(padding(size).len(), missing);
        }
    }
}
