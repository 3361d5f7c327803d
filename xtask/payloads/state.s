# A program in the form of a bzImage that prints the state in which it was entered on the first serial port,
# a line each: `STATE MODE NAME=HEX`. It has all three entries, in 64, 32 and 16 bit. All of it is position
# dependent: the setup code counts from its segment, the rest from PLACE.

.set PLACE, 0x1000000
.set MEMORY, 0x200000                   # the A20 test uses the second MiB
.set SETUP_SECTORS, 15
.set COM1, 0x3f8

.section .image, "awx", @progbits
.globl start
start:

# The setup header (boot.rst, "The Real-Mode Kernel Header"), from 0x1f1 to 0x268.
.org 0x1f1
    .byte SETUP_SECTORS
    .short 0
    .long (end - protected) / 16
    .short 0, 0xffff, 0
    .short 0xaa55
    .byte 0xeb, 0x66                    # jmp 0x268
    .ascii "HdrS"
    .short 0x20f
    .long 0
    .short 0x1000
    .short 0                            # kernel_version
    .byte 0, 1                          # loadflags: LOADED_HIGH
    .short 0x8000
    .long 0x100000                      # code32_start: for the loader to change
    .long 0, 0, 0                       # ramdisk, bootsect_kludge
    .short 0
    .byte 0, 0
    .long 0
    .long 0x7fffffff                    # initrd_addr_max
    .long 0x1000                        # kernel_alignment
    .byte 0, 12                         # not relocatable
    .short 0x21                         # xloadflags: KERNEL_64, 5LEVEL
    .long 255                           # cmdline_size
    .long 0
    .quad 0
    .long 0, 0                          # payload
    .quad 0                             # setup_data
    .quad PLACE                         # pref_address
    .long MEMORY                        # init_size
    .long 0

# What all modes print with: no register but EAX, EBX, ECX, EDX, ESI, EDI, and a stack for calls. A record
# is a name of 12 bytes, an address and a size, 4 bytes each; a name of no bytes ends a table.
.macro PRINT bits, mode
put\bits:                               # AL
    mov ah, al
    mov edx, COM1 + 5
1:
    in al, dx
    test al, 0x20
    jz 1b
    mov al, ah
    mov edx, COM1
    out dx, al
    ret
text\bits:                              # EDI, up to a NUL
    mov al, [edi]
    inc edi
    test al, al
    jz 2f
    call put\bits
    jmp text\bits
2:
    ret
hex\bits:                               # BL
    mov al, bl
    shr al, 4
    call digit\bits
    mov al, bl
    and al, 15
digit\bits:
    add al, 0x30
    cmp al, 0x39
    jbe put\bits
    add al, 39
    jmp put\bits
newline\bits:
    mov al, 13
    call put\bits
    mov al, 10
    jmp put\bits
begin\bits:                             # EDI: the name
    mov ecx, edi
    mov edi, offset \mode
    call text\bits
    mov edi, ecx
    call text\bits
    mov al, 0x3d
    jmp put\bits
table\bits:                             # ESI
    cmp byte ptr [esi], 0
    je 2f
    mov edi, esi
    call begin\bits
    mov edi, [esi + 12]
    mov ecx, [esi + 16]
1:
    mov bl, [edi + ecx - 1]
    call hex\bits
    dec ecx
    jnz 1b
    call newline\bits
    add esi, 20
    jmp table\bits
2:
    ret
.endm

# Real mode: entered at 0x200, a jump to here.
.code16
real:
    mov cs:[saved16 - 0x200], eax
    mov cs:[saved16 - 0x200 + 4], ebx
    mov cs:[saved16 - 0x200 + 8], ecx
    mov cs:[saved16 - 0x200 + 12], edx
    mov cs:[saved16 - 0x200 + 16], esi
    mov cs:[saved16 - 0x200 + 20], edi
    mov cs:[saved16 - 0x200 + 24], ebp
    mov cs:[saved16 - 0x200 + 28], esp
    mov cs:[saved16 - 0x200 + 36], cs
    mov cs:[saved16 - 0x200 + 38], ds
    mov cs:[saved16 - 0x200 + 40], es
    mov cs:[saved16 - 0x200 + 42], ss
    mov cs:[saved16 - 0x200 + 44], fs
    mov cs:[saved16 - 0x200 + 46], gs
    # The segment before this code's, and a stack of its own; no flag changes.
    mov ax, cs
    lea eax, [eax - 0x20]
    mov ss, ax
    mov esp, offset stack16
    mov ds, ax
    mov es, ax
    pushfd
    pop dword ptr [saved16 + 32]
    cld
    sgdt [saved16 + 48]
    sidt [saved16 + 54]
    mov eax, cr0
    mov [saved16 + 60], eax
    mov eax, cr3
    mov [saved16 + 64], eax
    mov eax, cr4
    mov [saved16 + 68], eax
    mov ecx, 0xc0000080
    rdmsr
    mov [saved16 + 72], eax
    in al, 0x21
    mov [saved16 + 76], al
    in al, 0xa1
    mov [saved16 + 77], al
    # A20: the word at 1 MiB, against that at 0, which is a vector.
    xor ax, ax
    mov fs, ax
    dec ax
    mov gs, ax
    mov ax, fs:[0]
    xor word ptr gs:[0x10], 0x5aa5
    cmp ax, fs:[0]
    sete [saved16 + 78]
    xor word ptr gs:[0x10], 0x5aa5
    # The setup header as it was passed, by DS.
    mov ds, [saved16 + 38]
    mov si, 0x1f0
    mov di, offset header16
    mov cx, 0x80
    rep movsb
    mov ax, cs
    sub ax, 0x20
    mov ds, ax

    # A BIOS that works: its clock runs, and it takes a key from the keyboard controller, by interrupts.
    sti
    mov eax, fs:[0x46c]
    mov ecx, 0x8000000
