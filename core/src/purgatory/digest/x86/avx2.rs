//! Eight lanes at a time in YMM registers, for CPUs without SHA-NI that have them.
//!
//! As `sse2.rs` does it, histories instead of moves among them, with instructions that have a
//! destination of their own: half as many for twice as many lanes.

use super::super::{BLOCK, K, STRIPE, Words};
use core::arch::asm;
use core::arch::x86_64::{_mm256_set_epi8, _xgetbv};
use core::mem::MaybeUninit;

/// Words A of the state after each round, oldest first, four of the state before and 64 new ones;
/// and as many words E.
const HISTORY: usize = 4 + 64;
/// Bytes of one history.
const BYTES: usize = 32 * HISTORY;

/// The histories of E, then of A.
#[repr(C, align(32))]
struct Scratch([u8; 2 * BYTES]);

/// XCR0: the operating system saves XMM (bit 1) and YMM (bit 2).
///
/// # Safety
/// CR4.OSXSAVE must be set.
#[target_feature(enable = "xsave")]
pub(super) unsafe fn ymm_is_saved() -> bool {
    // SAFETY: OSXSAVE is set, by the contract; register 0 always exists then.
    let xcr0 = unsafe { _xgetbv(0) };
    xcr0 & 0b110 == 0b110
}

/// Advances every lane through `stripes`.
///
/// # Safety
/// The CPU must have AVX2, and the operating system must save the YMM registers.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn stripes(lanes: &mut Words, stripes: &[[u8; STRIPE]]) {
    for stripe in stripes {
        // SAFETY: AVX2 is there, by the contract.
        unsafe { eight_blocks(lanes, stripe) };
    }
}

