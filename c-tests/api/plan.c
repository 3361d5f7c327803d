/* Plans, valid and invalid requests, and inspecting plans. */
#include "test.h"

static struct kx_error error = { .size = sizeof error };

static int progress(uint64_t done, uint64_t total, void *context)
{
    uint64_t *seen = context;
    CHECK(done > seen[0] && done <= total);
    seen[0] = done;
    seen[1] = total;
    seen[2]++;
    return seen[3] != 0;
}

void test_plan(void)
{
    size_t length;
    unsigned char *kernel = make_bzimage(9 << 20, &length);
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(kernel, length);
    struct kx_bytes initrds[16];
    struct kx_plan_info info = { .size = sizeof info }, again = { .size = sizeof again };
    struct kx_segment segment = { .size = sizeof segment };
    uint64_t seen[4] = { 0 };

    for (int i = 0; i < 16; i++) {
        initrds[i].data = "initrd initrd";
        initrds[i].length = 6 + i % 2;
    }
    request.initrds = initrds;
    request.initrd_count = 2;
    request.command_line.data = "quiet";
    request.command_line.length = 5;
    request.progress = progress;
    request.progress_context = seen;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_check(workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &info));
    CHECK(info.segment_count == 5 && info.flags == 62 << 16 && info.has_digest == 1);
    CHECK(seen[0] == seen[1] && seen[2] >= 3 && seen[1] > (9 << 20));

    /* The digest is that of the segments. */
    struct kx_bytes regions[4];
    unsigned char digest[KX_DIGEST_SIZE];
    for (size_t i = 0; i < 4; i++) {
        RETURNS(0, kx_plan_segment(workspace, i, &segment));
        regions[i].data = segment.buf;
        regions[i].length = segment.bufsz;
    }
    RETURNS(KX_DIGEST_SIZE, kx_digest(regions, 4, NULL, digest));
    CHECK(memcmp(digest, info.digest, sizeof digest) == 0);
    RETURNS(KX_E_NULL, kx_digest(NULL, 1, NULL, digest));
    RETURNS(KX_E_NULL, kx_digest(regions, 1, NULL, NULL));
    RETURNS(KX_E_MISALIGNED, kx_digest(odd(regions), 1, NULL, digest));
    RETURNS(KX_DIGEST_SIZE, kx_digest(NULL, 0, NULL, digest));
    CHECK(memcmp(digest, info.digest, sizeof digest) != 0);

    /* Another secret, another digest; the same secret, the same. */
    unsigned char secret[KX_SECRET_SIZE];
    RETURNS(KX_E_NULL, kx_random_secret(NULL));
    RETURNS(KX_SECRET_SIZE, kx_random_secret(secret));
    request.digest_secret.data = secret;
    request.digest_secret.length = sizeof secret;
    seen[0] = 0;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &again));
    CHECK(memcmp(again.digest, info.digest, sizeof digest) != 0);
    RETURNS(KX_DIGEST_SIZE, kx_digest(regions, 4, secret, digest));
    CHECK(memcmp(again.digest, digest, sizeof digest) == 0);
    memset(&request.digest_secret, 0, sizeof request.digest_secret);

    /* The progress function stops it; the workspace then has no plan. */
    seen[0] = 0, seen[3] = 1;
    RETURNS(KX_E_CANCELLED, kx_plan(&request, machine, workspace, &error));
    RETURNS(KX_E_NO_PLAN, kx_plan_get(workspace, &again));
    request.progress = NULL;

    /* To boot: the same, but for the purgatory. */
    RETURNS(0, kx_plan_to_boot(&request, machine, workspace));
    RETURNS(0, kx_check(workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &again));
    CHECK(again.segment_count == 5 && again.flags == info.flags && again.has_digest == 0);
    CHECK(again.kernel_entry == info.kernel_entry);
    RETURNS(0, kx_plan_segment(workspace, 4, &segment));
    CHECK(segment.kind == KX_SEGMENT_PURGATORY && segment.mem == again.entry);
    CHECK(segment.memsz == 4096 && segment.bufsz < 256);
    static const uint32_t not_in_it[] = { KX_REQUEST_VMLINUX, KX_REQUEST_CRASH,
                                          KX_REQUEST_CONSOLE_VGA, KX_REQUEST_CONSOLE_SERIAL,
                                          KX_REQUEST_RESET_VGA };
    for (int i = 0; i < 5; i++) {
        request.flags = not_in_it[i];
        RETURNS(KX_E_BAD_ARGUMENT, kx_plan_to_boot(&request, machine, workspace));
        RETURNS(KX_E_NO_PLAN, kx_plan_get(workspace, &again));
    }
    request.flags = 0, request.format = KX_FORMAT_VMLINUX;
    RETURNS(KX_E_BAD_ARGUMENT, kx_plan_to_boot(&request, machine, workspace));
    request.format = KX_FORMAT_BZIMAGE, request.arch = KX_ARCH_X86_64, request.entry = KX_ENTRY_X86_64;
    RETURNS(0, kx_plan_to_boot(&request, machine, workspace));
    request.entry = KX_ENTRY_X86_32;
    RETURNS(KX_E_BAD_ARGUMENT, kx_plan_to_boot(&request, machine, workspace));
    request.entry = 0, request.arch = KX_ARCH_ARM64;
    RETURNS(KX_E_BAD_ARGUMENT, kx_plan_to_boot(&request, machine, workspace));
    request.format = request.arch = 0;
    request.flags = 0x80000000;
    RETURNS(KX_E_UNKNOWN, kx_plan_to_boot(&request, machine, workspace));
    request.flags = 0;

    /* An invalid struct kx_error leaves no plan either. */
    struct kx_error small = { .size = 1 };
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(KX_E_SIZE, kx_plan(&request, machine, workspace, &small));
    RETURNS(KX_E_NO_PLAN, kx_plan_get(workspace, &again));

    /* The same inputs give the same plan. */
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &again));
    CHECK(memcmp(&info, &again, sizeof info) == 0);
    /* The memory of the machine and of the command line may be freed. */
    memset(machine, 0, kx_machine_size());
    RETURNS(0, kx_check(workspace, &error));
    free(machine);

    machine = new_machine();
    RETURNS(KX_E_NO_MEMORY_MAP, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_machine_add_memory(machine, KX_MAP_FIRMWARE, 0, 0x3fffffff, KX_MEMORY_RAM));
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    request.initrd_count = 13;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    request.initrd_count = 14;
    RETURNS(KX_E_TOO_MANY_SEGMENTS, kx_plan(&request, machine, workspace, &error));
    CHECK(error.numbers[0] == 17 && error.numbers[1] == 16);
    request.initrd_count = 16;
    RETURNS(KX_E_TOO_MANY_SEGMENTS, kx_plan(&request, machine, workspace, &error));
    request.initrd_count = 1;
    initrds[0].length = 0;
    RETURNS(KX_E_EMPTY_FILE, kx_plan(&request, machine, workspace, &error));
    request.initrd_count = 0;
    request.mem_max = 0x3ffffff;
    RETURNS(KX_E_NO_HOLE, kx_plan(&request, machine, workspace, &error));
    CHECK(error.numbers[0] >= 0x3c39000 && error.numbers[1] == 0x200000);
    CHECK(error.numbers[2] >= 0x1000000 && error.numbers[4] < 0x4000000);
    request.mem_max = 0;
    request.mem_min = UINT64_MAX;
    RETURNS(KX_E_NO_HOLE, kx_plan(&request, machine, workspace, &error));
    free(machine);
    free(workspace);
    free(kernel);
}

