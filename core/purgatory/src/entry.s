# Entry and exit of the purgatory: what cannot be said in Rust.
#
# The kernel enters with interrupts off, everything identity-mapped, a stack of some 2 KiB that
# shares a page with kernel code, CR4 without OSFXSR, and before Linux 7 a GDTR and IDTR that
# are not valid. So: own stack, own GDT, own IDT, then SSE, and only then compiled code.
#
# The symbols parameters and stack_top come from the linker script.

.set CODE64, 0x10
.set CODE32, 0x10                       # of the exit's own GDT
.set DATA, 0x18
.set CR0_PLAIN, 0x33                    # PE, MP, ET, NE
.set CR0_MP, 1 << 1
.set CR0_EM, 1 << 2
.set CR0_TS, 1 << 3
.set CR4_MCE, 1 << 6
.set CR4_OSFXSR, 1 << 9
.set CR4_OSXMMEXCPT, 1 << 10

.set EFER, 0xc0000080
.set EFER_64, 0x901                     # SCE, LME, NXE

.set GDT_LIMIT, 4 * 8 - 1
.set VECTORS, 32
.set STUB_SIZE, 4
.set EXIT_MODE, 40                      # its offset in the parameter block,
.set REGISTERS, 48                      # that of the registers,
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

    cld
    cmp byte ptr [rip + parameters + EXIT_MODE], 0
    jne exit_32

    # The registers of the block; nothing is left to address but RSP and RIP.
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

# To 32-bit protected mode without paging, in the order that the CPU asks for (Intel SDM vol. 3A,
# "Switching Out of IA-32e Mode Operation"): compatibility mode, CR0.PG, EFER.LME; CR4.PAE and LA57
# only then. All of the segment lies below 4 GiB.
exit_32:
    lea ebp, [rip + parameters + REGISTERS]
    lea rax, [rip + gdt_32]
    mov [rsp + TABLE + 2], rax
    mov word ptr [rsp + TABLE], GDT_LIMIT
    lgdt [rsp + TABLE]
    push CODE32
    lea rax, [rip + 1f]
    push rax
    retfq
.code32
1:
    mov eax, cr0
    and eax, CR0_PLAIN
    mov cr0, eax
    jmp 2f
2:
    mov ecx, EFER
    rdmsr
    and eax, ~EFER_64
    wrmsr
    mov eax, cr4
    and eax, CR4_MCE                    # which a TDX guest may not clear
    mov cr4, eax
    xor eax, eax
    mov cr3, eax
    lldt ax
    push eax
    push eax
    lidt [esp]                          # none: limit 0
    mov al, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    # The low halves of the block's registers.
    mov ebx, [ebp + 1 * 8]
    mov ecx, [ebp + 2 * 8]
    mov edx, [ebp + 3 * 8]
    mov esi, [ebp + 4 * 8]
    mov edi, [ebp + 5 * 8]
    mov eax, [esp + 8 + EXIT]
    mov esp, [ebp + 7 * 8]
    push eax
    mov eax, [ebp]
    mov ebp, [ebp + 6 * 8]
    ret
.code64

.balign 8
gdt_32:
    .quad 0
    .quad 0
    .quad 0x00cf9b000000ffff            # 0x10: 32-bit code, flat
    .quad 0x00cf93000000ffff            # 0x18: data, flat
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff            # 0x08: 32-bit code, flat
    .quad 0x00af9b000000ffff            # 0x10: 64-bit code
    .quad 0x00cf93000000ffff            # 0x18: data, flat
