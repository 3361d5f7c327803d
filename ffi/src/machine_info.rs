//! Facts about a machine, as single values.

use core::ffi::{c_char, c_int, c_void};

use kexec_core::machine::{
    Firmware, IomemAccess, KexecState, Known, Lockdown, Machine, MemorySource, XenGuest,
};
use kexec_core::memory::{PageSize, Range};

use crate::arch;
use crate::bytes::length;
use crate::code::{KX_E_BAD_ARGUMENT, KX_E_NO_ENTRY, KX_E_NULL, KX_E_UNKNOWN};
use crate::error::{Failure, plain};
use crate::machine::{exclusive, kx_machine, shared};
use crate::text;
use crate::versioned::{self, Versioned};

/// Not known.
pub const KX_UNKNOWN: u32 = 0;
/// No.
pub const KX_NO: u32 = 1;
/// Yes.
pub const KX_YES: u32 = 2;

/// memory_source: /sys/firmware/memmap, or entries added one by one.
pub const KX_MEMORY_FROM_MEMMAP: u32 = 1;
/// memory_source: the e820 table of the running kernel's boot_params.
pub const KX_MEMORY_FROM_BOOT_PARAMS: u32 = 2;
/// memory_source: /proc/iomem.
pub const KX_MEMORY_FROM_IOMEM: u32 = 3;

/// iomem_access: all addresses were 0, because the reader lacks CAP_SYS_ADMIN.
pub const KX_IOMEM_UNPRIVILEGED: u32 = 1;
/// iomem_access: read.
pub const KX_IOMEM_READ: u32 = 2;
/// iomem_access: more ranges than the library has room for.
pub const KX_IOMEM_TOO_LONG: u32 = 3;
/// iomem_access: the file exists and could not be read.
pub const KX_IOMEM_UNREADABLE: u32 = 4;
/// iomem_access: no lines, or a line that is not a resource.
pub const KX_IOMEM_DAMAGED: u32 = 5;

/// firmware: it was looked for, but no source tells it. 0: it was not looked for.
pub const KX_FIRMWARE_UNREADABLE: u32 = 1;
/// firmware: not EFI. A new kernel finds the ACPI tables itself.
pub const KX_FIRMWARE_NOT_EFI: u32 = 2;
/// firmware: EFI. A new kernel needs the address of the ACPI tables.
pub const KX_FIRMWARE_EFI: u32 = 3;

/// lockdown: nothing is forbidden.
pub const KX_LOCKDOWN_NONE: u32 = 1;
/// lockdown: kexec_load is forbidden, and so is kexec_file_load of unsigned kernels.
pub const KX_LOCKDOWN_INTEGRITY: u32 = 2;
/// lockdown: like integrity; reading kernel memory is also forbidden.
pub const KX_LOCKDOWN_CONFIDENTIALITY: u32 = 3;

/// xen_guest: paravirtualised.
pub const KX_XEN_PV: u32 = 1;
/// xen_guest: hardware virtual machine.
pub const KX_XEN_HVM: u32 = 2;
/// xen_guest: PV in an HVM container.
pub const KX_XEN_PVH: u32 = 3;

/// flags: started by EFI.
pub const KX_MACHINE_EFI: u32 = 4;
/// flags: a Xen domain.
pub const KX_MACHINE_XEN: u32 = 8;
/// flags: load_limit_reboot is known.
pub const KX_MACHINE_LOAD_LIMIT_REBOOT: u32 = 32;
/// flags: load_limit_panic is known.
pub const KX_MACHINE_LOAD_LIMIT_PANIC: u32 = 64;
/// flags, output only: a source of the memory map was skipped because it was too long.
pub const KX_MACHINE_MEMORY_FULL: u32 = 128;
/// flags, output only: the EFI runtime map was dropped because it was too long.
pub const KX_MACHINE_EFI_FULL: u32 = 256;
/// flags, output only: the running kernel's boot_params are known.
pub const KX_MACHINE_BOOT_PARAMS: u32 = 512;
/// flags, output only: EFI can be passed on.
pub const KX_MACHINE_EFI_COMPLETE: u32 = 1024;

