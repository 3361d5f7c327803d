//! riscv64: `ecall`, number in a7, arguments in a0 to a5, result in a0
//! (arch/riscv/kernel/traps.c, do_trap_ecall_u).

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
    // SAFETY: the kernel restores every register but a0 and, where the CPU has them, the vector
    // registers (Documentation/arch/riscv/vector.rst), which are among those that a C function may
    // change; it may read and write memory through the arguments, as the caller guarantees.
    unsafe {
        asm!(
            "ecall",
            in("a7") number as usize,
            inlateout("a0") a => result,
            in("a1") b,
            in("a2") c,
            in("a3") d,
            in("a4") e,
            in("a5") f,
            clobber_abi("C"),
            options(nostack),
        );
    }
    result
}

/// struct sigaction of the kernel (include/linux/signal_types.h) for a handler that never returns:
/// handler, flags, mask. There is no restorer; the last word is not read.
pub const fn action(handler: usize, flags: usize) -> [usize; 4] {
    [handler, flags, 0, 0]
}
