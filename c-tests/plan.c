/*
 * Plans, and prints everything about the plan: numbers, notes, and every byte of every segment.
 *
 *     plan WHAT ROOT KERNEL COMMAND-LINE [INITRD...]
 *
 * WHAT is a comma-separated list of NAME=VALUE: flags (KX_REQUEST_*), mem-min, mem-max,
 * on-failure, port, baud, dtb (a file); boot=1 for kx_plan_to_boot, parse=1 for a machine that is
 * put together from the contents of files. ROOT holds the proc and sys of the machine to plan for
 * ("/" for this one). There is no seed from getrandom, so that plans are reproducible.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libkexec.h"

static struct kx_machine machine;
static struct kx_workspace workspace;
static struct kx_error error = { .size = sizeof error };
static const char *root;

static int fail(const char *what, int code)
{
    char message[KX_MESSAGE_SIZE] = "";
    kx_error_message(&error, message, sizeof message);
    fprintf(stderr, "%s: %s: %s\n", what, kx_errname(code), message);
    return 1;
}

/* The value of a name in the list, or NULL. */
static const char *value(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (; list; list = strchr(list, ','), list = list ? list + 1 : list)
        if (strncmp(list, name, length) == 0 && list[length] == '=')
            return list + length + 1;
    return NULL;
}

static uint64_t number(const char *list, const char *name)
{
    const char *text = value(list, name);
    return text ? strtoull(text, NULL, 0) : 0;
}

static char contents[1 << 20];

/* Reads a file below the root, and returns its length, 0 if there is none. */
static size_t contents_of(const char *path)
{
    char name[1024];
    snprintf(name, sizeof name, "%s/%s", root, path);
    FILE *file = fopen(name, "r");
    size_t length = file ? fread(contents, 1, sizeof contents - 1, file) : 0;
    if (file)
        fclose(file);
    contents[length] = 0;
    return length;
}

static uint64_t number_in(const char *directory, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "sys/firmware/efi/%s%s", directory, name);
    return contents_of(path) ? strtoull(contents, NULL, 0) : 0;
}

/* EFI's files hold one number each. */
static void efi(void)
{
    struct kx_machine_info info = { .size = sizeof info };
    char directory[64];

    kx_machine_get(&machine, &info);
    info.efi_fw_vendor = number_in("", "fw_vendor");
    info.efi_runtime = number_in("", "runtime");
    info.efi_config_table = number_in("", "config_table");
    info.efi_platform_size = number_in("", "fw_platform_size");
    kx_machine_set(&machine, &info);
    for (int n = 0;; n++) {
        struct kx_efi_descriptor efi = { .size = sizeof efi };
        snprintf(directory, sizeof directory, "runtime-map/%d/", n);
        efi.kind = number_in(directory, "type");
        if (!efi.kind)
            break;
        efi.physical_start = number_in(directory, "phys_addr");
        efi.virtual_start = number_in(directory, "virt_addr");
        efi.pages = number_in(directory, "num_pages");
        efi.attribute = number_in(directory, "attribute");
        kx_machine_add_efi(&machine, &efi);
    }
}

/* The machine, one file at a time, the last one first. */
static int machine_of_files(void)
{
    static const struct {
        uint32_t source;
        const char *path;
    } files[] = {
        { KX_SOURCE_BOOT_PARAMS, "sys/kernel/boot_params/data" },
        { KX_SOURCE_E820, "sys/kernel/boot_params/setup_data/0/data" },
        { KX_SOURCE_IOMEM, "proc/iomem" },
        { KX_SOURCE_COMMAND_LINE, "proc/cmdline" },
        { KX_SOURCE_CPUINFO, "proc/cpuinfo" },
        { KX_SOURCE_MEMINFO, "proc/meminfo" },
        { KX_SOURCE_EFI_SYSTAB, "sys/firmware/efi/systab" },
        { KX_SOURCE_VMCOREINFO, "sys/kernel/vmcoreinfo" },
        { KX_SOURCE_RELEASE, "proc/sys/kernel/osrelease" },
        { KX_SOURCE_KCORE, "proc/kcore" },
        { KX_SOURCE_ELFCOREHDR_SIZE, "sys/kernel/crash_elfcorehdr_size" },
        { KX_SOURCE_CRASH_NOTES_SIZE, "sys/devices/system/cpu/cpu0/crash_notes_size" },
    };
    char path[128];
    size_t length;
    int code;

    for (size_t i = sizeof files / sizeof *files; i-- > 0;)
        if ((length = contents_of(files[i].path)) != 0
            && (code = kx_machine_parse(&machine, files[i].source, contents, length)) < 0)
            return fail(files[i].path, code);
    for (int cpu = 0;; cpu++) {
        snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%d/crash_notes", cpu);
        if ((length = contents_of(path)) == 0)
            break;
        kx_machine_parse(&machine, KX_SOURCE_CRASH_NOTES, contents, length);
    }
    efi();
    return 0;
}

