//! Multiboot headers of both versions, with a checksum that is right: what is loaded by their addresses is what a
//! second reader finds, and all of it lies in the file.

use kexec_core::image::{Format, Image, Multiboot, probe};

/// A byte that says which version, whether the file is ELF, and the rest of a header: flags and addresses, or tags.
pub fn seeds() -> Vec<Vec<u8>> {
    let words = |first: u8, words: &[u32]| {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        std::iter::once(first).chain(bytes).collect::<Vec<u8>>()
    };
    let m = 0x10_0000;
    vec![
        words(0, &[0x1_0003, m, m, m + 0x20, m + 0x2000, m + 4]),
        words(0, &[0x1_0004, m + 0x10, m, 0, 0, m]),
        words(1, &[2, 24, m, m, m + 0x30, m + 0x2000, 3, 12, m, 0, 0, 8]),
        words(
            1,
            &[
                2,
                24,
                m,
                u32::MAX,
                0,
                0,
                3,
                12,
                m,
                0,
                10,
                24,
                0,
                u32::MAX,
                4096,
                1,
                0,
                8,
            ],
        ),
        words(
            1,
            &[0x1_0001, 16, 99, 12, 5, 20, 0, 0, 0, 0, 0x1_7777, 8, 0, 8],
        ),
        words(2, &[3]),
    ]
}

/// A file of the input, with the header first and as many bytes behind it.
fn file(data: &[u8]) -> (bool, Vec<u8>) {
    let (first, rest) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (*first, rest));
    let two = first & 1 != 0;
    let word = |at: usize| {
        let bytes = rest.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let mut file = if two {
        let length = 16 + rest.len() as u32;
        let sum = 0_u32.wrapping_sub(0xe852_50d6).wrapping_sub(length);
        [0xe852_50d6, 0, length, sum].map(u32::to_le_bytes).concat()
    } else {
        let flags = word(0).unwrap_or(0);
        let sum = 0_u32.wrapping_sub(0x1bad_b002).wrapping_sub(flags);
        [0x1bad_b002, flags, sum].map(u32::to_le_bytes).concat()
    };
    file.extend_from_slice(rest.get(if two { 0 } else { 4 }..).unwrap_or_default());
    (two, file)
}

/// Where in the file what is loaded begins and ends, if it is loaded by addresses of a header of version 1.
fn flat(file: &[u8]) -> Option<(usize, usize)> {
    let word = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?));
    if word(4)? & 0x1_0000 == 0 {
        return None;
    }
    let [header, load, end] = [word(12)?, word(16)?, word(20)?];
    // The header is the file's first byte: what is loaded cannot begin before it, nor after it.
    let to = if end == 0 {
        file.len()
    } else {
        (end - load) as usize
    };
    (header == load).then_some((0, to))
}

/// Runs the target.
pub fn run(data: &[u8]) {
    let (two, file) = file(data);
    let format = probe(&file);
    let expected = if two {
        Format::Multiboot2
    } else {
        Format::Multiboot1
    };
    if format != expected {
        // Its tags may hold the marks of another format, or the other version's header.
        return;
    }
    let parsed = if two {
        Multiboot::parse_two(&file)
    } else {
        Multiboot::parse_one(&file)
    };
    let image = match parsed {
        Ok(image) => image,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let again = Image::parse(&file, None).unwrap().facts();
    assert_eq!(image.facts(), again);
    let (inside, range) = (file.as_ptr_range(), image.range());
    for load in image.loads() {
        let bytes = load.bytes.as_ptr_range();
        assert!(load.bytes.is_empty() || inside.start <= bytes.start && bytes.end <= inside.end);
        assert!(load.bytes.len() as u64 <= load.size);
        assert!(load.offset + load.size <= range.size());
    }
    assert!(range.last() <= u64::from(u32::MAX));
    let entry = image.entry() - range.start();
    let mut loads = image.loads().iter();
    assert!(loads.any(|load| {
        let inside = entry.checked_sub(load.offset);
        inside.is_some_and(|inside| inside < load.bytes.len() as u64)
    }));
    if let Some(to) = image.relocation() {
        assert!(to.align.is_power_of_two());
    }
    if !two {
        let (from, to) = flat(&file).unwrap();
        assert_eq!(image.loads()[0].bytes, &file[from..to]);
    }
}
