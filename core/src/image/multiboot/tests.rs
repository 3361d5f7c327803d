use super::*;
use std::vec;
use std::vec::Vec;

/// A header of version 1 at `at`, with address fields behind it where flags have bit 16.
pub(crate) fn one(at: usize, flags: u32, addresses: &[u32], size: usize) -> Vec<u8> {
    let mut file = vec![0x90; size];
    let sum = 0_u32.wrapping_sub(0x1bad_b002).wrapping_sub(flags);
    let words = [&[0x1bad_b002, flags, sum], addresses].concat();
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    file[at..at + bytes.len()].copy_from_slice(&bytes);
    file
}

/// A tag of version 2: its type, whether it is optional, and its words.
type Tag<'t> = (u16, bool, &'t [u32]);

/// A header of version 2 at `at`, with these tags and an end tag.
pub(crate) fn two(at: usize, tags: &[Tag<'_>], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let end: Tag<'_> = (0, false, &[]);
    for (kind, optional, words) in tags.iter().chain([&end]) {
        bytes.extend_from_slice(&kind.to_le_bytes());
        bytes.extend_from_slice(&u16::from(*optional).to_le_bytes());
        bytes.extend_from_slice(&(8 + 4 * words.len() as u32).to_le_bytes());
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    let length = 16 + bytes.len() as u32;
    let sum = 0_u32.wrapping_sub(0xe852_50d6).wrapping_sub(length);
    let fixed = [0xe852_50d6, 0, length, sum].map(u32::to_le_bytes);
    let mut file = vec![0x90; size.max(at + 16 + bytes.len())];
    file[at..at + 16].copy_from_slice(fixed.as_flattened());
    file[at + 16..at + 16 + bytes.len()].copy_from_slice(&bytes);
    file
}

/// The addresses of grub-invaders: header, load, load end, bss end and entry.
const INVADERS: [u32; 5] = [0x10_0004, 0x10_0000, 0x10_1ac0, 0x10_5c30, 0x10_0024];
/// Its header is 0x1004 bytes into a file of 0x2d84, at a distance of 4 from the first byte that is loaded.
fn invaders() -> Vec<u8> {
    one(0x1004, 0x1_0003, &INVADERS, 0x2d84)
}

fn parts(image: &Multiboot<'_>) -> Vec<(usize, u64, u64)> {
    let loads = image.loads().iter();
    loads
        .map(|load| (load.bytes.len(), load.offset, load.size))
        .collect()
}

#[test]
fn a_file_with_addresses_is_loaded_by_them() {
    let file = invaders();
    let image = Multiboot::parse_one(&file).unwrap();
    assert_eq!(parts(&image), [(0x1ac0, 0, 0x6000)]);
    assert_eq!(image.loads()[0].bytes.as_ptr(), file[0x1000..].as_ptr());
    assert_eq!(image.range(), Range::new(0x10_0000, 0x10_5fff).unwrap());
    assert_eq!((image.entry(), image.relocation()), (0x10_0024, None));
    assert_eq!(image.wants(), Wants::default());
    let facts = image.facts();
    assert_eq!(
        (facts.size, facts.loaded, facts.relocatable),
        (0x6000, 0x1ac0, false)
    );
    assert_eq!(
        (facts.format, facts.pref_address),
        (Format::Multiboot1, 0x10_0000)
    );

    // To the end of the file, and no bss; not at the start of a page, for which the file has bytes.
    let words = [0x10_0044, 0x10_0010, 0, 0, 0x10_0011];
    let file = one(0x44, 0x1_0000, &words, 0x1234);
    let image = Multiboot::parse_one(&file).unwrap();
    assert_eq!(parts(&image), [(0x1234, 0, 0x2000)]);
    assert_eq!(image.range().start(), 0x10_0000);
}

#[test]
fn what_addresses_cannot_be() {
    let refused = |at: usize, words: [u32; 5]| {
        let file = one(at, 0x1_0000, &words, 0x2000);
        Multiboot::parse_one(&file).map(|_| ()).unwrap_err()
    };
    let field = |at: usize, words, what: &str, value: u64| match refused(at, words) {
        Error::BadField {
            what: said,
            value: found,
            ..
        } => {
            assert!(said.contains(what), "{said}");
            assert_eq!(found, value);
        }
        other => panic!("{other:?}"),
    };
    let (m, end, bss) = (0x10_0000, 0x10_1000, 0x10_3000);
    field(
        0x10,
        [m + 0x10, m + 0x20, end, bss, m],
        "above header_addr",
        0x10_0020,
    );
    field(0x10, [m + 0x20, m, end, bss, m], "further below", 0x10_0000);
    field(
        0x10,
        [m + 0x10, m, m - 1, bss, m],
        "load_end_addr",
        0xf_ffff,
    );
    field(
        0x10,
        [m + 0x10, m, end, end - 1, m],
        "bss_end_addr",
        0x10_0fff,
    );
    field(0x10, [m + 0x10, m, end, bss, end], "entry", 0x10_1000);
    field(0x10, [m + 0x10, m, end, bss, m - 1], "entry", 0xf_ffff);
    field(0x10, [m + 0x10, m, m, bss, m], "nothing to load", 0x10_0000);
    // The file has no bytes for the start of the page.
    field(
        0x10,
        [m + 0x30, m + 0x20, end, bss, m + 0x20],
        "start of its page",
        0x10_0020,
    );
    let past = refused(0x10, [m + 0x10, m, 0x10_2001, bss, m]);
    assert!(
        matches!(
            past,
            Error::Truncated {
                need: 0x2001,
                have: 0x2000,
                ..
            }
        ),
        "{past:?}"
    );
    let high = [0xffff_f010, 0xffff_f000, 0, 0, 0xffff_f000];
    let above = refused(0x10, high);
    assert!(
        matches!(above, Error::NotBootable { why } if why.contains("4 GiB")),
        "{above:?}"
    );
}

#[test]
fn every_truncation_of_both_is_refused_or_found_to_be_none() {
    let (file, words) = (invaders(), [0x10_0000, u32::MAX, 0, 0x10_4000]);
    for length in 0..0x2ac0 {
        assert!(
            Multiboot::parse_one(&file[..length]).is_err(),
            "{length:#x}"
        );
    }
    Multiboot::parse_one(&file[..0x2ac0]).unwrap();
    let file = two(0, &[(2, false, &words), (3, false, &[0x10_0000])], 0x100);
    let tags = 16 + 24 + 16 + 8;
    for length in 0..tags {
        assert!(
            Multiboot::parse_two(&file[..length]).is_err(),
            "{length:#x}"
        );
    }
    Multiboot::parse_two(&file[..tags]).unwrap();
}

#[test]
fn flags_of_version_1() {
    for (flags, wants) in [
        (0x1_0000, Wants::default()),
        // The upper half may be ignored.
        (0xffff_0003, Wants::default()),
        (
            0x1_0004,
            Wants {
                screen: true,
                needs_screen: true,
                efi_64: false,
            },
        ),
    ] {
        let file = one(0x1004, flags, &INVADERS, 0x2d84);
        assert_eq!(
            Multiboot::parse_one(&file).unwrap().wants(),
            wants,
            "{flags:#x}"
        );
    }
    for bit in 3..16 {
        let file = one(0x1004, 0x1_0003 | 1 << bit, &INVADERS, 0x2d84);
        let refused = Multiboot::parse_one(&file).map(|_| ());
        assert!(
            matches!(refused, Err(Error::BadField { offset: 0x1008, value, .. }) if value == 1 << bit),
            "{refused:?}"
        );
    }
}

/// A header of version 2 with a place to load, an entry and these tags.
fn tagged(tags: &[Tag<'_>]) -> Vec<u8> {
    let place: [Tag<'_>; 2] = [
        (2, false, &[0x20_0000, 0x20_0000, 0x20_0400, 0x20_3000]),
        (3, false, &[0x20_0100]),
    ];
    two(0, &[&place[..], tags].concat(), 0x400)
}

#[test]
fn tags_of_version_2_are_honoured() {
    let file = tagged(&[
        (1, false, &[1, 2, 3, 4, 6, 8, 12, 14, 15, 21]),
        // Types that nobody knows, which it can do without.
        (1, true, &[99, 17]),
        (4, false, &[2]),
        (5, true, &[1024, 768, 32]),
        (6, false, &[]),
        (7, false, &[]),
        (8, false, &[0x20_0100]),
        (9, false, &[0x20_0100]),
        (10, false, &[0x20_0000, 0xffff_ffff, 0x20_0000, 2]),
        (0x1234, true, &[7]),
    ]);
    let image = Multiboot::parse_two(&file).unwrap();
    assert_eq!(
        (image.format(), image.entry()),
        (Format::Multiboot2, 0x20_0100)
    );
    assert_eq!(parts(&image), [(0x400, 0, 0x3000)]);
    assert_eq!(
        image.wants(),
        Wants {
            screen: true,
            needs_screen: false,
            efi_64: true
        }
    );
    let to = Relocation {
        min: 0x20_0000,
        max: 0xffff_ffff,
        align: 0x20_0000,
        low: false,
    };
    assert_eq!(image.relocation(), Some(to));
    let low = tagged(&[(10, true, &[0, 0x7fff_ffff, 0x1000, 1])]);
    let to = Relocation {
        min: 0,
        max: 0x7fff_ffff,
        align: 0x1000,
        low: true,
    };
    assert_eq!(Multiboot::parse_two(&low).unwrap().relocation(), Some(to));
    for (tag, needs) in [
        ((5, false, &[0_u32, 0, 0][..]), true),
        ((4, false, &[1]), true),
        ((4, true, &[1]), false),
    ] {
        let file = tagged(&[tag]);
        let wants = Multiboot::parse_two(&file).unwrap().wants();
        assert_eq!(
            wants,
            Wants {
                screen: true,
                needs_screen: needs,
                efi_64: false
            }
        );
    }
    // All of it, from its first byte on.
    let words = [0x20_0010, u32::MAX, 0, 0];
    let file = two(
        0x10,
        &[(2, false, &words), (3, false, &[0x20_0000])],
        0x1800,
    );
    assert_eq!(
        parts(&Multiboot::parse_two(&file).unwrap()),
        [(0x1800, 0, 0x2000)]
    );
}

#[test]
fn tags_of_version_2_are_refused_by_number() {
    let refused = |file: &[u8]| Multiboot::parse_two(file).map(|_| ()).unwrap_err();
    // 56 bytes are before the first of them.
    for (tag, what, offset, value) in [
        (
            (0x1234, false, &[7_u32][..]),
            "type is not known",
            56,
            0x1234,
        ),
        ((11, false, &[]), "type is not known", 56, 11),
        ((1, false, &[1, 17]), "information request", 56, 17),
        ((1, false, &[32]), "information request", 56, 32),
        ((1, false, &[0]), "information request", 56, 0),
        ((10, false, &[0, 0, 0, 0]), "alignment", 72, 0),
        ((10, false, &[0, 0, 3, 0]), "alignment", 72, 3),
        ((10, false, &[0, 0, 1]), "size of a tag", 60, 20),
        ((2, false, &[0, 0]), "size of a tag", 60, 16),
    ] {
        match refused(&tagged(&[tag])) {
            Error::BadField {
                what: said,
                offset: at,
                value: found,
            } => {
                assert!(said.contains(what), "{said}");
                assert_eq!((at, found), (offset, value), "{tag:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    // A size of 0 does not end.
    let mut file = tagged(&[]);
    file[20..24].fill(0);
    assert!(matches!(
        refused(&file),
        Error::BadField {
            offset: 20,
            value: 0,
            ..
        }
    ));
    file[20..24].fill(0xff);
    assert!(matches!(refused(&file), Error::BadField { offset: 20, .. }));
    // MIPS.
    let mut file = tagged(&[]);
    file[4] = 4;
    file[12] -= 4;
    assert!(matches!(refused(&file), Error::NotBootable { .. }));
    // A length beyond the file.
    let mut file = tagged(&[]);
    file[10] = 0x10;
    file[14] = file[14].wrapping_sub(0x10);
    assert!(matches!(refused(&file), Error::BadField { offset: 8, .. }));
    let file = two(0, &[(2, false, &[0, 0, 0, 0])], 0x400);
    assert!(matches!(refused(&file), Error::NotBootable { why } if why.contains("entry")));
}

#[test]
fn mutiboot_is_named() {
    let mut file = one(0x40, 0x1_0003, &INVADERS, 0x400);
    assert_eq!(probe(&file), Some(Format::Multiboot1));
    let sum = 0_u32.wrapping_sub(0x1bad_b005).wrapping_sub(0x1_0003);
    file[0x40..0x44].copy_from_slice(&0x1bad_b005_u32.to_le_bytes());
    file[0x48..0x4c].copy_from_slice(&sum.to_le_bytes());
    assert_eq!(probe(&file), Some(Format::Mutiboot));
    let refused = super::super::Image::parse(&file, None).map(|_| ());
    assert!(
        matches!(
            refused,
            Err(Error::NotThisFormat {
                found: Format::Mutiboot,
                ..
            })
        ),
        "{refused:?}"
    );
}

/// No length, offset or address of a damaged header leads to a panic, or to bytes that are not in the file.
#[test]
fn damaged_headers_are_read_to_the_end() {
    let mut random = crate::testing::Random::new(0x6d75_6c74);
    let files = [
        invaders(),
        tagged(&[(1, false, &[4, 6]), (10, true, &[0, 1 << 30, 4096, 1])]),
    ];
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let number = random.below(2) as usize;
        let mut file = files[number].clone();
        let begin = if number == 0 { 0x1004 } else { 0 };
        for _ in 0..1 + random.below(3) {
            let at = begin + 4 * random.below(16) as usize;
            let value = [0, 1, 0x10_0000, 0x20_0000, u32::MAX, random.next() as u32];
            let word = value[random.below(6) as usize];
            file[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        // The checksum, so that it stays a header.
        let fields = if number == 0 { 2 } else { 3 };
        let words = file[begin..].chunks(4).take(fields);
        let sum = words.fold(0_u32, |sum, word| {
            sum.wrapping_sub(u32_at(word, 0).unwrap())
        });
        file[begin + 4 * fields..begin + 4 * fields + 4].copy_from_slice(&sum.to_le_bytes());
        let image = if number == 0 {
            Multiboot::parse_one(&file)
        } else {
            Multiboot::parse_two(&file)
        };
        let Ok(image) = image else {
            refused += 1;
            continue;
        };
        read += 1;
        let inside = file.as_ptr_range();
        for load in image.loads() {
            assert!(load.bytes.is_empty() || inside.contains(&load.bytes.as_ptr()));
            assert!(load.bytes.len() as u64 <= load.size);
        }
        assert!(image.range().last() <= u32::MAX.into());
        assert!((image.range().start()..=image.range().last()).contains(&image.entry()));
    }
    assert!(read > 500 && refused > 5000, "{read} {refused}");
}
