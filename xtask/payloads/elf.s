# An ELF program of 32 bits that prints the command line in its boot notes on the first serial port. It is
# given their address as the argument of a C function.

.set PLACE, 0x200000
.set COM1, 0x3f8

.section .image, "awx", @progbits
.globl start
.att_syntax
start:
    .ascii "\177ELF\1\1\1"
    .skip 9
    .short 2, 3                         # ET_EXEC, EM_386
    .long 1, PLACE + (entry - start), headers - start, 0, 0
    .short 52, 32, 1, 0, 0, 0
headers:
    .long 1, 0, PLACE, PLACE, end - start, end - start, 7, 4096

.code32
entry:
    movl 4(%esp), %ebx
    movl $(PLACE + (wrong - start)), %esi
    cmpl $0x0e1fb007, (%ebx)
    jne 2f
    movl $(PLACE + (right - start)), %esi
    call puts
    leal 12(%ebx), %esi                 # after Elf_Bhdr
1:  movl 4(%esi), %eax                  # bytes of this note's text
    cmpl $4, 8(%esi)                    # the command line
    leal 12(%esi), %esi
    je 2f
    leal 3(%esi, %eax), %esi
    andl $-4, %esi
    jmp 1b
2:  call puts
    movl $(PLACE + (line - start)), %esi
    call puts
3:  hlt
    jmp 3b

puts:
    lodsb
    testb %al, %al
    jz 5f
    movb %al, %ah
    movw $(COM1 + 5), %dx
4:  inb %dx, %al
    testb $0x20, %al
    jz 4b
    movb %ah, %al
    movw $COM1, %dx
    outb %al, %dx
    jmp puts
5:  ret

right: .asciz "ELF notes: "
wrong: .asciz "ELF without notes"
line: .asciz "\r\n"
end:
.code64
.intel_syntax noprefix
