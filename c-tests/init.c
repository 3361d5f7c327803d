/* PID 1 that boots another kernel: mounts, plans, loads, execs. Without libc:
 *     cc -std=c99 -Os -ffreestanding -nostdlib -static -Wl,--gc-sections init.c mem.c libkexec.a
 */
#include "libkexec.h"

static struct kx_machine machine;
static struct kx_workspace workspace;

static void say(const char *text)
{
    for (; *text; text++) {
        long done = 1; /* write(2, text, 1) */
        __asm__ volatile("syscall" : "+a"(done) : "D"(2L), "S"(text), "d"(1L)
                         : "rcx", "r11", "memory");
    }
}

static int failed(const char *step, int code)
{
    if (code >= 0)
        return 0;
    say(step), say(": "), say(kx_strerror(code)), say("\n");
    return 1;
}

__attribute__((used)) static void run(void)
{
    static struct kx_request request = { .size = sizeof request };
    static struct kx_bytes initrd;
    static unsigned char seed[32];

    failed("/proc", kx_mount("proc", "/proc", "proc", NULL));
    failed("/sys", kx_mount("sysfs", "/sys", "sysfs", NULL));
    kx_machine_init(&machine, sizeof machine), kx_machine_read(&machine);
    kx_workspace_init(&workspace, sizeof workspace);
    if (failed("kernel", kx_map("/boot/vmlinuz", &request.kernel, NULL))
        || failed("initrd", kx_map("/boot/initrd.img", &initrd, NULL))
        || failed("command line", kx_map("/boot/cmdline", &request.command_line, NULL)))
        return;
    request.initrds = &initrd, request.initrd_count = 1;
    if (kx_random_seed(seed) > 0)
        request.rng_seed.data = seed, request.rng_seed.length = sizeof seed;
    if (failed("plan", kx_plan(&request, &machine, &workspace, NULL))
        || failed("check", kx_check(&workspace, NULL))
        || failed("load", kx_load(&workspace, NULL)))
        return;
    kx_sync();
    failed("exec", kx_exec(NULL));
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\nand $-16, %rsp\ncall run\n"
        "1: mov $34, %eax\nsyscall\njmp 1b"); /* pause(2): PID 1 must not end */