/// RAM.
pub const KX_MEMORY_RAM: u32 = 1;
/// Memory that nobody may use.
pub const KX_MEMORY_RESERVED: u32 = 2;
/// ACPI tables.
pub const KX_MEMORY_ACPI: u32 = 3;
/// ACPI non-volatile storage.
pub const KX_MEMORY_NVS: u32 = 4;
/// Memory with errors.
pub const KX_MEMORY_UNUSABLE: u32 = 5;
/// Persistent memory.
pub const KX_MEMORY_PMEM: u32 = 7;
/// Persistent memory, legacy.
pub const KX_MEMORY_PRAM: u32 = 12;
/// RAM set aside for a special purpose.
pub const KX_MEMORY_SOFT_RESERVED: u32 = 0xefff_ffff;

/// A range of physical addresses. The first and the last address are both part of it; both are 0
/// for no range.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct kx_range {
    /// The first address.
    pub start: u64,
    /// The last address.
    pub last: u64,
}

/// A range of a memory map.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_memory {
    /// Set by the caller: sizeof(struct kx_memory).
    pub size: usize,
    /// Its addresses.
    pub range: kx_range,
    /// Its e820 type, KX_MEMORY_* or another.
    pub kind: u32,
    /// Reserved: 0.
    pub reserved: u32,
}

/// Facts about a machine. kx_machine_set() ignores what is "output only". 0 is "not known" unless
/// documented otherwise. It also stands for a value that has no number in this version of the
/// library.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kx_machine_info {
    /// Set by the caller: sizeof(struct kx_machine_info).
    pub size: usize,
    /// KX_MACHINE_* bits.
    pub flags: u32,
    /// KX_MEMORY_FROM_*; output only.
    pub memory_source: u32,
    /// KX_IOMEM_*; output only.
    pub iomem_access: u32,
    /// Entries of the map KX_MAP_FIRMWARE; output only.
    pub memory_count: u32,
    /// Entries of the map KX_MAP_IOMEM; output only.
    pub iomem_count: u32,
    /// Descriptors of the EFI runtime map; output only.
    pub efi_count: u32,
    /// Bytes of RAM in the map KX_MAP_FIRMWARE; output only.
    pub ram: u64,
    /// Bytes of RAM that the running kernel manages (MemTotal).
    pub total_ram: u64,
    /// Physical address of the ACPI RSDP; also 0 if there is none.
    pub acpi_rsdp: u64,
    /// EFI firmware vendor string, physical.
    pub efi_fw_vendor: u64,
    /// EFI runtime services table, virtual.
    pub efi_runtime: u64,
    /// EFI configuration tables, physical.
    pub efi_config_table: u64,
    /// SMBIOS 2 entry point.
    pub efi_smbios: u64,
    /// SMBIOS 3 entry point.
    pub efi_smbios3: u64,
    /// ACPI 2.0 RSDP by EFI.
    pub efi_acpi20: u64,
    /// ACPI 1.0 RSDP by EFI.
    pub efi_acpi: u64,
    /// The crash kernel's reservation.
    pub crash: kx_range,
    /// Its second part, below 4 GiB.
    pub crash_low: kx_range,
    /// Addresses of the running kernel's code.
    pub kernel_code: kx_range,
    /// Its read-only data.
    pub kernel_rodata: kx_range,
    /// Its data.
    pub kernel_data: kx_range,
    /// Its bss.
    pub kernel_bss: kx_range,
    /// Addresses of the whole kernel, on architectures that report them.
    pub kernel_image: kx_range,
    /// kernel.kexec_load_limit_reboot, -1 for no limit; see flags.
    pub load_limit_reboot: i64,
    /// kernel.kexec_load_limit_panic, -1 for no limit; see flags.
    pub load_limit_panic: i64,
    /// Whether an image is loaded: KX_YES, KX_NO, KX_UNKNOWN.
    pub loaded: u32,
    /// Whether a crash image is loaded: KX_YES, KX_NO, KX_UNKNOWN.
    pub crash_loaded: u32,
    /// kernel.kexec_load_disabled: KX_YES, KX_NO, KX_UNKNOWN.
    pub load_disabled: u32,
    /// Whether this process has CAP_SYS_BOOT: KX_YES, KX_NO, KX_UNKNOWN.
    pub cap_sys_boot: u32,
    /// KX_LOCKDOWN_*.
    pub lockdown: u32,
    /// KX_XEN_*.
    pub xen_guest: u32,
    /// Bits of the EFI firmware, 32 or 64.
    pub efi_platform_size: u32,
    /// Whether the running kernel uses 5-level page tables: KX_YES, KX_NO, KX_UNKNOWN.
    pub five_level: u32,
    /// Whether it maps RAM with pages of 1 GiB: KX_YES, KX_NO, KX_UNKNOWN.
    pub gbpages: u32,
    /// Whether the domain is Xen's control domain: KX_YES, KX_NO, KX_UNKNOWN.
    pub xen_control: u32,
    /// The firmware that started it: KX_FIRMWARE_*.
    pub firmware: u32,
    /// Whether /sys/firmware/efi/systab was read. If KX_YES, a 0 above is "none".
    pub efi_systab: u32,
    /// Whether there is an EFI runtime map; KX_NO if the running kernel does not use it.
    pub efi_map: u32,
    /// The running kernel's architecture: KX_ARCH_*.
    pub arch: u32,
    /// The running kernel's page size in bytes: 4096, 16384 or 65536; 0 means 4096. On x86 it is
    /// always 4096.
    pub page_size: u32,
    /// Reserved: 0.
    pub reserved: u32,
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_memory {}
const _: () = assert!(size_of::<kx_memory>() == 32);
// SAFETY: as before.
unsafe impl Versioned for kx_machine_info {}
const _: () = assert!(size_of::<kx_machine_info>() == 8 + 6 * 4 + 10 * 8 + 7 * 16 + 2 * 8 + 16 * 4);

