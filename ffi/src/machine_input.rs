//! A machine described by hand: from the contents of its files, or entry by entry.

use core::ffi::{c_int, c_void};

use kexec_core::Error;
use kexec_core::boot::field;
use kexec_core::machine::{
    CpuFlags, Dump, E820_ENTRY_SIZE, Efi, EfiInfo, EfiMemoryDescriptor, Firmware, IomemAccess,
    IomemParser, KcoreParser, Known, Machine, MeminfoParser, MemorySource, RunningCommandLine,
    SratParser, StatusParser, crash_notes, decimal_size, e820_entries, lockdown, release,
    vmcoreinfo,
};
use kexec_core::memory::{MapFull, MemoryKind, Range};

use crate::code::{KX_E_BAD_ARGUMENT, KX_E_UNKNOWN};
use crate::error::{Failure, plain};
use crate::machine::{Inner, exclusive, kx_machine, whole};
use crate::pointer;
use crate::versioned::{self, Versioned};

/// /proc/iomem. It also gives the memory map if no other source does.
pub const KX_SOURCE_IOMEM: u32 = 1;
/// A table of 20-byte e820 entries (u64 address, u64 size, u32 type, little-endian): the data
/// of a SETUP_E820_EXT node, /sys/kernel/boot_params/setup_data/N/data. Adds to the memory map.
pub const KX_SOURCE_E820: u32 = 2;
/// /sys/kernel/boot_params/data: 4096 bytes. Its e820 table also adds to the memory map.
pub const KX_SOURCE_BOOT_PARAMS: u32 = 3;
/// /proc/cmdline.
pub const KX_SOURCE_COMMAND_LINE: u32 = 4;
/// /proc/cpuinfo; its first 64 KiB suffice.
pub const KX_SOURCE_CPUINFO: u32 = 5;
/// /proc/meminfo.
pub const KX_SOURCE_MEMINFO: u32 = 6;
/// /proc/self/status.
pub const KX_SOURCE_STATUS: u32 = 7;
/// /sys/firmware/efi/systab.
pub const KX_SOURCE_EFI_SYSTAB: u32 = 8;
/// /sys/kernel/security/lockdown.
pub const KX_SOURCE_LOCKDOWN: u32 = 9;
/// /sys/kernel/vmcoreinfo; for a crash kernel.
pub const KX_SOURCE_VMCOREINFO: u32 = 10;
/// /proc/sys/kernel/osrelease; for a crash kernel.
pub const KX_SOURCE_RELEASE: u32 = 11;
/// /proc/kcore, from its start to the end of its program headers; for a crash kernel.
pub const KX_SOURCE_KCORE: u32 = 12;
/// /sys/kernel/crash_elfcorehdr_size; for a crash kernel.
pub const KX_SOURCE_ELFCOREHDR_SIZE: u32 = 13;
/// /sys/devices/system/cpu/cpu0/crash_notes_size; for a crash kernel. (Kernels before 3.10 have no
/// such file; the size is 1024.)
pub const KX_SOURCE_CRASH_NOTES_SIZE: u32 = 14;
/// /sys/devices/system/cpu/cpuN/crash_notes; each call adds a CPU. For a crash kernel, which then
/// also needs KX_SOURCE_CRASH_NOTES_SIZE.
pub const KX_SOURCE_CRASH_NOTES: u32 = 15;
/// /sys/kernel/kexec/crash_cma_ranges; for a crash kernel.
pub const KX_SOURCE_CRASH_CMA: u32 = 16;
/// /sys/firmware/acpi/tables/SRAT: memory that can be removed.
pub const KX_SOURCE_SRAT: u32 = 17;

/// The memory map for the new kernel.
pub const KX_MAP_FIRMWARE: u32 = 1;
/// The running kernel's view of it, /proc/iomem. Segments go only where both maps have RAM.
pub const KX_MAP_IOMEM: u32 = 2;
/// For kx_machine_memory() only: hot-pluggable memory, by KX_SOURCE_SRAT, in its order; each range is
/// KX_MEMORY_RAM, whether or not there is any in it.
pub const KX_MAP_HOT_PLUGGABLE: u32 = 3;

/// A descriptor of the EFI runtime map (UEFI specification, EFI_MEMORY_DESCRIPTOR).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_efi_descriptor {
    /// Set by the caller: sizeof(struct kx_efi_descriptor).
    pub size: usize,
    /// Physical address.
    pub physical_start: u64,
    /// The virtual address that the running kernel gave it.
    pub virtual_start: u64,
    /// Number of pages of 4096 bytes.
    pub pages: u64,
    /// EFI_MEMORY_* bits.
    pub attribute: u64,
    /// EFI_MEMORY_TYPE.
    pub kind: u32,
    /// Reserved: 0.
    pub reserved: u32,
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_efi_descriptor {}
const _: () = assert!(size_of::<kx_efi_descriptor>() == 48);

