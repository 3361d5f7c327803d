# A multiboot kernel that prints what it is told on the first serial port: `MB entry=` with EAX and EBX, and
# `MB at ADDRESS=` with the bytes there, of the information and of the ends of each module. It has the headers
# of both versions, is loaded by their addresses, and position dependent.

.set PLACE, 0x100000
.set BSS_END, PLACE + 0x4000
.set STACK, PLACE + 0x3ff0
.set SAVED, PLACE + 0x3000              # zero at first, which nothing loads
.set COM1, 0x3f8
.set TWO, 0x36d76289

.section .image, "awx", @progbits
.globl start
start:
.balign 8
header2:
    .long 0xe85250d6, 0, header2_end - header2
    .long -(0xe85250d6 + (header2_end - header2))
    .short 1, 0                         # information: line, loader, modules, memory, map
    .long 28, 1, 2, 3, 4, 6
.balign 8
    .short 2, 0                         # addresses
    .long 24, PLACE + header2, PLACE, 0, BSS_END
    .short 3, 0                         # entry
    .long 12, PLACE + entry
.balign 8
    .short 6, 0                         # modules at pages
    .long 8
    .short 0x7777, 1                    # nobody knows it, and it may be ignored
    .long 8
    .short 0, 0
    .long 8
header2_end:
header1:
    .long 0x1badb002, 0x10003, -(0x1badb002 + 0x10003)
    .long PLACE + header1, PLACE, 0, BSS_END, PLACE + entry

.macro AT name
    .set \name, PLACE + _\name
.endm
AT text_entry
AT text_at
AT text_end

.code32
entry:
    mov esp, offset STACK
    cld
    cmp dword ptr [SAVED], 0            # the bss is zero, or nothing is printed
    jne stop
    mov [SAVED], eax
    mov [SAVED + 4], ebx
    mov edi, offset text_entry
    call text
    mov esi, offset SAVED
    mov ecx, 8
    call hex
    call newline
    cmp dword ptr [SAVED], TWO
    je two
    mov esi, ebx                        # up to the end of the map
    mov ecx, [ebx + 48]
    add ecx, [ebx + 44]
    sub ecx, ebx
    call dump
    test dword ptr [ebx], 8
    jz end
    mov ebp, [ebx + 20]
    mov ebx, [ebx + 24]
1:
    call module
    add ebx, 16
    dec ebp
    jnz 1b
    jmp end
two:
    mov esi, ebx
    mov ecx, [ebx]
    call dump
    add ebx, 8
2:
    cmp dword ptr [ebx], 0
    je end
    cmp dword ptr [ebx], 3
    jne 3f
    push ebx
    add ebx, 8
    call module
    pop ebx
3:
    mov eax, [ebx + 4]
    add eax, 7
    and eax, -8
    add ebx, eax
    jmp 2b
end:
    mov edi, offset text_end
    call text
stop:
    hlt
    jmp stop

module:                                 # EBX: its start and end
    mov esi, [ebx]
    mov ecx, 16
    call dump
    mov esi, [ebx + 4]
    sub esi, 16
    mov ecx, 16
dump:                                   # ECX bytes at ESI
    push ecx
    mov edi, offset text_at
    call text
    push esi
    mov [SAVED + 8], esi
    mov esi, offset SAVED + 8
    mov ecx, 4
    call hex
    mov al, 0x3d
    call put
    pop esi
    pop ecx
    mov edx, 32
    cmp ecx, edx
    jae 1f
    mov edx, ecx
1:
    sub ecx, edx
    push ecx
    mov ecx, edx
    call hex
    call newline
    pop ecx
    test ecx, ecx
    jnz dump
    ret
hex:                                    # ECX bytes at ESI, which it moves
    mov al, [esi]
    shr al, 4
    call digit
    lodsb
    and al, 15
    call digit
    dec ecx
    jnz hex
    ret
digit:
    add al, 0x30
    cmp al, 0x39
    jbe put
    add al, 39
put:                                    # AL
    push edx
    mov ah, al
    mov edx, COM1 + 5
1:
    in al, dx
    test al, 0x20
    jz 1b
    mov al, ah
    mov edx, COM1
    out dx, al
    pop edx
    ret
text:                                   # EDI, up to a NUL
    mov al, [edi]
    inc edi
    test al, al
    jz 1f
    call put
    jmp text
1:
    ret
newline:
    mov al, 13
    call put
    mov al, 10
    jmp put

_text_entry: .asciz "MB entry="
_text_at: .asciz "MB at "
_text_end: .asciz "MB end\r\n"
