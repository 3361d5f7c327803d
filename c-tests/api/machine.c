/* A machine, from the running system, from files, from bytes, and entry by entry. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static struct kx_machine_info info_of(const struct kx_machine *machine)
{
    struct kx_machine_info info = { .size = sizeof info };
    RETURNS(0, kx_machine_get(machine, &info));
    return info;
}

static int parse(struct kx_machine *machine, uint32_t source, const char *text)
{
    return kx_machine_parse(machine, source, text, strlen(text));
}

static const char iomem[] = "00001000-0009fbff : System RAM\n"
                            "00100000-3fffffff : System RAM\n"
                            "  01000000-01ffffff : Kernel code\n"
                            "  20000000-2fffffff : Crash kernel\n";

static void from_bytes(void)
{
    struct kx_machine *machine = new_machine();
    unsigned char page[4096] = { 0 }, table[40] = { 0 };
    struct kx_machine_info info;
    char text[64];

    RETURNS(KX_E_UNKNOWN, parse(machine, 0, ""));
    RETURNS(KX_E_UNKNOWN, parse(machine, 99, ""));
    RETURNS(KX_E_NULL, kx_machine_parse(machine, KX_SOURCE_IOMEM, NULL, 1));
    RETURNS(KX_E_SIZE, kx_machine_parse(machine, KX_SOURCE_IOMEM, page, (size_t)-1));
    RETURNS(KX_E_BAD_ARGUMENT, kx_machine_parse(machine, KX_SOURCE_IOMEM, NULL, 0));
    CHECK(info_of(machine).iomem_access == KX_IOMEM_DAMAGED);
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_IOMEM, "0-0 : System RAM\n"));
    CHECK(info_of(machine).iomem_access == KX_IOMEM_UNPRIVILEGED);
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_IOMEM, "1000-1fff : System RAM\nx\n"));
    CHECK(info_of(machine).iomem_access == KX_IOMEM_DAMAGED);
    RETURNS(0, parse(machine, KX_SOURCE_IOMEM, iomem));
    info = info_of(machine);
    CHECK(info.memory_source == KX_MEMORY_FROM_IOMEM && info.memory_count == 2);
    CHECK(info.iomem_count == 2 && info.iomem_access == KX_IOMEM_READ);
    CHECK(info.crash.start == 0x20000000 && info.crash.last == 0x2fffffff);
    CHECK(info.kernel_code.start == 0x1000000 && info.kernel_data.last == 0);
    CHECK(info.ram == 0x9fbff - 0x1000 + 1 + 0x3ff00000);

    RETURNS(KX_E_BAD_ARGUMENT, kx_machine_parse(machine, KX_SOURCE_BOOT_PARAMS, page, 4095));
    page[0x1e8] = 1;
    put64(page + 0x70, 0xf5a30);
    put64(page + 0x2d0, 0x100000);
    put64(page + 0x2d8, 0x7ff00000);
    put32(page + 0x2e0, 1);
    RETURNS(KX_E_NO_ENTRY, kx_machine_boot_params(machine, page, sizeof page));
    RETURNS(0, kx_machine_parse(machine, KX_SOURCE_BOOT_PARAMS, page, 4096));
    info = info_of(machine);
    CHECK(info.memory_source == KX_MEMORY_FROM_BOOT_PARAMS && info.memory_count == 1);
    CHECK(info.acpi_rsdp == 0xf5a30 && info.flags & KX_MACHINE_BOOT_PARAMS);
    CHECK(info.firmware == KX_FIRMWARE_NOT_EFI && info.five_level == KX_UNKNOWN);
    unsigned char copy[4096];
    RETURNS(4096, kx_machine_boot_params(machine, copy, sizeof copy));
    CHECK(memcmp(page, copy, 4096) == 0);
    RETURNS(KX_E_BUFFER, kx_machine_boot_params(machine, copy, 4095));
    RETURNS(KX_E_NULL, kx_machine_boot_params(machine, NULL, 4096));
    /* /proc/iomem no longer replaces the better source. */
    RETURNS(0, parse(machine, KX_SOURCE_IOMEM, iomem));
    CHECK(info_of(machine).memory_count == 1);

    put64(table, 0x100000000);
    put64(table + 8, 0x40000000);
    put32(table + 16, 1);
    put64(table + 20, 0xfee00000);
    put64(table + 28, 0x1000);
    put32(table + 36, 2);
    RETURNS(KX_E_BAD_ARGUMENT, kx_machine_parse(machine, KX_SOURCE_E820, table, 39));
    RETURNS(0, kx_machine_parse(machine, KX_SOURCE_E820, table, 40));
    CHECK(info_of(machine).memory_count == 3);

    RETURNS(KX_E_NO_ENTRY, kx_machine_command_line(machine, text, sizeof text));
    RETURNS(0, parse(machine, KX_SOURCE_COMMAND_LINE, "root=/dev/vda quiet\n"));
    RETURNS(20, kx_machine_command_line(machine, NULL, 0));
    RETURNS(KX_E_BUFFER, kx_machine_command_line(machine, text, 19));
    RETURNS(KX_E_NULL, kx_machine_command_line(machine, NULL, 64));
    RETURNS(20, kx_machine_command_line(machine, text, 20));
    CHECK(strcmp(text, "root=/dev/vda quiet") == 0);
    char *huge = malloc(9000);
    memset(huge, 'x', 9000);
    RETURNS(KX_E_FULL, kx_machine_parse(machine, KX_SOURCE_COMMAND_LINE, huge, 9000));
    free(huge);

    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_CPUINFO, "processor\t: 0\n"));
    CHECK(info_of(machine).five_level == KX_UNKNOWN);
    RETURNS(0, parse(machine, KX_SOURCE_CPUINFO, "flags\t\t: fpu la57x\n"));
    CHECK(info_of(machine).five_level == KX_NO && info_of(machine).gbpages == KX_NO);
    RETURNS(0, parse(machine, KX_SOURCE_CPUINFO, "flags\t\t: fpu la57 sse4_1\n"));
    RETURNS(0, parse(machine, KX_SOURCE_MEMINFO, "MemTotal:       16384 kB\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_MEMINFO, "MemFree: 1 kB\n"));
    RETURNS(0, parse(machine, KX_SOURCE_STATUS, "CapEff:\t0000000000400000\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_STATUS, "Name:\tx\n"));
    RETURNS(0, parse(machine, KX_SOURCE_EFI_SYSTAB, "ACPI20=0x7fb7e014\n"));
    RETURNS(0, parse(machine, KX_SOURCE_LOCKDOWN, "none [integrity] confidentiality\n"));
    unsigned char srat[88] = "SRAT";
    struct kx_memory removable = { .size = sizeof removable };
    CHECK(info_of(machine).hot_pluggable == KX_UNKNOWN);
    put32(srat + 4, 88);
    srat[48] = 1;
    srat[49] = 40;
    put64(srat + 56, 0x280000000);
    put64(srat + 64, 0x140000000);
    put32(srat + 76, 1);
    RETURNS(0, kx_machine_parse(machine, KX_SOURCE_SRAT, srat, sizeof srat));
    CHECK(info_of(machine).hot_pluggable == KX_NO);
    RETURNS(KX_E_NO_ENTRY, kx_machine_memory(machine, KX_MAP_HOT_PLUGGABLE, 0, &removable));
    put32(srat + 76, 3);
    RETURNS(0, kx_machine_parse(machine, KX_SOURCE_SRAT, srat, sizeof srat));
    CHECK(info_of(machine).hot_pluggable == KX_YES);
    RETURNS(0, kx_machine_memory(machine, KX_MAP_HOT_PLUGGABLE, 0, &removable));
    CHECK(removable.range.start == 0x280000000 && removable.range.last == 0x3bfffffff);
    RETURNS(KX_E_NO_ENTRY, kx_machine_memory(machine, KX_MAP_HOT_PLUGGABLE, 1, &removable));
    RETURNS(KX_E_UNKNOWN, kx_machine_add_memory(machine, KX_MAP_HOT_PLUGGABLE, 1, 2, 1));
    RETURNS(KX_E_BAD_ARGUMENT, kx_machine_parse(machine, KX_SOURCE_SRAT, srat, 87));
    CHECK(info_of(machine).hot_pluggable == KX_UNKNOWN);
    RETURNS(0, parse(machine, KX_SOURCE_VMCOREINFO, "0x13e000000 1024\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_VMCOREINFO, "none\n"));
    RETURNS(0, parse(machine, KX_SOURCE_RELEASE, "6.12.107+deb13-amd64\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_RELEASE, "x\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_KCORE, "ELF\n"));
    RETURNS(0, parse(machine, KX_SOURCE_ELFCOREHDR_SIZE, "115968\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_ELFCOREHDR_SIZE, "-1\n"));
    RETURNS(0, parse(machine, KX_SOURCE_CRASH_NOTES_SIZE, "368\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_CRASH_NOTES_SIZE, "\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_CRASH_NOTES_SIZE, "0\n"));
    RETURNS(0, parse(machine, KX_SOURCE_CRASH_NOTES, "13fa01000\n"));
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_CRASH_NOTES, "0\n"));
    RETURNS(0, parse(machine, KX_SOURCE_CRASH_CMA, "100000000-10fffffff\n"));
    info = info_of(machine);
    CHECK(info.five_level == KX_YES);
    CHECK(info.total_ram == 16384 * 1024 && info.cap_sys_boot == KX_YES);
    CHECK(info.efi_acpi20 == 0x7fb7e014 && info.acpi_rsdp == 0xf5a30);
    CHECK(info.lockdown == KX_LOCKDOWN_INTEGRITY);
    free(machine);
}

/* The sources of a memory map give the same machine in every order. */
struct part {
    uint32_t source, map; /* A source, or an entry of a map. */
    const void *data;
    size_t length;
    uint64_t start, last;
    uint32_t kind;
};

enum { PARTS = 9 };

static void entry_of(unsigned char *at, uint64_t address, uint64_t size, uint32_t kind)
{
    put64(at, address);
    put64(at + 8, size);
    put32(at + 16, kind);
}

static struct kx_machine *made_of(const struct part *parts, const unsigned *order, unsigned count)
{
    struct kx_machine *machine = new_machine();
    for (unsigned i = 0; i < count; i++) {
        const struct part *part = &parts[order[i]];
        if (part->map)
            RETURNS(0, kx_machine_add_memory(machine, part->map, part->start, part->last,
                                             part->kind));
        else
            RETURNS(0, kx_machine_parse(machine, part->source, part->data, part->length));
    }
    return machine;
}

static int same_map(const struct kx_machine *one, const struct kx_machine *other, uint32_t map)
{
    for (size_t i = 0;; i++) {
        struct kx_memory a = { .size = sizeof a }, b = { .size = sizeof b };
        int end = kx_machine_memory(one, map, i, &a);
        if (end != kx_machine_memory(other, map, i, &b) || memcmp(&a, &b, sizeof a))
            return 0;
        if (end)
            return end == KX_E_NO_ENTRY;
    }
}

/* Tries all orders of the `count` parts set in `chosen`; the first result stays in `first`. */
static void orders(const struct part *parts, unsigned chosen, unsigned *order, unsigned count,
                   struct kx_machine **first)
{
    unsigned total = 0;
    for (unsigned i = 0; i < PARTS; i++)
        total += chosen >> i & 1;
    if (count < total) {
        for (unsigned i = 0; i < PARTS; i++) {
            int used = !(chosen >> i & 1);
            for (unsigned j = 0; j < count; j++)
                used |= order[j] == i;
            order[count] = i;
            if (!used)
                orders(parts, chosen, order, count + 1, first);
        }
        return;
    }
    struct kx_machine *machine = made_of(parts, order, count);
    if (!*first) {
        *first = machine;
        return;
    }
    struct kx_machine_info one = info_of(*first), other = info_of(machine);
    int same = memcmp(&one, &other, sizeof one) == 0
               && same_map(*first, machine, KX_MAP_FIRMWARE)
               && same_map(*first, machine, KX_MAP_IOMEM);
    CHECK(same);
    for (unsigned i = 0; !same && i < count; i++)
        fprintf(stderr, "%u%s", order[i], i + 1 < count ? ", " : " of these in this order\n");
    free(machine);
}

static void in_any_order(void)
{
    unsigned char page[4096] = { 0 }, table[40], overlaps[20];
    page[0x1e8] = 2;
    put64(page + 0x70, 0xf5a30);
    entry_of(page + 0x2d0, 0, 0x9fc00, 1);
    entry_of(page + 0x2e4, 0x100000, 0x7ff00000, 1);
    entry_of(table, 0x100000000, 0x40000000, 1);
    entry_of(table + 20, 0xfee00000, 0x1000, 2);
    entry_of(overlaps, 0x40000000, 0x80000000, 1);
    const char *systab = "ACPI20=0x7fb7e014\n", *cpuinfo = "flags\t\t: fpu la57 pdpe1gb\n";
    /* The bits: */
    enum { IOMEM = 1, PAGE = 2, TABLES = 12, EFI = 16, FIRMWARE = 96, ADDED = 128 };
    const struct part parts[PARTS] = {
        { .source = KX_SOURCE_IOMEM, .data = iomem, .length = strlen(iomem) },
        { .source = KX_SOURCE_BOOT_PARAMS, .data = page, .length = sizeof page },
        { .source = KX_SOURCE_E820, .data = table, .length = sizeof table },
        { .source = KX_SOURCE_E820, .data = overlaps, .length = sizeof overlaps },
        { .source = KX_SOURCE_EFI_SYSTAB, .data = systab, .length = strlen(systab) },
        /* In the middle of a table's range, adjacent to one, and across two of iomem's. */
        { .map = KX_MAP_FIRMWARE, .start = 0x2000, .last = 0x2fff, .kind = 2 },
        { .map = KX_MAP_FIRMWARE, .start = 0x80000000, .last = 0x8fffffff, .kind = 1 },
        { .map = KX_MAP_IOMEM, .start = 0x9f000, .last = 0x10ffff, .kind = 1 },
        { .source = KX_SOURCE_CPUINFO, .data = cpuinfo, .length = strlen(cpuinfo) },
    };
    unsigned tried = 0, most = getenv("UNDER_VALGRIND") ? 2 : 5;
    for (unsigned chosen = 1; chosen < 1 << PARTS; chosen++) {
        struct kx_machine *first = NULL;
        unsigned order[PARTS] = { 0 }, count = 0;
        for (unsigned i = 0; i < PARTS; i++)
            count += chosen >> i & 1;
        /* All orders of up to five, and of six from which both maps are made; valgrind is slow. */
        if (count > most && chosen != (IOMEM | PAGE | 4 | FIRMWARE | ADDED))
            continue;
        tried++;
        orders(parts, chosen, order, 0, &first);
        struct kx_machine_info info = info_of(first);
        uint32_t source = chosen & FIRMWARE            ? KX_MEMORY_FROM_MEMMAP
                          : chosen & (PAGE | TABLES)   ? KX_MEMORY_FROM_BOOT_PARAMS
                          : chosen & IOMEM             ? KX_MEMORY_FROM_IOMEM
                                                       : 0;
        CHECK(info.memory_source == source);
        if (chosen == (IOMEM | PAGE | TABLES))
            CHECK(info.ram == 0x9fc00 + 0xbff00000 + 0x40000000 && info.memory_count == 4);
        /* Nothing from /proc/iomem is left in the firmware's map. */
        if (chosen == (IOMEM | FIRMWARE))
            CHECK(info.ram == 0x10000000 && info.memory_count == 2);
        if (chosen == (IOMEM | ADDED))
            CHECK(info.iomem_count == 1 && info.memory_count == 1
                  && info.ram == 0x40000000 - 0x1000);
        CHECK(info.acpi_rsdp == (chosen & PAGE ? 0xf5a30 : chosen & EFI ? 0x7fb7e014 : 0));
        free(first);
    }
    CHECK(tried == (most == 5 ? 382 : 46));
}

/* /proc/iomem again: nothing of the earlier contents stays. */
static void replaced(void)
{
    struct kx_machine *machine = new_machine();
    struct kx_crash_info crash = { .size = sizeof crash };
    struct kx_machine_info info;
    size_t length = 0;

    RETURNS(0, parse(machine, KX_SOURCE_IOMEM, iomem));
    RETURNS(0, parse(machine, KX_SOURCE_IOMEM, "00100000-001fffff : System RAM\n"));
    info = info_of(machine);
    CHECK(info.memory_count == 1 && info.iomem_count == 1 && info.ram == 0x100000);
    CHECK(info.crash.last == 0 && info.kernel_code.last == 0);
    RETURNS(0, kx_machine_crash(machine, &crash));
    CHECK(crash.ram == 0x100000);

    char *large = malloc(9000 * 40);
    for (unsigned long n = 1; n <= 9000; n++)
        length += sprintf(large + length, "%lx-%lx : System RAM\n", n << 13, (n << 13) + 0xfff);
    RETURNS(KX_E_FULL, kx_machine_parse(machine, KX_SOURCE_IOMEM, large, length));
    info = info_of(machine);
    CHECK(info.memory_count == 0 && info.iomem_count == 0 && info.memory_source == 0);
    CHECK(info.iomem_access == KX_IOMEM_TOO_LONG && info.flags == KX_MACHINE_MEMORY_FULL);
    RETURNS(0, kx_machine_crash(machine, &crash));
    CHECK(crash.flags == KX_CRASH_INFO_FULL);
    free(large);
    RETURNS(0, parse(machine, KX_SOURCE_IOMEM, iomem));
    info = info_of(machine);
    CHECK(info.memory_count == 2 && info.iomem_access == KX_IOMEM_READ && info.flags == 0);
    RETURNS(0, kx_machine_crash(machine, &crash));
    CHECK(crash.flags == 0 && crash.ram == info.ram);

    /* One without contents: nothing is known from it, nor of the map that came from it. */
    RETURNS(KX_E_BAD_ARGUMENT, parse(machine, KX_SOURCE_IOMEM, "0-0 : System RAM\n"));
    info = info_of(machine);
    CHECK(info.memory_count == 0 && info.iomem_count == 0 && info.crash.last == 0);
    CHECK(info.iomem_access == KX_IOMEM_UNPRIVILEGED && info.memory_source == 0);
    free(machine);
}

static void by_entries(void)
{
    struct kx_machine *machine = new_machine();
    struct kx_memory memory = { .size = sizeof memory };
    int code = 0;

    RETURNS(KX_E_UNKNOWN, kx_machine_add_memory(machine, 0, 0, 1, 1));
    RETURNS(KX_E_BAD_ARGUMENT, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 1, 0, 1));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0x1000, 0x4fff, KX_MEMORY_RAM));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0x2000, 0x2fff, 77));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_IOMEM, 0, UINT64_MAX, KX_MEMORY_RAM));
    CHECK(info_of(machine).memory_source == KX_MEMORY_FROM_MEMMAP);
    CHECK(info_of(machine).memory_count == 3 && info_of(machine).iomem_count == 1);
    RETURNS(0, kx_machine_memory(machine, KX_MAP_FIRMWARE, 1, &memory));
    CHECK(memory.range.start == 0x2000 && memory.range.last == 0x2fff && memory.kind == 77);
    RETURNS(0, kx_machine_memory(machine, KX_MAP_IOMEM, 0, &memory));
    CHECK(memory.range.start == 0 && memory.range.last == UINT64_MAX);
    RETURNS(KX_E_NO_ENTRY, kx_machine_memory(machine, KX_MAP_IOMEM, 1, &memory));
    RETURNS(KX_E_NO_ENTRY, kx_machine_memory(machine, KX_MAP_IOMEM, (size_t)-1, &memory));
    RETURNS(KX_E_UNKNOWN, kx_machine_memory(machine, 4, 0, &memory));
    RETURNS(KX_E_NULL, kx_machine_memory(machine, KX_MAP_IOMEM, 0, NULL));
    RETURNS(KX_E_MISALIGNED, kx_machine_memory(machine, KX_MAP_IOMEM, 0, odd(&memory)));
    memory.size = 4;
    RETURNS(KX_E_SIZE, kx_machine_memory(machine, KX_MAP_IOMEM, 0, &memory));

    for (uint64_t n = 0; code == 0 && n < 100000; n++)
        code = kx_machine_add_memory(machine, KX_MAP_FIRMWARE, n << 13, (n << 13) + 0xfff, 1);
    RETURNS(KX_E_FULL, code);
    CHECK(info_of(machine).memory_count == 0);
    CHECK(info_of(machine).flags & KX_MACHINE_MEMORY_FULL);
    code = 0;
    for (uint64_t n = 0; code == 0 && n < 100000; n++)
        code = kx_machine_add_memory(machine, KX_MAP_IOMEM, n << 13, (n << 13) + 0xfff, 2);
    RETURNS(KX_E_FULL, code);
    CHECK(info_of(machine).iomem_access == KX_IOMEM_TOO_LONG);
    RETURNS(0, kx_machine_clear(machine));
    CHECK(info_of(machine).flags == 0);

    struct kx_efi_descriptor efi = { .size = sizeof efi, .physical_start = 0x7f000000,
                                     .virtual_start = 1, .pages = 16, .attribute = 15,
                                     .kind = 5 };
    RETURNS(0, kx_machine_add_efi(machine, &efi));
    efi.physical_start = 0x7e000000;
    RETURNS(0, kx_machine_add_efi(machine, &efi));
    CHECK(info_of(machine).efi_count == 2 && info_of(machine).flags == KX_MACHINE_EFI);
    RETURNS(0, kx_machine_efi(machine, 0, &efi));
    CHECK(efi.physical_start == 0x7e000000 && efi.kind == 5 && efi.pages == 16);
    RETURNS(KX_E_NO_ENTRY, kx_machine_efi(machine, 2, &efi));
    RETURNS(KX_E_NULL, kx_machine_efi(machine, 0, NULL));
    RETURNS(KX_E_NULL, kx_machine_add_efi(machine, NULL));
    RETURNS(KX_E_MISALIGNED, kx_machine_add_efi(machine, odd(&efi)));
    for (code = 0; code == 0;)
        code = kx_machine_add_efi(machine, &efi);
    RETURNS(KX_E_FULL, code);
    /* Half a map would be passed on, so there is none, and no new one begins. */
    CHECK(info_of(machine).efi_count == 0);
    CHECK(info_of(machine).flags == (KX_MACHINE_EFI | KX_MACHINE_EFI_FULL));
    RETURNS(KX_E_FULL, kx_machine_add_efi(machine, &efi));
    CHECK(info_of(machine).efi_count == 0);
    RETURNS(0, kx_machine_clear(machine));
    RETURNS(0, kx_machine_add_efi(machine, &efi));
    free(machine);
}

