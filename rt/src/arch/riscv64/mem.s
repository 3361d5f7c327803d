# Accesses at other than natural alignment may trap, so that eight bytes at once are for addresses
# that have it.
    .globl memcpy, memmove, memset, memcmp, bcmp, strlen
    .section .text.memcpy,"ax",@progbits
memcpy:
    mv a3, a0
    or a4, a0, a1
    andi a4, a4, 7
    bnez a4, 2f
    li a5, 8
1:
    bltu a2, a5, 2f
    ld a4, 0(a1)
    sd a4, 0(a3)
    addi a1, a1, 8
    addi a3, a3, 8
    addi a2, a2, -8
    j 1b
2:
    beqz a2, 3f
    lbu a4, 0(a1)
    sb a4, 0(a3)
    addi a1, a1, 1
    addi a3, a3, 1
    addi a2, a2, -1
    j 2b
3:
    ret
# Backwards when the target begins inside the source.
    .section .text.memmove,"ax",@progbits
memmove:
    sub a3, a0, a1
    bltu a3, a2, 4f
    tail memcpy
4:
    add a1, a1, a2
    add a3, a0, a2
5:
    beqz a2, 6f
    addi a1, a1, -1
    addi a3, a3, -1
    lbu a4, 0(a1)
    sb a4, 0(a3)
    addi a2, a2, -1
    j 5b
6:
    ret
    .section .text.memset,"ax",@progbits
memset:
    mv a3, a0
    andi a4, a0, 7
    bnez a4, 2f
    andi a1, a1, 0xff
    slli a4, a1, 8
    or a4, a4, a1
    slli a5, a4, 16
    or a4, a4, a5
    slli a5, a4, 32
    or a4, a4, a5
    li a5, 8
1:
    bltu a2, a5, 2f
    sd a4, 0(a3)
    addi a3, a3, 8
    addi a2, a2, -8
    j 1b
2:
    beqz a2, 3f
    sb a1, 0(a3)
    addi a3, a3, 1
    addi a2, a2, -1
    j 2b
3:
    ret
    .section .text.memcmp,"ax",@progbits
memcmp:
bcmp:
1:
    beqz a2, 2f
    lbu a3, 0(a0)
    lbu a4, 0(a1)
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    beq a3, a4, 1b
    sub a0, a3, a4
    ret
2:
    li a0, 0
    ret
    .section .text.strlen,"ax",@progbits
strlen:
    mv a1, a0
1:
    lbu a2, 0(a0)
    addi a0, a0, 1
    bnez a2, 1b
    sub a0, a0, a1
    addi a0, a0, -1
    ret
    .text
