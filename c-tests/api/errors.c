/* Error numbers, pinned; texts for every int; details and messages. */
#include <errno.h>
#include <limits.h>

#include "test.h"

static const struct {
    int number, code;
    const char *name;
} pinned[] = {
#define PIN(number, name) { number, KX_E_##name, "KX_E_" #name }
    PIN(-4097, TRUNCATED), PIN(-4098, NOT_THIS_FORMAT), PIN(-4099, PROTOCOL),
    PIN(-4100, BAD_FIELD), PIN(-4101, NOT_BOOTABLE), PIN(-4102, COMMAND_LINE_TOO_LONG),
    PIN(-4103, COMMAND_LINE_NUL), PIN(-4104, FULL), PIN(-4105, NO_HOLE),
    PIN(-4106, TOO_MANY_SEGMENTS), PIN(-4107, NO_MEMORY_MAP), PIN(-4108, CHECK),
    PIN(-4110, EMPTY_FILE), PIN(-4111, NOT_A_FILE), PIN(-4113, NOTHING_LOADED),
    PIN(-4114, BAD_ARGUMENT), PIN(-4115, FILE_CHANGED),
    PIN(-4116, NO_CRASH_RESERVATION),
    PIN(-4117, CRASH_TOO_SMALL), PIN(-4118, NO_VMCOREINFO), PIN(-4119, NO_CRASH_HOTPLUG),
    PIN(-4120, CANCELLED), PIN(-4121, COPY_TOO_LARGE), PIN(-4122, NOT_KNOWN),
    PIN(-4123, NOT_BUILT),
    PIN(-4196, NULL), PIN(-4197, MISALIGNED),
    PIN(-4198, SIZE), PIN(-4199, TOO_NEW), PIN(-4200, NOT_INITIALISED), PIN(-4201, BUFFER),
    PIN(-4202, NO_ENTRY), PIN(-4203, NO_PLAN), PIN(-4204, UNKNOWN),
    PIN(-4205, MOVED), PIN(-4206, BUSY),
};

/* A call that fails with a code, and a message that names the argument or file. */
static void says(int expected, int code, const struct kx_error *error, const char *message)
{
    char text[KX_MESSAGE_SIZE] = "";
    RETURNS(expected, code);
    CHECK(error->code == expected);
    kx_error_message(error, text, sizeof text);
    if (strcmp(text, message) != 0)
        fprintf(stderr, "%s\n", text);
    CHECK(strcmp(text, message) == 0);
}