/// Parses the contents of one of the running system's files (KX_SOURCE_*), the whole file at once.
///
/// The order of the calls does not matter. KX_MAP_FIRMWARE combines KX_SOURCE_BOOT_PARAMS,
/// KX_SOURCE_E820 and kx_machine_add_memory(). If none of them gives an entry and KX_SOURCE_IOMEM
/// was parsed, it is a copy of KX_MAP_IOMEM. KX_MAP_IOMEM combines KX_SOURCE_IOMEM and
/// kx_machine_add_memory().
///
/// When a source is parsed again, it replaces its earlier facts; KX_SOURCE_IOMEM does so even if it
/// is refused, and so does KX_SOURCE_SRAT. Two exceptions add up until kx_machine_clear(): KX_SOURCE_CRASH_NOTES, because each
/// call is a CPU; and memory that cannot be distinguished from another source's (KX_SOURCE_E820,
/// KX_SOURCE_BOOT_PARAMS, and KX_SOURCE_IOMEM after entries were added to KX_MAP_IOMEM).
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED, KX_E_UNKNOWN
/// (source), KX_E_BAD_ARGUMENT (not the contents of such a file), KX_E_FULL (the map is then empty
/// and stays empty; start again with kx_machine_clear()).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_parse(
    machine: *mut kx_machine,
    source: u32,
    data: *const c_void,
    length: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let object = unsafe { whole(machine) }?;
        // SAFETY: the caller's promise.
        let contents = unsafe { pointer::bytes(data, length) }?;
        parse(object, source, contents).map(|()| 0)
    })
}

const BAD: Failure = Failure::Own(KX_E_BAD_ARGUMENT);

fn parse(object: &mut Inner, source: u32, contents: &[u8]) -> Result<(), Failure> {
    let machine = &mut object.machine;
    match source {
        KX_SOURCE_IOMEM => iomem(object, contents),
        KX_SOURCE_E820 if contents.len() % E820_ENTRY_SIZE != 0 => Err(BAD),
        KX_SOURCE_E820 => e820(object, contents),
        KX_SOURCE_BOOT_PARAMS => boot_params(object, contents),
        KX_SOURCE_COMMAND_LINE => {
            machine.command_line.set(contents);
            if machine.command_line.is_too_long() {
                return Err(Error::Full {
                    what: "RunningCommandLine::CAPACITY",
                    capacity: RunningCommandLine::CAPACITY as u64,
                }
                .into());
            }
            Ok(())
        }
        KX_SOURCE_CPUINFO => {
            let mut flags = CpuFlags::new();
            flags.feed(contents);
            flags.finish();
            machine.x86.set_cpu_flags(&flags);
            flags.is_complete().then_some(()).ok_or(BAD)
        }
        KX_SOURCE_MEMINFO => {
            let mut meminfo = MeminfoParser::new();
            meminfo.feed(contents);
            // The last line may lack a line feed.
            meminfo.feed(b"\n");
            meminfo.total.ok_or(BAD)?;
            machine.set_meminfo(&meminfo);
            Ok(())
        }
        KX_SOURCE_STATUS => {
            let mut status = StatusParser::new();
            status.feed(contents);
            let set = status.cap_sys_boot.ok_or(BAD)?;
            machine.kexec.cap_sys_boot = Some(set).into();
            Ok(())
        }
        KX_SOURCE_EFI_SYSTAB => {
            machine.efi.read_systab(contents);
            rsdp(machine);
            Ok(())
        }
        KX_SOURCE_LOCKDOWN => {
            machine.kexec.lockdown = lockdown(contents);
            Ok(())
        }
        KX_SOURCE_SRAT => {
            let mut table = SratParser::new(&mut machine.hot_plug);
            table.feed(contents);
            table.finish();
            let known = machine.hot_plug.known != Known::Unknown;
            known.then_some(()).ok_or(BAD)
        }
        _ => dump(&mut machine.dump, source, contents),
    }
}

