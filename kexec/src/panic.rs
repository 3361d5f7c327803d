//! No panic: in a release build the handler calls a function that does not exist, so a panic the
//! linker can reach fails the link.

#[cfg(not(debug_assertions))]
#[allow(unsafe_code)]
// SAFETY: never linked, hence never called.
unsafe extern "C" {
    safe fn kexec_has_a_reachable_panic() -> !;
}

#[cfg(not(debug_assertions))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    kexec_has_a_reachable_panic()
}

#[cfg(debug_assertions)]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    crate::out::complain!("{info}");
    kexec_core::linux::exit(134)
}

/// The core library of the dev profile refers to it; nothing unwinds.
#[cfg(debug_assertions)]
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