pub(crate) fn range(range: Option<Range>) -> kx_range {
    range.map_or(kx_range::default(), |range| kx_range {
        start: range.start(),
        last: range.last(),
    })
}

fn from_range(given: kx_range) -> Result<Option<Range>, Failure> {
    if given == kx_range::default() {
        return Ok(None);
    }
    let range = Range::new(given.start, given.last);
    range.map(Some).ok_or(Failure::Own(KX_E_BAD_ARGUMENT))
}

/// A page size in bytes.
#[allow(clippy::cast_possible_truncation)] // 65536 at most.
const fn page_bytes(size: PageSize) -> u32 {
    size.bytes() as u32
}

/// The page size of `bytes`; 0 is 4096.
pub(crate) fn from_page_bytes(bytes: u32) -> Option<PageSize> {
    if bytes == 0 {
        return Some(PageSize::default());
    }
    PageSize::of(bytes.into())
}

const fn from_known(value: Known) -> u32 {
    match value {
        Known::Unknown => KX_UNKNOWN,
        Known::No => KX_NO,
        Known::Yes => KX_YES,
    }
}

const fn known(given: u32) -> Result<Known, Failure> {
    match given {
        KX_UNKNOWN => Ok(Known::Unknown),
        KX_NO => Ok(Known::No),
        KX_YES => Ok(Known::Yes),
        _ => Err(Failure::Own(KX_E_UNKNOWN)),
    }
}