#define PLANS(expected) RETURNS(expected, kx_plan(&request, machine, workspace, &error))
#define REFUSES(expected, member, value)                                                       \
    do {                                                                                       \
        struct kx_request good = request;                                                      \
        request.member = value;                                                                \
        PLANS(expected);                                                                       \
        request = good;                                                                        \
    } while (0)

/* Format, architecture, entry and modules of a bzImage. */
static void wanted_of_the_image(const struct kx_request *of, struct kx_machine *machine,
                                struct kx_workspace *workspace)
{
    struct kx_request request = *of;
    struct {
        struct kx_module module;
        uint64_t more;
    } future[2] = { { .module.size = sizeof *future }, { .module.size = sizeof *future } };
    struct kx_module two[2] = { { .size = sizeof *two }, { .size = sizeof *two } };
    char text[KX_MESSAGE_SIZE];

    REFUSES(0, format, KX_FORMAT_BZIMAGE);
    REFUSES(KX_E_NOT_THIS_FORMAT, format, KX_FORMAT_VMLINUX);
    CHECK(error.numbers[0] == KX_FORMAT_BZIMAGE);
    for (uint32_t format = 2; format <= KX_FORMAT_DISK; format++)
        if (format != KX_FORMAT_VMLINUX && format != KX_FORMAT_MULTIBOOT1
            && format != KX_FORMAT_MULTIBOOT2 && format != KX_FORMAT_ARM64_IMAGE)
            REFUSES(KX_E_BAD_ARGUMENT, format, format);
    REFUSES(KX_E_NOT_THIS_FORMAT, format, KX_FORMAT_MULTIBOOT1);
    REFUSES(KX_E_NOT_THIS_FORMAT, format, KX_FORMAT_MULTIBOOT2);
    REFUSES(KX_E_NOT_THIS_FORMAT, format, KX_FORMAT_ARM64_IMAGE);
    REFUSES(KX_E_UNKNOWN, format, 4711);
    REFUSES(0, arch, KX_ARCH_X86_64);
    REFUSES(KX_E_NOT_BOOTABLE, arch, KX_ARCH_ARM64);
    REFUSES(KX_E_NOT_BOOTABLE, arch, KX_ARCH_RISCV64);
    REFUSES(KX_E_UNKNOWN, arch, 4);
    REFUSES(0, entry, KX_ENTRY_X86_64);
    REFUSES(0, entry, KX_ENTRY_X86_32);
    REFUSES(KX_E_NOT_KNOWN, entry, KX_ENTRY_X86_16);
    struct kx_machine_info facts = { .size = sizeof facts };
    RETURNS(0, kx_machine_get(machine, &facts));
    facts.firmware = KX_FIRMWARE_EFI;
    RETURNS(0, kx_machine_set(machine, &facts));
    REFUSES(KX_E_NOT_BOOTABLE, entry, KX_ENTRY_X86_16);
    facts.firmware = KX_FIRMWARE_NOT_EFI;
    RETURNS(0, kx_machine_set(machine, &facts));
    REFUSES(0, entry, KX_ENTRY_X86_16);
    facts.firmware = 0;
    RETURNS(0, kx_machine_set(machine, &facts));
    REFUSES(KX_E_BAD_ARGUMENT, entry, KX_ENTRY_ARM64);
    REFUSES(KX_E_UNKNOWN, entry, 4711);

