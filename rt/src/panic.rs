//! No panic: in a release build the handler calls a function that does not exist, so a panic the
//! linker can reach fails the link.

#[cfg(not(debug_assertions))]
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
    use core::fmt::Write;
    let _unwritten = writeln!(Stderr, "{info}");
    kexec_core::linux::exit(134)
}

/// Standard error, for the panic message of the dev profile.
#[cfg(debug_assertions)]
struct Stderr;

#[cfg(debug_assertions)]
impl core::fmt::Write for Stderr {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        use kexec_core::linux::{Standard, write_all};
        write_all(Standard::Error, text.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

/// The core library of the dev profile refers to it; nothing unwinds.
#[cfg(debug_assertions)]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