2:
    cmp eax, fs:[0x46c]
    jne 3f
    dec ecx
    jnz 2b
3:
    setne [saved16 + 80]
    mov al, 0xd2                        # as if the keyboard had sent the next byte
    out 0x64, al
    mov al, 0x1e
    out 0x60, al
    mov ecx, 0x800000
4:
    push ecx
    mov ah, 1
    int 0x16
    pop ecx
    jnz 5f
    xor ax, ax
    dec ecx
    jnz 4b
5:
    mov [saved16 + 82], ax
    # Entries of the BIOS's memory map.
    xor ebx, ebx
6:
    mov eax, 0xe820
    mov edx, 0x534d4150
    mov ecx, 20
    mov di, offset entry16
    int 0x15
    jc 7f
    inc byte ptr [saved16 + 81]
    test ebx, ebx
    jnz 6b
7:
    cli
    mov ax, ds
    mov es, ax
    mov esi, offset table_16
    call table16
    mov edi, offset line_16
    call begin16
    # The command line, by its linear address: below 1 MiB.
    mov eax, [header16 + 0x38]
    mov edi, eax
    and edi, 15
    shr eax, 4
    push ds
    mov ds, ax
    call text16
    pop ds
    call newline16
    mov edi, offset host_16
    call text16
    mov esi, offset last_16
    call table16
8:
    hlt
    jmp 8b

PRINT 16, mode_16

.balign 4
saved16: .fill 84, 1, 0
header16: .fill 0x80, 1, 0
entry16: .fill 20, 1, 0
.fill 512, 1, 0
.balign 4
stack16:
mode_16: .asciz "STATE 16 "
line_16: .asciz "line"
# The segments' hidden parts, which no load of a segment register changes here but for the base.
host_16: .asciz "HOST info registers\r\n"

.macro ROW name, at, size
1:
    .ascii "\name"
    .fill 12 - (. - 1b), 1, 0
    .long \at, \size
.endm

table_16:
ROW eax, saved16, 4
ROW ebx, saved16+4, 4
ROW ecx, saved16+8, 4
ROW edx, saved16+12, 4
ROW esi, saved16+16, 4
ROW edi, saved16+20, 4
ROW ebp, saved16+24, 4
ROW esp, saved16+28, 4
ROW eflags, saved16+32, 4
ROW cs, saved16+36, 2
ROW ds, saved16+38, 2
ROW es, saved16+40, 2
ROW ss, saved16+42, 2
ROW fs, saved16+44, 2
ROW gs, saved16+46, 2
ROW idt.limit, saved16+54, 2
ROW idt.base, saved16+56, 4
ROW cr0, saved16+60, 4
ROW cr3, saved16+64, 4
ROW cr4, saved16+68, 4
ROW efer, saved16+72, 4
ROW pic1, saved16+76, 1
ROW pic2, saved16+77, 1
ROW a20, saved16+78, 1
ROW ticks, saved16+80, 1
ROW e820, saved16+81, 1
ROW key, saved16+82, 2
ROW loader, header16+0x20, 1
ROW loadflags, header16+0x21, 1
ROW code32, header16+0x24, 4
ROW initrd, header16+0x28, 4
ROW initrd.size, header16+0x2c, 4
ROW heap_end, header16+0x34, 2
ROW line.at, header16+0x38, 4
ROW setup_data, header16+0x60, 8
    .long 0
last_16:
ROW end, header16+0x12, 4
    .long 0

.org (SETUP_SECTORS + 1) * 512
protected:

# 32-bit protected mode.
.macro AT name
    .set \name, PLACE + _\name - protected
