//! x86_64: `syscall`, number in rax, arguments in rdi, rsi, rdx, r10, r8, r9
//! (System V ABI, AMD64 supplement, A.2.1).

use core::arch::asm;

use linux_raw_sys::general::SA_RESTORER;

/// Makes a system call; unused arguments are 0.
///
/// # Safety
/// The arguments must be what the kernel expects of `number`: every pointer valid for what the
/// call reads or writes through it.
#[inline]
pub unsafe fn syscall(number: u32, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: `syscall` clobbers rax, rcx and r11 only, all declared; it may read and write
    // memory through the arguments, as the caller guarantees.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as usize => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// struct sigaction of the kernel (include/linux/signal_types.h) for a handler that never returns:
/// handler, flags, restorer, mask. The kernel does not deliver a signal without a restorer; a
/// handler that never returns never reaches it.
pub const fn action(handler: usize, flags: usize) -> [usize; 4] {
    [handler, flags | SA_RESTORER as usize, handler, 0]
}
