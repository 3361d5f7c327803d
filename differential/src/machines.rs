//! The machines compared on: each has something that loaders have gone wrong on.

use crate::machine::{
    ACPI, BootParams, Disk, Efi, Machine, NVS, Order, PMEM, PRAM, RAM, RESERVED, SOFT_RESERVED,
    Span, UNUSABLE, span,
};

const GIB: u64 = 1 << 30;

/// All of them.
#[must_use]
pub fn all() -> Vec<Machine> {
    vec![
        bios_2g(),
        bios_24g(),
        low_memory_reserved(),
        disks(),
        disks_without_module(),
        vesa_frame_buffer(),
        efi(),
        efi_without_runtime(),
        efi_frame_buffer_high(),
        many_entries(),
        efi_many_entries(),
        kinds_of_memory(),
        neighbours(),
        overlaps(),
        no_firmware_memmap(),
        no_rsdp(),
        no_boot_params(),
        after_kexec(),
        everything(),
    ]
}

/// A PC's first MiB and RAM up to `top`, below 4 GiB.
fn pc(top: u64) -> Vec<Span> {
    vec![
        span(0, 0x9_fc00, RAM),
        span(0x9_fc00, 0xa_0000, RESERVED),
        span(0xf_0000, 0x10_0000, RESERVED),
        span(0x10_0000, top - 0x2_0000, RAM),
        span(top - 0x2_0000, top, RESERVED),
        span(0xfeff_c000, 0xff00_0000, RESERVED),
        span(0xfffc_0000, 0x1_0000_0000, RESERVED),
    ]
}

fn bios_2g() -> Machine {
    Machine::new("BIOS, 2 GiB", pc(2 * GIB))
}

/// Segments land above 4 GiB here.
fn bios_24g() -> Machine {
    let mut map = pc(3 * GIB);
    map.push(span(4 * GIB, 25 * GIB, RAM));
    map.push(span(0xfd_0000_0000, 0x100_0000_0000, RESERVED));
    let mut machine = Machine::new("BIOS, 24 GiB", map);
    machine.memmap_order = Order::Shuffled;
    machine
}

/// Firmware that keeps the first page: RAM starts at 0x1000.
fn low_memory_reserved() -> Machine {
    let mut map = pc(2 * GIB);
    map[0].start = 0x1000;
    map.insert(0, span(0, 0x1000, RESERVED));
    Machine::new("first page reserved", map)
}

fn disks() -> Machine {
    let mut machine = Machine::new("BIOS disks", pc(2 * GIB));
    machine.disks = vec![
        Disk {
            device: 0x80,
            signature: Some(0x9c21_7a10),
        },
        Disk {
            device: 0x81,
            signature: Some(0x0bad_cafe),
        },
    ];
    machine
}

/// The same without the module that makes /sys/firmware/edd.
fn disks_without_module() -> Machine {
    let mut machine = disks();
    machine.name = "BIOS disks, module edd not loaded";
    machine.edd_module = false;
    machine
}

/// A VESA mode set by the boot loader, a monitor with EDID, and no /dev/fb0, as under
/// DRM without fbdev emulation.
fn vesa_frame_buffer() -> Machine {
    let mut machine = Machine::new("VESA frame buffer", pc(2 * GIB));
    machine.boot_params = BootParams::text_mode()
        .frame_buffer(0x23, 0xfd00_0000)
        .edid();
    machine
}

fn efi_map() -> Vec<Span> {
    vec![
        span(0, 0xa_0000, RAM),
        span(0x10_0000, 0x80_0000, RAM),
        span(0x80_0000, 0x80_8000, NVS),
        span(0x80_8000, 0x81_0000, RAM),
        span(0x81_0000, 0x90_0000, NVS),
        span(0x90_0000, 0x7e8e_d000, RAM),
        span(0x7e8e_d000, 0x7eb6_d000, RESERVED),
        span(0x7eb6_d000, 0x7eb7_f000, ACPI),
        span(0x7eb7_f000, 0x7ebf_f000, NVS),
        span(0x7ebf_f000, 0x7eef_4000, RAM),
        span(0x7eef_4000, 0x7ef7_8000, RESERVED),
        span(0x7ef7_8000, 0x7f00_0000, NVS),
        span(0xffc0_0000, 0x1_0000_0000, RESERVED),
        span(0x1_0000_0000, 0x1_8000_0000, RAM),
    ]
}

