// Normal memory may be accessed at any address, so that 16 bytes are copied at once wherever they
// are.
    .globl memcpy, memmove, memset, memcmp, bcmp, strlen
    .section .text.memcpy,"ax",@progbits
memcpy:
    mov x3, x0
1:
    subs x2, x2, #16
    b.lo 2f
    ldp x4, x5, [x1], #16
    stp x4, x5, [x3], #16
    b 1b
2:
    adds x2, x2, #16
    b.eq 4f
3:
    ldrb w4, [x1], #1
    strb w4, [x3], #1
    subs x2, x2, #1
    b.ne 3b
4:
    ret
// Backwards when the target begins inside the source.
    .section .text.memmove,"ax",@progbits
memmove:
    sub x3, x0, x1
    cmp x3, x2
    b.lo 5f
    b memcpy
5:
    add x1, x1, x2
    add x3, x0, x2
6:
    cbz x2, 7f
    ldrb w4, [x1, #-1]!
    strb w4, [x3, #-1]!
    sub x2, x2, #1
    b 6b
7:
    ret
    .section .text.memset,"ax",@progbits
memset:
    mov x3, x0
    and x1, x1, #0xff
    mov x4, #0x0101010101010101
    mul x4, x4, x1
1:
    subs x2, x2, #16
    b.lo 2f
    stp x4, x4, [x3], #16
    b 1b
2:
    adds x2, x2, #16
    b.eq 4f
3:
    strb w1, [x3], #1
    subs x2, x2, #1
    b.ne 3b
4:
    ret
    .section .text.memcmp,"ax",@progbits
memcmp:
bcmp:
1:
    cbz x2, 2f
    ldrb w3, [x0], #1
    ldrb w4, [x1], #1
    sub x2, x2, #1
    subs w3, w3, w4
    b.eq 1b
    mov w0, w3
    ret
2:
    mov w0, #0
    ret
    .section .text.strlen,"ax",@progbits
strlen:
    mov x1, x0
1:
    ldrb w2, [x1], #1
    cbnz w2, 1b
    sub x0, x1, x0
    sub x0, x0, #1
    ret
    .text
