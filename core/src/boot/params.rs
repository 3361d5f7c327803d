//! boot_params, "zero page" (kernel: Documentation/arch/x86/zero-page.rst,
//! arch/x86/include/uapi/asm/bootparam.h): a zeroed page, the image's setup header, and what
//! the machine can tell.

use super::layout::{Layout, Parts, Ramdisk};
use super::setup_data::{NODE_HEADER, SetupType, write_efi, write_header};
use crate::bytes::{put_slice, put_u8, put_u32, put_u64, slice_at};
use crate::image::bzimage::field as header;
use crate::machine::Machine;
use crate::memory::{MemoryEntry, MemoryKind, MemoryMap};

/// Offsets in boot_params outside the setup header, in bytes.
pub mod field {
    use core::ops::Range;

    /// What the screen is (struct screen_info).
    pub const SCREEN_INFO: Range<usize> = 0x000..0x040;
    /// Memory above 1 MiB in KiB, at most 0xfc00; inside screen_info.
    pub const EXT_MEM_K: usize = 0x002;
    /// Intel SpeedStep BIOS data.
    pub const IST_INFO: Range<usize> = 0x060..0x070;
    /// Physical address of the ACPI RSDP.
    pub const ACPI_RSDP_ADDR: usize = 0x070;
    /// Initrd address, high 32 bits.
    pub const EXT_RAMDISK_IMAGE: usize = 0x0c0;
    /// Initrd size, high 32 bits.
    pub const EXT_RAMDISK_SIZE: usize = 0x0c4;
    /// Command line address, high 32 bits.
    pub const EXT_CMD_LINE_PTR: usize = 0x0c8;
    /// The monitor's EDID.
    pub const EDID_INFO: Range<usize> = 0x140..0x1c0;
    /// efi_info: "EL64".
    pub const EFI_LOADER_SIGNATURE: usize = 0x1c0;
    /// efi_info: system table, low 32 bits.
    pub const EFI_SYSTAB: usize = 0x1c4;
    /// efi_info: bytes of a memory descriptor.
    pub const EFI_MEMDESC_SIZE: usize = 0x1c8;
    /// efi_info: version of the memory descriptor, 1.
    pub const EFI_MEMDESC_VERSION: usize = 0x1cc;
    /// efi_info: memory map, low 32 bits.
    pub const EFI_MEMMAP: usize = 0x1d0;
    /// efi_info: bytes of the memory map.
    pub const EFI_MEMMAP_SIZE: usize = 0x1d4;
    /// efi_info: system table, high 32 bits.
    pub const EFI_SYSTAB_HI: usize = 0x1d8;
    /// efi_info: memory map, high 32 bits.
    pub const EFI_MEMMAP_HI: usize = 0x1dc;
    /// Memory above 1 MiB in KiB.
    pub const ALT_MEM_K: usize = 0x1e0;
    /// Entries in the e820 table.
    pub const E820_ENTRIES: usize = 0x1e8;
    /// Entries in eddbuf.
    pub const EDDBUF_ENTRIES: usize = 0x1e9;
    /// Entries in edd_mbr_sig_buffer.
    pub const EDD_MBR_SIG_BUF_ENTRIES: usize = 0x1ea;
    /// enum efi_secureboot_mode.
    pub const SECURE_BOOT: usize = 0x1ec;
    /// Must be 0, or the kernel takes the page for garbage around the header.
    pub const SENTINEL: usize = 0x1ef;
    /// hardware_subarch and its data.
    pub const HARDWARE_SUBARCH: Range<usize> = 0x23c..0x248;
    /// Disk signatures.
    pub const EDD_MBR_SIG_BUFFER: Range<usize> = 0x290..0x2d0;
    /// The e820 table.
    pub const E820_TABLE: usize = 0x2d0;
    /// BIOS Enhanced Disk Drive data.
    pub const EDDBUF: Range<usize> = 0xd00..0xeec;
}

/// Boot loader number 0xD, kexec; version 0 (boot.rst, type_of_loader).
const TYPE_OF_LOADER_KEXEC: u8 = 0xd0;
const EFI_MEMDESC_VERSION: u32 = 1;

