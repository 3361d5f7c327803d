//! Kernels that are compressed as a whole, which no kexec call takes: the kernel's own bzImage
//! unpacks itself, a `vmlinux.gz` does not.

/// Bytes of a file that [`compressed`] looks at.
pub const MAGIC: usize = 6;

/// The beginnings of compressed files, and what to do about them.
#[rustfmt::skip]
const KINDS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "it is compressed with gzip and must be unpacked first (gzip -d)"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd and must be unpacked first (zstd -d)"),
    (b"\xfd7zXZ\0", "it is compressed with xz and must be unpacked first (xz -d)"),
    // The properties nearly every encoder writes, and the low bytes of a dictionary of 64 KiB
    // or more.
    (b"\x5d\0\0", "it is compressed with lzma and must be unpacked first (xz -d --format=lzma)"),
    (b"BZh", "it is compressed with bzip2 and must be unpacked first (bzip2 -d)"),
    (b"\x04\x22\x4d\x18", "it is compressed with lz4 and must be unpacked first (lz4 -d)"),
    // The older format, which kernel builds use.
    (b"\x02\x21\x4c\x18", "it is compressed with lz4 and must be unpacked first (lz4 -d)"),
    (b"\x89LZO\0\r", "it is compressed with lzop and must be unpacked first (lzop -d)"),
];

/// What a file that begins like this is compressed with, and what to do; `None` if it is not.
#[must_use]
pub fn compressed(start: &[u8]) -> Option<&'static str> {
    KINDS
        .iter()
        .find(|(magic, _)| start.starts_with(magic))
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_them_and_takes_no_kernel_for_one() {
        for (magic, text) in KINDS {
            assert!(magic.len() <= MAGIC);
            assert_eq!(compressed(magic), Some(*text));
            assert_eq!(compressed(&magic[..magic.len() - 1]), None);
        }
        // An EFI stub, an older boot sector, an ELF file, nothing.
        for start in [
            &b"MZ\xea\x07\0\xc0"[..],
            b"\xea\x05\0\xc0\x07\x8c",
            b"\x7fELF\x02\x01",
            b"",
        ] {
            assert_eq!(compressed(start), None);
        }
    }
}
