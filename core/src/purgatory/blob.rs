//! The purgatory's code and constants, as core/build.rs made them.
//!
//! On x86-64 they lie with this program's own code, so that the loader can call the digest in
//! them (see [`super::digest_as_purgatory`]); elsewhere they are bytes like others.

use super::PARAMETERS_OFFSET;

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".pushsection .text.kexec_purgatory_blob, \"ax\", @progbits",
    // No constant in it wants more.
    ".balign 64",
    ".globl kexec_purgatory_blob",
    ".hidden kexec_purgatory_blob",
    ".type kexec_purgatory_blob, @object",
    "kexec_purgatory_blob:",
    concat!(".incbin \"", env!("OUT_DIR"), "/purgatory.bin\""),
    ".size kexec_purgatory_blob, . - kexec_purgatory_blob",
    ".popsection",
);

#[cfg(target_arch = "x86_64")]
unsafe extern "C" {
    static kexec_purgatory_blob: [u8; PARAMETERS_OFFSET];
}

/// Code and constants, relocatable to any address without change. Entry is offset 0.
#[must_use]
pub fn blob() -> &'static [u8; PARAMETERS_OFFSET] {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: defined above, of this length (core/build.rs writes both), and never written.
    unsafe {
        &kexec_purgatory_blob
    }
    #[cfg(not(target_arch = "x86_64"))]
    include_bytes!(concat!(env!("OUT_DIR"), "/purgatory.bin"))
}