/// Advances each lane by its block.
///
/// # Safety
/// The CPU must have AVX2, and the operating system must save the YMM registers.
#[target_feature(enable = "avx2")]
#[inline(never)]
unsafe fn eight_blocks(lanes: &mut Words, stripe: &[u8; STRIPE]) {
    let mut scratch = MaybeUninit::<Scratch>::uninit();
    // Safe to call where AVX is enabled, which compilers before 1.87 do not know.
    #[allow(unused_unsafe)]
    #[rustfmt::skip]
    // SAFETY: the CPU has AVX2, by the contract.
    let big_endian = unsafe { _mm256_set_epi8(
        12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3,
        12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3,
    ) };
    // SAFETY: reads the stripe and K, reads and writes the eight rows of `lanes`, and fills
    // `scratch` from its beginning to its end: E first, then A, each 68 vectors.
    unsafe {
        asm!(
            // The state before, as the oldest history: A B C D and E F G H, backwards.
            "lea {place}, [{e} + 3 * 32]",
            "2:",
            "vmovdqu ymm0, [rdi]",
            "vmovdqa [{place} + {BYTES}], ymm0",
            "vmovdqu ymm0, [rdi + 4 * 32]",
            "vmovdqa [{place}], ymm0",
            "add rdi, 32",
            "sub {place}, 32",
            "cmp {place}, {e}",
            "jae 2b",

            // Words 0 to 15 of the schedule, four a turn: lanes 0 to 3 in the lower halves, 4 to
            // 7 in the upper ones, from big-endian, transposed. They lie where the words E will.
            "lea {place}, [{e} + 4 * 32]",
            "lea rcx, [rsi + 4 * {BLOCK}]",
            "mov eax, 4",
            "2:",
            "vmovdqu xmm0, [rsi]",
            "vmovdqu xmm1, [rsi + {BLOCK}]",
            "vmovdqu xmm2, [rsi + 2 * {BLOCK}]",
            "vmovdqu xmm3, [rsi + 3 * {BLOCK}]",
            "vinserti128 ymm0, ymm0, [rcx], 1",
            "vinserti128 ymm1, ymm1, [rcx + {BLOCK}], 1",
            "vinserti128 ymm2, ymm2, [rcx + 2 * {BLOCK}], 1",
            "vinserti128 ymm3, ymm3, [rcx + 3 * {BLOCK}], 1",
            "vpunpckldq ymm4, ymm0, ymm1",
            "vpunpckhdq ymm0, ymm0, ymm1",
            "vpunpckldq ymm5, ymm2, ymm3",
            "vpunpckhdq ymm2, ymm2, ymm3",
            "vpunpcklqdq ymm1, ymm4, ymm5",
            "vpunpckhqdq ymm3, ymm4, ymm5",
            "vpunpcklqdq ymm4, ymm0, ymm2",
            "vpunpckhqdq ymm5, ymm0, ymm2",
            "vpshufb ymm1, ymm1, ymm6",
            "vpshufb ymm3, ymm3, ymm6",
            "vpshufb ymm4, ymm4, ymm6",
            "vpshufb ymm5, ymm5, ymm6",
            "vmovdqa [{place}], ymm1",
            "vmovdqa [{place} + 32], ymm3",
            "vmovdqa [{place} + 2 * 32], ymm4",
            "vmovdqa [{place} + 3 * 32], ymm5",
            "add rsi, 16",
            "add rcx, 16",
            "sub {place}, -4 * 32",
            "dec eax",
            "jnz 2b",

            // Words 16 to 63: w(t) = w(t-16) + s0(w(t-15)) + w(t-7) + s1(w(t-2)).
            "lea rcx, [{place} + 48 * 32]",
            "2:",
            "vmovdqa ymm0, [{place} - 15 * 32]",
            "vmovdqa ymm4, [{place} - 2 * 32]",
            "vpsrld ymm1, ymm0, 7",
            "vpslld ymm2, ymm0, 25",
            "vpsrld ymm3, ymm0, 18",
            "vpxor ymm1, ymm1, ymm2",
            "vpslld ymm2, ymm0, 14",
            "vpsrld ymm0, ymm0, 3",
            "vpxor ymm2, ymm2, ymm3",
            "vpxor ymm0, ymm0, ymm1",
            "vpsrld ymm1, ymm4, 17",
            "vpxor ymm0, ymm0, ymm2",
            "vpslld ymm2, ymm4, 15",
            "vpsrld ymm3, ymm4, 19",
            "vpxor ymm1, ymm1, ymm2",
            "vpslld ymm2, ymm4, 13",
            "vpsrld ymm4, ymm4, 10",
            "vpxor ymm2, ymm2, ymm3",
            "vpxor ymm1, ymm1, ymm4",
            "vpaddd ymm0, ymm0, [{place} - 16 * 32]",
            "vpxor ymm1, ymm1, ymm2",
            "vpaddd ymm0, ymm0, [{place} - 7 * 32]",
            "vpaddd ymm0, ymm0, ymm1",
            "vmovdqa [{place}], ymm0",
            "add {place}, 32",
            "cmp {place}, rcx",
            "jne 2b",

            // The rounds. RAX counts the bytes of K up to 0, RSI and RDX are the ends of the
            // histories. YMM0 is A, YMM1 is E, YMM2 is B ^ C.
            "mov rsi, {place}",
            "lea rdx, [rsi + {BYTES}]",
            "lea rcx, [{k} + 4 * 64]",
            "mov rax, -4 * 64",
            "vmovdqa ymm0, [rdx + 8 * rax - 32]",
            "vmovdqa ymm1, [rsi + 8 * rax - 32]",
            "vmovdqa ymm2, [rdx + 8 * rax - 2 * 32]",
            "vpxor ymm2, ymm2, [rdx + 8 * rax - 3 * 32]",
            "2:",
            // YMM3: H + K(t) + w(t) + choice; choice is G ^ (E & (F ^ G)).
            "vpbroadcastd ymm3, [rcx + rax]",
            "vmovdqa ymm5, [rsi + 8 * rax - 3 * 32]",
            "vpaddd ymm3, ymm3, [rsi + 8 * rax]",
            "vpxor ymm4, ymm5, [rsi + 8 * rax - 2 * 32]",
            "vpaddd ymm3, ymm3, [rsi + 8 * rax - 4 * 32]",
            "vpand ymm4, ymm4, ymm1",
            "vpsrld ymm6, ymm1, 6",
            "vpxor ymm4, ymm4, ymm5",
            // S1: E rotated right by 6, 11 and 25.
            "vpslld ymm5, ymm1, 26",
            "vpaddd ymm3, ymm3, ymm4",
            "vpsrld ymm4, ymm1, 11",
            "vpxor ymm6, ymm6, ymm5",
            "vpslld ymm5, ymm1, 21",
            "vpxor ymm6, ymm6, ymm4",
            "vpsrld ymm4, ymm1, 25",
            "vpxor ymm6, ymm6, ymm5",
            "vpslld ymm5, ymm1, 7",
            "vpxor ymm6, ymm6, ymm4",
            // B, and A ^ B.
            "vmovdqa ymm4, [rdx + 8 * rax - 2 * 32]",
            "vpxor ymm6, ymm6, ymm5",
            "vpxor ymm5, ymm0, ymm4",
            "vpaddd ymm3, ymm3, ymm6",
            // The new E is D + YMM3.
            "vpaddd ymm1, ymm3, [rdx + 8 * rax - 4 * 32]",
            "vmovdqa [rsi + 8 * rax], ymm1",
            // The new A is YMM3 + majority + S0; majority is B ^ ((A ^ B) & (B ^ C)).
            "vpand ymm2, ymm2, ymm5",
            "vpxor ymm2, ymm2, ymm4",
            "vpaddd ymm3, ymm3, ymm2",
            "vmovdqa ymm2, ymm5",
            // S0: A rotated right by 2, 13 and 22.
            "vpsrld ymm4, ymm0, 2",
            "vpslld ymm5, ymm0, 30",
            "vpsrld ymm6, ymm0, 13",
            "vpxor ymm4, ymm4, ymm5",
            "vpslld ymm5, ymm0, 19",
            "vpxor ymm4, ymm4, ymm6",
            "vpsrld ymm6, ymm0, 22",
            "vpxor ymm4, ymm4, ymm5",
            "vpslld ymm5, ymm0, 10",
            "vpxor ymm4, ymm4, ymm6",
            "vpxor ymm4, ymm4, ymm5",
            "vpaddd ymm0, ymm3, ymm4",
            "vmovdqa [rdx + 8 * rax], ymm0",
            "add rax, 4",
            "jnz 2b",

            // The last four of each history are added to the state.
            "mov eax, 4",
            "2:",
            "sub rsi, 32",
            "sub rdx, 32",
            "vmovdqa ymm0, [rdx]",
            "vpaddd ymm0, ymm0, [rdi - 4 * 32]",
            "vmovdqu [rdi - 4 * 32], ymm0",
            "vmovdqa ymm0, [rsi]",
            "vpaddd ymm0, ymm0, [rdi]",
            "vmovdqu [rdi], ymm0",
            "add rdi, 32",
            "dec eax",
            "jnz 2b",
            "vzeroupper",
            e = in(reg) scratch.as_mut_ptr(),
            k = in(reg) &raw const K,
            place = out(reg) _,
            BYTES = const BYTES,
            BLOCK = const BLOCK,
            inout("rdi") lanes.0.as_mut_ptr() => _,
            inout("rsi") stripe => _,
            out("rax") _, out("rcx") _, out("rdx") _,
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _, out("ymm5") _,
            inout("ymm6") big_endian => _,
            out("ymm7") _, out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _,
            out("ymm12") _, out("ymm13") _, out("ymm14") _, out("ymm15") _,
            options(nostack),
        );
    }
}
