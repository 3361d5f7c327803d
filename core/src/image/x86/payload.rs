//! The compressed payload of a bzImage (Documentation/arch/x86/boot.rst, payload_offset and
//! payload_length; arch/x86/boot/compressed/Makefile, vmlinux.bin.all).

use crate::bytes::{slice_at, u32_at};
use crate::error::{Error, Format, Result};
use crate::image::bzimage::field;
use crate::image::{BzImage, probe};

/// payload_offset and payload_length came with boot protocol 2.08 (Linux 2.6.26).
const OLDEST: u16 = 0x0208;

/// The compressed kernel of a bzImage.
#[derive(Clone, Copy)]
pub struct Payload<'a> {
    bytes: &'a [u8],
    codec: Format,
    size: u32,
}

impl<'a> Payload<'a> {
    /// Finds it, without unpacking anything.
    ///
    /// # Errors
    /// [`Error::Protocol`] for a header without the fields; [`Error::BadField`] for a payload that is not
    /// inside the kernel, or whose size unpacked is 0 or more than init_size;
    /// [`Error::NotThisFormat`] for one that is not compressed by gzip, bzip2, lzma, xz, lzo, lz4 or zstd.
    pub fn of(image: &BzImage<'a>) -> Result<Self> {
        if image.version() < OLDEST {
            return Err(Error::Protocol {
                found: image.version(),
                need: OLDEST,
            });
        }
        let number = |at: usize| u32_at(image.setup(), at).unwrap_or(0);
        let (offset, length) = (number(field::PAYLOAD_OFFSET), number(field::PAYLOAD_LENGTH));
        let whole = usize::try_from(offset)
            .ok()
            .zip(usize::try_from(length).ok())
            .and_then(|(offset, length)| slice_at(image.kernel(), offset, length));
        let outside = Error::BadField {
            what: "payload_length, with which the payload must end inside the kernel,",
            offset: field::PAYLOAD_LENGTH as u64,
            value: length.into(),
        };
        let whole = whole.ok_or(outside)?;
        // The size unpacked, modulo 2^32. It is the end of a gzip stream, and follows the others.
        let (stream, size) = whole.split_last_chunk::<4>().ok_or(outside)?;
        let size = u32::from_le_bytes(*size);
        let codec = probe(whole);
        let bytes = match codec {
            Format::Gzip => whole,
            Format::Bzip2
            | Format::Lzma
            | Format::Xz
            | Format::Lzop
            | Format::Lz4
            | Format::Zstd => stream,
            found => {
                return Err(Error::NotThisFormat {
                    what: "a compressed kernel (the payload of the bzImage)",
                    found,
                });
            }
        };
        // The decompressor unpacks it inside these bytes (arch/x86/boot/header.S, init_size).
        if size == 0 || u64::from(size) > image.init_size() {
            return Err(Error::BadField {
                what: "the payload's size unpacked, which must be at most init_size,",
                offset: (image.setup().len() as u64)
                    .saturating_add(offset.into())
                    .saturating_add(stream.len() as u64),
                value: size.into(),
            });
        }
        Ok(Self { bytes, codec, size })
    }

    /// The compressed bytes, without the size behind them.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How it is compressed: [`Format::Gzip`], [`Format::Bzip2`], [`Format::Lzma`], [`Format::Xz`],
    /// [`Format::Lzop`], [`Format::Lz4`] or [`Format::Zstd`].
    #[must_use]
    pub const fn codec(&self) -> Format {
        self.codec
    }

    /// Bytes of it unpacked, as the file says: at least 1, at most [`BzImage::init_size`].
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size as u64
    }
}

impl core::fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Payload")
            .field("bytes", &self.bytes.len())
            .field("codec", &self.codec)
            .field("size", &self.size)
            .finish()
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
