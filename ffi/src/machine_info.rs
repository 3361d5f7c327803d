//! Facts about a machine, as single values: their numbers and structures. `machine_get` has the
//! functions.

use crate::versioned::Versioned;

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

/// firmware: it was looked for, but no source gives it. 0: it was not looked for.
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
    /// Whether there is hot-pluggable memory (KX_MAP_HOT_PLUGGABLE): KX_YES, KX_NO, KX_UNKNOWN; output
    /// only.
    pub hot_pluggable: u32,
}

// SAFETY: integers only; `size` comes first and there is no padding.
unsafe impl Versioned for kx_memory {}
const _: () = assert!(size_of::<kx_memory>() == 32);
// SAFETY: as before.
unsafe impl Versioned for kx_machine_info {}
const _: () = assert!(size_of::<kx_machine_info>() == 8 + 6 * 4 + 10 * 8 + 7 * 16 + 2 * 8 + 16 * 4);
