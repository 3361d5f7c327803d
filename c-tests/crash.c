/*
 * Loads a crash kernel, as a kdump service would:
 *
 *     crash KERNEL INITRD COMMAND-LINE    loads, and prints what
 *     crash -u                            unloads
 *     crash -S                            exits with 1 if one is loaded
 */
#include <stdio.h>
#include <string.h>

#include "libkexec.h"

static struct kx_machine machine;
static struct kx_workspace workspace;
static struct kx_error error = { .size = sizeof error };

/* Prints what failed, and why if the kernel refused. */
static int fail(const char *what, int code, uint32_t step)
{
    char text[KX_MESSAGE_SIZE] = "", why[KX_EXPLANATION_SIZE] = "";
    kx_error_message(&error, text, sizeof text);
    fprintf(stderr, "%s: %s\n", what, text);
    if (step && code >= -4095 && kx_explain(step, code, &machine, why, sizeof why) > 0)
        fprintf(stderr, "%s\n", why);
    return 2;
}

static void say(void)
{
    struct kx_crash_info crash = { .size = sizeof crash };
    struct kx_plan_info plan = { .size = sizeof plan };
    char note[KX_NOTE_SIZE];

    kx_machine_crash(&machine, &crash);
    kx_plan_get(&workspace, &plan);
    printf("cpus %u vmcoreinfo %#llx ram %llu pages %llu\n", (unsigned)crash.cpu_count,
           (unsigned long long)crash.vmcoreinfo.start, (unsigned long long)crash.ram,
           (unsigned long long)plan.control_pages);
    for (size_t i = 0; i < plan.segment_count; i++) {
        struct kx_segment segment = { .size = sizeof segment };
        kx_plan_segment(&workspace, i, &segment);
        printf("segment %s %#llx %llu\n", kx_segment_kind_name(segment.kind),
               (unsigned long long)segment.mem, (unsigned long long)segment.memsz);
    }
    for (size_t i = 0; i < plan.note_count; i++)
        if (kx_plan_note(&workspace, i, note, sizeof note) > 0)
            printf("note %s\n", note);
}

static int load(const char *kernel_path, const char *initrd_path, const char *line)
{
    struct kx_request request = { .size = sizeof request, .flags = KX_REQUEST_CRASH };
    struct kx_held kernel = { .size = sizeof kernel }, initrd = { .size = sizeof initrd };
    unsigned char seed[32];
    unsigned char secret[KX_SECRET_SIZE];
    int code;

    kx_machine_init(&machine, sizeof machine);
    kx_machine_read(&machine);
    kx_workspace_init(&workspace, sizeof workspace);
    if ((code = kx_hold(kernel_path, 64 << 20, &kernel, &error)) < 0)
        return fail(kernel_path, code, 0);
    if ((code = kx_hold(initrd_path, 64 << 20, &initrd, &error)) < 0)
        return fail(initrd_path, code, 0);
    request.kernel = kernel.bytes;
    request.initrds = &initrd.bytes;
    request.initrd_count = 1;
    request.command_line.data = line;
    request.command_line.length = strlen(line);
    if (kx_random_seed(seed) > 0)
        request.rng_seed.data = seed, request.rng_seed.length = sizeof seed;
    if (kx_random_secret(secret) > 0)
        request.digest_secret.data = secret, request.digest_secret.length = sizeof secret;
    if ((code = kx_plan(&request, &machine, &workspace, &error)) < 0)
        return fail("plan", code, 0);
    say();
    if ((code = kx_check(&workspace, &error)) < 0)
        return fail("check", code, 0);
    if ((code = kx_load(&workspace, &error)) < 0)
        return fail("load", code, KX_STEP_CRASH_LOAD);
    if ((code = kx_held_check(&kernel, &error)) < 0
        || (code = kx_held_check(&initrd, &error)) < 0) {
        fail("held", code, 0);
        kx_unload(KX_CALL_LOAD, KX_LOADED_CRASH, NULL);
        return 2;
    }
    kx_release(&kernel);
    kx_release(&initrd);
    return 0;
}

int main(int argc, char **argv)
{
    int code;
    if (argc == 4)
        return load(argv[1], argv[2], argv[3]);
    if (argc == 2 && strcmp(argv[1], "-S") == 0)
        return kx_loaded(KX_LOADED_CRASH) == 1;
    if (argc != 2 || strcmp(argv[1], "-u") != 0)
        return 64;
    if ((code = kx_unload(KX_CALL_LOAD, KX_LOADED_CRASH, &error)) < 0)
        return fail("unload", code, 0);
    return 0;
}