fn flags(machine: &Machine) -> u32 {
    [
        (machine.efi.present, KX_MACHINE_EFI),
        (machine.xen.domain, KX_MACHINE_XEN),
        (
            machine.kexec.load_limit_reboot.is_some(),
            KX_MACHINE_LOAD_LIMIT_REBOOT,
        ),
        (
            machine.kexec.load_limit_panic.is_some(),
            KX_MACHINE_LOAD_LIMIT_PANIC,
        ),
        (machine.maps.full, KX_MACHINE_MEMORY_FULL),
        (machine.efi.map_full, KX_MACHINE_EFI_FULL),
        (
            machine.x86.boot_params.get().is_some(),
            KX_MACHINE_BOOT_PARAMS,
        ),
        (machine.efi.is_complete(), KX_MACHINE_EFI_COMPLETE),
    ]
    .iter()
    .filter(|(set, _)| *set)
    .fold(0, |flags, (_, flag)| flags | flag)
}

fn info(machine: &Machine) -> kx_machine_info {
    let (efi, kexec, kernel) = (&machine.efi, &machine.kexec, &machine.kernel);
    kx_machine_info {
        size: 0,
        flags: flags(machine),
        memory_source: match machine.maps.source {
            MemorySource::FirmwareMemmap => KX_MEMORY_FROM_MEMMAP,
            MemorySource::BootParams => KX_MEMORY_FROM_BOOT_PARAMS,
            MemorySource::Iomem => KX_MEMORY_FROM_IOMEM,
            _ => 0,
        },
        iomem_access: match machine.maps.iomem_access {
            IomemAccess::Missing => 0,
            IomemAccess::Unprivileged => KX_IOMEM_UNPRIVILEGED,
            IomemAccess::Read => KX_IOMEM_READ,
            IomemAccess::TooLong => KX_IOMEM_TOO_LONG,
            IomemAccess::Unreadable => KX_IOMEM_UNREADABLE,
            IomemAccess::Damaged => KX_IOMEM_DAMAGED,
        },
        memory_count: length(machine.memory.entries()),
        iomem_count: length(machine.iomem.entries()),
        efi_count: length(efi.map()),
        ram: machine.memory.ram(),
        total_ram: machine.platform.total_ram.unwrap_or(0),
        acpi_rsdp: machine.platform.acpi_rsdp,
        efi_fw_vendor: efi.fw_vendor,
        efi_runtime: efi.runtime,
        efi_config_table: efi.config_table,
        efi_smbios: efi.smbios,
        efi_smbios3: efi.smbios3,
        efi_acpi20: efi.acpi20,
        efi_acpi: efi.acpi,
        crash: range(machine.crash.region),
        crash_low: range(machine.crash.low),
        kernel_code: range(kernel.code),
        kernel_rodata: range(kernel.rodata),
        kernel_data: range(kernel.data),
        kernel_bss: range(kernel.bss),
        kernel_image: range(kernel.image),
        load_limit_reboot: kexec.load_limit_reboot.unwrap_or(0),
        load_limit_panic: kexec.load_limit_panic.unwrap_or(0),
        loaded: from_known(kexec.loaded),
        crash_loaded: from_known(kexec.crash_loaded),
        load_disabled: from_known(kexec.load_disabled),
        cap_sys_boot: from_known(kexec.cap_sys_boot),
        lockdown: match kexec.lockdown {
            Lockdown::None => KX_LOCKDOWN_NONE,
            Lockdown::Integrity => KX_LOCKDOWN_INTEGRITY,
            Lockdown::Confidentiality => KX_LOCKDOWN_CONFIDENTIALITY,
            _ => 0,
        },
        xen_guest: match machine.xen.guest {
            XenGuest::Pv => KX_XEN_PV,
            XenGuest::Hvm => KX_XEN_HVM,
            XenGuest::Pvh => KX_XEN_PVH,
            _ => 0,
        },
        efi_platform_size: efi.platform_size.into(),
        five_level: from_known(machine.x86.five_level_paging),
        gbpages: from_known(machine.x86.gbpages),
        xen_control: from_known(machine.xen.control),
        firmware: match machine.platform.firmware {
            Firmware::Unknown => 0,
            Firmware::Unreadable => KX_FIRMWARE_UNREADABLE,
            Firmware::NotEfi => KX_FIRMWARE_NOT_EFI,
            Firmware::Efi => KX_FIRMWARE_EFI,
        },
        efi_systab: from_known(efi.systab),
        efi_map: from_known(efi.has_map),
        arch: arch::number(machine.platform.arch),
        page_size: page_bytes(machine.platform.page_size),
        reserved: 0,
    }
}