static void arguments(void)
{
    size_t length;
    unsigned char *kernel = make_bzimage(0x1000, &length);
    struct kx_machine *machine = pc();
    struct kx_workspace *workspace = new_workspace();
    struct kx_bytes initrds[3] = { { "one", 3 }, { "two", 3 }, { "three", 5 } };
    struct kx_request request = request_of(kernel, length), bad;
    struct kx_segment segments[2] = { { .size = sizeof *segments }, { .size = sizeof *segments } };
    struct kx_limits limits = { .size = 1 };
    struct kx_error error = { .size = sizeof error };
    struct kx_bytes bytes;

    request.initrds = initrds;
    request.initrd_count = 3;
#define PLAN(member, value) (bad = request, bad.member = value, \
                             kx_plan(&bad, machine, workspace, &error))
    says(KX_E_NULL, kx_plan(NULL, machine, workspace, &error), &error,
         "request: a pointer is NULL");
    says(KX_E_NULL, kx_plan(&request, NULL, workspace, &error), &error,
         "machine: a pointer is NULL");
    says(KX_E_NULL, kx_plan(&request, machine, NULL, &error), &error,
         "workspace: a pointer is NULL");
    says(KX_E_NULL, PLAN(kernel.data, NULL), &error, "request.kernel: a pointer is NULL");
    says(KX_E_NULL, PLAN(initrds, NULL), &error, "request.initrds: a pointer is NULL");
    says(KX_E_NULL, PLAN(command_line.length, 1), &error,
         "request.command_line: a pointer is NULL");
    says(KX_E_NULL, PLAN(dtb.length, 1), &error, "request.dtb: a pointer is NULL");
    says(KX_E_NULL, PLAN(rng_seed.length, 32), &error, "request.rng_seed: a pointer is NULL");
    says(KX_E_UNKNOWN, PLAN(flags, 0x80000000), &error,
         "request.flags: a flag or constant is unknown to this library (0x80000000)");
    says(KX_E_UNKNOWN, PLAN(on_failure, 7), &error,
         "request.on_failure: a flag or constant is unknown to this library (0x7)");
    says(KX_E_EMPTY_FILE, PLAN(kernel.length, 0), &error, "request.kernel: the file is empty");
    initrds[2].length = 0;
    says(KX_E_EMPTY_FILE, PLAN(flags, 0), &error, "request.initrds[2]: the file is empty");
    CHECK(error.numbers[0] == 2);
    initrds[1].data = NULL;
    says(KX_E_NULL, PLAN(flags, 0), &error, "request.initrds[1]: a pointer is NULL");
    CHECK(error.numbers[0] == 1);

    segments[1].bufsz = 1;
    says(KX_E_NULL, kx_check_segments(segments, 2, 0, NULL, &error), &error,
         "segments[1].buf: a pointer is NULL");
    says(KX_E_SIZE, kx_check_segments(segments, 1, 0, &limits, &error), &error,
         "limits: a size is invalid (structure or storage)");
    says(KX_E_NO_PLAN, kx_load(workspace, &error), &error, "workspace: the workspace holds no plan");
    says(KX_E_NULL, kx_load_files(0, -1, NULL, 5, 0, &error), &error,
         "command_line: a pointer is NULL");
    says(KX_E_NULL, kx_mount("proc", NULL, "proc", &error), &error, "target: a pointer is NULL");
    says(KX_E_NULL, kx_map(NULL, &bytes, &error), &error, "path: a pointer is NULL");
    says(KX_E_NULL, kx_map("/", NULL, &error), &error, "bytes: a pointer is NULL");
    says(KX_E_NULL, kx_held_check(NULL, &error), &error, "held: a pointer is NULL");
    free(machine);
    free(workspace);
    free(kernel);
}

