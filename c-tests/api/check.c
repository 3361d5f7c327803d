/* The kernel's rules, one by one; explanations. */
#include <errno.h>

#include "test.h"

static struct kx_error error = { .size = sizeof error };

static struct kx_segment at(uint64_t mem, uint64_t memsz)
{
    static const unsigned char code[4];
    struct kx_segment segment = { .size = sizeof segment, .buf = code, .bufsz = sizeof code,
                                  .mem = mem, .memsz = memsz };
    return segment;
}

static int rule(struct kx_segment *segments, size_t count, uint64_t entry,
                const struct kx_limits *limits)
{
    memset(error.numbers, 0xff, sizeof error.numbers);
    RETURNS(KX_E_CHECK, kx_check_segments(segments, count, entry, limits, &error));
    return error.numbers[1];
}

void test_check(void)
{
    struct kx_segment two[2] = { at(0x100000, 0x1000), at(0x200000, 0x2000) };
    struct kx_segment many[17];
    struct kx_limits limits = { .size = sizeof limits };

    RETURNS(0, kx_check_segments(two, 2, 0x200000, NULL, &error));
    RETURNS(0, kx_check_segments(two, 2, 0x200000, &limits, NULL));
    CHECK(rule(two, 2, 0x300000, NULL) == KX_RULE_ENTRY_OUTSIDE);
    /* After the bytes there is memory full of zeros. */
    RETURNS(0, kx_check_segments(two, 2, 0x200003, NULL, &error));
    CHECK(rule(two, 2, 0x200004, NULL) == KX_RULE_ENTRY_OUTSIDE);
    CHECK(rule(NULL, 0, 0, NULL) == KX_RULE_ENTRY_OUTSIDE);
    two[1] = at(0x200001, 0x1000);
    CHECK(rule(two, 2, 0x100000, NULL) == KX_RULE_UNALIGNED && error.numbers[0] == 1);
    two[1] = at(UINT64_MAX - 0xfff, 0x2000);
    CHECK(rule(two, 2, 0x100000, NULL) == KX_RULE_WRAPS);
    two[1] = at((uint64_t)1 << 46, 0x1000);
    CHECK(rule(two, 2, 0x100000, NULL) == KX_RULE_PAST_LIMIT);
    limits.destination = ((uint64_t)1 << 52) - 1;
    RETURNS(0, kx_check_segments(two, 2, 0x100000, &limits, &error));
    two[1] = at(0x100000, 0x1000);
    CHECK(rule(two, 2, 0x100000, NULL) == KX_RULE_OVERLAP && error.numbers[2] == 0);
    two[1] = at(0x200000, 0x1000);
    two[1].buf = many;
    two[1].bufsz = 0x1001;
    CHECK(rule(two, 2, 0x100000, NULL) == KX_RULE_BUFFER_TOO_LARGE);
    two[1].bufsz = 0;
    limits.total_ram = 0x2000;
    CHECK(rule(two, 2, 0x100000, &limits) == KX_RULE_TOO_MUCH_MEMORY);
    limits.total_ram = 0;
    limits.crash.start = 0x100000, limits.crash.last = 0x1fffff;
    CHECK(rule(two, 2, 0x100000, &limits) == KX_RULE_OUTSIDE_CRASH_RESERVATION);
    limits.crash = (struct kx_range){ 0 };
    limits.page_size = 16384;
    CHECK(rule(two, 2, 0x100000, &limits) == KX_RULE_UNALIGNED && error.numbers[0] == 0);
    limits.page_size = 8192;
    RETURNS(KX_E_BAD_ARGUMENT, kx_check_segments(two, 2, 0x100000, &limits, &error));
    limits.page_size = 4096, limits.reserved = 1;
    RETURNS(KX_E_UNKNOWN, kx_check_segments(two, 2, 0x100000, &limits, &error));
    limits.reserved = 0;
    RETURNS(0, kx_check_segments(two, 2, 0x100000, &limits, &error));
    limits.crash.start = 0x200000, limits.crash.last = 0x1fffff;
    RETURNS(KX_E_BAD_ARGUMENT, kx_check_segments(two, 2, 0x100000, &limits, &error));

    for (int i = 0; i < 17; i++)
        many[i] = at(0x100000 * (i + 1), 0x1000);
    RETURNS(0, kx_check_segments(many, 16, 0x100000, NULL, &error));
    RETURNS(KX_E_TOO_MANY_SEGMENTS, kx_check_segments(many, 17, 0x100000, NULL, &error));
    RETURNS(KX_E_TOO_MANY_SEGMENTS, kx_check_segments(many, (size_t)-1, 0, NULL, &error));
    CHECK(error.numbers[0] == UINT64_MAX && error.numbers[1] == 16);
    RETURNS(KX_E_NULL, kx_check_segments(NULL, 1, 0, NULL, &error));
    RETURNS(KX_E_MISALIGNED, kx_check_segments(odd(many), 1, 0, NULL, &error));
    many[3].size = 0;
    RETURNS(KX_E_SIZE, kx_check_segments(many, 4, 0, NULL, &error));
    two[1].buf = NULL;
    two[1].bufsz = 1;
    RETURNS(KX_E_NULL, kx_check_segments(two, 2, 0, NULL, &error));
    two[1].bufsz = 0;
    RETURNS(KX_E_MISALIGNED, kx_check_segments(two, 2, 0, odd(&limits), &error));
    limits.size = 1;
    RETURNS(KX_E_SIZE, kx_check_segments(two, 2, 0, &limits, &error));

    /* An array of larger structures, of a future version. */
    struct {
        struct kx_segment segment;
        uint64_t more;
    } future[2] = { { at(0x100000, 0x1000), 0 }, { at(0x100000, 0x1000), 0 } };
    future[0].segment.size = future[1].segment.size = sizeof *future;
    CHECK(rule(&future[0].segment, 2, 0x100000, NULL) == KX_RULE_OVERLAP);
    /* All have the same size: the first one's size gives the place of the others. */
    future[1].segment.size = sizeof(struct kx_segment);
    RETURNS(KX_E_SIZE, kx_check_segments(&future[0].segment, 2, 0, NULL, &error));
    RETURNS(KX_E_SIZE, kx_load_segments(&future[0].segment, 2, 0, 0, &error));
    future[1].segment.size = sizeof *future;
    future[1].more = 1;
    RETURNS(KX_E_TOO_NEW, kx_check_segments(&future[0].segment, 2, 0, NULL, &error));
}