/// Gets the facts about a machine.
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_NOT_INITIALISED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_get(
    machine: *const kx_machine,
    info: *mut kx_machine_info,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        // SAFETY: the caller's promise.
        let size = unsafe { versioned::output_size(info) }?;
        // SAFETY: `info` was checked, and `size` is its size.
        unsafe { versioned::write(info, size, &self::info(machine)) };
        Ok(0)
    })
}

fn set(machine: &mut Machine, given: &kx_machine_info) -> Result<(), Failure> {
    const SETTABLE: u32 = KX_MACHINE_EFI
        | KX_MACHINE_XEN
        | KX_MACHINE_LOAD_LIMIT_REBOOT
        | KX_MACHINE_LOAD_LIMIT_PANIC;
    const OUTPUT_ONLY: u32 = KX_MACHINE_MEMORY_FULL
        | KX_MACHINE_EFI_FULL
        | KX_MACHINE_BOOT_PARAMS
        | KX_MACHINE_EFI_COMPLETE;
    let unknown = Failure::Own(KX_E_UNKNOWN);
    if given.flags & !(SETTABLE | OUTPUT_ONLY) != 0 || given.reserved != 0 {
        return Err(unknown);
    }
    let has = |flag| given.flags & flag != 0;
    // Everything that can fail comes first, so that a refused call changes nothing.
    let kexec = KexecState {
        loaded: known(given.loaded)?,
        crash_loaded: known(given.crash_loaded)?,
        load_disabled: known(given.load_disabled)?,
        load_limit_reboot: has(KX_MACHINE_LOAD_LIMIT_REBOOT).then_some(given.load_limit_reboot),
        load_limit_panic: has(KX_MACHINE_LOAD_LIMIT_PANIC).then_some(given.load_limit_panic),
        lockdown: match given.lockdown {
            0 => Lockdown::Unknown,
            KX_LOCKDOWN_NONE => Lockdown::None,
            KX_LOCKDOWN_INTEGRITY => Lockdown::Integrity,
            KX_LOCKDOWN_CONFIDENTIALITY => Lockdown::Confidentiality,
            _ => return Err(unknown),
        },
        cap_sys_boot: known(given.cap_sys_boot)?,
    };
    let xen_guest = match given.xen_guest {
        0 => XenGuest::Unknown,
        KX_XEN_PV => XenGuest::Pv,
        KX_XEN_HVM => XenGuest::Hvm,
        KX_XEN_PVH => XenGuest::Pvh,
        _ => return Err(unknown),
    };
    let firmware = match given.firmware {
        0 => Firmware::Unknown,
        KX_FIRMWARE_UNREADABLE => Firmware::Unreadable,
        KX_FIRMWARE_NOT_EFI => Firmware::NotEfi,
        KX_FIRMWARE_EFI => Firmware::Efi,
        _ => return Err(unknown),
    };
    let five_level_paging = known(given.five_level)?;
    let gbpages = known(given.gbpages)?;
    let xen_control = known(given.xen_control)?;
    let (systab, has_map) = (known(given.efi_systab)?, known(given.efi_map)?);
    let platform_size = match given.efi_platform_size {
        0 => 0,
        32 => 32,
        64 => 64,
        _ => return Err(Failure::Own(KX_E_BAD_ARGUMENT)),
    };
    let arch = arch::of(given.arch).ok_or(unknown)?;
    let page_size = from_page_bytes(given.page_size).ok_or(Failure::Own(KX_E_BAD_ARGUMENT))?;
    let (region, low) = (from_range(given.crash)?, from_range(given.crash_low)?);
    let kernel = kexec_core::machine::KernelRanges {
        code: from_range(given.kernel_code)?,
        rodata: from_range(given.kernel_rodata)?,
        data: from_range(given.kernel_data)?,
        bss: from_range(given.kernel_bss)?,
        image: from_range(given.kernel_image)?,
    };

    machine.platform.arch = arch;
    machine.platform.page_size = page_size;
    machine.kexec = kexec;
    machine.xen.guest = xen_guest;
    machine.kernel = kernel;
    machine.crash.region = region;
    machine.crash.low = low;
    machine.x86.five_level_paging = five_level_paging;
    machine.platform.firmware = firmware;
    machine.x86.gbpages = gbpages;
    machine.xen.domain = has(KX_MACHINE_XEN);
    machine.xen.control = xen_control;
    machine.platform.total_ram = (given.total_ram != 0).then_some(given.total_ram);
    machine.platform.acpi_rsdp = given.acpi_rsdp;
    let efi = &mut machine.efi;
    efi.present = has(KX_MACHINE_EFI);
    efi.platform_size = platform_size;
    efi.fw_vendor = given.efi_fw_vendor;
    efi.runtime = given.efi_runtime;
    efi.config_table = given.efi_config_table;
    efi.smbios = given.efi_smbios;
    efi.smbios3 = given.efi_smbios3;
    efi.acpi20 = given.efi_acpi20;
    efi.acpi = given.efi_acpi;
    efi.systab = systab;
    efi.has_map = has_map;
    Ok(())
}

