# Entry and exit of the purgatory: what cannot be said in Rust.
#
# The kernel enters with interrupts off, everything identity-mapped, a stack of some 2 KiB that
# shares a page with kernel code, CR4 without OSFXSR, and before Linux 7 a GDTR and IDTR that
# are not valid. So: own stack, own GDT, own IDT, then SSE, and only then compiled code.
#
# The symbols parameters and stack_top come from the linker script.

.set CODE64, 0x10
.set DATA, 0x18
.set CR0_MP, 1 << 1
.set CR0_EM, 1 << 2
.set CR0_TS, 1 << 3
.set CR4_OSFXSR, 1 << 9
.set CR4_OSXMMEXCPT, 1 << 10

.set GDT_LIMIT, 4 * 8 - 1
.set VECTORS, 32
.set STUB_SIZE, 4
.set REGISTERS, 48                      # their offset in the parameter block,
.set BACKUP, 184                        # that of what is copied (from, to, bytes),
.set CHECK, 672                         # and of the segment's digest
.set IDT_SIZE, VECTORS * 16
# Frame at the top of the stack, from RSP up.
.set SAVED_CR0, 0
.set SAVED_CR4, 8
.set FAULTS, 16                         # how many there were, 4 bytes
.set SAVED_IDTR, 22                     # 10 bytes; the base at 24 is aligned
.set TABLE, 38                          # 10 bytes: operand of lgdt and lidt
.set EXIT, 48                           # where the next program is entered
.set IDT, 64
.set FRAME, IDT + IDT_SIZE

.section .entry, "ax", @progbits
.globl entry
entry:
    cli
    cld
    lea rsp, [rip + stack_top - FRAME]

    lea rax, [rip + gdt]
    mov word ptr [rsp + TABLE], GDT_LIMIT
    mov [rsp + TABLE + 2], rax
    lgdt [rsp + TABLE]
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    push CODE64
    lea rax, [rip + 1f]
    push rax
    retfq
1:
    # A fault says what it was instead of resetting the machine.
    mov dword ptr [rsp + FAULTS], 0
    lea rax, [rip + halt]               # until the segment is known to be sound
    mov [rsp + EXIT], rax
    sidt [rsp + SAVED_IDTR]
    lea rdi, [rsp + IDT]
    lea rax, [rip + stubs]
    mov ecx, VECTORS
2:
    mov [rdi], ax                       # offset 15:0
    mov word ptr [rdi + 2], CODE64
    mov word ptr [rdi + 4], 0x8e00      # present, interrupt gate, no IST
    mov rdx, rax
    shr rdx, 16
    mov [rdi + 6], dx                   # offset 31:16
    shr rdx, 16
    mov [rdi + 8], rdx                  # offset 63:32, reserved 0
    add rax, STUB_SIZE
    add rdi, 16
    loop 2b
    lea rax, [rsp + IDT]
    mov word ptr [rsp + TABLE], IDT_SIZE - 1
    mov [rsp + TABLE + 2], rax
    lidt [rsp + TABLE]

    mov rax, cr0
    mov [rsp + SAVED_CR0], rax
    and eax, ~(CR0_EM | CR0_TS)
    or eax, CR0_MP
    mov cr0, rax
    mov rax, cr4
    mov [rsp + SAVED_CR4], rax
    or eax, CR4_OSFXSR | CR4_OSXMMEXCPT
    mov cr4, rax

    lea rdi, [rip + parameters]
    lea rsi, [rip + entry]
    call purgatory                      # returns only to go on: the segment's digest
    # Once more, so that no single wrong bit up to here lets a damaged segment go on. What
    # follows is done with what is left of RAX, 0, so that a jump to here does nothing either.
    xor rax, [rip + parameters + CHECK]
    xor rdx, [rip + parameters + CHECK + 8]
    or rax, rdx
    jz go_on
halt:
    cli
    hlt
    jmp halt

# One stub a vector, each of STUB_SIZE bytes: it pushes the vector's number. The handler
# follows at once, so that every jump is a short one.
stubs:
.set vector, 0
.rept VECTORS
    .byte 0x6a, vector                  # push imm8
    .byte 0xeb, (VECTORS - 1 - vector) * STUB_SIZE  # jmp rel8
    .set vector, vector + 1
.endr
faulted:
    pop rsi                             # vector
    mov rdx, rsp                        # [error code,] RIP, CS, RFLAGS, RSP, SS
    mov rcx, cr2
    lea rax, [rip + stack_top - FRAME + FAULTS]
    inc dword ptr [rax]
    mov r8d, [rax]
    cmp r8d, 2
    ja halt                             # even stopping faults
    lea rdi, [rip + parameters]
    cld
    and rsp, -16
    call fault                          # never comes back

# Out of the reach of short jumps from before the check.
go_on:
    # What the next program will write over; here, not in Rust, for it begins at address 0.
    mov rsi, [rip + parameters + BACKUP]
    mov rdi, [rip + parameters + BACKUP + 8]
    neg rax                             # carry, unless it is 0
    cmc
    sbb rcx, rcx                        # all bits, if it is 0
    and rcx, [rip + parameters + BACKUP + 16]
    rep movsb
    add rax, [rip + parameters + REGISTERS + 16 * 8]
    mov [rsp + EXIT], rax

    mov rax, [rsp + SAVED_CR4]
    mov cr4, rax
    mov rax, [rsp + SAVED_CR0]
    mov cr0, rax
    lidt [rsp + SAVED_IDTR]

    # The registers of the block; nothing is left to address but RSP and RIP.
    cld
    lea rsp, [rip + parameters + REGISTERS]
    pop rax
    pop rbx
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    pop rbp
    add rsp, 8
    pop r8
    pop r9
    pop r10
    pop r11
    pop r12
    pop r13
    pop r14
    pop r15
    mov rsp, [rip + parameters + REGISTERS + 7 * 8]
    jmp [rip + stack_top - FRAME + EXIT]

.balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff            # 0x08: 32-bit code, flat
    .quad 0x00af9b000000ffff            # 0x10: 64-bit code
    .quad 0x00cf93000000ffff            # 0x18: data, flat
