//! Architectures.

use core::fmt;

/// An architecture that images are for and kernels run on.
// From 1: zero is then free for the None of an Option, so that a static machine needs no bytes in
// the program's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arch {
    /// x86, 64-bit.
    X86_64 = 1,
    /// arm64.
    Arm64 = 2,
    /// RISC-V, 64-bit.
    Riscv64 = 3,
}

impl Arch {
    /// ELF's e_machine (include/uapi/linux/elf-em.h).
    #[must_use]
    pub const fn elf_machine(self) -> u16 {
        match self {
            Self::X86_64 => 62,
            Self::Arm64 => 183,
            Self::Riscv64 => 243,
        }
    }

    /// The architecture bits of kexec_load's flags, KEXEC_ARCH_* (include/uapi/linux/kexec.h):
    /// the ELF machine number, shifted by 16.
    #[must_use]
    pub const fn kexec_flag(self) -> u64 {
        (self.elf_machine() as u64) << 16
    }

    /// The name that `uname -m` prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
            Self::Riscv64 => "riscv64",
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Arch;

    #[test]
    fn flags_are_the_kernels() {
        // KEXEC_ARCH_X86_64, KEXEC_ARCH_AARCH64, KEXEC_ARCH_RISCV.
        assert_eq!(Arch::X86_64.kexec_flag(), 0x3e_0000);
        assert_eq!(Arch::Arm64.kexec_flag(), 0xb7_0000);
        assert_eq!(Arch::Riscv64.kexec_flag(), 0xf3_0000);
    }
}