.endm
AT saved32
AT header32
AT stack32
AT mode_32
AT line_32
AT table_32
AT last_32
AT saved64
AT header64
AT stack64
AT mode_64
AT line_64
AT table_64
AT last_64
.code32
    mov [saved32], eax
    mov [saved32 + 4], ebx
    mov [saved32 + 8], ecx
    mov [saved32 + 12], edx
    mov [saved32 + 16], esi
    mov [saved32 + 20], edi
    mov [saved32 + 24], ebp
    mov [saved32 + 28], esp
    mov esp, offset stack32
    pushfd
    pop dword ptr [saved32 + 32]
    jmp 1f
.org protected - start + 0x200
.code64
    jmp entered64
.code32
1:
    cld
    mov [saved32 + 36], cs
    mov [saved32 + 38], ds
    mov [saved32 + 40], es
    mov [saved32 + 42], ss
    mov [saved32 + 44], fs
    mov [saved32 + 46], gs
    sgdt [saved32 + 48]
    sidt [saved32 + 54]
    mov eax, cr0
    mov [saved32 + 60], eax
    mov eax, cr3
    mov [saved32 + 64], eax
    mov eax, cr4
    mov [saved32 + 68], eax
    mov ecx, 0xc0000080
    rdmsr
    mov [saved32 + 72], eax
    sldt [saved32 + 76]
    mov byte ptr [PLACE + 0x80000], 0x5a
    mov byte ptr [PLACE + 0x180000], 0xa5
    cmp byte ptr [PLACE + 0x80000], 0x5a
    sete [saved32 + 78]
    # Descriptors and limits of CS, DS and SS, from the GDT, which may be gone.
    mov ebx, [saved32 + 50]
    movzx ecx, word ptr [saved32 + 36]
    lsl eax, ecx
    mov [saved32 + 80], eax
    mov eax, [ebx + ecx]
    mov edx, [ebx + ecx + 4]
    mov [saved32 + 96], eax
    mov [saved32 + 100], edx
    movzx ecx, word ptr [saved32 + 38]
    lsl eax, ecx
    mov [saved32 + 84], eax
    mov eax, [ebx + ecx]
    mov edx, [ebx + ecx + 4]
    mov [saved32 + 104], eax
    mov [saved32 + 108], edx
    movzx ecx, word ptr [saved32 + 42]
    lsl eax, ecx
    mov [saved32 + 88], eax
    # boot_params' header.
    mov esi, [saved32 + 16]
    movzx eax, byte ptr [esi + 0x1e8]
    mov [saved32 + 92], eax
    add esi, 0x1f0
    mov edi, offset header32
    mov ecx, 0x80
    rep movsb
    mov esi, [header32 + 0x28]
    mov eax, [esi]
    mov [saved32 + 112], eax
    mov esi, offset table_32
    call table32
    mov edi, offset line_32
    call begin32
    mov edi, [header32 + 0x38]
    call text32
    call newline32
    mov esi, offset last_32
    call table32
2:
    hlt
    jmp 2b

PRINT 32, mode_32

# 64-bit mode.
.code64
entered64:
    mov [rip + _saved64], rax
    mov [rip + _saved64 + 8], rbx
    mov [rip + _saved64 + 16], rcx
    mov [rip + _saved64 + 24], rdx
    mov [rip + _saved64 + 32], rsi
    mov [rip + _saved64 + 40], rdi
    mov [rip + _saved64 + 48], rbp
    mov [rip + _saved64 + 56], rsp
    mov [rip + _saved64 + 64], r8
    mov [rip + _saved64 + 72], r9
    mov [rip + _saved64 + 80], r10
    mov [rip + _saved64 + 88], r11
    mov [rip + _saved64 + 96], r12
    mov [rip + _saved64 + 104], r13
    mov [rip + _saved64 + 112], r14
    mov [rip + _saved64 + 120], r15
    lea rsp, [rip + _stack64]
    pushfq
    pop [rip + _saved64 + 128]
    cld
    mov [rip + _saved64 + 136], cs
    mov [rip + _saved64 + 138], ds
    mov [rip + _saved64 + 140], es
    mov [rip + _saved64 + 142], ss
    mov [rip + _saved64 + 144], fs
    mov [rip + _saved64 + 146], gs
    sgdt [rip + _saved64 + 148]
    sidt [rip + _saved64 + 158]
    mov rax, cr0
    mov [rip + _saved64 + 168], rax
    mov rax, cr4
    mov [rip + _saved64 + 176], rax
    mov ecx, 0xc0000080
    rdmsr
    mov [rip + _saved64 + 184], eax
    mov byte ptr [PLACE + 0x80000], 0x5a
    mov byte ptr [PLACE + 0x180000], 0xa5
    cmp byte ptr [PLACE + 0x80000], 0x5a
    sete [rip + _saved64 + 188]
    mov rbx, [rip + _saved64 + 150]
    movzx ecx, word ptr [rip + _saved64 + 136]
    mov rax, [rbx + rcx]
    mov [rip + _saved64 + 192], rax
    movzx ecx, word ptr [rip + _saved64 + 138]
    mov rax, [rbx + rcx]
    mov [rip + _saved64 + 200], rax
    movzx ecx, word ptr [rip + _saved64 + 142]
    lsl eax, ecx
    mov [rip + _saved64 + 208], eax
    mov rsi, [rip + _saved64 + 32]
    movzx eax, byte ptr [rsi + 0x1e8]
    mov [rip + _saved64 + 212], eax
    add rsi, 0x1f0
    lea rdi, [rip + _header64]
    mov ecx, 0x80
    rep movsb
    mov esi, [rip + _header64 + 0x28]
    mov eax, [rsi]
    mov [rip + _saved64 + 216], eax
    mov esi, offset table_64
    call table64
    mov edi, offset line_64
    call begin64
    mov edi, [rip + _header64 + 0x38]
    call text64
    call newline64
    mov esi, offset last_64
    call table64
