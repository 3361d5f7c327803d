/*
 * Plans, and says everything about the plan: numbers, notes, and every byte of every segment.
 *
 *     plan FLAGS ROOT KERNEL COMMAND-LINE [INITRD...]
 *
 * FLAGS are KX_REQUEST_*, a number. ROOT holds the proc and sys of the machine to plan for ("/"
 * for this one). Without a seed from
 * getrandom, so that a plan can be made again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libkexec.h"

static struct kx_machine machine;
static struct kx_workspace workspace;

static int fail(const char *what, int code, const struct kx_error *error)
{
    char message[KX_MESSAGE_SIZE] = "";
    kx_error_message(error, message, sizeof message);
    fprintf(stderr, "%s: %s: %s\n", what, kx_errname(code), message);
    return 1;
}

static void print_bytes(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x%s", bytes[i], i % 32 == 31 ? "\n" : "");
    printf("\n");
}

int main(int argc, char **argv)
{
    static const unsigned char seed[32] = "0123456789abcdef0123456789abcde";
    struct kx_error error = { .size = sizeof error };
    struct kx_request request = { .size = sizeof request };
    struct kx_plan_info plan = { .size = sizeof plan };
    struct kx_bytes initrds[16];
    int code;

    if (argc < 5 || argc > 21)
        return 2;
    request.flags = strtoul(*++argv, NULL, 0);
    argc--;
    kx_machine_init(&machine, sizeof machine);
    kx_machine_read_below(&machine, argv[1]);
    if ((code = kx_map(argv[2], &request.kernel, &error)) < 0)
        return fail(argv[2], code, &error);
    for (int i = 4; i < argc; i++)
        if ((code = kx_map(argv[i], &initrds[i - 4], &error)) < 0)
            return fail(argv[i], code, &error);
    request.initrds = initrds;
    request.initrd_count = argc - 4;
    request.command_line.data = argv[3];
    request.command_line.length = strlen(argv[3]);
    request.rng_seed.data = seed;
    request.rng_seed.length = sizeof seed;
    kx_workspace_init(&workspace, sizeof workspace);
    if ((code = kx_plan(&request, &machine, &workspace, &error)) < 0)
        return fail("plan", code, &error);
    if ((code = kx_check(&workspace, &error)) < 0)
        return fail("check", code, &error);

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
    return 0;
}