/// Everything that goes into the segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contents<'a> {
    /// The image's setup header, from 0x1f1 on.
    pub setup_header: &'a [u8],
    pub machine: &'a Machine,
    pub parts: Parts<'a>,
    pub ramdisk: Ramdisk,
    /// Physical address of the segment.
    pub base: u64,
}

/// Writes the whole segment into `out`, which has [`Layout::size`] bytes. `None` only when it
/// has not: every offset below is fixed or from the layout.
pub(crate) fn write(out: &mut [u8], layout: &Layout, contents: &Contents<'_>) -> Option<()> {
    let Contents {
        setup_header,
        machine,
        parts,
        ramdisk,
        base,
    } = *contents;
    out.fill(0);
    put_slice(out, header::SETUP_SECTS, setup_header)?;
    put_u8(out, header::TYPE_OF_LOADER, TYPE_OF_LOADER_KEXEC)?;
    // As the kernel's own loader (arch/x86/kernel/kexec-bzimage64.c): these flags speak to the
    // 16-bit setup code, which does not run.
    put_u8(out, header::LOADFLAGS, 0)?;

    put_split(
        out,
        header::RAMDISK_IMAGE,
        field::EXT_RAMDISK_IMAGE,
        ramdisk.address,
    )?;
    put_split(
        out,
        header::RAMDISK_SIZE,
        field::EXT_RAMDISK_SIZE,
        ramdisk.size,
    )?;

    let command_line = base.checked_add(layout.command_line as u64)?;
    put_split(
        out,
        header::CMD_LINE_PTR,
        field::EXT_CMD_LINE_PTR,
        command_line,
    )?;
    put_slice(out, layout.command_line, parts.command_line)?;

    write_inherited(out, machine)?;
    put_u64(out, field::ACPI_RSDP_ADDR, machine.acpi_rsdp)?;
    write_e820(out, layout, parts.memory.entries())?;
    write_legacy_memory_size(out, parts.memory)?;
    if let Some(offset) = layout.efi_map {
        write_efi_info(out, offset, base, machine)?;
    }
    write_setup_data(out, layout, contents)
}

/// What the running kernel was told and the new one should be told too.
///
/// Not tboot's, OLPC's and SEV's addresses: they speak of agreements with a loader or a
/// hypervisor that a second kernel cannot join by address alone; the kernel's own loader leaves
/// them out too.
fn write_inherited(out: &mut [u8], machine: &Machine) -> Option<()> {
    let Some(old) = machine.boot_params.get() else {
        return Some(());
    };
    let byte = |at: usize| at..at.saturating_add(1);
    for part in [
        field::SCREEN_INFO,
        field::IST_INFO,
        field::EDID_INFO,
        byte(field::EDDBUF_ENTRIES),
        byte(field::EDD_MBR_SIG_BUF_ENTRIES),
        byte(field::SECURE_BOOT),
        field::HARDWARE_SUBARCH,
        field::EDD_MBR_SIG_BUFFER,
        field::EDDBUF,
    ] {
        put_slice(out, part.start, old.get(part.clone())?)?;
    }
    Some(())
}

/// ext_mem_k and alt_mem_k: the RAM from 1 MiB on in KiB, for whoever does not read e820.
fn write_legacy_memory_size(out: &mut [u8], memory: &MemoryMap) -> Option<()> {
    const MIB: u64 = 1 << 20;
    let kib = memory
        .of_kind(MemoryKind::RAM)
        .find(|range| range.start() <= MIB && MIB <= range.last())
        .map_or(0, |range| {
            range.last().saturating_sub(MIB).saturating_add(1) / 1024
        });
    crate::bytes::put_u16(out, field::EXT_MEM_K, kib.min(0xfc00) as u16)?;
    put_u32(out, field::ALT_MEM_K, kib.min(u64::from(u32::MAX)) as u32)
}

