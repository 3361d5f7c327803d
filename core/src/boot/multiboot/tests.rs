use super::*;
use crate::memory::{MemoryKind, MemoryMap, Range};
use std::vec::Vec;

fn map(entries: &[(u64, u64, u32)]) -> MemoryMap {
    let mut map = MemoryMap::new();
    for &(start, end, kind) in entries {
        let range = Range::new(start, end - 1).unwrap();
        map.add(range, MemoryKind(kind)).unwrap();
    }
    map
}

/// The words of a screen_info that matter.
fn screen_info(kind: u8) -> [u8; 64] {
    let mut info = [0; 64];
    info[0x07] = 80;
    info[0x0e] = 25;
    info[0x0f] = kind;
    info[0x12..0x18].copy_from_slice(&[0, 4, 0, 3, 32, 0]);
    info[0x18..0x1c].copy_from_slice(&0x8000_0000_u32.to_le_bytes());
    info[0x24..0x26].copy_from_slice(&4096_u16.to_le_bytes());
    info[0x26..0x2e].copy_from_slice(&[8, 16, 8, 8, 8, 0, 8, 24]);
    info[0x3a] = 7;
    info
}

#[test]
fn screens() {
    let buffer = Screen {
        address: 0x8000_0000,
        pitch: 4096,
        width: 1024,
        height: 768,
        depth: 32,
        kind: 1,
        colors: [16, 8, 8, 8, 0, 8],
    };
    for kind in [0x23, 0x70] {
        assert_eq!(Screen::of(&screen_info(kind)), Some(buffer));
        let mut wide = screen_info(kind);
        wide[0x36] = 2;
        let address = 0x7_8000_0000;
        assert_eq!(Screen::of(&wide), Some(Screen { address, ..buffer }));
        let mut palette = screen_info(kind);
        palette[0x16] = 8;
        assert_eq!(Screen::of(&palette), None);
    }
    let text = Screen {
        address: 0xb_8000,
        pitch: 160,
        width: 80,
        height: 25,
        depth: 16,
        kind: 2,
        colors: [0; 6],
    };
    assert_eq!(Screen::of(&screen_info(1)), Some(text));
    for kind in [0, 0x10, 0x22, 0x71] {
        assert_eq!(Screen::of(&screen_info(kind)), None);
    }
    assert_eq!(Screen::of(&[0; 64]), None);
}

#[test]
fn the_map_is_joined_and_has_the_types_of_the_bios() {
    let map = map(&[
        (0, 0x9_fc00, 1),
        (0x9_fc00, 0xa_0000, 2),
        // Kinds without a number there are reserved.
        (0xa_0000, 0xb_0000, 7),
        (0x10_0000, 0x4000_0000, 1),
        (0x4000_0000, 0x5000_0000, 1),
        (0x5000_0000, 0x5000_1000, 3),
        (0x5000_1000, 0x5000_2000, 4),
        (0x5000_2000, 0x5000_3000, 5),
    ]);
    let memory = Memory { map: &map };
    let mut found = Vec::new();
    memory.each(&mut |range, kind| found.push((range.start(), range.last(), kind)));
    assert_eq!(memory.count(), found.len());
    assert_eq!(
        found,
        [
            (0, 0x9_fbff, 1),
            (0x9_fc00, 0xa_ffff, 2),
            (0x10_0000, 0x4fff_ffff, 1),
            (0x5000_0000, 0x5000_0fff, 3),
            (0x5000_1000, 0x5000_1fff, 4),
            (0x5000_2000, 0x5000_2fff, 5),
        ]
    );
    assert_eq!((memory.lower(), memory.upper()), (639, 0x4ff0_0000 >> 10));
}

#[test]
fn lower_and_upper_memory_end_at_the_first_hole() {
    for (entries, lower, upper) in [
        // Linux reserves the first page, EFI some other.
        (
            &[(0x1000, 0xa_0000, 1), (0x10_0000, 0x20_0000, 1)][..],
            640,
            1024,
        ),
        (&[(0, 0x5_8000, 1), (0x5_9000, 0x9_f000, 1)], 352, 0),
        (&[(0, 0x10_0000, 1), (0x10_0000, 0x20_0400, 1)], 640, 1025),
        (&[(0x2000, 0x9_f000, 1), (0x11_0000, 0x20_0000, 1)], 0, 0),
        (&[(0, 0x9_f000, 2)], 0, 0),
        (&[(0x10_0000, 1 << 45, 1)], 0, u32::MAX),
        (&[], 0, 0),
    ] {
        let map = map(entries);
        let memory = Memory { map: &map };
        assert_eq!(
            (memory.lower(), memory.upper()),
            (lower, upper),
            "{entries:x?}"
        );
    }
}

