//! Four lanes at a time in XMM registers. SSE2 is part of x86-64, so this always runs.
//!
//! In assembly, because the compiler joins the shifts below to longer ones and needs a copy of
//! the register for each, and because it is a third of the size this way. Vectors have one word
//! of each lane.

use super::super::{BLOCK, K, STRIPE, Words, as_chunks};
use core::arch::asm;
use core::mem::MaybeUninit;

/// Words A of the state after each round, oldest first: four of the state before, 64 new ones;
/// and as many words E. The others are older ones of them: B, C and D are A one, two and three
/// rounds ago, and F, G and H alike. Nothing is moved from register to register that way.
const HISTORY: usize = 4 + 64;
/// Bytes of one history.
const BYTES: usize = 16 * HISTORY;

/// The histories of E, then of A.
#[repr(C, align(16))]
struct Scratch([u8; 2 * BYTES]);

/// Advances every lane through `stripes`.
pub(super) fn stripes(lanes: &mut Words, stripes: &[[u8; STRIPE]]) {
    let words = lanes.0.as_mut_ptr().cast::<[u32; 4]>();
    for stripe in stripes {
        for (half, blocks) in as_chunks::<{ 4 * BLOCK }, _>(stripe).0.iter().enumerate() {
            // SAFETY: half a row further on are the words of the other four lanes; each half
            // has its four blocks.
            unsafe { four_blocks(words.wrapping_add(half), blocks.as_ptr().cast(), BLOCK) };
        }
    }
}

/// Advances lane 0, and with it lanes 1 to 3, by one block: the blob has no room for code that
/// does it with lane 0 alone.
#[cfg(purgatory_blob)]
pub(crate) fn one_block(lanes: &mut Words, block: &[u8; BLOCK]) {
    // SAFETY: the words of the first four lanes; the same block for each of them.
    unsafe { four_blocks(lanes.0.as_mut_ptr().cast(), block.as_ptr(), 0) }
}

