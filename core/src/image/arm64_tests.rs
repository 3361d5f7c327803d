use super::*;
use std::vec::Vec;

/// The header of Debian's 7.3 (image_size 0x28d0000, flags 0xa), and a kernel of 64 KiB.
pub fn image() -> Vec<u8> {
    let mut file = std::vec![0x5a; 0x1_0000];
    file[..64].copy_from_slice(
        b"MZ\x40\xfa\xff\xbf\x97\x14\0\0\0\0\0\0\0\0\0\0\x8d\x02\0\0\0\0\x0a\0\0\0\0\0\0\0\
          \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0ARM\x64\x40\0\0\0",
    );
    file
}

fn with(offset: usize, value: u64) -> Result<u64> {
    let mut file = image();
    file[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    Arm64Image::parse(&file).map(|image| image.text_offset() + image.size())
}

#[test]
fn a_header_is_read() {
    let file = image();
    let image = Arm64Image::parse(&file).unwrap();
    assert_eq!((image.text_offset(), image.size()), (0, 0x28d_0000));
    assert_eq!(image.page_size(), Some(PageSize::K4));
    assert_eq!(image.facts().arch, Arch::Arm64);
    assert_eq!(image.facts().loaded, 0x1_0000);
    for (flags, page) in [
        (8, None),
        (12, Some(PageSize::K16)),
        (14, Some(PageSize::K64)),
    ] {
        let mut file = file.clone();
        file[24] = flags;
        assert_eq!(Arm64Image::parse(&file).unwrap().page_size(), page);
    }
    assert_eq!(with(8, 0x8_0000), Ok(0x28d_0000 + 0x8_0000));
}

#[test]
fn every_truncation_of_the_header_is_refused() {
    let file = image();
    for length in 0..64 {
        let error = Arm64Image::parse(&file[..length]).unwrap_err();
        match length {
            0 => assert_eq!(error, Error::EmptyFile),
            1..60 => assert!(matches!(error, Error::NotThisFormat { .. }), "{length}"),
            _ => assert!(matches!(error, Error::Truncated { .. }), "{length}"),
        }
    }
    Arm64Image::parse(&file[..64]).unwrap();
}

#[test]
fn what_cannot_be_started_is_refused() {
    let why = |result: Result<u64>| match result.unwrap_err() {
        Error::NotBootable { why } => why,
        other => panic!("{other:?}"),
    };
    assert!(why(with(24, 0xb)).contains("big-endian"));
    assert!(why(with(24, 2)).contains("4.6"));
    assert!(why(with(16, 0)).contains("3.17"));
    for (offset, value) in [(16, 0xffff), (8, 0x20_0000), (8, 0x1000), (8, u64::MAX)] {
        match with(offset, value).unwrap_err() {
            Error::BadField {
                offset: at,
                value: found,
                ..
            } => assert_eq!((at, found), (offset as u64, value)),
            other => panic!("{other:?}"),
        }
    }
}
