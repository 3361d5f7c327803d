//! The setup_data list (arch/x86/include/uapi/asm/setup_data.h): nodes of u64 next, u32 type,
//! u32 length, data.

use core::fmt;

/// Types of setup_data nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetupType(pub u32);

impl SetupType {
    /// e820 entries beyond the 128 of boot_params.
    pub const E820_EXT: Self = Self(1);
    /// A device tree blob.
    pub const DTB: Self = Self(2);
    /// Data for EFI runtime services after kexec (struct efi_setup_data).
    pub const EFI: Self = Self(4);
    /// Seed for the random number generator.
    pub const RNG_SEED: Self = Self(9);

    /// The name in the kernel's header file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::E820_EXT => "SETUP_E820_EXT",
            Self::DTB => "SETUP_DTB",
            Self::EFI => "SETUP_EFI",
            Self::RNG_SEED => "SETUP_RNG_SEED",
            _ => "setup_data",
        }
    }
}

impl fmt::Display for SetupType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Bytes of a node's header.
pub const NODE_HEADER: usize = 16;
/// Bytes of SETUP_EFI's data: four addresses and eight reserved words (struct efi_setup_data).
pub const EFI_DATA: usize = 96;

/// The nonzero part of SETUP_EFI's data (arch/x86/include/asm/efi.h, struct efi_setup_data).
pub const fn efi_setup_data(efi: &crate::machine::Efi) -> [u64; 4] {
    // The last takes the place of the SMBIOS 2 entry of the configuration table, which the
    // firmware may have made virtual. SMBIOS 3 has its own entry there and needs no help
    // (arch/x86/platform/efi/quirks.c, efi_reuse_config).
    [efi.fw_vendor, efi.runtime, efi.config_table, efi.smbios]
}