1:
    hlt
    jmp 1b

PRINT 64, mode_64

.balign 16
_saved32: .fill 116, 1, 0
_header32: .fill 0x80, 1, 0
.balign 16
_saved64: .fill 220, 1, 0
_header64: .fill 0x80, 1, 0
.fill 512, 1, 0
.balign 16
_stack32:
.fill 512, 1, 0
_stack64:
_mode_32: .asciz "STATE 32 "
_line_32: .asciz "line"
_mode_64: .asciz "STATE 64 "
_line_64: .asciz "line"

.balign 4
_table_32:
ROW eax, saved32, 4
ROW ebx, saved32+4, 4
ROW ecx, saved32+8, 4
ROW edx, saved32+12, 4
ROW esi, saved32+16, 4
ROW edi, saved32+20, 4
ROW ebp, saved32+24, 4
ROW esp, saved32+28, 4
ROW eflags, saved32+32, 4
ROW cs, saved32+36, 2
ROW ds, saved32+38, 2
ROW es, saved32+40, 2
ROW ss, saved32+42, 2
ROW fs, saved32+44, 2
ROW gs, saved32+46, 2
ROW idt.limit, saved32+54, 2
ROW cr0, saved32+60, 4
ROW cr3, saved32+64, 4
ROW cr4, saved32+68, 4
ROW efer, saved32+72, 4
ROW ldtr, saved32+76, 2
ROW a20, saved32+78, 1
ROW cs.limit, saved32+80, 4
ROW ds.limit, saved32+84, 4
ROW ss.limit, saved32+88, 4
ROW cs.is, saved32+96, 8
ROW ds.is, saved32+104, 8
ROW e820, saved32+92, 1
ROW initrd.has, saved32+112, 4
ROW loader, header32+0x20, 1
ROW code32, header32+0x24, 4
ROW initrd, header32+0x28, 4
ROW initrd.size, header32+0x2c, 4
ROW line.at, header32+0x38, 4
    .long 0
_last_32:
ROW end, header32+0x12, 4
    .long 0
_table_64:
ROW rax, saved64, 8
ROW rbx, saved64+8, 8
ROW rcx, saved64+16, 8
ROW rdx, saved64+24, 8
ROW rsi, saved64+32, 8
ROW rdi, saved64+40, 8
ROW rbp, saved64+48, 8
ROW rsp, saved64+56, 8
ROW r8, saved64+64, 8
ROW r9, saved64+72, 8
ROW r10, saved64+80, 8
ROW r11, saved64+88, 8
ROW r12, saved64+96, 8
ROW r13, saved64+104, 8
ROW r14, saved64+112, 8
ROW r15, saved64+120, 8
ROW rflags, saved64+128, 8
ROW cs, saved64+136, 2
ROW ds, saved64+138, 2
ROW es, saved64+140, 2
ROW ss, saved64+142, 2
ROW fs, saved64+144, 2
ROW gs, saved64+146, 2
ROW cr0, saved64+168, 8
ROW cr4, saved64+176, 8
ROW efer, saved64+184, 4
ROW a20, saved64+188, 1
ROW cs.is, saved64+192, 8
ROW ds.is, saved64+200, 8
ROW ss.limit, saved64+208, 4
ROW e820, saved64+212, 1
ROW initrd.has, saved64+216, 4
ROW loader, header64+0x20, 1
ROW code32, header64+0x24, 4
ROW initrd, header64+0x28, 4
ROW initrd.size, header64+0x2c, 4
ROW line.at, header64+0x38, 4
    .long 0
_last_64:
ROW end, header64+0x12, 4
    .long 0
.balign 16
end:
