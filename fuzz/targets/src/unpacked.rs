//! The payload of a bzImage, and the kernel in it with its relocation table: what is moved is what a
//! second reader moves, which walks the table from its end, as the kernel's decompressor does.

use kexec_core::image::x86::{Addresses, Payload, Unpacked};
use kexec_core::image::{BzImage, Format};

/// Bytes of the setup code of [`bzimage`].
const SETUP: usize = 1024;

/// A bzImage with these bytes behind its entry, as its payload.
fn bzimage(payload: &[u8], offset: u32, length: u32) -> Vec<u8> {
    let mut file = vec![0_u8; SETUP + 0x208 + payload.len()];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1f1, &[1]);
    put(0x1fe, &[0x55, 0xaa, 0xeb, 0x6a]);
    put(0x202, b"HdrS\x0f\x02");
    put(0x211, &[1]);
    put(0x230, &0x20_0000_u32.to_le_bytes());
    put(0x234, &[1, 21, 0x7f, 0]);
    put(0x238, &2047_u32.to_le_bytes());
    put(0x248, &offset.to_le_bytes());
    put(0x24c, &length.to_le_bytes());
    put(0x258, &0x100_0000_u64.to_le_bytes());
    put(0x260, &0x100_0000_u32.to_le_bytes());
    put(SETUP + 0x208, payload);
    file
}

/// Payloads of each codec, after their offset and length.
pub fn payload_seeds() -> Vec<Vec<u8>> {
    let marks: [&[u8]; 8] = [
        b"\x1f\x8b\x08",
        b"BZh9",
        b"\x5d\0\0\0\x02",
        b"\xfd7zXZ\0",
        b"\x89LZO\0\r",
        b"\x02\x21\x4c\x18",
        b"\x28\xb5\x2f\xfd",
        b"\x7fELF",
    ];
    let seed = |mark: &[u8]| {
        let mut seed = [0x208_u32.to_le_bytes(), 20_u32.to_le_bytes()].concat();
        seed.extend(mark);
        seed.resize(8 + 16, 0);
        seed.extend(0x2_1000_u32.to_le_bytes());
        seed
    };
    marks.into_iter().map(seed).collect()
}

/// A bzImage with any payload.
pub fn run_payload(data: &[u8]) {
    let Some((head, payload)) = data.split_first_chunk::<8>() else {
        return;
    };
    let [offset, length] = [0, 4].map(|at| number(head, at, 4) as u32);
    let file = bzimage(payload, offset, length);
    let image = BzImage::parse(&file).expect("a bzImage");
    let (from, to) = (u64::from(offset), u64::from(offset) + u64::from(length));
    let kernel = &file[SETUP..];
    let whole = (to <= kernel.len() as u64).then(|| &kernel[from as usize..to as usize]);
    match Payload::of(&image) {
        Ok(found) => {
            let whole = whole.expect("inside the kernel");
            let (stream, size) = whole.split_at(whole.len() - 4);
            let gzip = whole.starts_with(b"\x1f\x8b");
            assert_eq!(found.codec() == Format::Gzip, gzip);
            assert_eq!(found.bytes(), if gzip { whole } else { stream });
            let size = size
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            assert_eq!(found.size(), size);
            assert!((1..=image.init_size()).contains(&size));
        }
        Err(error) => {
            let good = whole.is_some_and(|whole| {
                whole.len() >= 16
                    && whole.starts_with(b"\x28\xb5\x2f\xfd")
                    && whole.ends_with(&[0, 0])
                    && whole[whole.len() - 4] != 0
                    // A probe may find another format by marks further on.
                    && whole.len() < 256
            });
            assert!(!good, "{error}");
        }
    }
}

