use super::*;
use crate::bytes::{put_u8, put_u32, put_u64};
use crate::memory::{MemoryKind, Range};

fn page() -> [u8; 4096] {
    // Every byte says where it is, so that a wrong offset shows.
    core::array::from_fn(|offset| (offset ^ (offset >> 8)) as u8)
}

#[test]
fn fields_are_where_the_specification_has_them() {
    let mut bytes = page();
    put_u64(&mut bytes, 0x70, 0x7fe0_1234).unwrap();
    put_u8(&mut bytes, 0x1ec, 3).unwrap();
    put_u32(&mut bytes, 0x23c, 2).unwrap();
    put_u64(&mut bytes, 0x250, 0x1_2345_6000).unwrap();
    let mut params = RunningBootParams::new();
    params.set(&bytes);
    assert_eq!(params.acpi_rsdp_addr(), 0x7fe0_1234);
    assert_eq!(params.secure_boot(), 3);
    assert_eq!(params.hardware_subarch(), 2);
    assert_eq!(params.setup_data(), 0x1_2345_6000);
    assert_eq!(params.screen_info()[..], bytes[..0x40]);
    assert_eq!(params.edid_info()[..], bytes[0x140..0x1c0]);
    assert_eq!(params.efi_info_bytes()[..], bytes[0x1c0..0x1e0]);
    assert_eq!(params.edd_mbr_sig_buffer()[..], bytes[0x290..0x2d0]);
    assert_eq!(params.eddbuf()[..], bytes[0xd00..0xeec]);
    assert_eq!(params.get(), Some(&bytes));
}

#[test]
fn efi_info_joins_its_halves() {
    let mut bytes = [0; 4096];
    bytes[0x1c0..0x1c4].copy_from_slice(b"EL64");
    for (offset, value) in [
        (0x1c4, 0x11),
        (0x1c8, 48),
        (0x1cc, 1),
        (0x1d0, 0x22),
        (0x1d4, 4800),
        (0x1d8, 1),
        (0x1dc, 2),
    ] {
        put_u32(&mut bytes, offset, value).unwrap();
    }
    let mut params = RunningBootParams::new();
    params.set(&bytes);
    assert_eq!(
        params.efi_info(),
        EfiInfo {
            loader_signature: EfiInfo::EL64,
            systab: 0x1_0000_0011,
            memdesc_size: 48,
            memdesc_version: 1,
            memmap: 0x2_0000_0022,
            memmap_size: 4800,
        }
    );
}

#[test]
fn e820_has_as_many_entries_as_the_page_says_and_no_more_than_fit() {
    let mut bytes = [0; 4096];
    for n in 0..128 {
        put_u64(&mut bytes, 0x2d0 + n * 20, (n as u64) << 20).unwrap();
        put_u64(&mut bytes, 0x2d8 + n * 20, 0x1000).unwrap();
        put_u32(&mut bytes, 0x2e0 + n * 20, 1 + (n as u32 & 1)).unwrap();
    }
    let mut params = RunningBootParams::new();
    for (says, gives) in [(0, 0), (1, 1), (128, 128), (255, 128)] {
        bytes[0x1e8] = says;
        params.set(&bytes);
        assert_eq!(params.e820().count(), gives);
    }
    let last = params.e820().last().unwrap();
    assert_eq!(
        last.range,
        Range::new(127 << 20, (127 << 20) + 0xfff).unwrap()
    );
    assert_eq!(last.kind, MemoryKind::RESERVED);
}

#[test]
fn counts_past_their_buffers_are_cut() {
    let mut bytes = [0; 4096];
    bytes[0x1e9] = 200;
    bytes[0x1ea] = 17;
    let mut params = RunningBootParams::new();
    params.set(&bytes);
    assert_eq!(params.eddbuf_entries(), 6);
    assert_eq!(params.edd_mbr_sig_buf_entries(), 16);
}

#[test]
fn anything_but_a_page_is_nothing() {
    let mut params = RunningBootParams::new();
    for length in [0, 1, 4095, 4097] {
        params.set(&page());
        assert!(params.get().is_some());
        params.set(&std::vec![1; length]);
        assert_eq!(params.get(), None);
        assert_eq!(params.acpi_rsdp_addr(), 0);
        assert_eq!(params.e820().count(), 0);
    }
}
