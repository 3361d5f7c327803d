/* PID 1 that boots another kernel: mounts, plans, loads, execs. Without libc: see build.sh. */
#include "libkexec.h"

static long call(long number, const void *a, const void *b, const void *c, long d, long e)
{
    long result;
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

static int failed(const char *step, int code)
{
    char text[] = "init: ........ failed, -00000\n";
    int rest = -code, at;
    if (code >= 0)
        return 0;
    for (at = 0; at < 8 && step[at]; at++)
        text[6 + at] = step[at];
    for (at = 27; rest; rest /= 10)
        text[at--] = (char)('0' + rest % 10);
    call(1, (void *)1, text, (void *)(sizeof text - 1), 0, 0);
    return 1;
}

__attribute__((used)) static void run(void)
{
    static struct kx_machine machine;
    static struct kx_workspace workspace;
    static char command_line[4096];
    long fd, length;

    call(165, "proc", "/proc", "proc", 0, 0);
    call(165, "sysfs", "/sys", "sysfs", 0, 0);
    fd = call(2, "/boot/cmdline", 0, 0, 0, 0);
    length = call(0, (void *)fd, command_line, (void *)(sizeof command_line - 1), 0, 0);
    while (length > 0 && command_line[length - 1] == '\n')
        command_line[--length] = 0;
    if (failed("cmdline", (int)length)
        || failed("load", kx_load_to_boot("/boot/vmlinuz", "/boot/initrd.img", command_line,
                                          &machine, &workspace)))
        return;
    kx_sync();
    failed("exec", kx_exec(NULL));
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\nand $-16, %rsp\ncall run\n"
        "1: mov $34, %eax\nsyscall\njmp 1b"); /* pause(2): PID 1 must not end */
