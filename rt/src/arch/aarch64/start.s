// The kernel aligns the stack to 16 bytes (fs/binfmt_elf.c, create_elf_tables), as every access
// through it must be (AAPCS64, 6.4.5.1); frame pointer and return address 0 end stack traces.
    .globl _start
_start:
    mov x29, #0
    mov x30, #0
    mov x0, sp
    bl kexec_rt_main
    brk #1
