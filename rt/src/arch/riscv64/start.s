# gp points where the linker says, for what it addresses through gp (psABI, "Global-pointer
# relaxation"), so that this one address must not be; s0 and ra 0 end stack traces. The kernel aligns
# the stack to 16 bytes.
    .globl _start
_start:
    .option push
    .option norelax
    lla gp, __global_pointer$
    .option pop
    li s0, 0
    li ra, 0
    mv a0, sp
    call kexec_rt_main
    unimp