    REFUSES(KX_E_NULL, module_count, 1);
    request.modules = two;
    REFUSES(KX_E_TOO_MANY_SEGMENTS, module_count, 17);
    REFUSES(KX_E_BAD_ARGUMENT, module_count, 2);
    kx_error_message(&error, text, sizeof text);
    CHECK(strstr(text, "multiboot"));
    two[1].flags = 1;
    REFUSES(KX_E_UNKNOWN, module_count, 2);
    kx_error_message(&error, text, sizeof text);
    CHECK(strstr(text, "request.modules[1].flags: "));
    two[1].flags = 0, two[1].reserved = 1;
    REFUSES(KX_E_UNKNOWN, module_count, 2);
    two[1].reserved = 0, two[1].data.length = 1;
    REFUSES(KX_E_NULL, module_count, 2);
    two[1].data.length = 0, two[1].arguments.length = 1;
    REFUSES(KX_E_NULL, module_count, 2);
    two[1].arguments.length = 0, two[1].size = 0;
    REFUSES(KX_E_SIZE, module_count, 2);
    kx_error_message(&error, text, sizeof text);
    CHECK(strstr(text, "request.modules[1]: "));
    /* Of a newer header: the size of an element is the distance to the next. */
    request.modules = &future[0].module;
    REFUSES(KX_E_BAD_ARGUMENT, module_count, 2);
    future[1].more = 1;
    REFUSES(KX_E_TOO_NEW, module_count, 2);
    request.modules = odd(two);
    REFUSES(KX_E_MISALIGNED, module_count, 2);
}