static void write_file(const char *root, const char *path, const char *text)
{
    char name[256];
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        snprintf(name, sizeof name, "%s/%.*s", root, (int)(slash - path), path);
        mkdir(name, 0700);
    }
    snprintf(name, sizeof name, "%s/%s", root, path);
    FILE *file = fopen(name, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void from_files(void)
{
    char root[] = "/tmp/kx-machine-XXXXXX", command[64];
    struct kx_machine *machine = new_machine();

    CHECK(mkdtemp(root) != NULL);
    write_file(root, "proc/iomem", iomem);
    write_file(root, "proc/cmdline", "console=ttyS0\n");
    RETURNS(0, kx_machine_read_below(machine, root));
    CHECK(info_of(machine).memory_count == 2);
    RETURNS(14, kx_machine_command_line(machine, NULL, 0));
    RETURNS(KX_E_NULL, kx_machine_read_below(machine, NULL));
    RETURNS(-ENOENT, kx_machine_read_below(machine, "/nowhere/at/all"));
    CHECK(info_of(machine).memory_count == 0);
    RETURNS(0, kx_machine_read_below(machine, root));
    /* A capture: what system calls gave there, and a part of the command line. */
    CHECK(info_of(machine).arch == 0 && info_of(machine).total_ram == 0);
    char line[256];
    snprintf(line, sizeof line, "%s/proc/cmdline", root);
    CHECK(remove(line) == 0);
    write_file(root, "kexec/parameters", "efi=noruntime\n");
    write_file(root, "kexec/facts", "kexec-capture 1\narch: aarch64\npage_size: 65536\n"
               "total_ram: 3221225472\nfive_level_paging: no\n");
    RETURNS(0, kx_machine_read_below(machine, root));
    CHECK(info_of(machine).arch == KX_ARCH_ARM64 && info_of(machine).page_size == 65536);
    CHECK(info_of(machine).total_ram == 3221225472 && info_of(machine).five_level == KX_NO);
    RETURNS(KX_E_NO_ENTRY, kx_machine_command_line(machine, NULL, 0));
    write_file(root, "kexec/facts", "kexec-capture 2\n");
    RETURNS(-EOPNOTSUPP, kx_machine_read_below(machine, root));
    CHECK(info_of(machine).memory_count == 0 && info_of(machine).arch == 0);
    write_file(root, "kexec/facts", "kexec-capture 1\n");
    /* A directory that is not a root, and a file. */
    char below[64];
    snprintf(below, sizeof below, "%s/proc", root);
    RETURNS(-ENOENT, kx_machine_read_below(machine, below));
    CHECK(info_of(machine).memory_count == 0);
    snprintf(below, sizeof below, "%s/proc/iomem", root);
    RETURNS(-ENOTDIR, kx_machine_read_below(machine, below));
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK(system(command) == 0);

    RETURNS(0, kx_machine_read(machine));
    CHECK(info_of(machine).total_ram > 1 << 24);
    CHECK(info_of(machine).cap_sys_boot != KX_UNKNOWN);

    /* To boot, less is read; facts known before are still forgotten. */
    struct kx_machine_info dirt = { .size = sizeof dirt, .flags = KX_MACHINE_XEN };
    dirt.crash.last = 1, dirt.loaded = KX_YES, dirt.kernel_bss.last = 1;
    RETURNS(0, kx_machine_set(machine, &dirt));
    RETURNS(0, kx_machine_read_to_boot(machine));
    struct kx_machine_info info = info_of(machine);
    CHECK(info.crash.last == 0 && info.loaded == KX_UNKNOWN && info.kernel_bss.last == 0);
    CHECK(!(info.flags & KX_MACHINE_XEN) && info.total_ram > 1 << 24);
    RETURNS(KX_E_NO_ENTRY, kx_machine_command_line(machine, NULL, 0));
    free(machine);
}

void test_machine(void)
{
    from_bytes();
    in_any_order();
    replaced();
    by_entries();
    from_files();
    CHECK(strcmp(kx_memory_kind_name(KX_MEMORY_RAM), "System RAM") == 0);
    CHECK(strcmp(kx_memory_kind_name(KX_MEMORY_SOFT_RESERVED), "Soft Reserved") == 0);
    CHECK(strcmp(kx_arch_name(KX_ARCH_X86_64), "x86_64") == 0);
    CHECK(strcmp(kx_arch_name(KX_ARCH_ARM64), "aarch64") == 0);
    CHECK(strcmp(kx_arch_name(KX_ARCH_RISCV64), "riscv64") == 0);
    CHECK(strcmp(kx_arch_name(0), "unknown") == 0);
    CHECK(strcmp(kx_memory_kind_name(4711), "Unknown E820 type") == 0);
}

void test_machine_info(void)
{
    struct kx_machine *machine = new_machine();
    struct kx_machine_info set, got;
    struct {
        struct kx_machine_info info;
        unsigned char more[8];
    } future;

    /* Facts that were set can be read back. */
    memset(&set, 0, sizeof set);
    set.size = sizeof set;
    set.flags = KX_MACHINE_EFI | KX_MACHINE_XEN
                | KX_MACHINE_LOAD_LIMIT_REBOOT
                | KX_MACHINE_LOAD_LIMIT_PANIC;
    set.total_ram = 1, set.acpi_rsdp = 2, set.efi_fw_vendor = 3, set.efi_runtime = 4;
    set.efi_config_table = 5, set.efi_smbios = 6, set.efi_smbios3 = 7, set.efi_acpi20 = 8;
    set.efi_acpi = 9, set.efi_platform_size = 64;
    set.crash.start = 16, set.crash.last = 31, set.crash_low.last = 15;
    set.kernel_code.last = 1, set.kernel_rodata.last = 2, set.kernel_data.last = 3;
    set.kernel_bss.last = 4, set.kernel_image.last = 5;
    set.load_limit_reboot = -1, set.load_limit_panic = 3;
    set.loaded = KX_YES, set.crash_loaded = KX_NO, set.load_disabled = KX_UNKNOWN;
    set.cap_sys_boot = KX_YES, set.lockdown = KX_LOCKDOWN_CONFIDENTIALITY;
    set.xen_guest = KX_XEN_PVH;
    set.five_level = KX_YES, set.gbpages = KX_NO, set.xen_control = KX_YES;
    set.firmware = KX_FIRMWARE_EFI, set.efi_systab = KX_YES, set.efi_map = KX_NO;
    set.arch = KX_ARCH_RISCV64, set.page_size = 65536;
    RETURNS(0, kx_machine_set(machine, &set));
    got = info_of(machine);
    CHECK(memcmp(&set, &got, sizeof set) == 0);

    /* Each bad member is refused, and changes nothing. */
#define REFUSED(expected, member, value)                                                       \
    do {                                                                                       \
        struct kx_machine_info bad = set;                                                      \
        bad.acpi_rsdp = 99;                                                                    \
        bad.member = value;                                                                    \
        RETURNS(expected, kx_machine_set(machine, &bad));                                      \
        got = info_of(machine);                                                                \
        CHECK(memcmp(&set, &got, sizeof set) == 0);                                            \
    } while (0)
    REFUSED(KX_E_UNKNOWN, flags, 1u << 31);
    REFUSED(KX_E_UNKNOWN, loaded, 3);
    REFUSED(KX_E_UNKNOWN, crash_loaded, 3);
    REFUSED(KX_E_UNKNOWN, load_disabled, 3);
    REFUSED(KX_E_UNKNOWN, cap_sys_boot, 3);
    REFUSED(KX_E_UNKNOWN, lockdown, 4);
    REFUSED(KX_E_UNKNOWN, xen_guest, 4);
    REFUSED(KX_E_UNKNOWN, five_level, 3);
    REFUSED(KX_E_UNKNOWN, gbpages, 3);
    REFUSED(KX_E_UNKNOWN, xen_control, 3);
    REFUSED(KX_E_UNKNOWN, firmware, 4);
    REFUSED(KX_E_UNKNOWN, efi_systab, 3);
    REFUSED(KX_E_UNKNOWN, efi_map, 3);
    REFUSED(KX_E_UNKNOWN, arch, 4);
    REFUSED(KX_E_BAD_ARGUMENT, page_size, 8192);
    REFUSED(KX_E_BAD_ARGUMENT, efi_platform_size, 16);
    REFUSED(KX_E_BAD_ARGUMENT, crash.start, 32);
    REFUSED(KX_E_BAD_ARGUMENT, crash_low.start, 16);
    REFUSED(KX_E_BAD_ARGUMENT, kernel_code.start, 2);
    REFUSED(KX_E_SIZE, size, 7);

    RETURNS(KX_E_NULL, kx_machine_set(machine, NULL));
    RETURNS(KX_E_NULL, kx_machine_get(machine, NULL));
    RETURNS(KX_E_MISALIGNED, kx_machine_set(machine, odd(&set)));
    RETURNS(KX_E_MISALIGNED, kx_machine_get(machine, odd(&set)));
    got.size = 0;
    RETURNS(KX_E_SIZE, kx_machine_get(machine, &got));

    /* One of a future version. */
    memset(&future, 0, sizeof future);
    future.info.size = sizeof future;
    RETURNS(0, kx_machine_set(machine, &future.info));
    future.more[7] = 1;
    RETURNS(KX_E_TOO_NEW, kx_machine_set(machine, &future.info));
    RETURNS(0, kx_machine_get(machine, &future.info));
    CHECK(future.more[7] == 0 && future.info.size == sizeof future);
    free(machine);
}
