//! Panics are excluded: in a release build the handler calls a function that does not exist. If the
//! linker can reach a panic, the link of the shared object fails, and that of a program with the
//! archive.

use core::panic::PanicInfo;

#[cfg(not(debug_assertions))]
// SAFETY: never linked, hence never called.
unsafe extern "C" {
    safe fn libkexec_has_a_reachable_panic() -> !;
}

#[cfg(not(debug_assertions))]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    libkexec_has_a_reachable_panic()
}

#[cfg(debug_assertions)]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    kexec_core::linux::exit(134)
}

/// The core library of the dev profile refers to it; nothing unwinds.
#[cfg(debug_assertions)]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// An intended panic, for the test that it fails the link.
#[cfg(kexec_panics)]
#[unsafe(no_mangle)]
pub extern "C" fn kx_panics(index: usize) -> u8 {
    #[allow(clippy::indexing_slicing)]
    b"panic"[index]
}
