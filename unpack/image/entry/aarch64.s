// entry(stack, call): see x86_64.s.
    .section .entry,"ax",@progbits
    .globl entry, leave
entry:
    stp x29, x30, [sp, -160]!
    stp x19, x20, [sp, 16]
    stp x21, x22, [sp, 32]
    stp x23, x24, [sp, 48]
    stp x25, x26, [sp, 64]
    stp x27, x28, [sp, 80]
    stp d8, d9, [sp, 96]
    stp d10, d11, [sp, 112]
    stp d12, d13, [sp, 128]
    stp d14, d15, [sp, 144]
    mov x9, sp
    str x9, [x0]
    mov x10, {stack}
    add sp, x0, x10
    mov x0, x1
    bl {decode}
    mov x9, sp
    sub x9, x9, {stack}
2:
    ldr x9, [x9]
    mov sp, x9
    ldp x19, x20, [sp, 16]
    ldp x21, x22, [sp, 32]
    ldp x23, x24, [sp, 48]
    ldp x25, x26, [sp, 64]
    ldp x27, x28, [sp, 80]
    ldp d8, d9, [sp, 96]
    ldp d10, d11, [sp, 112]
    ldp d12, d13, [sp, 128]
    ldp d14, d15, [sp, 144]
    ldp x29, x30, [sp], 160
    ret
leave:
    mov x9, sp
    and x9, x9, -{stack}
    b 2b
    .text