static void print_bytes(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x%s", bytes[i], i % 32 == 31 ? "\n" : "");
    printf("\n");
}

static void say(void)
{
    struct kx_plan_info plan = { .size = sizeof plan };

    kx_plan_get(&workspace, &plan);
    printf("entry %llx flags %llx kernel %llx\n", (unsigned long long)plan.entry,
           (unsigned long long)plan.flags, (unsigned long long)plan.kernel_entry);
    printf("control pages %llu\n", (unsigned long long)plan.control_pages);
    print_bytes(plan.digest, sizeof plan.digest);
    for (size_t i = 0; i < plan.note_count; i++) {
        char note[KX_NOTE_SIZE];
        kx_plan_note(&workspace, i, note, sizeof note);
        printf("note %s\n", note);
    }
    for (size_t i = 0; i < plan.setup_type_count; i++) {
        uint32_t kind = 0;
        kx_plan_setup_type(&workspace, i, &kind);
        printf("setup_data %u %s\n", (unsigned)kind, kx_setup_type_name(kind));
    }
    for (size_t i = 0; i < plan.segment_count; i++) {
        struct kx_segment segment = { .size = sizeof segment };
        kx_plan_segment(&workspace, i, &segment);
        printf("segment %s %u mem %llx memsz %llx bufsz %llx\n",
               kx_segment_kind_name(segment.kind), (unsigned)segment.number,
               (unsigned long long)segment.mem, (unsigned long long)segment.memsz,
               (unsigned long long)segment.bufsz);
        print_bytes(segment.buf, segment.bufsz);
    }
}

int main(int argc, char **argv)
{
    static const unsigned char seed[32] = "0123456789abcdef0123456789abcde";
    struct kx_request request = { .size = sizeof request };
    struct kx_bytes initrds[16];
    const char *what, *dtb;
    int code;

    if (argc < 5 || argc > 21)
        return 2;
    what = argv[1];
    root = argv[2];
    request.flags = number(what, "flags");
    request.mem_min = number(what, "mem-min");
    request.mem_max = number(what, "mem-max");
    request.on_failure = number(what, "on-failure");
    request.format = number(what, "format");
    request.arch = number(what, "arch");
    request.entry = number(what, "entry");
    request.serial_address = number(what, "port");
    request.serial_baud = number(what, "baud");
    kx_machine_init(&machine, sizeof machine);
    if (!number(what, "parse"))
        kx_machine_read_below(&machine, root);
    else if (machine_of_files() != 0)
        return 1;
    if ((dtb = value(what, "dtb")) && (code = kx_map(dtb, &request.dtb, &error)) < 0)
        return fail(dtb, code);
    if ((code = kx_map(argv[3], &request.kernel, &error)) < 0)
        return fail(argv[3], code);
    for (int i = 5; i < argc; i++)
        if ((code = kx_map(argv[i], &initrds[i - 5], &error)) < 0)
            return fail(argv[i], code);
    request.initrds = initrds;
    request.initrd_count = argc - 5;
    request.command_line.data = argv[4];
    request.command_line.length = strlen(argv[4]);
    request.rng_seed.data = seed;
    request.rng_seed.length = sizeof seed;
    kx_workspace_init(&workspace, sizeof workspace);
    code = number(what, "boot") ? kx_plan_to_boot(&request, &machine, &workspace)
                                : kx_plan(&request, &machine, &workspace, &error);
    if (code < 0)
        return fail("plan", code);
    if ((code = kx_check(&workspace, &error)) < 0)
        return fail("check", code);
    say();
    return 0;
}
