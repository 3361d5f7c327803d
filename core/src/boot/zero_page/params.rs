//! boot_params, "zero page" (kernel: Documentation/arch/x86/zero-page.rst,
//! arch/x86/include/uapi/asm/bootparam.h): a zeroed page, the image's setup header, and
//! facts about the machine.

use core::ops::Range;

use super::layout::{Layout, Parts, Ramdisk};
use super::setup_data::{NODE_HEADER, SetupType, efi_setup_data};
use crate::bytes::{pieces_mut, put_slice, slice_at};
use crate::image::bzimage::field as header;
use crate::machine::Machine;
use crate::memory::{MemoryEntry, MemoryKind, MemoryMap};

/// Offsets in boot_params outside the setup header, in bytes.
pub mod field {
    use core::ops::Range;

    /// The screen (struct screen_info).
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
    /// Must be 0, or the kernel treats all fields outside the header as garbage.
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
pub(crate) const TYPE_OF_LOADER_KEXEC: u8 = 0xd0;
const EFI_MEMDESC_VERSION: u32 = 1;

/// The contents of the segment.
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

/// Writes the whole segment into `out`, which has [`Layout::size`] bytes. `None` only if it
/// has another length: every offset below is fixed or from the layout.
pub(crate) fn write(out: &mut [u8], layout: &Layout, contents: &Contents<'_>) -> Option<()> {
    let Contents {
        setup_header,
        machine,
        parts,
        ramdisk,
        base,
    } = *contents;
    out.fill(0);
    let at = |offset: usize| base.wrapping_add(offset as u64);
    put_slice(out, layout.command_line, parts.command_line)?;
    if let Some(offset) = layout.efi_map {
        write_efi_map(out.get_mut(offset..)?, machine);
    }
    let (inside, beyond) = parts
        .memory
        .entries()
        .split_at_checked(Layout::E820_IN_PAGE)
        .unwrap_or((parts.memory.entries(), &[]));
    let first_node = write_setup_data(out, layout, contents, beyond)?;

    let mut page = Page(out.first_chunk_mut()?);
    put_slice(page.0, header::SETUP_SECTS, setup_header)?;
    page.put::<{ header::TYPE_OF_LOADER }, 1>([TYPE_OF_LOADER_KEXEC]);
    // As the kernel's own loader (arch/x86/kernel/kexec-bzimage64.c): these flags are for the
    // 16-bit setup code, which does not run.
    page.put::<{ header::LOADFLAGS }, 1>([0]);
    page.split::<{ header::RAMDISK_IMAGE }, { field::EXT_RAMDISK_IMAGE }>(ramdisk.address);
    page.split::<{ header::RAMDISK_SIZE }, { field::EXT_RAMDISK_SIZE }>(ramdisk.size);
    let command_line = at(layout.command_line);
    page.split::<{ header::CMD_LINE_PTR }, { field::EXT_CMD_LINE_PTR }>(command_line);
    page.put::<{ header::SETUP_DATA }, 8>(first_node.to_le_bytes());
    if let Some(old) = machine.x86.boot_params.get() {
        inherit(page.0, old);
        if let Some(offset) = layout.efi_map {
            write_efi_info(&mut page, old, at(offset), machine.efi.map().len());
        }
    }
    page.put::<{ field::ACPI_RSDP_ADDR }, 8>(machine.platform.acpi_rsdp.to_le_bytes());
    page.put::<{ field::E820_ENTRIES }, 1>([inside.len() as u8]);
    write_e820(page.0.get_mut(field::E820_TABLE..)?, inside);
    write_legacy_memory_size(&mut page, parts.memory);
    Some(())
}

/// boot_params, written at offsets that are known at compile time: no write can fail.
struct Page<'a>(&'a mut [u8; Layout::BOOT_PARAMS]);

impl Page<'_> {
    #[inline(always)]
    fn put<const AT: usize, const N: usize>(&mut self, bytes: [u8; N]) {
        const { assert!(AT + N <= Layout::BOOT_PARAMS) };
        if let Some(place) = self.0.get_mut(AT..).and_then(|rest| rest.first_chunk_mut()) {
            *place = bytes;
        }
    }

    /// A 64-bit value in two fields of 32 bits.
    #[inline(always)]
    fn split<const LOW: usize, const HIGH: usize>(&mut self, value: u64) {
        self.put::<LOW, 4>((value as u32).to_le_bytes());
        self.put::<HIGH, 4>(((value >> 32) as u32).to_le_bytes());
    }
}

/// Copies the fields of the running kernel's boot_params that the new kernel should also get.
///
/// The addresses for tboot, OLPC and SEV are not copied: they belong to a protocol with a loader or
/// a hypervisor that a second kernel cannot continue by address alone. The kernel's own loader also
/// leaves them out.
const INHERITED: [(u16, u16); 9] = {
    const fn part(range: Range<usize>) -> (u16, u16) {
        (range.start as u16, range.end as u16)
    }
    const fn byte(at: usize) -> (u16, u16) {
        part(at..at + 1)
    }
    [
        part(field::SCREEN_INFO),
        part(field::IST_INFO),
        part(field::EDID_INFO),
        byte(field::EDDBUF_ENTRIES),
        byte(field::EDD_MBR_SIG_BUF_ENTRIES),
        byte(field::SECURE_BOOT),
        part(field::HARDWARE_SUBARCH),
        part(field::EDD_MBR_SIG_BUFFER),
        part(field::EDDBUF),
    ]
};

