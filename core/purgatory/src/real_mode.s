# From 32-bit protected mode without paging, where the purgatory leaves the CPU, to real mode: the order
# of Intel's SDM (vol. 3A, "Switching Back to Real-Address Mode"). 16-bit descriptors first, because their
# limits stay when the CPU is in real mode.
#
# EBX is this code's address: below 1 MiB, a multiple of 16. After the image the loader puts `words`
# (core/src/purgatory/real_mode.rs).

.set TABLE, words - entry               # GDTR: limit, base; in the place of the null descriptor
.set VECTORS, TABLE + 24                # IDTR
.set REAL, TABLE + 30                   # far pointer: IP, CS
.set STACK, TABLE + 34                  # SP, SS
.set PROGRAM, TABLE + 38                # IP, CS
.set PORTS, ports - entry
.set PAIRS, (ports_end - ports) / 2
.set SIXTEEN, sixteen - entry
.set CODE16, 0x08
.set DATA16, 0x10
.set CR0_ET, 0x10

.section .entry, "ax", @progbits
.globl entry
.code32
entry:
    # The interrupt controllers and the timer as a BIOS has them: Linux has others' vectors, masks all.
    lea esi, [ebx + PORTS]
    mov ecx, offset PAIRS
    xor edx, edx
1:
    mov dl, [esi]
    mov al, [esi + 1]
    out dx, al
    out 0x80, al                        # a pause, for controllers that are slow
    add esi, 2
    loop 1b

    lgdt [ebx + TABLE]
    push CODE16
    mov eax, offset SIXTEEN
    push eax
    retf
.code16
sixteen:
    mov ax, DATA16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov gs, ax
    lidt [VECTORS]
    mov eax, CR0_ET
    mov cr0, eax
    .byte 0xff, 0x2e                    # jmp far [REAL]
    .short REAL
real:
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    xor esi, esi
    xor edi, edi
    xor ebp, ebp
    xor esp, esp
    lss sp, cs:[STACK]
    mov ds, cs:[STACK + 2]
    mov es, cs:[STACK + 2]
    mov fs, cs:[STACK + 2]
    mov gs, cs:[STACK + 2]
    .byte 0x2e, 0xff, 0x2e              # jmp far cs:[PROGRAM]
    .short PROGRAM

# Port and value. 8259s: edges, in a cascade; vectors 0x08 and 0x70; open are timer, keyboard, cascade and
# diskette, clock, mouse, FPU and first disk. 8254: channel 0 divides by 65536, a square wave.
ports:
    .byte 0x20, 0x11, 0xa0, 0x11
    .byte 0x21, 0x08, 0xa1, 0x70
    .byte 0x21, 0x04, 0xa1, 0x02
    .byte 0x21, 0x01, 0xa1, 0x01
    .byte 0x43, 0x36, 0x40, 0x00, 0x40, 0x00
    .byte 0x21, 0xb8, 0xa1, 0x8e
ports_end:
.balign 16, 0
words:
