/* PID 1 that boots another kernel: mounts, plans, loads, execs. Without libc:
 *     cc -std=c99 -Os -ffreestanding -nostdlib -static -Wl,--gc-sections init.c mem.c libkexec.a
 */
#include "libkexec.h"

static struct kx_machine machine;
static struct kx_workspace workspace;

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
    static struct kx_request request = { .size = sizeof request };
    static struct kx_bytes initrd;

    call(165, "proc", "/proc", "proc", 0, 0);
    call(165, "sysfs", "/sys", "sysfs", 0, 0);
    kx_machine_init(&machine, sizeof machine), kx_machine_read_to_boot(&machine);
    kx_workspace_init(&workspace, sizeof workspace);
    if (failed("kernel", kx_map("/boot/vmlinuz", &request.kernel, NULL))
        || failed("initrd", kx_map("/boot/initrd.img", &initrd, NULL))
        || failed("cmdline", kx_map("/boot/cmdline", &request.command_line, NULL)))
        return;
    request.initrds = &initrd, request.initrd_count = 1;
    if (failed("plan", kx_plan_to_boot(&request, &machine, &workspace))
        || failed("load", kx_load(&workspace, NULL)))
        return;
    kx_sync();
    failed("exec", kx_exec(NULL));
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\nand $-16, %rsp\ncall run\n"
        "1: mov $34, %eax\nsyscall\njmp 1b"); /* pause(2): PID 1 must not end */
