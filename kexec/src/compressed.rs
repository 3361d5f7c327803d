//! Kernels in a compressed file, which no kexec call takes: a bzImage unpacks itself, a `vmlinux.gz`
//! does not.

use kexec_core::image::{Format, probe};

/// Bytes of a file that [`compressed`] looks at.
pub const MAGIC: usize = 6;

/// The compression of a file that begins with these bytes, and what to do; `None` if it is not
/// compressed.
#[must_use]
pub fn compressed(start: &[u8]) -> Option<&'static str> {
    Some(match probe(start) {
        Format::Gzip => "it is compressed with gzip and must be unpacked first (gzip -d)",
        Format::Zstd => "it is compressed with zstd and must be unpacked first (zstd -d)",
        Format::Xz => "it is compressed with xz and must be unpacked first (xz -d)",
        Format::Lzma => {
            "it is compressed with lzma and must be unpacked first (xz -d --format=lzma)"
        }
        Format::Bzip2 => "it is compressed with bzip2 and must be unpacked first (bzip2 -d)",
        Format::Lz4 => "it is compressed with lz4 and must be unpacked first (lz4 -d)",
        Format::Lzop => "it is compressed with lzop and must be unpacked first (lzop -d)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_them_and_takes_no_kernel_for_one() {
        for (magic, name) in [
            (&b"\x1f\x8b"[..], "gzip"),
            (b"\x28\xb5\x2f\xfd", "zstd"),
            (b"\xfd7zXZ\0", "xz"),
            (b"\x5d\0\0", "lzma"),
            (b"BZh", "bzip2"),
            (b"\x04\x22\x4d\x18", "lz4"),
            (b"\x02\x21\x4c\x18", "lz4"),
            (b"\x89LZO\0\r", "lzop"),
        ] {
            assert!(magic.len() <= MAGIC && probe(magic).is_compressed());
            let said = compressed(magic).unwrap();
            assert_eq!(said.split(' ').nth(4), Some(name));
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
