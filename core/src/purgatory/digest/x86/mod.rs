//! The x86-64 implementations, and which of them the CPU has.
//!
//! The loader asks the CPU. The purgatory is told (`layout::USE_SHA`): an instruction that asks
//! is an exception where a hypervisor may not see the CPU's state (SEV-ES), and nobody is there to
//! answer it.

mod avx2;
mod sha;
mod sse2;

pub(crate) use sha::{number, place};

use super::{Implementation, STRIPE, Words};
#[cfg(not(purgatory_blob))]
use core::arch::x86_64::{__cpuid_count, CpuidResult};

#[cfg(not(purgatory_blob))]
fn leaf(number: u32) -> CpuidResult {
    // The instruction is safe on every x86-64; older compilers declare it unsafe.
    #[allow(unused_unsafe)]
    // SAFETY: CPUID exists on every x86-64 CPU.
    unsafe {
        __cpuid_count(number, 0)
    }
}

/// Whether there are leaves up to 7: what a CPU answers for more than it has means nothing.
#[cfg(not(purgatory_blob))]
fn has_leaf_7() -> bool {
    leaf(0).eax >= 7
}

#[cfg(not(purgatory_blob))]
fn bit(value: u32, number: u32) -> bool {
    value.wrapping_shr(number) & 1 == 1
}

/// SHA extensions, and the SSSE3 and SSE4.1 instructions used beside them
/// (Intel SDM vol. 2A, CPUID: leaf 7 EBX bit 29, leaf 1 ECX bits 9 and 19).
#[cfg(not(purgatory_blob))]
pub(super) fn has_sha() -> bool {
    let one = leaf(1).ecx;
    bit(one, 9) && bit(one, 19) && has_leaf_7() && bit(leaf(7).ebx, 29)
}

/// AVX2, and an operating system that saves the YMM registers (Intel SDM vol. 1, 14.7.1).
#[cfg(not(purgatory_blob))]
pub(super) fn has_avx2() -> bool {
    let one = leaf(1).ecx;
    let osxsave = bit(one, 27) && bit(one, 26) && bit(one, 28);
    // SAFETY: OSXSAVE is set, so XGETBV is enabled.
    osxsave && has_leaf_7() && bit(leaf(7).ebx, 5) && unsafe { ymm_is_saved() }
}

/// Whether the operating system saves the YMM registers.
///
/// # Safety
/// CR4.OSXSAVE must be set.
pub(crate) unsafe fn ymm_is_saved() -> bool {
    // SAFETY: by the contract.
    unsafe { avx2::ymm_is_saved() }
}

#[cfg(not(purgatory_blob))]
pub(super) fn detect() -> Implementation {
    if has_sha() {
        return Implementation::ShaNi;
    }
    if has_avx2() {
        return Implementation::Avx2;
    }
    Implementation::Sse2
}

/// Advances every lane through `stripes`.
///
/// `implementation` comes from `detect`, was checked by `is_available`, or is what the purgatory
/// was told.
pub(super) fn stripes(implementation: Implementation, lanes: &mut Words, stripes: &[[u8; STRIPE]]) {
    match implementation {
        Implementation::ShaNi => {
            // SAFETY: a digest holds this value only if the CPU has it.
            unsafe { sha::stripes(lanes, stripes) }
        }
        Implementation::Avx2 => {
            // SAFETY: a digest holds this value only if the CPU has it and YMM is saved.
            unsafe { avx2::stripes(lanes, stripes) }
        }
        _ => sse2::stripes(lanes, stripes),
    }
}

#[cfg(purgatory_blob)]
pub(crate) use sse2::one_block;
