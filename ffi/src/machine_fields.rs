//! The members of struct kx_machine_info that each are one field of [`Machine`], as tables. They are
//! pairs of offsets, because as code each pair would be some instructions for either direction.

use core::marker::PhantomData;
use core::mem::offset_of;

use kexec_core::machine::{
    Firmware, IomemAccess, Known, Lockdown, Machine, MemorySource, XenGuest,
};
use kexec_core::memory::Range;

use crate::machine_info::{
    KX_FIRMWARE_EFI, KX_IOMEM_DAMAGED, KX_LOCKDOWN_CONFIDENTIALITY, KX_MEMORY_FROM_IOMEM,
    KX_XEN_PVH, KX_YES, kx_machine_info, kx_range,
};

/// A member of type `M` and a field of type `F`. `field!` makes one and checks the types; `number!`
/// makes of it one with the field's byte.
pub(crate) struct Field<M, F> {
    member: u32,
    field: u32,
    types: PhantomData<(M, F)>,
}

/// The [`Field`] of a member's name and a field's path.
macro_rules! field {
    ($member:ident: $m:ty, $($field:ident).+: $f:ty) => {{
        let _: fn(&kx_machine_info) -> &$m = |info| &info.$member;
        let _: fn(&Machine) -> &$f = |machine| &machine.$($field).+;
        const { assert!(size_of::<Machine>() <= u32::MAX as usize) };
        #[allow(clippy::cast_possible_truncation)] // A structure is larger than its offsets.
        Field::<$m, $f> {
            member: offset_of!(kx_machine_info, $member) as u32,
            field: offset_of!(Machine, $($field).+) as u32,
            types: PhantomData,
        }
    }};
}

impl<M, F> Field<M, F> {
    pub(crate) fn member(&self, info: &kx_machine_info) -> &M {
        let place = (&raw const *info).cast::<u8>();
        // SAFETY: the offset of a member of this type, by `field!`.
        unsafe { &*place.wrapping_add(self.member as usize).cast::<M>() }
    }

    pub(crate) fn member_mut<'a>(&self, info: &'a mut kx_machine_info) -> &'a mut M {
        let place = (&raw mut *info).cast::<u8>();
        // SAFETY: the offset of a member of this type, by `field!`.
        unsafe { &mut *place.wrapping_add(self.member as usize).cast::<M>() }
    }

    pub(crate) fn of<'a>(&self, machine: &'a Machine) -> &'a F {
        let place = (&raw const *machine).cast::<u8>();
        // SAFETY: the offset of a field of this type, by `field!`.
        unsafe { &*place.wrapping_add(self.field as usize).cast::<F>() }
    }

    pub(crate) fn of_mut<'a>(&self, machine: &'a mut Machine) -> &'a mut F {
        let place = (&raw mut *machine).cast::<u8>();
        // SAFETY: the offset of a field of this type, by `field!`.
        unsafe { &mut *place.wrapping_add(self.field as usize).cast::<F>() }
    }
}

/// 64-bit numbers, mostly addresses.
pub(crate) const ADDRESSES: [Field<u64, u64>; 8] = [
    field!(acpi_rsdp: u64, platform.acpi_rsdp: u64),
    field!(efi_fw_vendor: u64, efi.fw_vendor: u64),
    field!(efi_runtime: u64, efi.runtime: u64),
    field!(efi_config_table: u64, efi.config_table: u64),
    field!(efi_smbios: u64, efi.smbios: u64),
    field!(efi_smbios3: u64, efi.smbios3: u64),
    field!(efi_acpi20: u64, efi.acpi20: u64),
    field!(efi_acpi: u64, efi.acpi: u64),
];

/// Ranges of addresses.
pub(crate) const RANGES: [Field<kx_range, Option<Range>>; 7] = [
    field!(crash: kx_range, crash.region: Option<Range>),
    field!(crash_low: kx_range, crash.low: Option<Range>),
    field!(kernel_code: kx_range, kernel.code: Option<Range>),
    field!(kernel_rodata: kx_range, kernel.rodata: Option<Range>),
    field!(kernel_data: kx_range, kernel.data: Option<Range>),
    field!(kernel_bss: kx_range, kernel.bss: Option<Range>),
    field!(kernel_image: kx_range, kernel.image: Option<Range>),
];

/// A member that is the number of an enum's variant. The numbers of these enums begin with 0 for an
/// unknown value, and have no gaps.
pub(crate) struct Number {
    at: Field<u32, u8>,
    last: u8,
}

/// The [`Number`] of a member's name, a field's path, its enum's last variant and the constant of
/// that in the header.
macro_rules! number {
    ($member:ident, $($field:ident).+: $enum:ident::$last:ident = $constant:ident) => {{
        let Field { member, field, .. } = field!($member: u32, $($field).+: $enum);
        const { assert!(size_of::<$enum>() == 1 && $enum::$last as u32 == $constant) };
        let types = PhantomData;
        Number { at: Field { member, field, types }, last: $enum::$last as u8 }
    }};
}

impl Number {
    /// Whether the member's number is that of a variant.
    pub(crate) fn is_known(&self, info: &kx_machine_info) -> bool {
        *self.at.member(info) <= self.last.into()
    }

    pub(crate) fn get(&self, machine: &Machine, info: &mut kx_machine_info) {
        *self.at.member_mut(info) = (*self.at.of(machine)).into();
    }

    /// Sets the field to the variant with the member's number, if there is one.
    pub(crate) fn set(&self, machine: &mut Machine, info: &kx_machine_info) {
        let number = u8::try_from(*self.at.member(info)).unwrap_or(u8::MAX);
        if number <= self.last {
            // The byte of a variant, because the enums are `repr(u8)` and numbered without gaps.
            *self.at.of_mut(machine) = number;
        }
    }
}

/// Facts of few values.
pub(crate) const NUMBERS: [Number; 12] = [
    number!(loaded, kexec.loaded: Known::Yes = KX_YES),
    number!(crash_loaded, kexec.crash_loaded: Known::Yes = KX_YES),
    number!(load_disabled, kexec.load_disabled: Known::Yes = KX_YES),
    number!(cap_sys_boot, kexec.cap_sys_boot: Known::Yes = KX_YES),
    number!(lockdown, kexec.lockdown: Lockdown::Confidentiality = KX_LOCKDOWN_CONFIDENTIALITY),
    number!(xen_guest, xen.guest: XenGuest::Pvh = KX_XEN_PVH),
    number!(xen_control, xen.control: Known::Yes = KX_YES),
    number!(five_level, x86.five_level_paging: Known::Yes = KX_YES),
    number!(gbpages, x86.gbpages: Known::Yes = KX_YES),
    number!(firmware, platform.firmware: Firmware::Efi = KX_FIRMWARE_EFI),
    number!(efi_systab, efi.systab: Known::Yes = KX_YES),
    number!(efi_map, efi.has_map: Known::Yes = KX_YES),
];

// Output only.
const _: () = assert!(MemorySource::Iomem as u32 == KX_MEMORY_FROM_IOMEM);
const _: () = assert!(IomemAccess::Damaged as u32 == KX_IOMEM_DAMAGED);
