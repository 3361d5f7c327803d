use super::*;
use std::vec::Vec;

#[test]
fn systab_of_a_uefi_machine() {
    let mut efi = Efi::new();
    efi.read_systab(
        b"ACPI20=0x7fb7e014\nACPI=0x7fb7e000\nSMBIOS3=0x7f95a000\nSMBIOS=0x7f95c000\nESRT=0x7e0\n",
    );
    assert_eq!(efi.acpi20, 0x7fb7_e014);
    assert_eq!(efi.acpi, 0x7fb7_e000);
    assert_eq!(efi.smbios3, 0x7f95_a000);
    assert_eq!(efi.smbios, 0x7f95_c000);
}

#[test]
fn a_garbled_systab_gives_nothing() {
    let mut efi = Efi::new();
    efi.read_systab(b"ACPI20=\nACPI=0xzz\nSMBIOS3\n=0x1\nACPI2=0x5\nXSMBIOS=0x5\n\xff\xff=");
    assert_eq!(
        (efi.acpi20, efi.acpi, efi.smbios, efi.smbios3),
        (0, 0, 0, 0)
    );
}

fn descriptor(physical: u64) -> EfiMemoryDescriptor {
    EfiMemoryDescriptor {
        kind: 6,
        physical,
        virtual_: 0,
        pages: 1,
        attribute: 0,
    }
}

#[test]
fn the_map_is_sorted_whatever_the_directory_order() {
    let mut efi = Efi::new();
    for physical in [5, 1, 9, 0, u64::MAX, 3] {
        efi.add(descriptor(physical)).unwrap();
    }
    let order: Vec<u64> = efi.map().iter().map(|entry| entry.physical).collect();
    assert_eq!(order, [0, 1, 3, 5, 9, u64::MAX]);
}

#[test]
fn a_full_map_says_so() {
    let mut efi = Efi::new();
    for physical in 0..Efi::CAPACITY as u64 {
        efi.add(descriptor(physical)).unwrap();
    }
    assert!(matches!(
        efi.add(descriptor(0)),
        Err(Error::Full { capacity: 1024, .. })
    ));
}

#[test]
fn a_descriptor_of_five_numbers() {
    let numbers = [5, 0x7f8e_d000, 0xffff_fffe_ffee_d000, 0x100, 1 << 63 | 0xf];
    assert_eq!(
        EfiMemoryDescriptor::new(numbers),
        Some(EfiMemoryDescriptor {
            kind: 5,
            physical: 0x7f8e_d000,
            virtual_: 0xffff_fffe_ffee_d000,
            pages: 0x100,
            attribute: 0x8000_0000_0000_000f,
        })
    );
    assert_eq!(EfiMemoryDescriptor::new([1 << 32, 0, 0, 0, 0]), None);
}

#[test]
fn complete_needs_addresses_a_map_and_64_bit_firmware() {
    let mut efi = Efi::new();
    efi.present = true;
    efi.platform_size = efi_platform_size(b"64\n");
    efi.fw_vendor = 0x7fee_d018;
    efi.runtime = 0xffff_fffe_ff5e_e000;
    efi.config_table = 0x7fee_c018;
    assert!(!efi.is_complete());
    efi.add(descriptor(1)).unwrap();
    assert!(efi.is_complete());
    efi.platform_size = efi_platform_size(b"32\n");
    assert!(!efi.is_complete());
    efi.clear();
    assert!(!efi.present && efi.map().is_empty() && efi.runtime == 0);
}
