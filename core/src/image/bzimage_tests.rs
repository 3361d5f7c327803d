use super::*;
use crate::testing::{Random, bzimage};

const KERNEL: usize = 0x1_0000;

#[test]
fn reads_the_header() {
    let file = bzimage(KERNEL);
    let image = BzImage::parse(&file).unwrap();
    assert_eq!(image.version(), 0x020f);
    assert_eq!(image.alignment(), 0x20_0000);
    assert!(image.relocatable());
    assert_eq!(image.pref_address(), 0x100_0000);
    assert_eq!(image.init_size(), 0x3c3_9000);
    assert_eq!(image.cmdline_size(), 2047);
    assert_eq!(image.setup_type_max(), Some(10));
    assert_eq!(image.version_string(), b"7.3.4-test #1");
    assert_eq!(image.release(), b"7.3.4-test");
    assert_eq!(image.kernel().len(), KERNEL);
    assert_eq!(image.kernel().as_ptr(), file[5 * 512..].as_ptr());
    assert_eq!(image.setup_header().len(), 0x26c - 0x1f1);
}

#[test]
fn a_signature_after_the_kernel_is_loaded_with_it() {
    let mut file = bzimage(KERNEL);
    file.extend([7; 1472]);
    assert_eq!(BzImage::parse(&file).unwrap().kernel().len(), KERNEL + 1472);
}

#[test]
fn the_header_copy_is_clamped_before_the_next_field_of_boot_params() {
    let mut file = bzimage(KERNEL);
    file[0x201] = 0xff;
    assert_eq!(
        BzImage::parse(&file).unwrap().setup_header().len(),
        0x290 - 0x1f1
    );
    file[0x201] = 0x10;
    assert!(matches!(
        BzImage::parse(&file),
        Err(Error::BadField { offset: 0x201, .. })
    ));
}

#[test]
fn zero_setup_sectors_mean_four() {
    let mut file = bzimage(KERNEL);
    file[0x1f1] = 0;
    assert_eq!(BzImage::parse(&file).unwrap().kernel().len(), KERNEL);
}

#[test]
fn the_header_says_how_long_the_file_is() {
    let mut file = bzimage(KERNEL);
    let whole = file.len() as u64;
    let said = BzImage::whole_size(&file[..0x208]).unwrap();
    assert!((whole - 15..=whole).contains(&said), "{said} of {whole}");
    // The same as the whole file is checked for.
    file.truncate(0x1000);
    let Err(Error::Truncated { need, .. }) = BzImage::parse(&file) else {
        panic!("a part of a kernel is taken");
    };
    assert_eq!(need, said);
    file[0x1f1] = 0;
    assert_eq!(BzImage::whole_size(&file), Some(said));
    assert_eq!(BzImage::whole_size(&file[..0x205]), None);
    // Before 2.04 syssize had two bytes.
    file[0x206..0x208].copy_from_slice(&0x0203_u16.to_le_bytes());
    assert_eq!(BzImage::whole_size(&file), None);
    assert_eq!(BzImage::whole_size(b"hello"), None);
}

#[test]
fn every_truncation_is_refused() {
    let file = bzimage(KERNEL);
    // The last paragraph may be short (syssize is in paragraphs); nothing else may.
    for length in 0..file.len() - 15 {
        let error = BzImage::parse(&file[..length]).unwrap_err();
        assert!(
            matches!(error, Error::Truncated { have, .. } if have == length as u64),
            "{length}: {error:?}"
        );
    }
    assert!(BzImage::parse(&file[..file.len() - 15]).is_ok());
}

#[test]
fn lying_headers_are_refused() {
    type Expected = fn(&Error) -> bool;
    let cases: [(usize, &[u8], Expected); 8] = [
        (0x202, b"X", |e| matches!(e, Error::NotThisFormat { .. })),
        (0x1fe, &[0], |e| matches!(e, Error::NotThisFormat { .. })),
        (0x206, &[0x0b, 0x02], |e| {
            matches!(
                e,
                Error::Protocol {
                    found: 0x020b,
                    need: 0x020c
                }
            )
        }),
        (0x211, &[0], |e| matches!(e, Error::NotBootable { .. })),
        (0x236, &[0x7e], |e| matches!(e, Error::NotBootable { .. })),
        (0x230, &[0x01, 0, 0x20, 0], |e| {
            matches!(e, Error::BadField { offset: 0x230, .. })
        }),
        (0x230, &[0, 0, 0, 0], |e| {
            matches!(e, Error::BadField { offset: 0x230, .. })
        }),
        (0x260, &[0, 0, 0, 0], |e| {
            matches!(e, Error::BadField { offset: 0x260, .. })
        }),
    ];
    for (offset, bytes, expected) in cases {
        let mut file = bzimage(KERNEL);
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
        let error = BzImage::parse(&file).unwrap_err();
        assert!(expected(&error), "{offset:#x}: {error:?}");
    }
}

#[test]
fn no_header_byte_makes_it_panic() {
    let good = bzimage(0x1000);
    for offset in 0x1f1..0x290 {
        for value in 0..=255 {
            let mut file = good.clone();
            file[offset] = value;
            if let Ok(image) = BzImage::parse(&file) {
                let _ = (image.version_string(), image.setup_type_max());
            }
        }
    }
    let mut random = Random::new(5);
    for _ in 0..20_000 {
        let mut file = good.clone();
        for _ in 0..8 {
            file[0x1f1 + random.below(0x9f) as usize] = random.next() as u8;
        }
        let _ = BzImage::parse(&file).map(|image| image.version_string().len());
    }
}