fn inherit(page: &mut [u8; Layout::BOOT_PARAMS], old: &[u8; Layout::BOOT_PARAMS]) {
    for (start, end) in INHERITED {
        for at in start..end {
            let at = usize::from(at);
            if let (Some(to), Some(from)) = (page.get_mut(at), old.get(at)) {
                *to = *from;
            }
        }
    }
}

/// ext_mem_k and alt_mem_k: the RAM from 1 MiB on in KiB, for kernels that do not read e820.
fn write_legacy_memory_size(page: &mut Page<'_>, memory: &MemoryMap) {
    const MIB: u64 = 1 << 20;
    let kib = memory
        .of_kind(MemoryKind::RAM)
        .find(|range| range.start() <= MIB && MIB <= range.last())
        .map_or(0, |range| {
            range.last().saturating_sub(MIB).saturating_add(1) / 1024
        });
    page.put::<{ field::EXT_MEM_K }, 2>((kib.min(0xfc00) as u16).to_le_bytes());
    let kib = kib.min(u64::from(u32::MAX)) as u32;
    page.put::<{ field::ALT_MEM_K }, 4>(kib.to_le_bytes());
}

fn write_e820(table: &mut [u8], entries: &[MemoryEntry]) {
    let slots = pieces_mut::<{ Layout::E820_ENTRY }>(table);
    for (slot, entry) in slots.zip(entries) {
        let numbers = [entry.range.start(), entry.range.size()];
        put_numbers(slot, &numbers);
        if let Some(kind) = slot.last_chunk_mut() {
            *kind = entry.kind.0.to_le_bytes();
        }
    }
}

fn write_efi_info(
    page: &mut Page<'_>,
    old: &[u8; Layout::BOOT_PARAMS],
    map: u64,
    descriptors: usize,
) {
    let bytes = descriptors.saturating_mul(Layout::EFI_DESCRIPTOR) as u32;
    page.put::<{ field::EFI_LOADER_SIGNATURE }, 4>(*b"EL64");
    for at in [field::EFI_SYSTAB, field::EFI_SYSTAB_HI] {
        // The system table does not move.
        let _ = slice_at(old, at, 4).and_then(|address| put_slice(page.0, at, address));
    }
    let size = Layout::EFI_DESCRIPTOR as u32;
    page.put::<{ field::EFI_MEMDESC_SIZE }, 4>(size.to_le_bytes());
    page.put::<{ field::EFI_MEMDESC_VERSION }, 4>(EFI_MEMDESC_VERSION.to_le_bytes());
    page.split::<{ field::EFI_MEMMAP }, { field::EFI_MEMMAP_HI }>(map);
    page.put::<{ field::EFI_MEMMAP_SIZE }, 4>(bytes.to_le_bytes());
}

fn write_efi_map(table: &mut [u8], machine: &Machine) {
    let slots = pieces_mut::<{ Layout::EFI_DESCRIPTOR }>(table);
    for (slot, descriptor) in slots.zip(machine.efi.map()) {
        // EFI_MEMORY_DESCRIPTOR: type and padding, physical, virtual, pages, attribute.
        put_numbers(
            slot,
            &[
                u64::from(descriptor.kind),
                descriptor.physical,
                descriptor.virtual_,
                descriptor.pages,
                descriptor.attribute,
            ],
        );
    }
}

/// Writes the nodes and returns the address of the first, 0 if there is none.
fn write_setup_data(
    out: &mut [u8],
    layout: &Layout,
    contents: &Contents<'_>,
    beyond: &[MemoryEntry],
) -> Option<u64> {
    let mut next = 0;
    for node in layout.nodes.iter().rev() {
        let place = out.get_mut(node.offset..)?;
        let (head, data) = place.split_at_mut_checked(NODE_HEADER)?;
        let kind_and_length = (node.length as u64) << 32 | u64::from(node.kind.0);
        put_numbers(head, &[next, kind_and_length]);
        match node.kind {
            SetupType::EFI => put_numbers(data, &efi_setup_data(&contents.machine.efi)),
            SetupType::E820_EXT => write_e820(data, beyond),
            SetupType::DTB => put_slice(data, 0, contents.parts.dtb?)?,
            _ => put_slice(data, 0, &contents.parts.rng_seed?)?,
        }
        next = contents.base.wrapping_add(node.offset as u64);
    }
    Some(next)
}

/// Writes consecutive little-endian numbers, as many as fit.
fn put_numbers(out: &mut [u8], numbers: &[u64]) {
    for (slot, number) in pieces_mut(out).zip(numbers) {
        *slot = number.to_le_bytes();
    }
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