/// The sources that only a crash kernel needs.
fn dump(dump: &mut Dump, source: u32, contents: &[u8]) -> Result<(), Failure> {
    match source {
        KX_SOURCE_VMCOREINFO => dump.vmcoreinfo = Some(vmcoreinfo(contents).ok_or(BAD)?),
        KX_SOURCE_RELEASE => dump.release = release(contents).ok_or(BAD)?,
        KX_SOURCE_KCORE => {
            let mut kcore = KcoreParser::new();
            if !kcore.feed(contents) {
                return Err(BAD);
            }
            dump.direct_map = kcore.direct_map;
            dump.text = kcore.text;
        }
        KX_SOURCE_ELFCOREHDR_SIZE => {
            dump.elfcorehdr_size = Some(decimal_size(contents).ok_or(BAD)?);
        }
        KX_SOURCE_CRASH_NOTES_SIZE => {
            let size = decimal_size(contents).filter(|&size| size != 0);
            dump.cpus.size = size.ok_or(BAD)?;
        }
        KX_SOURCE_CRASH_NOTES => dump.cpus.add(crash_notes(contents).ok_or(BAD)?),
        KX_SOURCE_CRASH_CMA => {
            if !dump.set_cma(contents) {
                dump.set_cma(b"");
                let what = "Dump::CMA_CAPACITY";
                let capacity = Dump::CMA_CAPACITY as u64;
                return Err(Error::Full { what, capacity }.into());
            }
        }
        _ => return Err(Failure::Own(KX_E_UNKNOWN)),
    }
    Ok(())
}

/// Both maps hold what every source says of each address, and adjacent ranges are joined if more
/// than one source gave some. Therefore the order of the sources does not matter.
fn iomem(object: &mut Inner, contents: &[u8]) -> Result<(), Failure> {
    forget_iomem(object);
    let Inner { made_of, machine } = object;
    let mut parser = IomemParser::new(&mut machine.iomem).with_dump(&mut machine.dump);
    parser.feed(contents);
    let found = parser.finish();
    machine.crash = found.crash;
    machine.kernel = found.kernel;
    made_of.iomem_file = found.access == IomemAccess::Read;
    match found.access {
        _ if machine.maps.iomem_access == IomemAccess::TooLong => return Err(MapFull.into()),
        IomemAccess::TooLong => {
            machine.maps.iomem_access = IomemAccess::TooLong;
            machine.maps.full = true;
            return Err(MapFull.into());
        }
        // Entries added one by one stay known.
        access @ (IomemAccess::Missing
        | IomemAccess::Unprivileged
        | IomemAccess::Unreadable
        | IomemAccess::Damaged) => {
            if !made_of.iomem_entries {
                machine.maps.iomem_access = access;
            }
            return Err(BAD);
        }
        IomemAccess::Read => machine.maps.iomem_access = IomemAccess::Read,
    }
    if made_of.iomem_entries {
        machine.iomem.join_touching();
    }
    if machine.maps.source == MemorySource::None && !made_of.firmware_full {
        let Machine { iomem, memory, .. } = machine;
        for entry in iomem.entries() {
            memory.add(entry.range, entry.kind)?;
        }
        // The kernel lists RAM in pieces if it reserved parts of it for itself at boot.
        memory.join_touching();
        machine.maps.source = MemorySource::Iomem;
    }
    Ok(())
}

/// Removes what /proc/iomem gave before, and the firmware's map if it was a copy. A map with added
/// entries keeps all entries, because they cannot be distinguished.
fn forget_iomem(object: &mut Inner) {
    let Inner { made_of, machine } = object;
    machine.dump.ram.clear();
    machine.dump.ram_full = false;
    machine.dump.gart = None;
    if made_of.iomem_entries {
        return;
    }
    machine.iomem.clear();
    if machine.maps.iomem_access == IomemAccess::TooLong {
        machine.maps.iomem_access = IomemAccess::Missing;
        machine.maps.full = made_of.firmware_full;
    }
    drop_copy(machine);
}

/// The firmware's map without the copy of /proc/iomem's, which stands in for a missing source.
fn drop_copy(machine: &mut Machine) {
    if machine.maps.source == MemorySource::Iomem {
        machine.memory.clear();
        machine.maps.source = MemorySource::None;
    }
}

/// Adds to the firmware's map. If the map overflows, it stays empty, because half a map misleads.
fn add_to_firmware(object: &mut Inner, range: Range, kind: MemoryKind) -> Result<(), Failure> {
    let Inner { made_of, machine } = object;
    drop_copy(machine);
    if !made_of.firmware_full && machine.memory.add(range, kind).is_err() {
        made_of.firmware_full = true;
    }
    if made_of.firmware_full {
        machine.memory.clear();
        machine.maps.full = true;
        machine.maps.source = MemorySource::None;
        return Err(MapFull.into());
    }
    Ok(())
}

fn e820(object: &mut Inner, table: &[u8]) -> Result<(), Failure> {
    if e820_entries(table).next().is_none() {
        return Ok(());
    }
    object.made_of.firmware_tables = true;
    for entry in e820_entries(table) {
        add_to_firmware(object, entry.range, entry.kind)?;
    }
    let machine = &mut object.machine;
    machine.memory.join_touching();
    if machine.maps.source == MemorySource::None {
        machine.maps.source = MemorySource::BootParams;
    }
    Ok(())
}

