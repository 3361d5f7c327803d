use super::*;
use crate::testing::bzimage;
use std::vec::Vec;

/// Of 4 setup sectors.
const SETUP: usize = 2560;

/// A bzImage with this payload at offset 0x300 of the kernel.
fn with_payload(payload: &[u8]) -> Vec<u8> {
    let mut file = bzimage(0x1000);
    file[0x248..0x24c].copy_from_slice(&0x300_u32.to_le_bytes());
    file[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    file[SETUP + 0x300..][..payload.len()].copy_from_slice(payload);
    file
}

fn of(file: &[u8]) -> Result<(usize, Format, u64)> {
    let image = BzImage::parse(file).unwrap();
    let payload = Payload::of(&image)?;
    // It is a part of the file.
    assert_eq!(payload.bytes().as_ptr(), file[SETUP + 0x300..].as_ptr());
    Ok((payload.bytes().len(), payload.codec(), payload.size()))
}

#[test]
fn every_codec_by_its_mark_and_the_size_behind_it() {
    for (start, codec, length) in [
        (&b"\x1f\x8b\x08"[..], Format::Gzip, 20),
        (b"BZh9", Format::Bzip2, 16),
        (b"\x5d\0\0\0\x02", Format::Lzma, 16),
        (b"\xfd7zXZ\0", Format::Xz, 16),
        (b"\x89LZO\0\r", Format::Lzop, 16),
        (b"\x02\x21\x4c\x18", Format::Lz4, 16),
        (b"\x28\xb5\x2f\xfd", Format::Zstd, 16),
    ] {
        let mut payload = [0_u8; 20];
        payload[..start.len()].copy_from_slice(start);
        payload[16..].copy_from_slice(&[0, 0x10, 0x02, 0]);
        assert_eq!(of(&with_payload(&payload)), Ok((length, codec, 0x2_1000)));
    }
}

#[test]
fn a_payload_of_no_known_compression_is_refused_by_its_name() {
    for (start, found) in [
        (&b"\x7fELF\x02\x01"[..], Format::Elf),
        (b"\xff\xfe", Format::Unknown),
    ] {
        let mut payload = [0xff_u8; 20];
        payload[..start.len()].copy_from_slice(start);
        let error = of(&with_payload(&payload)).unwrap_err();
        assert!(matches!(error, Error::NotThisFormat { found: is, .. } if is == found));
    }
}

#[test]
fn offset_and_length_must_stay_inside_the_kernel() {
    let good = with_payload(b"\x28\xb5\x2f\xfd\0\0\0\0\0\0\x01\0");
    assert_eq!(of(&good), Ok((8, Format::Zstd, 0x1_0000)));
    for (offset, length) in [
        (0x300_u32, 0_u32),
        (0x300, 3),
        (0x300, 0xd01),
        (0x1000, 4),
        (0x1001, 0),
        (0x300, u32::MAX),
        (u32::MAX, 4),
        (u32::MAX, u32::MAX),
    ] {
        let mut file = good.clone();
        file[0x248..0x24c].copy_from_slice(&offset.to_le_bytes());
        file[0x24c..0x250].copy_from_slice(&length.to_le_bytes());
        let error = Payload::of(&BzImage::parse(&file).unwrap()).unwrap_err();
        let Error::BadField { offset, value, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((offset, value), (0x24c, length.into()));
    }
}

#[test]
fn the_size_is_bounded_by_init_size() {
    // init_size of this file.
    for (size, fits) in [
        (0_u32, false),
        (1, true),
        (0x3c3_9000, true),
        (0x3c3_9001, false),
        (u32::MAX, false),
    ] {
        let mut payload = *b"\x28\xb5\x2f\xfd\0\0\0\0....";
        payload[8..].copy_from_slice(&size.to_le_bytes());
        match of(&with_payload(&payload)) {
            Ok((8, Format::Zstd, found)) => assert_eq!((found, fits), (size.into(), true)),
            Err(Error::BadField { offset, value, .. }) => {
                assert_eq!((offset, value, fits), (2560 + 0x308, size.into(), false));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_header_without_the_fields() {
    let mut file = with_payload(b"\x28\xb5\x2f\xfd\0\0\0\0\0\0\x01\0");
    file[0x206..0x208].copy_from_slice(&[0x07, 0x02]);
    let error = Payload::of(&BzImage::parse_any(&file).unwrap()).unwrap_err();
    assert_eq!(
        error,
        Error::Protocol {
            found: 0x207,
            need: 0x208
        }
    );
}