/// Advances four lanes by a block each.
///
/// # Safety
/// `words` must be where the words A of the four lanes lie, in a [`Words`], and each lane's block
/// `stride` bytes behind that of the one before; the first at `blocks`.
#[inline(never)]
unsafe fn four_blocks(words: *mut [u32; 4], blocks: *const u8, stride: usize) {
    let mut scratch = MaybeUninit::<Scratch>::uninit();
    // SAFETY: reads the blocks and K, reads and writes eight rows of `words`, and fills `scratch`
    // from its beginning to its end: E first, then A, each 68 vectors.
    unsafe {
        asm!(
            // The state before, as the oldest history: A B C D and E F G H, backwards.
            "lea {place}, [{e} + 3 * 16]",
            "2:",
            "movdqa xmm0, [rdi]",
            "movdqa [{place} + {BYTES}], xmm0",
            "movdqa xmm0, [rdi + 4 * 32]",
            "movdqa [{place}], xmm0",
            "add rdi, 32",
            "sub {place}, 16",
            "cmp {place}, {e}",
            "jae 2b",

            // Words 0 to 15 of the schedule: those of the blocks, from big-endian. They lie
            // where the words E will: round t reads its word before it leaves its E there.
            "lea {place}, [{e} + 4 * 16]",
            "lea rcx, [rdx + 2 * rdx]",
            "mov eax, 16",
            "2:",
            "movd xmm0, [rsi]",
            "movd xmm1, [rsi + rdx]",
            "movd xmm2, [rsi + 2 * rdx]",
            "movd xmm3, [rsi + rcx]",
            "add rsi, 4",
            "punpckldq xmm0, xmm1",
            "punpckldq xmm2, xmm3",
            "punpcklqdq xmm0, xmm2",
            "pshuflw xmm0, xmm0, 0xb1", // halves of a word
            "pshufhw xmm0, xmm0, 0xb1",
            "movdqa xmm1, xmm0",
            "psllw xmm0, 8", // bytes of a half
            "psrlw xmm1, 8",
            "por xmm0, xmm1",
            "movdqa [{place}], xmm0",
            "add {place}, 16",
            "dec eax",
            "jnz 2b",

            // Words 16 to 63: w(t) = w(t-16) + s0(w(t-15)) + w(t-7) + s1(w(t-2)). A rotation is
            // a shift to the right and one to the left; those to the same side are made from
            // one another. RSI is eight words behind, for short offsets.
            "lea rsi, [{place} - 8 * 16]",
            "lea rcx, [rsi + 48 * 16]",
            "2:",
            "movdqa xmm0, [rsi - 7 * 16]",
            "movdqa xmm1, xmm0",
            "psrld xmm0, 3",
            "movdqa xmm2, xmm0",
            "pslld xmm1, 14",
            "psrld xmm0, 4", // 7
            "pxor xmm2, xmm1",
            "pslld xmm1, 11", // 25
            "pxor xmm2, xmm0",
            "psrld xmm0, 11", // 18
            "pxor xmm2, xmm1",
            "pxor xmm2, xmm0",
            "movdqa xmm0, [rsi + 6 * 16]",
            "movdqa xmm1, xmm0",
            "psrld xmm0, 10",
            "movdqa xmm3, xmm0",
            "pslld xmm1, 13",
            "psrld xmm0, 7", // 17
            "pxor xmm3, xmm1",
            "pslld xmm1, 2", // 15
            "pxor xmm3, xmm0",
            "psrld xmm0, 2", // 19
            "pxor xmm3, xmm1",
            "pxor xmm3, xmm0",
            "paddd xmm2, [rsi - 8 * 16]",
            "paddd xmm2, [rsi + 16]",
            "paddd xmm2, xmm3",
            "add rsi, 16",
            "movdqa [rsi + 7 * 16], xmm2",
            "cmp rsi, rcx",
            "jne 2b",

            // The rounds. RAX counts the bytes of K up to 0, RSI and RDX are the ends of the
            // histories. XMM0 is A, XMM1 is E, XMM2 is B ^ C.
            "lea rcx, [{k} + 4 * 64]",
            "sub rsi, -8 * 16",
            "lea rdx, [rsi + {BYTES}]",
            "mov rax, -4 * 64",
            "movdqa xmm0, [rdx + 4 * rax - 16]",
            "movdqa xmm1, [rsi + 4 * rax - 16]",
            "movdqa xmm2, [rdx + 4 * rax - 2 * 16]",
            "pxor xmm2, [rdx + 4 * rax - 3 * 16]",
            "2:",
            // XMM3: H + K(t) + w(t) + choice; choice is G ^ (E & (F ^ G)).
            "movd xmm3, [rcx + rax]",
            "pshufd xmm3, xmm3, 0",
            "paddd xmm3, [rsi + 4 * rax]",
            "paddd xmm3, [rsi + 4 * rax - 4 * 16]",
            "movdqa xmm4, [rsi + 4 * rax - 2 * 16]",
            "movdqa xmm5, [rsi + 4 * rax - 3 * 16]",
            "pxor xmm4, xmm5",
            "pand xmm4, xmm1",
            "pxor xmm4, xmm5",
            "paddd xmm3, xmm4",
            // S1: E rotated right by 6, 11 and 25.
            "movdqa xmm4, xmm1",
            "psrld xmm1, 6",
            "movdqa xmm5, xmm1",
            "pslld xmm4, 7",
            "psrld xmm1, 5", // 11
            "pxor xmm5, xmm4",
            "pslld xmm4, 14", // 21
            "pxor xmm5, xmm1",
            "psrld xmm1, 14", // 25
            "pxor xmm5, xmm4",
            "pslld xmm4, 5", // 26
            "pxor xmm5, xmm1",
            "pxor xmm5, xmm4",
            "paddd xmm3, xmm5",
            // The new E is D + XMM3.
            "movdqa xmm1, [rdx + 4 * rax - 4 * 16]",
            "paddd xmm1, xmm3",
            "movdqa [rsi + 4 * rax], xmm1",
            // The new A is XMM3 + majority + S0; majority is B ^ ((A ^ B) & (B ^ C)).
            "movdqa xmm4, [rdx + 4 * rax - 2 * 16]",
            "movdqa xmm5, xmm0",
            "pxor xmm5, xmm4",
            "pand xmm2, xmm5",
            "pxor xmm2, xmm4",
            "paddd xmm3, xmm2",
            "movdqa xmm2, xmm5",
            // S0: A rotated right by 2, 13 and 22.
            "movdqa xmm4, xmm0",
            "psrld xmm0, 2",
            "movdqa xmm5, xmm0",
            "pslld xmm4, 10",
            "psrld xmm0, 11", // 13
            "pxor xmm5, xmm4",
            "pslld xmm4, 9", // 19
            "pxor xmm5, xmm0",
            "psrld xmm0, 9", // 22
            "pxor xmm5, xmm4",
            "pslld xmm4, 11", // 30
            "pxor xmm0, xmm5",
            "pxor xmm0, xmm4",
            "paddd xmm0, xmm3",
            "movdqa [rdx + 4 * rax], xmm0",
            "add rax, 4",
            "jnz 2b",

            // The last four of each history are added to the state.
            "mov eax, 4",
            "2:",
            "sub rsi, 16",
            "sub rdx, 16",
            "movdqa xmm0, [rdx]",
            "paddd xmm0, [rdi - 4 * 32]",
            "movdqa [rdi - 4 * 32], xmm0",
            "movdqa xmm0, [rsi]",
            "paddd xmm0, [rdi]",
            "movdqa [rdi], xmm0",
            "add rdi, 32",
            "dec eax",
            "jnz 2b",
            e = in(reg) scratch.as_mut_ptr(),
            k = in(reg) &raw const K,
            place = out(reg) _,
            BYTES = const BYTES,
            inout("rdi") words => _,
            inout("rsi") blocks => _,
            inout("rdx") stride => _,
            out("rax") _, out("rcx") _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
            options(nostack),
        );
    }
}