/// Sets the facts about a machine, except those that are "output only". Call kx_machine_get(),
/// change the structure, call kx_machine_set().
///
/// Returns 0, or KX_E_NULL, KX_E_MISALIGNED, KX_E_SIZE, KX_E_TOO_NEW, KX_E_NOT_INITIALISED,
/// KX_E_UNKNOWN (a constant), KX_E_BAD_ARGUMENT (a range that ends before it starts, a platform
/// size other than 32 and 64, an invalid page size). If it fails, nothing is changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_set(
    machine: *mut kx_machine,
    info: *const kx_machine_info,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { exclusive(machine) }?;
        // SAFETY: the caller's promise.
        let info = unsafe { versioned::read(info) }?;
        set(machine, &info).map(|()| 0)
    })
}

/// Copies the running kernel's command line to a buffer of `size` bytes. The text ends in NUL.
///
/// Returns the bytes written, including the NUL; the bytes needed if `buffer` is NULL and `size` is
/// 0; or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY (not known).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_command_line(
    machine: *const kx_machine,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        let line = machine.command_line.get();
        let line = line.ok_or(Failure::Own(KX_E_NO_ENTRY))?;
        // SAFETY: the caller's promise.
        unsafe { text::put_bytes(buffer, size, line) }
    })
}

/// Copies the running kernel's boot_params, 4096 bytes.
///
/// Returns 4096, or KX_E_NULL, KX_E_MISALIGNED, KX_E_NOT_INITIALISED, KX_E_BUFFER, KX_E_NO_ENTRY
/// (not known).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kx_machine_boot_params(
    machine: *const kx_machine,
    buffer: *mut c_void,
    size: usize,
) -> c_int {
    plain(|| {
        // SAFETY: the caller's promise.
        let machine = unsafe { shared(machine) }?;
        let page = machine.x86.boot_params.get();
        let page = page.ok_or(Failure::Own(KX_E_NO_ENTRY))?;
        if buffer.is_null() {
            return Err(Failure::Own(KX_E_NULL));
        }
        if size < page.len() {
            return Err(Failure::Own(crate::code::KX_E_BUFFER));
        }
        // SAFETY: the buffer has room for the page, and is not part of the machine, which the
        // caller gave as const.
        unsafe { core::ptr::copy(page.as_ptr(), buffer.cast::<u8>(), page.len()) };
        crate::error::count(page.len())
    })
}
