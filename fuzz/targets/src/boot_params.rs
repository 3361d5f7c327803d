//! A second reader of boot_params, as the new kernel reads them (Documentation/arch/x86/boot.rst,
//! zero-page.rst): every pointer followed inside the segment only.

use crate::model::Entry;

/// What the new kernel gets.
#[derive(Debug)]
pub struct Passed {
    /// Up to the NUL.
    pub command_line: Vec<u8>,
    /// Address and size.
    pub ramdisk: (u64, u64),
    /// boot_params' table and SETUP_E820_EXT's.
    pub memory: Vec<Entry>,
    /// Types and data of the setup_data nodes.
    pub setup: Vec<(u32, Vec<u8>)>,
    /// acpi_rsdp_addr.
    pub rsdp: u64,
    /// The EFI memory map: type, physical address, pages.
    pub efi: Option<Vec<(u32, u64, u64)>>,
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

fn half(bytes: &[u8], at: usize) -> u64 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes")).into()
}

fn table(bytes: &[u8]) -> Vec<Entry> {
    let entries = bytes.chunks_exact(20).map(|raw| {
        let (start, size) = (word(raw, 0), word(raw, 8));
        assert!(size != 0, "an empty e820 entry");
        let last = start
            .checked_add(size - 1)
            .expect("an e820 entry past the last address");
        (start, last, half(raw, 16) as u32)
    });
    entries.collect()
}

/// Reads a segment that lies at `base`.
pub fn read(segment: &[u8], base: u64) -> Passed {
    let inside = |address: u64, size: u64| {
        let offset = address
            .checked_sub(base)
            .expect("a pointer below the segment");
        let end = offset.checked_add(size).expect("a size past everything");
        assert!(end <= segment.len() as u64, "a pointer past the segment");
        &segment[offset as usize..end as usize]
    };
    let page = &segment[..4096];
    let split = |low: usize, high: usize| half(page, low) | half(page, high) << 32;
    let line = split(0x228, 0xc8);
    let line = inside(line, base + segment.len() as u64 - line);
    let end = line
        .iter()
        .position(|byte| *byte == 0)
        .expect("a command line without an end");

    let count = usize::from(page[0x1e8]);
    assert!(count <= 128, "more e820 entries than the table has");
    let mut memory = table(&page[0x2d0..0x2d0 + 20 * count]);
    let mut setup = Vec::new();
    let mut next = word(page, 0x250);
    while next != 0 {
        assert!(setup.len() < 16, "setup_data without an end");
        let head = inside(next, 16);
        let (kind, length) = (half(head, 8) as u32, half(head, 12));
        let data = inside(next + 16, length);
        if kind == 1 {
            assert_eq!(count, 128, "SETUP_E820_EXT beside a table that is not full");
            memory.extend(table(data));
        }
        setup.push((kind, data.to_vec()));
        next = word(head, 0);
    }
    let efi = (&page[0x1c0..0x1c4] == b"EL64").then(|| {
        let (map, size) = (split(0x1d0, 0x1dc), half(page, 0x1d4));
        assert_eq!(half(page, 0x1c8), 40, "efi_memdesc_size");
        let descriptors = inside(map, size).chunks_exact(40);
        descriptors
            .map(|raw| (half(raw, 0) as u32, word(raw, 8), word(raw, 24)))
            .collect()
    });
    Passed {
        command_line: line[..end].to_vec(),
        ramdisk: (split(0x218, 0xc0), split(0x21c, 0xc4)),
        memory,
        setup,
        rsdp: word(page, 0x70),
        efi,
    }
}

/// Checks that the setup header is the image's, but for what a loader writes.
pub fn check_header(page: &[u8], kernel: &[u8]) {
    let end = 0x202 + usize::from(kernel[0x201]);
    for at in 0x1f1..end.min(0x290) {
        match at {
            0x210 => assert_eq!(page[at], 0xd0, "type_of_loader"),
            0x211 | 0x218..0x220 | 0x228..0x22c | 0x23c..0x248 | 0x250..0x258 => {}
            _ => assert_eq!(page[at], kernel[at], "setup header at {at:#x}"),
        }
    }
}

/// Checks that what is handed on from the running kernel's boot_params is, and the rest is not.
pub fn check_inherited(page: &[u8], old: &[u8; 4096]) {
    // Two bytes of screen_info are ext_mem_k's.
    for part in [
        0..2,
        4..0x40,
        0x60..0x70,
        0x140..0x1c0,
        0x1e9..0x1ec,
        0x23c..0x248,
        0x290..0x2d0,
        0xd00..0xeec,
    ] {
        if part.start == 0x1e9 {
            // eddbuf_entries, edd_mbr_sig_buf_entries, not kbd_status.
            assert_eq!(page[0x1e9..0x1eb], old[0x1e9..0x1eb]);
            continue;
        }
        assert_eq!(
            page[part.clone()],
            old[part.clone()],
            "boot_params {part:x?}"
        );
    }
    // tboot_addr, olpc_ofw_header, cc_blob_address.
    for part in [0x58..0x60, 0xb0..0xc0, 0x13c..0x140] {
        assert!(
            page[part.clone()].iter().all(|byte| *byte == 0),
            "boot_params {part:x?}"
        );
    }
}
