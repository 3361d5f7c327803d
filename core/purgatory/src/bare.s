# The purgatory that verifies nothing and says nothing: from the running kernel's state to the
# one the 64-bit boot protocol asks for (boot.rst, "64-bit boot protocol"), and away.
#
# After the image the loader puts three words: RSI, RSP and RIP.

.set CODE64, 0x10
.set DATA, 0x18
.set GDT_LIMIT, 4 * 8 - 1

.section .entry, "ax", @progbits
.globl entry
entry:
    cli
    cld
    mov rsp, [rip + parameters + 8]
    lea rax, [rip + gdt]
    push rax                            # operand of lgdt: a limit, then the base
    sub rsp, 2
    mov word ptr [rsp], GDT_LIMIT
    lgdt [rsp]
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov rsp, [rip + parameters + 8]
    mov rsi, [rip + parameters]
    push CODE64
    push [rip + parameters + 16]
    # The next program finds nothing of this one in a register.
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    xor edi, edi
    xor ebp, ebp
    retfq

.balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff            # 0x08: 32-bit code, flat
    .quad 0x00af9b000000ffff            # 0x10: 64-bit code
    .quad 0x00cf93000000ffff            # 0x18: data, flat