void test_request(void)
{
    size_t length;
    unsigned char *kernel = make_bzimage(0x10000, &length), seed[33];
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(kernel, length);
    struct kx_plan_info info = { .size = sizeof info };
    char line[3000];
    struct {
        struct kx_request request;
        unsigned char more[16];
    } future;

    PLANS(0);
    RETURNS(KX_E_NULL, kx_plan(NULL, machine, workspace, &error));
    RETURNS(KX_E_MISALIGNED, kx_plan(odd(&request), machine, workspace, &error));
    REFUSES(KX_E_SIZE, size, 0);
    REFUSES(KX_E_SIZE, size, 7);
    REFUSES(KX_E_SIZE, size, 4097);
    REFUSES(KX_E_NULL, kernel.data, NULL);
    REFUSES(KX_E_EMPTY_FILE, kernel.length, 0);
    REFUSES(KX_E_SIZE, kernel.length, (size_t)-1);
    REFUSES(KX_E_NULL, initrd_count, 1);
    REFUSES(KX_E_SIZE, initrd_count, (size_t)-1 / 8 + (request.initrds = (void *)seed, 0));
    request.initrds = NULL;
    REFUSES(KX_E_NULL, command_line.length, 1);
    REFUSES(KX_E_NULL, dtb.length, 1);
    REFUSES(KX_E_NULL, rng_seed.length, 32);
    /* Another function's flag for "crash" is refused. */
    static const uint64_t others[] = { KX_REUSE_FOR_CRASH, KX_LOADED_CRASH, KX_FILE_ON_CRASH,
                                       KX_CRASH_INFO_HOTPLUG, 1u << 31 };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        REFUSES(KX_E_UNKNOWN, flags, (uint32_t)others[i]);
    RETURNS(KX_E_UNKNOWN, kx_unload(KX_CALL_LOAD, KX_REQUEST_CRASH, NULL));
    RETURNS(KX_E_UNKNOWN, kx_unload(KX_CALL_LOAD, KX_REUSE_FOR_CRASH, NULL));
    RETURNS(KX_E_UNKNOWN, kx_unload(KX_CALL_LOAD, KX_FILE_ON_CRASH, NULL));
    RETURNS(KX_E_UNKNOWN, kx_loaded(KX_REQUEST_CRASH));
    RETURNS(KX_E_UNKNOWN, kx_loaded(KX_REUSE_FOR_CRASH));
    RETURNS(KX_E_UNKNOWN, kx_loaded(KX_FILE_ON_CRASH));
    RETURNS(KX_E_UNKNOWN, kx_load_files(-1, -1, NULL, 0, KX_REQUEST_CRASH, NULL));
    RETURNS(KX_E_UNKNOWN, kx_load_files(-1, -1, NULL, 0, KX_REUSE_FOR_CRASH, NULL));
    RETURNS(KX_E_UNKNOWN, kx_load_files(-1, -1, NULL, 0, KX_LOADED_CRASH, NULL));
    RETURNS(KX_E_UNKNOWN, kx_reuse_command_line("", 0, KX_REQUEST_CRASH, NULL, 0));
    RETURNS(KX_E_UNKNOWN, kx_reuse_command_line("", 0, KX_LOADED_CRASH, NULL, 0));
    RETURNS(KX_E_UNKNOWN, kx_reuse_command_line("", 0, KX_FILE_ON_CRASH, NULL, 0));
    REFUSES(0, flags, KX_REQUEST_VMLINUX);
    REFUSES(KX_E_BAD_ARGUMENT, flags, KX_REQUEST_CRASH_HOTPLUG);
    REFUSES(KX_E_BAD_ARGUMENT, flags, KX_REQUEST_CRASH_MEMMAP);
    REFUSES(KX_E_NOT_KNOWN, flags, KX_REQUEST_CRASH);
    REFUSES(KX_E_UNKNOWN, on_failure, 2);
    REFUSES(0, on_failure, KX_ON_FAILURE_REBOOT);
    REFUSES(KX_E_BAD_ARGUMENT, serial_address, 0x10000);
    REFUSES(0, serial_address, 0xffff);
    REFUSES(KX_E_UNKNOWN, serial_kind, 1);
    REFUSES(KX_E_UNKNOWN, reserved, 1);
    wanted_of_the_image(&request, machine, workspace);
    request.flags = KX_REQUEST_CONSOLE_SERIAL | KX_REQUEST_CONSOLE_VGA | KX_REQUEST_RESET_VGA;
    REFUSES(0, serial_baud, 115200);
    REFUSES(KX_E_BAD_ARGUMENT, serial_baud, 1);
    REFUSES(KX_E_BAD_ARGUMENT, serial_baud, 100000);
    request.flags = 0;

    memset(line, 'x', sizeof line);
    request.command_line.data = line;
    REFUSES(0, command_line.length, 2047);
    REFUSES(KX_E_COMMAND_LINE_TOO_LONG, command_line.length, 2048);
    CHECK(error.numbers[0] == 2048 && error.numbers[1] == 2047);
    line[3] = 0;
    REFUSES(KX_E_COMMAND_LINE_NUL, command_line.length, 10);
    CHECK(error.numbers[0] == 3);
    request.dtb.data = kernel;
    REFUSES(0, dtb.length, 64);
    memset(seed, 7, sizeof seed);
    request.rng_seed.data = seed;
    REFUSES(KX_E_BAD_ARGUMENT, rng_seed.length, 31);
    REFUSES(KX_E_BAD_ARGUMENT, rng_seed.length, 33);
    REFUSES(0, rng_seed.length, 32);
    static unsigned char secret[KX_SECRET_SIZE];
    request.digest_secret.data = secret;
    REFUSES(KX_E_BAD_ARGUMENT, digest_secret.length, 191);
    REFUSES(KX_E_BAD_ARGUMENT, digest_secret.length, 193);
    REFUSES(0, digest_secret.length, KX_SECRET_SIZE);

    request.flags = KX_REQUEST_NO_VERIFY | KX_REQUEST_NO_EFI;
    PLANS(0);
    RETURNS(0, kx_plan_get(workspace, &info));
    CHECK(info.has_digest == 0);

    /* Too small; of a future version: with additional bytes, zero or not. */
    REFUSES(KX_E_SIZE, size, offsetof(struct kx_request, flags));
    memset(&future, 0, sizeof future);
    future.request = request;
    future.request.size = sizeof future;
    RETURNS(0, kx_plan(&future.request, machine, workspace, &error));
    future.more[15] = 1;
    RETURNS(KX_E_TOO_NEW, kx_plan(&future.request, machine, workspace, &error));

    int got = kx_random_seed(seed);
    CHECK(got == 32 && seed[32] == 7);
    RETURNS(KX_E_NULL, kx_random_seed(NULL));

    const char *old = "BOOT_IMAGE=/vmlinuz root=/dev/sda1 crashkernel=256M quiet\n";
    const char *reused = "root=/dev/sda1 crashkernel=256M quiet";
    RETURNS((int)strlen(reused) + 1,
            kx_reuse_command_line(old, strlen(old), 0, line, sizeof line));
    CHECK(strcmp(line, reused) == 0);
    RETURNS(21, kx_reuse_command_line(old, strlen(old), KX_REUSE_FOR_CRASH, line, 21));
    CHECK(strcmp(line, "root=/dev/sda1 quiet") == 0);
    memset(line, '!', sizeof line);
    RETURNS(KX_E_BUFFER, kx_reuse_command_line(old, strlen(old), 0, line, strlen(reused)));
    for (size_t i = 0; i < sizeof line; i++)
        CHECK(line[i] == '!');
    RETURNS((int)strlen(reused) + 1, kx_reuse_command_line(old, strlen(old), 0, NULL, 0));
    /* Not in place: neither over it, nor overlapping its start or end. */
    strcpy(line + 8, old);
    for (int shift = -7; shift <= 7; shift++)
        RETURNS(KX_E_BAD_ARGUMENT, kx_reuse_command_line(line + 8, strlen(old), 0,
                                                         line + 8 + shift, sizeof line - 16));
    CHECK(strcmp(line + 8, old) == 0);
    strcpy(line + sizeof line - 6, "a  b\n");
    RETURNS(4, kx_reuse_command_line(line + sizeof line - 6, 5, 0, line, sizeof line));
    CHECK(strcmp(line, "a b") == 0);
    RETURNS(KX_E_BUFFER, kx_reuse_command_line(old, strlen(old), 0, line, 0));
    RETURNS(KX_E_NULL, kx_reuse_command_line(old, strlen(old), 0, NULL, 9));
    RETURNS(KX_E_NULL, kx_reuse_command_line(NULL, 1, 0, line, 9));
    RETURNS(KX_E_UNKNOWN, kx_reuse_command_line(old, 1, 2, line, 9));
    RETURNS(KX_E_SIZE, kx_reuse_command_line(old, (size_t)-1, 0, line, 9));
    RETURNS(1, kx_reuse_command_line(NULL, 0, 0, line, 1));
    free(machine);
    free(workspace);
    free(kernel);
}

