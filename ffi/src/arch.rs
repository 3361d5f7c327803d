//! Architectures by number.

use core::ffi::{CStr, c_char};

use kexec_core::arch::Arch;
use kexec_core::cstr;

/// arch: x86, 64-bit. Later versions add more: handle a value that the program does not know as
/// "another one".
pub const KX_ARCH_X86_64: u32 = 1;
/// arch: arm64.
pub const KX_ARCH_ARM64: u32 = 2;
/// arch: RISC-V, 64-bit.
pub const KX_ARCH_RISCV64: u32 = 3;

/// KX_ARCH_*; 0 for none, and for an architecture that has no number here yet.
pub(crate) const fn number(arch: Option<Arch>) -> u32 {
    match arch {
        Some(Arch::X86_64) => KX_ARCH_X86_64,
        Some(Arch::Arm64) => KX_ARCH_ARM64,
        Some(Arch::Riscv64) => KX_ARCH_RISCV64,
        _ => 0,
    }
}

/// The architecture with this number: `Some(None)` for 0, `None` if no architecture has the number.
#[allow(clippy::option_option)]
pub(crate) const fn of(number: u32) -> Option<Option<Arch>> {
    Some(match number {
        0 => None,
        KX_ARCH_X86_64 => Some(Arch::X86_64),
        KX_ARCH_ARM64 => Some(Arch::Arm64),
        KX_ARCH_RISCV64 => Some(Arch::Riscv64),
        _ => return None,
    })
}

/// The name of an architecture (KX_ARCH_*) as `uname -m` prints it: "x86_64"; "unknown" for other
/// numbers. Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn kx_arch_name(arch: u32) -> *const c_char {
    let name: &CStr = match arch {
        KX_ARCH_X86_64 => cstr!("x86_64"),
        KX_ARCH_ARM64 => cstr!("aarch64"),
        KX_ARCH_RISCV64 => cstr!("riscv64"),
        _ => cstr!("unknown"),
    };
    name.as_ptr()
}
