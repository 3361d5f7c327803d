//! What the compiler calls for copies, fills and comparisons. In assembly: a loop in Rust would be turned
//! into a call of itself.

use core::arch::global_asm;

global_asm!(
    ".section .text.memory, \"ax\", @progbits",
    ".globl memcpy",
    "memcpy:",
    "mov rax, rdi",
    "mov rcx, rdx",
    "rep movsb",
    "ret",
    ".globl memset",
    "memset:",
    "mov r8, rdi",
    "mov eax, esi",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
    ".globl bcmp", // only whether they differ
    "bcmp:",
    "mov rcx, rdx",
    "xor eax, eax", // equal, if there is nothing to compare
    "repe cmpsb",
    "setne al",
    "ret",
);
