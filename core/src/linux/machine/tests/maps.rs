//! Which source the memory map comes from.

use super::*;

#[test]
fn the_firmware_map_comes_first() {
    let fake = Fake::new("first");
    fake.memmap(0, 0x10_0000, 0x7fff_ffff, "System RAM")
        .memmap(10, 0x7000_0000, 0x7000_ffff, "Soft Reserved")
        .memmap(2, 0, 0x9_fbff, "System RAM")
        .file("proc/iomem", IOMEM)
        .file("sys/kernel/boot_params/data", page(&[(0, 0x1000, 1)], 0));
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::FirmwareMemmap);
    assert_eq!(kinds(&machine), [1, 1, 0xefff_ffff, 1]);
    assert_eq!(machine.iomem.entries().len(), 2);
    assert_eq!(machine.crash.region.unwrap().start(), 0x2000_0000);
    assert_eq!(machine.kernel.code.unwrap().start(), 0x100_0000);
}

#[test]
fn a_firmware_map_as_it_was_at_boot_is_read_from_boot_params() {
    let fake = Fake::new("unchanged");
    let table = [
        (0x10_0000, 0x100_0000, 1),
        (0, 0x9_f000, 1),
        (0x9_f000, 0x1000, 2),
        (0xa_0000, 0x6_0000, 2),
    ];
    fake.memmap(0, 0, 0x9_efff, "System RAM")
        .memmap(1, 0x9_f000, 0xf_ffff, "Reserved")
        .memmap(2, 0x10_0000, 0x10f_ffff, "System RAM")
        .file("sys/kernel/boot_params/data", page(&table, 0));
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::BootParams);
    assert_eq!(kinds(&machine), [1, 2, 1]);
    // Memory added since boot has a number of its own, even if other memory was removed.
    fs::remove_dir_all(fake.0.join("sys/firmware/memmap/2")).unwrap();
    fake.memmap(3, 0x200_0000, 0x2ff_ffff, "System RAM");
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::FirmwareMemmap);
    assert_eq!(machine.memory.entries()[2].range.start(), 0x200_0000);
}

#[test]
fn with_add_efi_memmap_iomem_comes_first_if_it_can_be_read() {
    let fake = Fake::new("efimap");
    fake.memmap(0, 0x10_0000, 0x7fff_ffff, "System RAM")
        .file("proc/cmdline", "ro add_efi_memmap quiet\n")
        .file("proc/iomem", IOMEM);
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::Iomem);
    assert_eq!(machine.memory.entries(), machine.iomem.entries());
    fake.file("proc/iomem", "00000000-00000000 : System RAM\n");
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::FirmwareMemmap);
    assert_eq!(machine.maps.iomem_access, IomemAccess::Unprivileged);
}

#[test]
fn pieces_of_iomem_become_one_entry() {
    let fake = Fake::new("pieces");
    fake.file(
        "proc/iomem",
        "00900000-7dec7017 : System RAM\n7dec7018-7ded0a57 : System RAM\n\
         7ded0a58-7ded2fff : System RAM\n7ded3000-7dedbfff : Reserved\n\
         7dedc000-7ed3efff : System RAM\n7ed40000-7ed40fff : System RAM\n",
    );
    let machine = fake.read();
    assert_eq!(machine.iomem.entries().len(), 6);
    let memory = machine.memory.entries().iter();
    let memory: Vec<_> = memory
        .map(|e| (e.range.start(), e.range.last(), e.kind.0))
        .collect();
    assert_eq!(
        memory,
        [
            (0x90_0000, 0x7ded_2fff, 1),
            (0x7ded_3000, 0x7ded_bfff, 2),
            (0x7ded_c000, 0x7ed3_efff, 1),
            (0x7ed4_0000, 0x7ed4_0fff, 1),
        ]
    );
}

#[test]
fn boot_params_come_next_with_their_extension() {
    let fake = Fake::new("e820");
    let head = [(0, 0x9_fc00, 1), (0x10_0000, 0x3ff0_0000, 1)];
    let tail: Vec<_> = (0..1000)
        .map(|n| ((n + 64) << 28, 0x1000, 1 + (n as u32 & 1)))
        .collect();
    fake.file("sys/kernel/boot_params/data", page(&head, 0x1234))
        .file("sys/kernel/boot_params/setup_data/0/type", "0x9\n")
        .file("sys/kernel/boot_params/setup_data/0/data", [1; 32])
        .file("sys/kernel/boot_params/setup_data/1/type", "0x1\n")
        .file("sys/kernel/boot_params/setup_data/1/data", entries(&tail))
        .file("proc/iomem", IOMEM);
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::BootParams);
    assert_eq!(machine.memory.entries().len(), 1002);
    assert_eq!(machine.memory.of_kind(MemoryKind::RESERVED).count(), 500);
    // A node that cannot be read may be the one with half of memory in it.
    fake.file("sys/kernel/boot_params/setup_data/2/type", "what\n");
    assert_eq!(fake.read().maps.source, MemorySource::Iomem);
}

#[test]
fn a_spoilt_source_is_passed_over() {
    let fake = Fake::new("spoilt");
    fake.memmap(0, 0x10_0000, 0x7fff_ffff, "System RAM")
        .memmap(1, 5, 3, "Reserved")
        .file(
            "sys/kernel/boot_params/data",
            &page(&[(0, 4096, 1)], 0)[..4095],
        )
        .file("proc/iomem", IOMEM);
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::Iomem);
    assert_eq!(machine.x86.boot_params.get(), None);
    // RAM is what a map is for.
    fake.memmap(0, 0x10_0000, 0x7fff_ffff, "Reserved")
        .memmap(1, 1, 3, "Reserved");
    assert_eq!(fake.read().maps.source, MemorySource::Iomem);
}

#[test]
fn a_source_that_does_not_fit_is_skipped_with_a_flag() {
    let fake = Fake::new("full");
    let line = |n: u64| format!("{:x}-{:x} : System RAM\n", n << 20, (n << 20) + 0xfff);
    let iomem: Vec<_> = (1..=8449).map(line).collect();
    fake.file("proc/iomem", iomem.concat());
    let machine = fake.read();
    assert_eq!(machine.maps.source, MemorySource::None);
    assert_eq!(machine.maps.iomem_access, IomemAccess::TooLong);
    assert!(machine.maps.full);
    assert!(matches!(machine.no_memory(), crate::Error::Full { .. }));
    fake.memmap(0, 0x10_0000, 0x7fff_ffff, "System RAM");
    assert_eq!(fake.read().maps.source, MemorySource::FirmwareMemmap);
}