#[test]
fn the_first_page_has_vectors_that_return_and_a_data_area() {
    let mut page = [0xee; FIRST_PAGE_SIZE];
    first_page(352, &mut page);
    assert_eq!(page.len(), 0x509);
    for number in 0..256 {
        let is_of_hardware = (8..16).contains(&number) || (0x70..0x78).contains(&number);
        let expected = if is_of_hardware {
            [8, 5, 0, 0]
        } else {
            [0, 5, 0, 0]
        };
        assert_eq!(page[4 * number..4 * number + 4], expected, "{number:#x}");
    }
    // No extended BIOS data area; 352 KiB.
    assert_eq!(page[0x40e..0x410], [0, 0]);
    assert_eq!(page[0x413..0x415], [0x60, 0x01]);
    assert_eq!(
        page[0x500..],
        [0x55, 0x89, 0xe5, 0x80, 0x4e, 6, 1, 0x5d, 0xcf]
    );
    let data = &page[0x400..0x500];
    assert_eq!(data.iter().filter(|byte| **byte != 0).count(), 2);
}

const INFO: fn(&MemoryMap) -> Info<'_> = |map| Info {
    command_line: b"a=b c",
    memory: Memory { map },
    screen: None,
    efi_64: None,
    load_base: None,
    modules: 1,
    module: &|_| Loaded {
        start: 0x12_3000,
        end: 0x12_3456,
        line: b"m x",
    },
    base: 0x20_0000,
};

#[test]
fn information_of_version_1_literally() {
    let map = map(&[(0, 0x9_fc00, 1), (0x10_0000, 0x800_0000, 1)]);
    let info = INFO(&map);
    let size = one::write(&info, &mut []);
    let mut out = std::vec![0xee; size];
    assert_eq!(one::write(&info, &mut out), size);
    let mut expected = [
        [0x24d, 639, 0x1_fc00, 0],
        [0x20_0080, 1, 0x20_0098, 0],
        [0, 0, 0, 48],
        [0x20_00a8, 0, 0, 0],
        [0x20_008d, 0, 0, 0],
        [0; 4],
        [0; 4],
        [0; 4],
    ]
    .concat();
    let words = |text: &[u8]| -> Vec<u32> {
        let words = text.chunks_exact(4);
        words
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    };
    expected.extend(words(b"kernel a=b c\0kexec\0m x\0\0"));
    expected.extend([0x12_3000, 0x12_3456, 0x20_0093, 0]);
    expected.extend([20, 0, 0, 0x9_fc00, 0, 1]);
    expected.extend([20, 0x10_0000, 0, 0x7f0_0000, 0, 1]);
    assert_eq!(words(&out), expected);
    assert_eq!(&out[one::TEXT..][..5], b"a=b c");
}

#[test]
fn information_of_version_2_literally() {
    let map = map(&[(0, 0x9_fc00, 1)]);
    let mut info = INFO(&map);
    info.screen = Screen::of(&screen_info(0x70));
    info.efi_64 = Some(0x7f9e_e018);
    info.load_base = Some(0x40_0000);
    let size = two::write(&info, &mut []);
    let mut out = std::vec![0xee; size];
    assert_eq!(two::write(&info, &mut out), size);
    #[rustfmt::skip]
    let expected = [
        &[0xd0, 0, 0, 0, 0, 0, 0, 0][..],
        &[1, 0, 0, 0, 21, 0, 0, 0], b"kernel a=b c\0\0\0\0",
        &[2, 0, 0, 0, 14, 0, 0, 0], b"kexec\0\0\0",
        &[3, 0, 0, 0, 20, 0, 0, 0, 0, 0x30, 0x12, 0, 0x56, 0x34, 0x12, 0], b"m x\0\0\0\0\0",
        &[4, 0, 0, 0, 16, 0, 0, 0, 0x7f, 2, 0, 0, 0, 0, 0, 0],
        &[6, 0, 0, 0, 40, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0],
        &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfc, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        &[8, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 4, 0, 0],
        &[0, 3, 0, 0, 32, 1, 0, 0, 16, 8, 8, 8, 0, 8, 0, 0],
        &[12, 0, 0, 0, 16, 0, 0, 0, 0x18, 0xe0, 0x9e, 0x7f, 0, 0, 0, 0],
        &[21, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0],
        &[0, 0, 0, 0, 8, 0, 0, 0],
    ]
    .concat();
    assert_eq!(out, expected);
    assert_eq!(&out[two::TEXT..][..5], b"a=b c");
}
