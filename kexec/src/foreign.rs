//! Files given in the wrong place, recognised by their first bytes.

use kexec_core::image::probe;

/// Bytes of a file that the functions here and [`kind::check`](crate::kind::check) look at.
pub const START: usize = 0x238;

/// Whether a file begins like a kernel of any kind that can be loaded, or like an ELF file.
#[must_use]
pub fn is_kernel(start: &[u8]) -> bool {
    probe(start).is_started() || start.starts_with(b"\x7fELF")
}

/// Whether a file is a cpio archive of the two kinds the kernel unpacks (do_header in
/// init/initramfs.c).
#[must_use]
pub fn is_cpio(start: &[u8]) -> bool {
    start.starts_with(b"070701") || start.starts_with(b"070702")
}

/// Whether the kernel may unpack an initrd that begins like this: a cpio archive, zero bytes before
/// one, or what compressed_formats in lib/decompress.c lists.
#[must_use]
pub fn unpacks(start: &[u8]) -> bool {
    const COMPRESSED: [&[u8]; 8] = [
        b"\x1f\x8b",
        b"\x1f\x9e",
        b"\x42\x5a",
        b"\x5d\x00",
        b"\xfd\x37",
        b"\x89\x4c",
        b"\x02\x21",
        b"\x28\xb5",
    ];
    let compressed = COMPRESSED.iter().any(|magic| start.starts_with(magic));
    compressed || is_cpio(start) || start.starts_with(&[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_not_taken_for_initrds() {
        let mut kernel = [0x90; START];
        kernel[0x1fe..0x206].copy_from_slice(b"\x55\xaa\xeb\x6aHdrS");
        assert!(is_kernel(&kernel) && !unpacks(&kernel));
        assert!(!is_kernel(&kernel[..0x205]));
        assert!(is_kernel(b"\x7fELF\x02\x01") && !unpacks(b"\x7fELF\x02\x01"));
        for initrd in [&b"070701"[..], b"070702", b"\0\0\0\0", b"\x28\xb5\x2f\xfd"] {
            assert!(unpacks(initrd) && !is_kernel(initrd));
        }
        // The kernel knows neither the portable cpio nor lz4's frame format.
        for other in [&b"070707"[..], b"\x04\x22\x4d\x18", b"<html>", b""] {
            assert!(!unpacks(other) && !is_kernel(other));
        }
    }
}
