//! aarch64: `svc 0`, number in x8, arguments in x0 to x5, result in x0
//! (arch/arm64/kernel/syscall.c, do_el0_svc).

use core::arch::asm;

/// Makes a system call; unused arguments are 0.
///
/// # Safety
/// The arguments must be what the kernel expects of `number`: every pointer valid for what the
/// call reads or writes through it.
#[inline]
pub unsafe fn syscall(number: u32, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: the kernel restores every register but x0, which is declared; it may read and write
    // memory through the arguments, as the caller guarantees.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number as usize,
            inlateout("x0") a => result,
            in("x1") b,
            in("x2") c,
            in("x3") d,
            in("x4") e,
            in("x5") f,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// struct sigaction of the kernel (include/linux/signal_types.h) for a handler that never returns:
/// handler, flags, restorer, mask. Without SA_RESTORER the kernel has a restorer of its own.
pub const fn action(handler: usize, flags: usize) -> [usize; 4] {
    [handler, flags, 0, 0]
}