/* Finds what kexec_file_load refuses, without the call. */
void test_check_files(void)
{
    struct kx_machine *machine = new_machine();
    struct kx_machine_info info = { .size = sizeof info };
    size_t length, elf_length;
    unsigned char *file = make_bzimage(4096, &length), *elf = make_vmlinux(4096, &elf_length);
    char line[2048];

    RETURNS(0, kx_check_files(file, length, 0, "", machine, &error));
    RETURNS(0, kx_check_files(file, length, (uint64_t)4 << 30, "quiet", machine, NULL));
    RETURNS(-EFBIG, kx_check_files(file, length, ((uint64_t)4 << 30) + 1, "", machine, &error));
    /* cmdline_size is 2047: the NUL and 30 bytes more must fit. */
    memset(line, 'x', sizeof line);
    line[2016] = 0;
    RETURNS(0, kx_check_files(file, length, 0, line, machine, &error));
    line[2016] = 'x', line[2017] = 0;
    RETURNS(KX_E_COMMAND_LINE_TOO_LONG, kx_check_files(file, length, 0, line, machine, &error));
    CHECK(error.numbers[0] == 2017 && error.numbers[1] == 2016);
    /* Without XLF_CAN_BE_LOADED_ABOVE_4G; without XLF_5LEVEL where five levels are in use. */
    put16(file + 0x236, 0x7d);
    RETURNS(KX_E_NOT_BOOTABLE, kx_check_files(file, length, 0, "", machine, &error));
    char text[KX_MESSAGE_SIZE];
    CHECK(kx_error_message(&error, text, sizeof text) > 0 && strstr(text, "; use kx_load()"));
    put16(file + 0x236, 0x1f);
    RETURNS(0, kx_check_files(file, length, 0, "", machine, &error));
    info.five_level = KX_YES;
    RETURNS(0, kx_machine_set(machine, &info));
    RETURNS(KX_E_NOT_BOOTABLE, kx_check_files(file, length, 0, "", machine, &error));
    RETURNS(KX_E_NOT_THIS_FORMAT, kx_check_files(elf, elf_length, 0, "", machine, &error));
    RETURNS(KX_E_EMPTY_FILE, kx_check_files(file, 0, 0, "", machine, &error));
    free(file);
    free(elf);
    free(machine);
}

