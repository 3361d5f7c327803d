/* Artificial inputs. */
#include "test.h"

void put16(unsigned char *at, unsigned value)
{
    at[0] = value & 0xff;
    at[1] = value >> 8 & 0xff;
}

void put32(unsigned char *at, unsigned long value)
{
    put16(at, value & 0xffff);
    put16(at + 2, value >> 16 & 0xffff);
}

void put64(unsigned char *at, uint64_t value)
{
    put32(at, value & 0xffffffff);
    put32(at + 4, value >> 32);
}

unsigned char *make_bzimage(size_t kernel_size, size_t *length)
{
    const size_t setup = 5 * 512;
    unsigned char *file = calloc(1, setup + kernel_size);
    if (!file)
        abort();
    for (size_t i = 0; i < kernel_size; i++)
        file[setup + i] = (unsigned char)(i * 31 + (i >> 8));
    memcpy(file, "MZ", 2);
    file[0x1f1] = 4;
    put32(file + 0x1f4, kernel_size / 16);
    put16(file + 0x1fe, 0xaa55);
    put16(file + 0x200, 0x6aeb);
    memcpy(file + 0x202, "HdrS", 4);
    put16(file + 0x206, 0x020f);
    put16(file + 0x20e, 0x200);
    strcpy((char *)file + 0x400, "7.3.4-test #1");
    file[0x211] = 1;
    put32(file + 0x214, 0x100000);
    put32(file + 0x22c, 0x7fffffff);
    put32(file + 0x230, 0x200000);
    file[0x234] = 1;
    put16(file + 0x236, 0x7f);
    put32(file + 0x238, 2047);
    put64(file + 0x258, 0x1000000);
    put32(file + 0x260, 0x3c39000);
    put32(file + 0x268, 0x100);
    memcpy(file + setup + 0x100, "LToP", 4);
    put32(file + setup + 0x104, 16);
    put32(file + setup + 0x108, 16);
    put32(file + setup + 0x10c, 0x8000000a);
    *length = setup + kernel_size;
    return file;
}

unsigned char *make_vmlinux(size_t kernel_size, size_t *length)
{
    const size_t at = 0x1000;
    unsigned char *file = calloc(1, at + kernel_size);
    if (!file)
        abort();
    memcpy(file, "\177ELF\2\1\1", 7);
    put16(file + 16, 2);
    put16(file + 18, 62);
    put32(file + 20, 1);
    put64(file + 24, 0x1000000);
    put64(file + 32, 64);
    put16(file + 52, 64);
    put16(file + 54, 56);
    put16(file + 56, 1);
    put32(file + 64, 1);
    put32(file + 68, 7);
    put64(file + 72, at);
    put64(file + 80, 0xffffffff81000000);
    put64(file + 88, 0x1000000);
    put64(file + 96, kernel_size);
    put64(file + 104, 2 * kernel_size);
    put64(file + 112, 0x200000);
    *length = at + kernel_size;
    return file;
}

struct kx_machine *new_machine(void)
{
    struct kx_machine *machine = malloc(kx_machine_size());
    if (kx_machine_init(machine, kx_machine_size()) != 0)
        abort();
    return machine;
}

struct kx_workspace *new_workspace(void)
{
    struct kx_workspace *workspace = malloc(kx_workspace_size());
    if (kx_workspace_init(workspace, kx_workspace_size()) != 0)
        abort();
    return workspace;
}

struct kx_machine *pc(void)
{
    struct kx_machine *machine = new_machine();
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0, 0x9fbff, KX_MEMORY_RAM));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0x9fc00, 0x9ffff,
                                     KX_MEMORY_RESERVED));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0x100000, 0xbffdffff,
                                     KX_MEMORY_RAM));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0xbffe0000, 0xbfffffff,
                                     KX_MEMORY_ACPI));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0x100000000, 0x13fffffff,
                                     KX_MEMORY_RAM));
    return machine;
}

struct kx_request request_of(const void *kernel, size_t length)
{
    struct kx_request request;
    memset(&request, 0, sizeof request);
    request.size = sizeof request;
    request.kernel.data = kernel;
    request.kernel.length = length;
    return request;
}

void *odd(void *pointer)
{
    return (char *)pointer + 1;
}