/// A kernel of two parts, with a table of three lists and of two.
pub fn seeds() -> Vec<Vec<u8>> {
    let kernel = |words: &[u32]| {
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend([2, 0, 62, 0, 1, 0, 0, 0]);
        for value in [0x100_0010_u64, 64, 0] {
            file.extend(value.to_le_bytes());
        }
        file.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 0, 0, 0, 0]);
        for value in [
            [
                1_u64 | 7 << 32,
                0x100,
                0xffff_ffff_8100_0000,
                0x100_0000,
                0x60,
                0x1000,
                0x20_0000,
            ],
            [1 | 7 << 32, 0x160, 0, 0x120_0000, 0x40, 0x40, 0x20_0000],
        ]
        .concat()
        {
            file.extend(value.to_le_bytes());
        }
        file.resize(0x1a0, 0x5a);
        file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        // The numbers that are drawn.
        let mut seed = 77_u64.to_le_bytes().to_vec();
        seed.extend(file);
        seed
    };
    vec![
        kernel(&[]),
        kernel(&[0, 0x8100_0000, 0, 0x8120_0004, 0, 0x8100_0020, 0x8120_0010]),
        kernel(&[0, 0x8120_0038, 0x8100_0008, 0, 0x8100_0030]),
        kernel(&[0, 0x8100_005d, 0, 0x8100_0030]),
    ]
}

fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let bytes = bytes[at..at + size].iter().rev();
    bytes.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// An unpacked kernel of any bytes.
pub fn run(data: &[u8]) {
    let Some((virt, payload)) = data.split_first_chunk::<8>() else {
        return;
    };
    let file = bzimage(&[0; 16], 0x208, 16);
    let image = BzImage::parse(&file).expect("a bzImage");
    let virt = u64::from_le_bytes(*virt);
    let mut memory = payload.to_vec();
    let addresses = Addresses::Drawn { physical: 0, virt };
    let Ok(kernel) = Unpacked::new(&image, &mut memory, addresses) else {
        return;
    };
    // (p_offset, p_paddr, p_filesz) of each PT_LOAD with memory.
    let (table, count) = (
        number(payload, 32, 8) as usize,
        number(payload, 56, 2) as usize,
    );
    let loads: Vec<[u64; 3]> = (0..count)
        .map(|index| table + 56 * index)
        .filter(|at| number(payload, *at, 4) == 1 && number(payload, at + 40, 8) != 0)
        .map(|at| [8, 24, 32].map(|field| number(payload, at + field, 8)))
        .collect();
    let mut expected = payload.to_vec();
    if let Some(lists) = kernel.lists() {
        let sections = number(payload, 60, 2) * number(payload, 58, 2);
        let mut end = if sections == 0 {
            0
        } else {
            number(payload, 40, 8) + sections
        };
        for [offset, _, size] in &loads {
            end = end.max(offset + size);
        }
        let words = payload[end as usize..]
            .chunks(4)
            .map(|word| number(word, 0, 4) as u32);
        let mut words: Vec<u32> = words.collect();
        let zeros = words.iter().filter(|word| **word == 0).count();
        let size = kernel
            .size()
            .max((payload.len() as u64).next_multiple_of(0x20_0000));
        let slots = 1 + (0x4000_0000 - 0x100_0000 - size) / 0x20_0000;
        let delta = virt % slots * 0x20_0000;
        let mut moved = [0; 3];
        for list in 0..zeros {
            while let Some(word) = words.pop().filter(|word| *word != 0) {
                let place = u64::from(word)
                    .checked_sub(0x8000_0000)
                    .expect("a kernel's address");
                let wide = list + 1 == zeros;
                let width = if wide { 8 } else { 4 };
                let [offset, address, size] = loads
                    .iter()
                    .find(|[_, address, size]| (*address..address + size).contains(&place))
                    .expect("an address that is loaded");
                assert!(place - address + width <= *size);
                let (at, width) = ((offset + place - address) as usize, width as usize);
                let value = number(&expected, at, width);
                let value = if list == 1 && !wide {
                    value.wrapping_sub(delta)
                } else {
                    value.wrapping_add(delta)
                };
                expected[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
                moved[if wide { 2 } else { list }] += 1;
            }
        }
        assert_eq!(words, []);
        assert_eq!(
            [lists.narrow, lists.inverse.unwrap_or(0), lists.wide],
            moved
        );
    }
    // What is loaded is what is expected there, up to zeros.
    for load in kernel.loads() {
        let start = 0x100_0000 + load.offset;
        for [offset, address, size] in &loads {
            for inside in 0..*size {
                let (place, expected) = (address + inside, expected[(offset + inside) as usize]);
                if (start..start + load.size).contains(&place) {
                    let found = load.bytes.get((place - start) as usize).copied();
                    assert_eq!(found.unwrap_or(0), expected, "at {place:#x}");
                }
            }
        }
    }
}