void test_route(void)
{
    struct kx_machine *machine = new_machine();
    struct kx_machine_info info = { .size = sizeof info };

    info.lockdown = KX_LOCKDOWN_NONE;
    info.cap_sys_boot = KX_YES;
    RETURNS(0, kx_machine_set(machine, &info));
    RETURNS(KX_CALL_FILE_LOAD, kx_route(0, 0, 0, machine));
    RETURNS(KX_CALL_LOAD, kx_route(0, KX_CALL_FILE_LOAD, -ENOEXEC, machine));
    RETURNS(KX_CALL_LOAD, kx_route(0, KX_CALL_FILE_LOAD, KX_E_NOT_BOOTABLE, machine));
    RETURNS(0, kx_route(0, KX_CALL_FILE_LOAD, KX_E_NULL, machine));
    RETURNS(0, kx_route(0, KX_CALL_LOAD, -ENOSYS, machine));
    /* A policy. */
    RETURNS(0, kx_route(0, KX_CALL_FILE_LOAD, -ENOKEY, machine));
    RETURNS(0, kx_route(0, KX_CALL_FILE_LOAD, -EPERM, machine));
    RETURNS(0, kx_route(KX_ROUTE_ONLY_FILE_LOAD, KX_CALL_FILE_LOAD, -ENOEXEC, machine));
    RETURNS(KX_CALL_LOAD, kx_route(KX_ROUTE_ONLY_LOAD, 0, 0, machine));
    RETURNS(KX_CALL_LOAD, kx_route(KX_ROUTE_LOAD_FIRST, 0, 0, machine));
    RETURNS(0, kx_route(KX_ROUTE_LOAD_FIRST, KX_CALL_LOAD, -EPERM, machine));
    RETURNS(KX_CALL_FILE_LOAD, kx_route(KX_ROUTE_LOAD_FIRST, KX_CALL_LOAD, -ENOSYS, machine));
    info.lockdown = 0;
    RETURNS(0, kx_machine_set(machine, &info));
    RETURNS(KX_CALL_FILE_LOAD, kx_route(KX_ROUTE_LOAD_FIRST, KX_CALL_LOAD, -EPERM, machine));
    info.lockdown = KX_LOCKDOWN_INTEGRITY;
    RETURNS(0, kx_machine_set(machine, &info));
    RETURNS(KX_CALL_FILE_LOAD, kx_route(KX_ROUTE_LOAD_FIRST, 0, 0, machine));
    RETURNS(0, kx_route(0, KX_CALL_FILE_LOAD, -ENOSYS, machine));
    RETURNS(KX_E_UNKNOWN, kx_route(8, 0, 0, machine));
    RETURNS(KX_E_UNKNOWN, kx_route(0, 3, -EPERM, machine));
    RETURNS(KX_E_BAD_ARGUMENT, kx_route(3, 0, 0, machine));
    RETURNS(KX_E_BAD_ARGUMENT, kx_route(0, 0, -EPERM, machine));
    RETURNS(KX_E_BAD_ARGUMENT, kx_route(0, KX_CALL_LOAD, 0, machine));
    free(machine);
}

void test_explain(void)
{
    struct kx_machine *machine = new_machine();
    struct kx_machine_info info = { .size = sizeof info };
    char text[KX_EXPLANATION_SIZE];

    info.cap_sys_boot = KX_NO;
    RETURNS(0, kx_machine_set(machine, &info));
    int needed = kx_explain(KX_STEP_LOAD, -EPERM, machine, text, sizeof text);
    CHECK(needed > 0 && strstr(text, "run as root"));
    RETURNS(needed, kx_explain(KX_STEP_LOAD, -EPERM, machine, NULL, 0));
    RETURNS(KX_E_BUFFER, kx_explain(KX_STEP_LOAD, -EPERM, machine, text, needed - 1));
    RETURNS(KX_E_NULL, kx_explain(KX_STEP_LOAD, -EPERM, machine, NULL, needed));
    info.cap_sys_boot = KX_YES;
    info.lockdown = KX_LOCKDOWN_INTEGRITY;
    RETURNS(0, kx_machine_set(machine, &info));
    CHECK(kx_explain(KX_STEP_LOAD, -EPERM, machine, text, sizeof text) > 0);
    CHECK(strstr(text, "locked down"));
    CHECK(kx_explain(KX_STEP_FILE_LOAD, -ENOKEY, machine, text, sizeof text) > 0);
    CHECK(kx_explain(KX_STEP_EXEC, -EINVAL, machine, text, sizeof text) > 0);
    RETURNS(0, kx_explain(KX_STEP_EXEC, -ELOOP, machine, text, sizeof text));
    RETURNS(KX_E_UNKNOWN, kx_explain(0, -EPERM, machine, text, sizeof text));
    RETURNS(KX_E_BAD_ARGUMENT, kx_explain(KX_STEP_LOAD, 0, machine, text, sizeof text));
    RETURNS(KX_E_BAD_ARGUMENT, kx_explain(KX_STEP_LOAD, -4096, machine, text, sizeof text));
    for (uint32_t step = KX_STEP_LOAD; step <= KX_STEP_CRASH_FILE_LOAD; step++)
        for (int code = -1; code >= -4095; code--)
            CHECK(kx_explain(step, code, machine, text, sizeof text) >= 0);

    RETURNS(KX_REFUSAL_UNSUPPORTED, kx_refusal(-ENOSYS));
    RETURNS(KX_REFUSAL_SIGNATURE, kx_refusal(-ENOKEY));
    RETURNS(KX_REFUSAL_FORBIDDEN, kx_refusal(-EPERM));
    RETURNS(KX_REFUSAL_OTHER, kx_refusal(-ENOMEM));
    RETURNS(KX_E_BAD_ARGUMENT, kx_refusal(0));
    RETURNS(KX_E_BAD_ARGUMENT, kx_refusal(KX_E_NULL));
    free(machine);
}
