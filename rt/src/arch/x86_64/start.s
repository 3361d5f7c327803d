# The ABI wants the stack aligned to 16 bytes before a call; rbp 0 ends stack traces
# (System V ABI, AMD64 supplement, 3.4.1).
    .globl _start
_start:
    xor ebp, ebp
    mov rdi, rsp
    and rsp, -16
    call kexec_rt_main
    ud2
