# A diskette that boots: its first sector reads the second one by int 0x13, and prints it on the first serial
# port. It runs where a BIOS, or memdisk, puts it.

.set FAILED, 0x7c00 + failed - start

.section .image, "awx", @progbits
.globl start
.code16
start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7c00
    mov ax, 0x0201                      # read one sector
    mov bx, 0x7e00
    mov cx, 0x0002
    mov dh, 0
    int 0x13
    mov si, offset FAILED
    jc 1f
    mov si, 0x7e00
1:
    cld
2:
    lodsb
    test al, al
    jz 4f
    mov ah, al
    mov dx, 0x3fd
3:
    in al, dx
    test al, 0x20
    jz 3b
    mov dx, 0x3f8
    mov al, ah
    out dx, al
    jmp 2b
4:
    hlt
    jmp 4b
failed:
    .asciz "DISKETTE cannot be read\r\n"
.org 510
    .short 0xaa55
    .asciz "DISKETTE second sector, by the BIOS\r\n"
.org 1024