void test_inspect(void)
{
    size_t length;
    unsigned char *kernel = make_bzimage(0x10000, &length);
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace();
    struct kx_request request = request_of(kernel, length);
    struct kx_plan_info info = { .size = sizeof info };
    struct kx_segment segment = { .size = sizeof segment };
    struct kx_bytes bytes = { NULL, 0 };
    unsigned char seed[32] = "0123456789abcdef0123456789abcde";
    char text[KX_NOTE_SIZE];
    struct kx_note note = { .size = sizeof note };
    uint32_t kind = 0, seen = 0;

    request.command_line.data = "quiet";
    request.command_line.length = 5;
    request.rng_seed.data = seed;
    request.rng_seed.length = 32;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    RETURNS(0, kx_plan_get(workspace, &info));
    CHECK(info.segment_count == 3 && info.setup_type_count == 1 && info.note_count == 4);

    RETURNS(0, kx_plan_segment(workspace, 0, &segment));
    CHECK(segment.kind == KX_SEGMENT_KERNEL && segment.bufsz == 0x10000);
    CHECK(segment.buf == kernel + 5 * 512 && segment.mem % 0x200000 == 0);
    CHECK(info.kernel_entry == segment.mem + 0x200 && segment.memsz >= 0x3c39000);
    RETURNS(0, kx_plan_segment(workspace, 2, &segment));
    CHECK(segment.kind == KX_SEGMENT_PURGATORY && segment.mem == info.entry);
    RETURNS(KX_E_NO_ENTRY, kx_plan_segment(workspace, 3, &segment));
    RETURNS(KX_E_NULL, kx_plan_segment(workspace, 0, NULL));
    RETURNS(KX_E_MISALIGNED, kx_plan_segment(workspace, 0, odd(&segment)));
    segment.size = 1;
    RETURNS(KX_E_SIZE, kx_plan_segment(workspace, 0, &segment));

    RETURNS(0, kx_plan_boot_params(workspace, &bytes));
    CHECK(bytes.length > 4096 && memcmp((const char *)bytes.data + 0x202, "HdrS", 4) == 0);
    CHECK(strcmp((const char *)bytes.data + 4096, "quiet") == 0);
    RETURNS(KX_E_NULL, kx_plan_boot_params(workspace, NULL));
    RETURNS(KX_E_MISALIGNED, kx_plan_boot_params(workspace, odd(&bytes)));
    RETURNS(0, kx_plan_command_line(workspace, &bytes));
    CHECK(bytes.length == 5 && memcmp(bytes.data, "quiet", 5) == 0);
    RETURNS(KX_E_NULL, kx_plan_command_line(workspace, NULL));
    RETURNS(KX_E_MISALIGNED, kx_plan_command_line(workspace, odd(&bytes)));

    for (uint32_t i = 0; i < info.note_count; i++) {
        int needed = kx_plan_note(workspace, i, NULL, 0);
        CHECK(needed > 10 && (size_t)needed <= sizeof text);
        RETURNS(KX_E_BUFFER, kx_plan_note(workspace, i, text, needed - 1));
        RETURNS(needed, kx_plan_note(workspace, i, text, needed));
        CHECK((int)strlen(text) + 1 == needed);
        RETURNS(0, kx_plan_note_get(workspace, i, &note));
        CHECK(note.flags == KX_NOTE_WARNING && note.numbers[0] == 0);
        CHECK(note.code != KX_NOTE_NO_IOMEM || strstr(text, "/proc/iomem"));
        seen |= 1u << note.code;
    }
    /* No fact about these was set. */
    CHECK(seen == (1u << KX_NOTE_NO_RSDP | 1u << KX_NOTE_NO_BOOT_PARAMS
                   | 1u << KX_NOTE_NO_IOMEM | 1u << KX_NOTE_NO_COMMAND_LINE));
    RETURNS(KX_E_NO_ENTRY, kx_plan_note_get(workspace, info.note_count, &note));
    RETURNS(KX_E_NULL, kx_plan_note_get(workspace, 0, NULL));
    RETURNS(KX_E_MISALIGNED, kx_plan_note_get(workspace, 0, odd(&note)));
    note.size = 1;
    RETURNS(KX_E_SIZE, kx_plan_note_get(workspace, 0, &note));
    RETURNS(KX_E_NULL, kx_plan_note(workspace, 0, NULL, 9));
    RETURNS(KX_E_NO_ENTRY, kx_plan_note(workspace, info.note_count, text, sizeof text));

    RETURNS(0, kx_plan_setup_type(workspace, 0, &kind));
    CHECK(kind == 9 && strcmp(kx_setup_type_name(kind), "SETUP_RNG_SEED") == 0);
    RETURNS(KX_E_NO_ENTRY, kx_plan_setup_type(workspace, 1, &kind));
    RETURNS(KX_E_NULL, kx_plan_setup_type(workspace, 0, NULL));
    RETURNS(KX_E_MISALIGNED, kx_plan_setup_type(workspace, 0, odd(&kind)));
    CHECK(strcmp(kx_setup_type_name(4711), "setup_data") == 0);
    CHECK(strcmp(kx_segment_kind_name(KX_SEGMENT_KERNEL), "kernel") == 0);
    CHECK(strcmp(kx_segment_kind_name(4711), "segment") == 0);

    RETURNS(KX_E_NULL, kx_plan_get(workspace, NULL));
    RETURNS(KX_E_MISALIGNED, kx_plan_get(workspace, odd(&info)));
    info.size = 3;
    RETURNS(KX_E_SIZE, kx_plan_get(workspace, &info));
    request.rng_seed.length = 0;
    RETURNS(0, kx_plan(&request, machine, workspace, &error));
    info.size = sizeof info;
    note.size = sizeof note;
    RETURNS(0, kx_plan_get(workspace, &info));
    CHECK(info.note_count == 5);
    seen = 0;
    for (uint32_t i = 0; i < info.note_count; i++) {
        RETURNS(0, kx_plan_note_get(workspace, i, &note));
        if (note.code == KX_NOTE_NO_RNG_SEED) {
            seen++;
            /* What a caller does on purpose causes no warning. */
            CHECK(note.flags == 0);
            CHECK(kx_plan_note(workspace, i, text, sizeof text) > 0);
            CHECK(strcmp(text, "no random seed is passed on: none was given") == 0);
        }
    }
    CHECK(seen == 1);
    free(machine);
    free(workspace);
    free(kernel);
}