fn boot_params(object: &mut Inner, contents: &[u8]) -> Result<(), Failure> {
    let page = <&[u8; 4096]>::try_from(contents).map_err(|_| BAD)?;
    let machine = &mut object.machine;
    machine.x86.boot_params.set(page);
    firmware(machine);
    rsdp(machine);
    let length = machine.x86.boot_params.e820_table().len();
    let table = page.get(field::E820_TABLE..).unwrap_or_default();
    e820(object, table.get(..length).unwrap_or_default())
}

/// Sets the firmware as reading the running system does; it is known once the boot_params are.
fn firmware(machine: &mut Machine) {
    if machine.x86.boot_params.get().is_none() {
        return;
    }
    let signature = machine.x86.boot_params.efi_info().loader_signature;
    let efi = machine.efi.present || matches!(signature, EfiInfo::EL32 | EfiInfo::EL64);
    machine.platform.firmware = if efi { Firmware::Efi } else { Firmware::NotEfi };
}

/// Sets the RSDP as reading the running system does: from the boot loader, else from EFI.
fn rsdp(machine: &mut Machine) {
    let known = [
        machine.x86.boot_params.acpi_rsdp_addr(),
        machine.efi.acpi20,
        machine.efi.acpi,
    ];
    if let Some(address) = known.into_iter().find(|address| *address != 0) {
        machine.platform.acpi_rsdp = address;
    }
}

/// Adds a range of memory, from its first to its last address, to a map (KX_MAP_*). `kind` is an
/// e820 type, KX_MEMORY_* or any other. Where ranges overlap, the higher type stays. The range is
/// added to what was read or parsed before, and to what is parsed later; only a KX_MAP_FIRMWARE
/// that is a copy of KX_MAP_IOMEM is replaced. To keep segments out of a range, add it to
/// KX_MAP_IOMEM as KX_MEMORY_RESERVED; the new kernel's memory map does not show this.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_UNKNOWN (map),
/// KX_E_BAD_ARGUMENT (`last` is below `start`), KX_E_FULL (the map is then empty and stays empty
/// until kx_machine_clear()).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_add_memory(
    machine: *mut kx_machine,
    map: u32,
    start: u64,
    last: u64,
    kind: u32,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let object = unsafe { whole(machine) }?;
        let range = Range::new(start, last).ok_or(BAD)?;
        let kind = MemoryKind(kind);
        match map {
            KX_MAP_FIRMWARE => {
                let read = object.machine.maps.source == MemorySource::BootParams;
                object.made_of.firmware_tables |= read;
                add_to_firmware(object, range, kind)?;
                let machine = &mut object.machine;
                if object.made_of.firmware_tables {
                    machine.memory.join_touching();
                }
                machine.maps.source = MemorySource::FirmwareMemmap;
            }
            KX_MAP_IOMEM => add_to_iomem(object, range, kind)?,
            _ => return Err(Failure::Own(KX_E_UNKNOWN)),
        }
        Ok(0)
    })
}

fn add_to_iomem(object: &mut Inner, range: Range, kind: MemoryKind) -> Result<(), Failure> {
    let Inner { made_of, machine } = object;
    made_of.iomem_entries = true;
    let full = machine.maps.iomem_access == IomemAccess::TooLong;
    if full || machine.iomem.add(range, kind).is_err() {
        machine.iomem.clear();
        machine.maps.iomem_access = IomemAccess::TooLong;
        machine.maps.full = true;
        drop_copy(machine);
        return Err(MapFull.into());
    }
    machine.maps.iomem_access = IomemAccess::Read;
    if made_of.iomem_file {
        machine.iomem.join_touching();
    }
    if machine.maps.source == MemorySource::Iomem {
        machine.memory.add(range, kind)?;
        machine.memory.join_touching();
    }
    Ok(())
}

/// Adds a descriptor to the EFI runtime map.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
/// KX_E_FULL (the map is then empty, because half of it would mislead, and stays empty until
/// kx_machine_clear()).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_add_efi(
    machine: *mut kx_machine,
    descriptor: *const kx_efi_descriptor,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { exclusive(machine) }?;
        // SAFETY: the caller's promise.
        let descriptor = unsafe { versioned::read(descriptor) }?;
        machine.efi.present = true;
        firmware(machine);
        let efi = &mut machine.efi;
        let added = efi.add(EfiMemoryDescriptor {
            kind: descriptor.kind,
            physical: descriptor.physical_start,
            virtual_: descriptor.virtual_start,
            pages: descriptor.pages,
            attribute: descriptor.attribute,
        });
        efi.map_full |= added.is_err();
        if efi.map_full {
            efi.clear_map();
            return Err(EFI_FULL.into());
        }
        Ok(0)
    })
}

const EFI_FULL: Error = Error::Full {
    what: "Efi::CAPACITY",
    capacity: Efi::CAPACITY as u64,
};