/// No RSDP in boot_params: the kernel found it by the configuration table.
fn efi() -> Machine {
    let mut machine = Machine::new("EFI", efi_map());
    machine.boot_params = BootParams::text_mode()
        .efi(0x7f7e_e018)
        .frame_buffer(0x70, 0x8000_0000);
    machine.boot_params.put(0x070, &[0; 8]);
    machine.efi = Some(Efi::ovmf(
        "ACPI20=0x7eb7e014\nACPI=0x7eb7e000\nSMBIOS3=0x7e8ec000\nSMBIOS=0x7e8ee000\n",
        Order::Shuffled,
    ));
    machine
}

/// `efi=noruntime`: addresses, but no runtime map.
fn efi_without_runtime() -> Machine {
    let mut machine = efi();
    machine.name = "EFI without a runtime map";
    if let Some(efi) = &mut machine.efi {
        efi.regions.clear();
    }
    machine
}

/// A system table and a frame buffer above 4 GiB, and SMBIOS 3 only.
fn efi_frame_buffer_high() -> Machine {
    let mut machine = Machine::new("EFI, frame buffer above 4 GiB, SMBIOS 3 only", efi_map());
    machine.boot_params = BootParams::text_mode()
        .efi(0x1_7f7e_e018)
        .frame_buffer(0x70, 0x38_0000_0000)
        .edid();
    machine.boot_params.put(0x1ec, &[3]);
    machine.efi = Some(Efi::ovmf(
        "ACPI20=0x7eb7e014\nSMBIOS3=0x7e8ec000\n",
        Order::Sorted,
    ));
    machine
}

/// More entries than boot_params holds, by holes of a page.
fn many_entries() -> Machine {
    let mut machine = Machine::new("407 entries", with_holes(pc(2 * GIB)));
    machine.memmap_order = Order::Shuffled;
    machine
}

/// All three setup_data nodes.
fn efi_many_entries() -> Machine {
    let mut machine = efi();
    machine.name = "EFI, 413 entries";
    machine.map.pop();
    machine.map = with_holes(machine.map);
    machine
}

fn with_holes(mut map: Vec<Span>) -> Vec<Span> {
    for number in 0..200 {
        let start = 4 * GIB + number * (64 << 20);
        map.push(span(start, start + (64 << 20) - 0x1000, RAM));
        map.push(span(
            start + (64 << 20) - 0x1000,
            start + (64 << 20),
            RESERVED,
        ));
    }
    map
}

fn kinds_of_memory() -> Machine {
    let mut map = pc(3 * GIB);
    map.extend([
        span(0x1_0000_0000, 0x2_0000_0000, RAM),
        span(0x2_0000_0000, 0x2_0001_0000, UNUSABLE),
        span(0x2_0001_0000, 0x3_0000_0000, RAM),
        span(0x3_0000_0000, 0x4_0000_0000, SOFT_RESERVED),
        span(0x4_0000_0000, 0x5_0000_0000, PMEM),
        span(0x5_0000_0000, 0x6_0000_0000, PRAM),
    ]);
    Machine::new("every kind of memory", map)
}

/// RAM that goes on in another entry.
fn neighbours() -> Machine {
    let mut map = pc(2 * GIB);
    let middle = GIB;
    let ram = map[3];
    map[3].last = middle - 1;
    map.insert(4, span(middle, ram.last + 1, RAM));
    Machine::new("RAM in two entries", map)
}

/// A reserved range inside RAM, and ACPI tables that begin before RAM ends.
fn overlaps() -> Machine {
    let mut map = pc(2 * GIB);
    map.insert(4, span(0x3000_0000, 0x3010_0000, RESERVED));
    map.insert(5, span(0x7ff0_0000, 0x7fff_0000, ACPI));
    Machine::new("overlapping entries", map)
}

/// A kernel without CONFIG_FIRMWARE_MEMMAP.
fn no_firmware_memmap() -> Machine {
    let mut machine = Machine::new("no /sys/firmware/memmap", pc(2 * GIB));
    machine.firmware_memmap = false;
    machine
}

/// A boot loader of before protocol 2.14 gave no RSDP address; the kernel finds it in the
/// BIOS area.
fn no_rsdp() -> Machine {
    let mut machine = Machine::new("no RSDP address", pc(2 * GIB));
    machine.boot_params.put(0x070, &[0; 8]);
    machine
}

/// A sysfs without boot_params.
fn no_boot_params() -> Machine {
    let mut machine = Machine::new("no boot_params", pc(2 * GIB));
    machine.boot_params_readable = false;
    machine
}

/// The running kernel was started by kexec.
fn after_kexec() -> Machine {
    let mut machine = Machine::new("after a kexec", pc(2 * GIB));
    machine.boot_params = BootParams::text_mode().kexec();
    machine
}

/// What of the running kernel's boot_params is inherited, and what is not.
fn everything() -> Machine {
    let mut machine = Machine::new("something in every field", pc(2 * GIB));
    machine.boot_params = BootParams::text_mode().everything();
    machine
}
