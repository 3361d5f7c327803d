# entry(stack, call): runs `decode(call)` on the stack of STACK bytes that begins at `stack`, a
# multiple of STACK, and returns its result. The caller's stack pointer lies at the beginning.
    .section .entry,"ax",@progbits
    .globl entry, leave
entry:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    lea rsp, [rdi + {stack}]
    mov rdi, rsi
    call {decode}
    mov rsp, [rsp - {stack}]
2:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
# leave(result): returns from `entry`, from any depth. The direction flag is clear in Rust code.
leave:
    mov eax, edi
    and rsp, -{stack}
    mov rsp, [rsp]
    jmp 2b
    .text
