# The direction flag is clear on entry to any function (AMD64 ABI, 3.2.1). `rep movsb` and
# `rep stosb` are as fast as vector code on CPUs of the last ten years (ERMS).
    .globl memcpy, memmove, memset, memcmp, bcmp, strlen
    .section .text.memcpy,"ax",@progbits
memcpy:
    mov rax, rdi
    mov rcx, rdx
    rep movsb
    ret
# Backwards when the target begins inside the source.
    .section .text.memmove,"ax",@progbits
memmove:
    mov rax, rdi
    mov rcx, rdx
    mov r8, rdi
    sub r8, rsi
    cmp r8, rdx
    jb 2f
    rep movsb
    ret
2:
    lea rdi, [rdi + rdx - 1]
    lea rsi, [rsi + rdx - 1]
    std
    rep movsb
    cld
    ret
    .section .text.memset,"ax",@progbits
memset:
    mov r8, rdi
    mov eax, esi
    mov rcx, rdx
    rep stosb
    mov rax, r8
    ret
    .section .text.memcmp,"ax",@progbits
memcmp:
bcmp:
    xor eax, eax
    xor ecx, ecx
3:
    cmp rcx, rdx
    je 4f
    movzx eax, byte ptr [rdi + rcx]
    movzx r8d, byte ptr [rsi + rcx]
    inc rcx
    sub eax, r8d
    je 3b
4:
    ret
    .section .text.strlen,"ax",@progbits
strlen:
    xor eax, eax
5:
    cmp byte ptr [rdi + rax], 0
    je 6f
    inc rax
    jmp 5b
6:
    ret
    .text