fn write_e820(out: &mut [u8], layout: &Layout, entries: &[MemoryEntry]) -> Option<()> {
    let (inside, beyond) = entries
        .split_at_checked(Layout::E820_IN_PAGE)
        .unwrap_or((entries, &[]));
    put_u8(out, field::E820_ENTRIES, inside.len() as u8)?;
    write_e820_entries(out, field::E820_TABLE, inside)?;
    if let Some(node) = layout
        .nodes
        .iter()
        .find(|node| node.kind == SetupType::E820_EXT)
    {
        write_e820_entries(out, node.offset.checked_add(NODE_HEADER)?, beyond)?;
    }
    Some(())
}

fn write_e820_entries(out: &mut [u8], at: usize, entries: &[MemoryEntry]) -> Option<()> {
    let (table, _) = out.get_mut(at..)?.as_chunks_mut::<{ Layout::E820_ENTRY }>();
    for (slot, entry) in table.iter_mut().zip(entries) {
        put_u64(slot, 0, entry.range.start())?;
        put_u64(slot, 8, entry.range.size())?;
        put_u32(slot, 16, entry.kind.0)?;
    }
    Some(())
}

fn write_efi_info(out: &mut [u8], offset: usize, base: u64, machine: &Machine) -> Option<()> {
    let old = machine.boot_params.get()?;
    let map = machine.efi.map();
    let address = base.checked_add(offset as u64)?;
    let bytes = map.len().checked_mul(Layout::EFI_DESCRIPTOR)?;
    put_slice(out, field::EFI_LOADER_SIGNATURE, b"EL64")?;
    put_slice(out, field::EFI_SYSTAB, slice_at(old, field::EFI_SYSTAB, 4)?)?;
    put_slice(
        out,
        field::EFI_SYSTAB_HI,
        slice_at(old, field::EFI_SYSTAB_HI, 4)?,
    )?;
    put_u32(out, field::EFI_MEMDESC_SIZE, Layout::EFI_DESCRIPTOR as u32)?;
    put_u32(out, field::EFI_MEMDESC_VERSION, EFI_MEMDESC_VERSION)?;
    put_split(out, field::EFI_MEMMAP, field::EFI_MEMMAP_HI, address)?;
    put_u32(out, field::EFI_MEMMAP_SIZE, u32::try_from(bytes).ok()?)?;
    let (table, _) = slice_mut(out, offset, bytes)?.as_chunks_mut::<{ Layout::EFI_DESCRIPTOR }>();
    for (slot, descriptor) in table.iter_mut().zip(map) {
        // EFI_MEMORY_DESCRIPTOR: type, pad, physical, virtual, pages, attribute.
        put_u32(slot, 0, descriptor.kind)?;
        put_u64(slot, 8, descriptor.physical)?;
        put_u64(slot, 16, descriptor.virtual_)?;
        put_u64(slot, 24, descriptor.pages)?;
        put_u64(slot, 32, descriptor.attribute)?;
    }
    Some(())
}

fn write_setup_data(out: &mut [u8], layout: &Layout, contents: &Contents<'_>) -> Option<()> {
    let address = |offset: usize| contents.base.checked_add(offset as u64);
    let mut next = 0;
    for node in layout.nodes.iter().rev() {
        let bytes = NODE_HEADER.checked_add(node.length)?;
        let place = slice_mut(out, node.offset, bytes)?;
        let length = u32::try_from(node.length).ok()?;
        write_header(place, next, node.kind, length)?;
        let data = place.get_mut(NODE_HEADER..)?;
        match node.kind {
            SetupType::EFI => write_efi(data, &contents.machine.efi)?,
            SetupType::DTB => put_slice(data, 0, contents.parts.dtb?)?,
            SetupType::RNG_SEED => put_slice(data, 0, &contents.parts.rng_seed?)?,
            // Written with the table it continues.
            _ => {}
        }
        next = address(node.offset)?;
    }
    put_u64(out, header::SETUP_DATA, next)
}

/// A 64-bit value in two fields of 32 bits.
fn put_split(out: &mut [u8], low: usize, high: usize, value: u64) -> Option<()> {
    put_u32(out, low, value as u32)?;
    put_u32(out, high, (value >> 32) as u32)
}

fn slice_mut(out: &mut [u8], offset: usize, length: usize) -> Option<&mut [u8]> {
    out.get_mut(offset..)?.get_mut(..length)
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