static void messages(void)
{
    struct kx_error error = { .size = sizeof error };
    struct kx_image image = { .size = sizeof image };
    char text[KX_MESSAGE_SIZE];
    int needed;

    errno = 77;
    RETURNS(KX_E_TRUNCATED, kx_image_probe("MZ", 2, &image, &error));
    CHECK(errno == 77);
    CHECK(error.size == sizeof error && error.code == KX_E_TRUNCATED && error.origin == 0);
    CHECK(error.numbers[0] == 0x290 && error.numbers[1] == 2 && error.what.length != 0);
    needed = kx_error_message(&error, NULL, 0);
    CHECK(needed > 1);
    CHECK(kx_error_message(&error, text, sizeof text) == needed);
    CHECK((int)strlen(text) + 1 == needed && strstr(text, "656 bytes are needed"));
    memset(text, '!', sizeof text);
    RETURNS(KX_E_BUFFER, kx_error_message(&error, text, needed - 1));
    CHECK(text[0] == '!');
    CHECK(kx_error_message(&error, text, needed) == needed);
    RETURNS(KX_E_NULL, kx_error_message(NULL, text, sizeof text));
    RETURNS(KX_E_NULL, kx_error_message(&error, NULL, 5));
    RETURNS(KX_E_MISALIGNED, kx_error_message(odd(&error), text, sizeof text));

    /* For an errno of a file, the step is given. */
    RETURNS(-ENOENT, kx_image_probe_path("/nowhere/at/all", &image, &error));
    CHECK(error.code == -ENOENT && error.origin == KX_FROM_FILE);
    kx_error_message(&error, text, sizeof text);
    CHECK(strcmp(text, "open: No such file or directory (ENOENT)") == 0);

    /* For the library's own numbers, the message is the argument and the text of kx_strerror. */
    RETURNS(KX_E_NULL, kx_image_probe(NULL, 1, &image, &error));
    kx_error_message(&error, text, sizeof text);
    CHECK(strcmp(text, "data: a pointer is NULL") == 0);
    arguments();

    /* Every code, with hostile numbers, has a message that fits. */
    for (int code = -4300; code <= 1; code++) {
        memset(&error, 0xff, sizeof error);
        error.size = sizeof error;
        error.code = code;
        error.what.data = NULL;
        error.what.length = 0;
        needed = kx_error_message(&error, text, sizeof text);
        CHECK(needed > 1 && (size_t)needed <= sizeof text);
    }

    /* An error structure of a past and of a future version. */
    struct {
        struct kx_error error;
        unsigned char more[64];
    } future;
    memset(&future, 0xee, sizeof future);
    future.error.size = sizeof future;
    RETURNS(KX_E_TRUNCATED, kx_image_probe("MZ", 2, &image, &future.error));
    CHECK(future.error.size == sizeof future && future.error.numbers[1] == 2);
    for (size_t i = 0; i < sizeof future.more; i++)
        CHECK(future.more[i] == 0);
    RETURNS(0, kx_error_message(&future.error, text, sizeof text) > 1 ? 0 : -1);
    future.more[3] = 1;
    RETURNS(KX_E_TOO_NEW, kx_error_message(&future.error, text, sizeof text));
    for (size_t size = 0; size < 8; size++) {
        error.size = size;
        RETURNS(KX_E_SIZE, kx_image_probe("MZ", 2, &image, &error));
    }
    error.size = 4097;
    RETURNS(KX_E_SIZE, kx_image_probe("MZ", 2, &image, &error));
    RETURNS(KX_E_MISALIGNED, kx_image_probe("MZ", 2, &image, odd(&error)));
    RETURNS(KX_E_TRUNCATED, kx_image_probe("MZ", 2, &image, NULL));
}

void test_errors(void)
{
    for (size_t i = 0; i < sizeof pinned / sizeof *pinned; i++) {
        CHECK(pinned[i].number == pinned[i].code);
        CHECK(strcmp(kx_errname(pinned[i].code), pinned[i].name) == 0);
        CHECK(strcmp(kx_strerror(pinned[i].code), "unknown error") != 0);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(kx_strerror(pinned[i].code), kx_strerror(pinned[j].code)) != 0);
    }
    CHECK(strcmp(kx_errname(-ENOMEM), "ENOMEM") == 0);
#ifdef __GLIBC__
    CHECK(strcmp(kx_strerror(-ENOMEM), strerror(ENOMEM)) == 0);
    CHECK(strcmp(kx_strerror(-EADDRNOTAVAIL), strerror(EADDRNOTAVAIL)) == 0);
#endif
    CHECK(strcmp(kx_strerror(0), "success") == 0 && strcmp(kx_errname(7), "KX_OK") == 0);
    for (long code = INT_MIN; code <= INT_MAX; code += 65537)
        CHECK(kx_strerror(code)[0] != 0 && kx_errname(code)[0] != 0);
    CHECK(strcmp(kx_strerror(INT_MAX), "success") == 0);
    CHECK(strcmp(kx_strerror(INT_MIN), "unknown error") == 0);
    CHECK(strcmp(kx_errname(-70000), "KX_E_?") == 0);
    unsigned named = 0;
    for (int code = -70000; code < 100; code++) {
        if (!kx_strerror(code)[0] || !kx_errname(code)[0])
            CHECK(!"a text for every number");
        named += code < -4095 && strcmp(kx_errname(code), "KX_E_?") != 0;
    }
    CHECK(named == sizeof pinned / sizeof *pinned);
    messages();
}
